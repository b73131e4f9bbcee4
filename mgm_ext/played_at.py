"""From times to the frames that are on screen then."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .errors import DecodeError
from .motion_vectors import VideoInfo

Seconds: TypeAlias = Sequence[float] | NDArray[np.floating[Any]]
_MOST_ROUNDED = 0.0005


def indices_played_at(
    seconds: Seconds, starts: NDArray[np.float64], info: VideoInfo, name: str
) -> NDArray[np.int64]:
    """int64 [T], the frame that is on screen at each time; see `VideoReader.get_frames_played_at`.

    Args:
        seconds: T times.
        starts: float64 [num_frames], when each frame is shown; empty where nobody knows.
        info: of the video.
        name: of the video, for errors.
    """
    times = np.asarray(seconds)
    if times.ndim != 1 or times.size == 0 or times.dtype.kind not in "fiu":
        raise ValueError(
            "seconds must be a non-empty sequence of numbers, "
            f"got {times.dtype} with shape {times.shape}"
        )
    if not len(starts) or np.isnan(starts).any():
        raise DecodeError(name, None, "the container does not tell when each frame is shown")
    end = starts[-1] + (1 / info.average_fps if info.average_fps else 0.0)
    met = times + min(info.time_base[0] / info.time_base[1] / 2, _MOST_ROUNDED)
    wrong = times[~((met >= starts[0]) & (times < end))]  # NaN as well
    if wrong.size:
        raise IndexError(f"no frame at {wrong[0]} s: {name} plays from {starts[0]} s to {end} s")
    return np.searchsorted(starts, met, side="right") - 1
