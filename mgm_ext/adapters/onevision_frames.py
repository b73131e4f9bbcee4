"""Frames and sizes as codec-video-prep 0.2.5 chooses them for LLaVA-OneVision-2."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

__all__ = ["canvas_size", "frames_off_keys", "is_good", "uniform_frames"]

_SMALLEST = 56 * 56
_REACH = 4  # frames on either side of a key frame that may stand in for it
_GREEN_SHARE, _GREEN, _RED_BLUE = 0.35, 180, 90
_BLACK_MEAN, _BLACK_DEVIATION, _FLAT_DEVIATION, _FLAT_RANGE = 8, 6, 4, 12
_GREEN_MEAN, _GREEN_AHEAD, _GREEN_DEVIATION = 120, 80, 50


def uniform_frames(total: int, count: int) -> NDArray[np.int64]:
    """`count` frames from the first to the last, rounded down; repeated where there are fewer."""
    return np.linspace(0, total - 1, count).astype(np.int64)


def frames_off_keys(
    frames: NDArray[np.int64], keys: Sequence[int] | NDArray[np.int64], total: int
) -> NDArray[np.int64]:
    """Moves frames off key frames, then replaces repeated ones by unused ones near by.

    A key frame gives way to the nearest frame within 4 that is none, the later one first. As many
    frames as were given come back where the video has as many. Without anything to replace the
    order is that of `frames`, else it rises.
    """
    key = {int(frame) for frame in keys}
    moved = [_off_key(int(frame), key, total) for frame in frames]
    unique = np.array(list(dict.fromkeys(moved)), np.int64)
    if missing := len(frames) - len(unique):
        unused = np.setdiff1d(np.arange(total), unique)
        last = np.isin(unused, list(key))  # in their own order
        distance = np.where(last, 0, _distance(unused, np.sort(unique)))
        middle = np.where(last, 0, np.abs(unused - total // 2))
        added = unused[np.lexsort((unused, middle, distance, last))][:missing]
        return np.sort(np.concatenate([unique, added]))
    return unique


def _distance(places: NDArray[np.int64], rising: NDArray[np.int64]) -> NDArray[np.int64]:
    """From each place to the nearest of some others."""
    after = np.searchsorted(rising, places).clip(1, max(1, len(rising) - 1))
    above = np.abs(rising[np.minimum(after, len(rising) - 1)] - places)
    distance: NDArray[np.int64] = np.minimum(np.abs(rising[after - 1] - places), above)
    return distance


def _off_key(frame: int, key: set[int], total: int) -> int:
    if frame not in key:
        return frame
    near = (frame + side * step for step in range(1, _REACH + 1) for side in (1, -1))
    return next((other for other in near if 0 <= other < total and other not in key), frame)


def canvas_size(height: int, width: int, *, side: int, max_pixels: int) -> tuple[int, int]:
    """(H, W) of frames and canvases: multiples of `side` near the picture's, at most `max_pixels`.

    Raises:
        ValueError: one side of the picture is over 200 times the other.
    """
    if max(height, width) > 200 * min(height, width):
        raise ValueError(f"sides of {width}x{height} differ by more than 200 times")
    area = height * width
    scaled = (round(height / side), round(width / side))
    if area > max_pixels:
        shrink = math.sqrt(area / max_pixels)
        scaled = (math.floor(height / shrink / side), math.floor(width / shrink / side))
    elif area < _SMALLEST:
        grow = math.sqrt(_SMALLEST / area)
        scaled = (math.ceil(height * grow / side), math.ceil(width * grow / side))
    return max(1, scaled[0]) * side, max(1, scaled[1]) * side


def is_good(frame: NDArray[np.uint8]) -> bool:
    """Whether a frame shows something: not black, not of one colour, not the green of damage.

    Args:
        frame: uint8 [H, W, 3], RGB.
    """
    # OpenCV's luma: weights of BT.601 in 14 bits
    luma = (frame.astype(np.int32) @ np.array([4899, 9617, 1868], np.int32) + 8192) >> 14
    deviation = luma.std()
    if luma.mean() <= _BLACK_MEAN and deviation <= _BLACK_DEVIATION:
        return False
    colours = frame.reshape(-1, 3)
    spread = colours.std(0)
    flat = deviation <= _FLAT_DEVIATION and bool((spread <= _FLAT_DEVIATION).all())
    if flat and (np.ptp(colours, axis=0) <= _FLAT_RANGE).all():
        return False
    return not _is_green(colours, float(spread[1]))


def _is_green(colours: NDArray[np.uint8], deviation: float) -> bool:
    red, green, blue = colours.T
    strong = (green >= _GREEN) & (red <= _RED_BLUE) & (blue <= _RED_BLUE)
    if strong.mean() >= _GREEN_SHARE:
        return True
    means = colours.mean(0)
    ahead = means[1] - max(means[0], means[2])
    return bool(means[1] > _GREEN_MEAN and ahead > _GREEN_AHEAD and deviation < _GREEN_DEVIATION)
