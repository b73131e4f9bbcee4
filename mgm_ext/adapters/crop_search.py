"""Where images were cropped from frames, and whether they were mirrored, by their pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["flipped", "locate"]


def locate(
    images: Sequence[NDArray[np.uint8]], frames: Sequence[NDArray[np.uint8]]
) -> tuple[int, int] | None:
    """Where in the frames the images were cropped, (x, y), pixel by pixel.

    Args:
        images: [h, w, 3] each.
        frames: [H, W, 3] each, as many.

    Returns:
        The place, or None where several fit: flat pictures.

    Raises:
        RuntimeError: no place fits.
    """
    places = _candidates(images, frames)
    fitting = [place for place in places[:1000] if _fits(images, frames, place)]
    if not fitting:
        raise RuntimeError(
            f"the images to be transformed, {images[0].shape}, are not cropped from the frames "
            f"that were read, {frames[0].shape}: something between changed them"
        )
    return (int(fitting[0][0]), int(fitting[0][1])) if len(fitting) == 1 else None


def _candidates(images: Sequence[Any], frames: Sequence[Any]) -> NDArray[np.int64]:
    """Places (x, y) at which some pixels agree, int64 [N, 2]."""
    (h, w), (high, wide) = images[0].shape[:2], frames[0].shape[:2]
    if h > high or w > wide:
        return np.zeros((0, 2), np.int64)
    open_to = np.ones((high - h + 1, wide - w + 1), np.bool_)
    for image, frame in zip(images, frames, strict=True):
        for row, column in ((0, 0), (h // 2, w // 2), (h - 1, w - 1), (0, w - 1), (h - 1, 0)):
            part = frame[row : row + len(open_to), column : column + open_to.shape[1]]
            open_to &= (part == image[row, column]).all(-1)
    return np.argwhere(open_to)[:, ::-1]


def _fits(images: Sequence[Any], frames: Sequence[Any], place: NDArray[np.int64]) -> bool:
    x, y = place
    h, w = images[0].shape[:2]
    return all(
        np.array_equal(image, frame[y : y + h, x : x + w])
        for image, frame in zip(images, frames, strict=True)
    )


def flipped(before: Sequence[Any], after: Sequence[Any]) -> bool:
    """Whether images were mirrored left to right.

    Raises:
        RuntimeError: they were neither mirrored nor left as they were.
    """
    if after[0] is before[0]:
        return False
    first, last = np.asarray(before[0]), np.asarray(after[0])
    if np.array_equal(last, first[:, ::-1]):
        return True
    if np.array_equal(last, first):
        return False
    raise RuntimeError("a flip changed more than left and right: its images cannot be followed")
