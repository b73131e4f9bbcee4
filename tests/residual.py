"""The residual that a full decode adds: an oracle for the energy of coefficients."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.inspection import Inspection, inspect

_INTRA, _SECOND, _BLENDED = 32, 64, 128  # MGM_BLOCK_* of csrc/taps/tap.h


@dataclass(frozen=True)
class Residual:
    """Of squares of a picture that are predicted by copies alone, whatever was added to them.

    Attributes:
        luma: float64 [M, R, C], sum of the squared samples that the decoder added to a square.
        chroma: likewise, of both planes.
        known: bool [M, R, C], squares that lie in the picture and are predicted so.
        samples: of luma and of chroma, in one square.
    """

    luma: NDArray[np.float64]
    chroma: NDArray[np.float64]
    known: NDArray[np.bool_]
    samples: tuple[int, int]


def residual(path: Path, side: int) -> Residual:
    """Decodes with loop filters off, and takes from each square the pixels that it copies.

    Copies are blocks with one reference and a vector of whole samples, in chroma too.
    """
    found = inspect(path, loop_filters=False, luma=True)
    predicted = [np.zeros(plane.shape, np.int64) for plane in _planes(found)]
    copied = np.zeros(found.luma.shape, np.bool_)
    across, down = (found.luma.shape[-i] // found.chroma.shape[-i] for i in (1, 2))
    frames = dict(zip(found.serial.tolist(), range(found.frames), strict=True))
    for row in _copies(found, across, down):
        _copy(found, row, frames, predicted, copied)
    height, width = found.luma.shape[1:]
    rows, columns = height // side, width // side
    squares = _squares(copied, side, side)[:, :rows, :columns]
    known = squares.sum((-2, -1)) == side * side
    sums = []
    for plane, guess in zip(_planes(found), predicted, strict=True):
        h, w = side * plane.shape[1] // height, side * plane.shape[2] // width
        added = (plane.astype(np.float64) - guess) ** 2
        sums.append(_squares(added, h, w)[:, :rows, :columns].sum((-2, -1)))
    samples = (side * side, 2 * side * side // (across * down))
    return Residual(sums[0], sums[1] + sums[2], known, samples)


def _planes(found: Inspection) -> list[NDArray[Any]]:
    return [found.luma, found.chroma[:, 0], found.chroma[:, 1]]


def _squares(plane: NDArray[Any], h: int, w: int) -> NDArray[Any]:
    """[M, R, C, h, w]."""
    rows, columns = plane.shape[1] // h, plane.shape[2] // w
    cut = plane[:, : rows * h, : columns * w]
    return cut.reshape(len(plane), rows, h, columns, w).swapaxes(2, 3)


def _copies(found: Inspection, across: int, down: int) -> list[int]:
    second = (found.flags & _SECOND) != 0
    plain = (found.flags & (_INTRA | _SECOND | _BLENDED)) == 0
    plain &= ~np.append(second[1:], False)
    plain &= found.motion_x % (found.motion_scale.astype(np.int64) * across) == 0
    plain &= found.motion_y % (found.motion_scale.astype(np.int64) * down) == 0
    rows: list[int] = np.flatnonzero(plain).tolist()
    return rows


def _copy(
    found: Inspection,
    row: int,
    frames: dict[int, int],
    predicted: list[NDArray[np.int64]],
    copied: NDArray[np.bool_],
) -> None:
    frame, source = int(found.frame[row]), frames.get(int(found.reference[row]))
    height, width = found.luma.shape[1:]
    w, h, scale = int(found.w[row]), int(found.h[row]), int(found.motion_scale[row])
    dx, dy = int(found.motion_x[row]) // scale, int(found.motion_y[row]) // scale
    x0, y0 = int(found.x[row]) - w // 2, int(found.y[row]) - h // 2
    x1, y1 = min(x0 + w, width), min(y0 + h, height)
    inside = x0 + dx >= 0 and y0 + dy >= 0 and x1 + dx <= width and y1 + dy <= height
    if source is None or not inside:
        return
    copied[frame, y0:y1, x0:x1] = True
    for plane, guess in zip(_planes(found), predicted, strict=True):
        across, down = width // plane.shape[2], height // plane.shape[1]
        columns = np.arange(x0 // across, -(-x1 // across))
        lines = np.arange(y0 // down, -(-y1 // down))
        moved = np.ix_(lines + dy // down, columns + dx // across)
        guess[frame][np.ix_(lines, columns)] = plane[source][moved]
