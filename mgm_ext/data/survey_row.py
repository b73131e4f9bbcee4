"""One clip of a survey: what its header says and, if asked for, how it moves."""

from __future__ import annotations

import dataclasses
from importlib.metadata import version
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..decode import probe
from ..errors import MgmError
from ..motion_field import MotionField
from ..score import motion_score
from ..video_reader import VideoReader
from .clips import SourceClip
from .jobs import error_text

__all__ = ["SURVEY_SCHEMA", "error_row", "survey_clip"]

SURVEY_SCHEMA: Final = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("bytes", pa.int64(), nullable=False),
        pa.field("container", pa.string()),
        pa.field("codec", pa.string()),
        pa.field("width", pa.int32()),
        pa.field("height", pa.int32()),
        pa.field("fps", pa.float64()),
        pa.field("frames", pa.int64()),
        pa.field("seconds", pa.float64()),
        pa.field("key_frame_median", pa.float64()),
        pa.field("key_frame_longest", pa.int64()),
        pa.field("has_vectors", pa.bool_()),
        # From here on only with --full.
        pa.field("b_frames", pa.bool_()),
        pa.field("inter_share", pa.float64()),
        pa.field("intra_share", pa.float64()),
        pa.field("still_share", pa.float64()),
        pa.field("cuts", pa.int64()),
        pa.field("median_speed", pa.float64()),
        pa.field("p95_speed", pa.float64()),
        pa.field("camera_share", pa.float64()),
        pa.field("mask_source", pa.string()),
        pa.field("damaged", pa.bool_()),
        # Of every row.
        pa.field("error_class", pa.string()),
        pa.field("error", pa.string()),
        pa.field("version", pa.string(), nullable=False),
    ]
)
"""Shares are of cells of 16 source pixels; speeds in source pixels per frame."""

_STILL: Final = 0.02  # source pixels per frame, as in motion_guided_mask
_CHUNK: Final = 128  # frames read at a time
_CAMERA_ROWS: Final = 8  # every so many frames the camera is looked for
_FASTEST: Final = 1 << 16  # in 1/64 pixel: the end of the histogram of speeds


def error_row(clip: SourceClip, error_class: str, text: str) -> dict[str, Any]:
    """The row of a clip that cannot be read."""
    return {
        "key": clip.key,
        "bytes": clip.size,
        "mask_source": "fallback",
        "error_class": error_class,
        "error": text,
        "version": version("mgm-ext"),
    }


def survey_clip(clip: SourceClip, *, full: bool) -> dict[str, Any]:
    """A row of SURVEY_SCHEMA; what cannot be read is a row, too."""
    row = {"key": clip.key, "bytes": clip.size, "version": version("mgm-ext")}
    try:
        _describe(clip.source, full, row)
    except (MgmError, OSError, ValueError, MemoryError) as error:
        row |= error_row(clip, *error_text(error))
    return row


def _describe(source: str | bytes, full: bool, row: dict[str, Any]) -> None:
    header = probe(source)
    row |= {
        "container": header.container,
        "codec": header.codec,
        "width": header.width,
        "height": header.height,
        "fps": header.average_fps,
        "frames": header.num_frames,
        "seconds": header.duration_seconds,
        "has_vectors": header.has_vectors,
    }
    if not header.has_vectors:
        row["mask_source"] = "fallback"
        return
    # Elsewhere than in mp4 and mov only a pass over the file tells where the key frames are.
    if full or header.container.startswith("mov,"):
        reader = VideoReader(source)
        row |= _key_frames(reader, counted=full)
        if full:
            row |= _motion(reader, row["frames"])


def _key_frames(reader: VideoReader, *, counted: bool) -> dict[str, Any]:
    info = reader.info
    frames = len(reader) if counted else info.num_frames
    if not len(info.key_frames) or frames is None:
        return {"frames": frames}
    gaps = np.diff(info.key_frames, append=frames)
    return {
        "frames": frames,
        "key_frame_median": float(np.median(gaps)),
        "key_frame_longest": int(gaps.max()),
    }


def _motion(reader: VideoReader, frames: int) -> dict[str, Any]:
    cells, valid, cuts, b_frames = 0, 0, 0, False
    speeds = np.zeros(_FASTEST, np.int64)
    motion = np.zeros(2)
    for start in range(0, frames, _CHUNK):
        indices = range(start, min(start + _CHUNK, frames))
        clip = reader.read_clip(indices, pixels=False, window="frame", cell=16)
        field = clip.field
        cells += field.valid.size
        valid += int(field.valid.sum())
        cuts += int(field.cuts.sum())
        b_frames = b_frames or bool((clip.picture_types == "B").any())
        speeds += np.bincount(_speeds(field), minlength=_FASTEST)
        motion += _motion_and_rest(field)
    still = int(speeds[: round(64 * _STILL) + 1].sum())
    moves = valid > still
    damaged = reader.info.damaged
    return {
        "b_frames": b_frames,
        "inter_share": valid / cells,
        "intra_share": 1 - valid / cells,
        "still_share": still / cells,
        "cuts": cuts,
        "median_speed": _percentile(speeds, 0.5),
        "p95_speed": _percentile(speeds, 0.95),
        "camera_share": max(0.0, 1 - motion[1] / motion[0]) if motion[0] > 0 else None,
        "mask_source": "damaged" if damaged else "guided" if moves else "held",
        "damaged": damaged,
    }


def _speeds(field: MotionField) -> NDArray[np.int64]:
    """Of valid cells, in 1/64 pixel, rounded."""
    vectors = field.vectors[field.valid].astype(np.float64)
    rounded = np.rint(np.hypot(vectors[:, 0], vectors[:, 1])).astype(np.int64)
    clipped: NDArray[np.int64] = np.minimum(rounded, _FASTEST - 1)
    return clipped


def _percentile(histogram: NDArray[np.int64], share: float) -> float | None:
    total = int(histogram.sum())
    if total == 0:
        return None
    return float(np.searchsorted(np.cumsum(histogram), share * total)) / 64


def _motion_and_rest(field: MotionField) -> NDArray[np.float64]:
    """Sums of motion: all of it, and what is left once the camera's is taken out."""
    chosen = slice(None, None, _CAMERA_ROWS)
    count = len(field.cuts[chosen])
    fewer = dataclasses.replace(
        field,
        vectors=field.vectors[chosen],
        coded=field.coded[chosen],
        cuts=field.cuts[chosen],
        row_frames=field.row_frames[chosen],
        sample_offsets=np.arange(count + 1),
    )
    grid = (count, *field.vectors.shape[1:3])
    every = motion_score(fewer, grid=grid, camera="none").motion.sum()
    rest = motion_score(fewer, grid=grid, camera="affine").motion.sum()
    return np.array([every, rest], np.float64)
