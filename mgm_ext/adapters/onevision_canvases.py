"""Canvases of chosen patches: which frame's patch lies where, and its pixels."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .onevision_groups import best_blocks

__all__ = ["Grid", "canvases", "positions"]


class Grid(NamedTuple):
    """Patches down and across a canvas, both even, and canvases of a group."""

    down: int
    across: int
    images: int

    @property
    def budget(self) -> int:
        """Blocks of 2x2 patches in a group's canvases after the first."""
        return (self.images - 1) * self.down * self.across // 4


def positions(
    scores: NDArray[np.float32], frames: NDArray[np.int64], good: NDArray[np.bool_], grid: Grid
) -> NDArray[np.intp]:
    """Where each patch of a group's canvases comes from.

    The first canvas is the first frame, or the first good one where that is not good; then come the
    blocks of the other good frames that score most, by frame, row and column, from left to right.

    Args:
        scores: float32 [F, grid.down / 2, grid.across / 2].
        frames: [F], their numbers in the video.
        good: bool [F], frames that may be shown.

    Returns:
        [images, down, across, 3], (place in the group, row, column), -1 where nothing lies.
    """
    order = np.arange(len(scores))
    first = int(np.argmax(good))  # 0 also where none is good
    order[[0, first]] = order[[first, 0]]
    rest = order[1:][good[order[1:]]]
    chosen = best_blocks(scores[rest].reshape(-1), grid.budget) if grid.budget else np.arange(0)
    blocks = np.full((grid.images * grid.down * grid.across // 4, 3), -1)
    whole = np.indices(scores.shape[1:]).reshape(2, -1).T
    blocks[: len(whole)] = np.insert(whole, 0, first, axis=1)
    place, row, column = np.unravel_index(chosen, (len(rest), *scores.shape[1:]))
    best = np.stack([rest[place], row, column], 1)
    blocks[len(whole) : len(whole) + len(best)] = best[
        np.lexsort((best[:, 2], best[:, 1], frames[best[:, 0]]))
    ]
    return (
        _patches(blocks)
        .reshape(grid.images, grid.down // 2, grid.across // 2, 2, 2, 3)
        .transpose(0, 1, 3, 2, 4, 5)
        .reshape(grid.images, grid.down, grid.across, 3)
    )


def _patches(blocks: NDArray[np.intp]) -> NDArray[np.intp]:
    """The four patches [n, 2, 2, 3] of blocks [n, 3]."""
    inside = np.insert(np.indices((2, 2)), 0, 0, axis=0).transpose(1, 2, 0)
    places = blocks * (1, 2, 2)
    found: NDArray[np.intp] = np.where(
        blocks[:, None, None, :1] < 0, -1, places[:, None, None] + inside
    )
    return found


def canvases(
    frames: NDArray[np.uint8], places: NDArray[np.intp], *, patch: int
) -> NDArray[np.uint8]:
    """Pixels uint8 [images, H, W, 3] of canvases, black where nothing lies.

    Args:
        frames: uint8 [F, H, W, 3], the group's.
        places: as `positions` gives them.
        patch: side of a patch in pixels.
    """
    images, down, across = places.shape[:3]
    cut = frames.reshape(len(frames), down, patch, across, patch, 3).transpose(0, 1, 3, 2, 4, 5)
    taken = cut[tuple(np.moveaxis(np.maximum(places, 0), 3, 0))]
    taken[places[..., 0] < 0] = 0
    sheet = taken.transpose(0, 1, 3, 2, 4, 5).reshape(images, down * patch, across * patch, 3)
    return np.ascontiguousarray(sheet)
