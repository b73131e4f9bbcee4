"""Data-Juicer's motion score of a video, from vectors instead of Farneback's flow.

`VideoMotionScoreVectorsFilter` takes the place of `video_motion_score_filter`, with its parameters
and its key `video_motion_score`; it is imported only when it is asked for, as it needs data_juicer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from ..decode import read_motion_field
from ..errors import MgmError
from ..motion_field import INVALID
from ..video_reader import VideoReader

if TYPE_CHECKING:
    from .data_juicer_filter import VideoMotionScoreVectorsFilter

__all__ = ["VideoMotionScoreVectorsFilter", "video_motion_score"]

NO_SCORE: Final = -1.0
"""Of a video that cannot be read, or whose codec has no vectors."""


def video_motion_score(
    source: Any,
    *,
    sampling_fps: float = 2.0,
    size: tuple[int, int] | None = None,
    relative: bool = False,
) -> float:
    """Mean motion between frames taken `sampling_fps` times a second, in pixels.

    Args:
        source: path, bytes, or a seekable binary file object.
        sampling_fps: as in Data-Juicer; at most the video's own rate.
        size: (height, width) in whose pixels motion is counted; None: the video's.
        relative: over the diagonal of that size.

    Returns:
        Mean over whole intervals and cells of how far content moves within an interval: the
        velocities of its frames are added up, cell by cell. Frames in which a cell has no vector
        count as the mean of the interval's others; a cell without any does not count. 0.0 for a
        single frame; -1.0 where the video cannot be read or has no vectors.

    Raises:
        ValueError: sampling_fps is not positive.

    Source: Data-Juicer's VideoMotionScoreFilter at 1dc20a58f, which takes the flow of Farneback.
    """
    if not sampling_fps > 0:
        raise ValueError(f"sampling_fps must be positive, got {sampling_fps}")
    try:
        fps = VideoReader(source).info.average_fps
        field = read_motion_field(source, cell=16)
    except (MgmError, OSError, ValueError):
        return NO_SCORE
    frames = len(field.cuts)
    step = max(1, min(round(fps / min(sampling_fps, fps)) if fps > 0 else 1, frames - 1))
    # Row i is the motion from frame i - 1 to frame i.
    starts = np.arange(1, max(2, frames - step + 1), step)
    scale = np.array([1.0, 1.0])
    height, width = field.height, field.width
    if size is not None:
        scale = np.array([size[1] / width, size[0] / height])
        height, width = size
    moved = [_moved(field.vectors[start : start + step], scale) for start in starts]
    known = [one for one in moved if one is not None]
    if not known:
        return 0.0 if frames == 1 else NO_SCORE
    score = float(np.mean(known))
    return score / float(np.hypot(height, width)) if relative else score


def _moved(vectors: NDArray[np.int16], scale: NDArray[np.float64]) -> float | None:
    """Mean length of what content moves in so many frames; None where no frame has vectors."""
    valid = vectors[..., 0] != INVALID
    times = valid.sum(0)
    if not times.any():
        return None
    whole = np.where(valid[..., None], vectors, 0).sum(0) * scale / 64
    mean = whole[times > 0] / times[times > 0, None]
    return float(np.hypot(mean[:, 0], mean[:, 1]).mean() * len(vectors))


def __getattr__(name: str) -> Any:
    if name == "VideoMotionScoreVectorsFilter":
        from .data_juicer_filter import VideoMotionScoreVectorsFilter

        return VideoMotionScoreVectorsFilter
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
