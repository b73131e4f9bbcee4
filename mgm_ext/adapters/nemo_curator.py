"""NeMo Curator's and Cosmos-Curate's motion filter, from vectors read in one thread.

Theirs decodes with several frame threads, and libavcodec's export of vectors then depends on which
thread was first: the same clip scores differently from run to run. `motion_filter_scores` gives the
scores that their functions give with one thread (`compat=True`), or better ones (`compat=False`).

`MotionVectorDecodeStage` and `MotionFilterStage` take the place of Curator's stages of these names;
they are imported only when they are asked for, because they need nemo_curator.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ..decode import read_motion_field
from ..errors import NoMotionVectors
from ..motion_field import MotionField
from ..score import motion_score
from .nemo_curator_painting import Painting, sampled_frames

if TYPE_CHECKING:
    from .nemo_curator_stages import MotionFilterStage, MotionVectorDecodeStage

__all__ = [
    "GLOBAL_MEAN",
    "PER_PATCH_MIN_256",
    "MotionFilterStage",
    "MotionScores",
    "MotionVectorDecodeStage",
    "VideoResolutionTooSmallError",
    "motion_filter_scores",
]

GLOBAL_MEAN: Final = {True: 0.00098, False: 0.000005}
"""Least `global_mean` of a clip that moves, by `compat`. Without it: between the most that still
scenes under noise score and the least that scenes do where 2 % of the picture move a pixel per
frame; docs/data/curator.md has the figures."""
PER_PATCH_MIN_256: Final = {True: 0.000001, False: 0.0}
"""Least `per_patch_min_256`, by `compat`. Without it any: a still corner makes no still clip."""
_SMALLEST: Final = 256  # pixels of a side
_CHUNK: Final = 256  # frames of a field at a time


class VideoResolutionTooSmallError(ValueError):
    """A side has fewer than 256 pixels."""


@dataclass(frozen=True, slots=True)
class MotionScores:
    """What the filter judges by; -1 both where a clip has no vectors.

    Attributes:
        global_mean: mean motion over frames and pixels, over the sum of the picture's sides.
        per_patch_min_256: least mean of a patch of about 256 pixels.
        frames: how many were scored; 0: the clip has no vectors that the rule sees.
    """

    global_mean: float
    per_patch_min_256: float
    frames: int

    def is_small(
        self,
        global_mean_threshold: float = GLOBAL_MEAN[True],
        per_patch_min_256_threshold: float = PER_PATCH_MIN_256[True],
    ) -> bool:
        """Whether the filter drops the clip."""
        return (
            self.global_mean < global_mean_threshold
            or self.per_patch_min_256 < per_patch_min_256_threshold
        )

    def get_major_size(self) -> int:
        """Bytes, as Curator asks of what a clip holds."""
        return 0


NO_MOTION: Final = MotionScores(-1.0, -1.0, 0)


def motion_filter_scores(
    data: Any,
    target_fps: float = 2.0,
    target_duration_ratio: float = 0.5,
    compat: bool = True,
) -> MotionScores:
    """Scores of one clip, the same in every run.

    Args:
        data: the file's bytes, a path or a seekable binary file.
        target_fps: with `compat`, frames looked at per second.
        target_duration_ratio: with `compat`, share of the clip looked at (at least 10 frames).
        compat: True repeats Curator's rule: motion of every n-th frame's blocks as libavcodec
            exports them, however far back their reference is, the camera's included; codecs whose
            vectors libavcodec does not export (HEVC, VP9, AV1) score -1. False looks at every frame
            of every codec: `global_mean` is the velocity in pixels per frame that an affine camera
            does not explain, `per_patch_min_256` all velocity, the camera's included; use the
            thresholds `GLOBAL_MEAN[False]` and `PER_PATCH_MIN_256[False]`.

    Returns:
        Scores; `is_small` compares them with thresholds.

    Raises:
        VideoResolutionTooSmallError: a side of the picture is under 256 pixels.
        DecodeError: the stream cannot be decoded; with `compat`, to where the rule stops reading.
        ImportError: `compat` needs PyAV, as Curator does, for the rates and durations of the file.

    Source: NeMo Curator's motion_vector_backend.py at 1e2e4275e; Cosmos-Curate has the same rule.
    """
    if not target_fps > 0:
        raise ValueError(f"target_fps must be positive, got {target_fps}")
    if not target_duration_ratio > 0:
        raise ValueError(f"target_duration_ratio must be positive, got {target_duration_ratio}")
    return _repeated(data, target_fps, target_duration_ratio) if compat else _whole(data)


def _check_size(width: int, height: int) -> None:
    if min(width, height) < _SMALLEST:
        raise VideoResolutionTooSmallError(
            f"sides must be at least {_SMALLEST} pixels, the picture is {width} x {height}"
        )


def _repeated(data: Any, target_fps: float, ratio: float) -> MotionScores:
    painting: Painting | None = None
    for frame in sampled_frames(data, target_fps, ratio):
        if painting is None:
            _check_size(frame.width, frame.height)
            painting = Painting(frame.width, frame.height)
        if len(frame.rows):
            painting.add(frame.rows)
    if painting is None or not painting.frames:
        return NO_MOTION
    mean, least = painting.scores()
    return MotionScores(mean, least, painting.frames)


def _whole(data: Any) -> MotionScores:
    try:
        field = read_motion_field(data, cell=16)
    except NoMotionVectors:
        return NO_MOTION
    _check_size(field.width, field.height)
    speeds: NDArray[np.float64] = np.zeros(field.vectors.shape[1:3])
    rest, cells, frames = 0.0, 0, 0
    for start in range(0, len(field.cuts), _CHUNK):
        part = _rows(field, slice(start, start + _CHUNK))
        grid = part.vectors.shape[:3]
        moved = part.valid.any((1, 2))  # key frames and lost frames say nothing
        every = motion_score(part, grid=grid, camera="none").pixels_per_frame
        own = motion_score(part, grid=grid, camera="affine").pixels_per_frame
        speeds += every[moved].sum(0)
        rest += float(own[moved].sum())
        frames += int(moved.sum())
        cells += int(moved.sum()) * grid[1] * grid[2]
    if not frames:
        return NO_MOTION
    sides = field.width + field.height
    patches = _patch_means(speeds / frames)
    return MotionScores(rest / cells / sides, float(patches.min()) / sides, frames)


def _rows(field: MotionField, chosen: slice) -> MotionField:
    frames = field.row_frames[chosen]
    return dataclasses.replace(
        field,
        vectors=field.vectors[chosen],
        coded=field.coded[chosen],
        cuts=field.cuts[chosen],
        row_frames=frames,
        sample_offsets=np.arange(len(frames) + 1),
    )


def _patch_means(speeds: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means over patches of about 16 by 16 cells, every cell in one."""
    rows, columns = (max(1, round(count / 16)) for count in speeds.shape)
    return np.array(
        [
            [part.mean() for part in np.array_split(band, columns, axis=1)]
            for band in np.array_split(speeds, rows, axis=0)
        ]
    )


def __getattr__(name: str) -> Any:
    if name in ("MotionVectorDecodeStage", "MotionFilterStage"):
        from . import nemo_curator_stages

        return getattr(nemo_curator_stages, name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
