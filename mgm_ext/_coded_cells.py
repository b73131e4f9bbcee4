"""What lies in squares of the coded picture, in cells of the one that is shown."""

from __future__ import annotations

import operator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .views import View


class Placement(NamedTuple):
    """How a coded picture is shown: cropped to (x, y, w, h), turned clockwise, then mirrored."""

    crop: tuple[int, int, int, int]
    rotation: int
    hflip: bool

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of what is shown."""
        width, height = self.crop[2:]
        return (width, height) if self.rotation % 180 == 0 else (height, width)


def shown_cells(
    coded: NDArray[np.int64],
    side: int,
    place: Placement,
    grid: tuple[int, int],
    view: View | None,
) -> NDArray[np.float32]:
    """Sums of each cell of a grid over the shown picture or a view of it.

    Args:
        coded: int64 [T, r, c], of squares of `side` pixels.
        side: in pixels of the coded picture.
        place: of the coded picture.
        grid: (R, C).
        view: the crop and flip that the cells divide; None: the whole picture.

    Returns:
        float32 [T, R, C]; squares are shared by the area of them that is shown.

    Raises:
        ValueError: `grid` is not two positive numbers.
    """
    rows, columns = (operator.index(count) for count in grid)
    if rows < 1 or columns < 1:
        raise ValueError(f"grid must be (R, C), both at least 1, not {grid!r}")
    squares, down, across = turned_squares(coded, side, place)
    x, y, w, h = (0.0, 0.0, *place.size) if view is None else view.crop
    to_rows = _shares(down, y + h * np.arange(rows + 1) / rows)
    to_columns = _shares(across, x + w * np.arange(columns + 1) / columns)
    found = to_rows @ squares.astype(np.float64) @ to_columns.T
    if view is not None and view.hflip:
        found = found[..., ::-1]
    return np.ascontiguousarray(found, dtype=np.float32)


def turned_squares(
    coded: NDArray[np.int64], side: int, place: Placement
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Squares as they are shown, and the edges of their rows and columns."""
    x, y, w, h = place.crop
    rows, columns = coded.shape[1:]
    across = np.clip(side * np.arange(columns + 1.0) - x, 0, w)
    down = np.clip(side * np.arange(rows + 1.0) - y, 0, h)
    squares = np.rot90(coded, -place.rotation // 90, axes=(1, 2))
    for _ in range(place.rotation // 90):
        end = down[-1]
        down, across = across, (end - down)[::-1]
    if place.hflip:
        squares, across = squares[..., ::-1], (across[-1] - across)[::-1]
    return squares, down, across


def _shares(edges: NDArray[np.float64], cells: NDArray[np.float64]) -> NDArray[np.float64]:
    """Share [cells, squares] of each square that lies in each cell."""
    low = np.maximum(edges[:-1], cells[:-1, None])
    high = np.minimum(edges[1:], cells[1:, None])
    lengths = np.diff(edges)
    overlap: NDArray[np.float64] = np.maximum(high - low, 0) / np.where(lengths > 0, lengths, 1)
    return overlap
