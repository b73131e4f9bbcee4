"""Ranks, exact counts and masks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import boxes
from .philox import Purpose, words
from .score import Ints, Score

Mask = NDArray[np.bool_]
Grid = tuple[int, int, int]


def count_masked(ratio: float, num_masked: int | None, rule: str, n: int) -> int:
    if num_masked is None:
        kept = int(n * (1 - ratio))
        num_masked = int(ratio * n) if rule == "floor_masked" else n - kept
    return min(max(num_masked, 1), n - 1)


def rank_keys(grid: Grid, seed: int) -> Ints:
    """Philox words of all tokens [S, R * C]."""
    drawn = words(seed, Purpose.RANK, np.arange(grid[0]), grid[1] * grid[2])
    return drawn.astype(np.int64)


def lowest(k: int, *ranks: Ints) -> NDArray[np.bool_]:
    """The k lowest by ranks in turn, then by index."""
    order = np.lexsort((np.arange(ranks[0].size), *reversed([r.ravel() for r in ranks])))
    chosen = np.zeros(ranks[0].size, bool)
    chosen[order[:k]] = True
    return chosen


def split(k: int, sizes: list[int]) -> list[int]:
    """Largest remainder; at equal remainders the earlier group."""
    n = sum(sizes)
    share = [k * size // n for size in sizes]
    order = sorted(range(len(sizes)), key=lambda g: (-(k * sizes[g] % n), g))
    for g in order[: k - sum(share)]:
        share[g] += 1
    return share


def select(
    grid: Grid,
    scope: str,
    count: tuple[float, int | None, str],
    seed: int,
    *ranks: Ints,
    groups: Ints | None = None,
) -> Mask:
    keys = rank_keys(grid, seed)
    ranks = tuple(r.reshape(keys.shape) for r in ranks)
    mask = np.zeros(keys.shape, bool)
    if groups is not None:
        flat = groups.ravel()
        ids = np.unique(flat)
        k = count_masked(*count, keys.size)
        for g, share in zip(ids, split(k, [int((flat == g).sum()) for g in ids]), strict=True):
            at = np.flatnonzero(flat == g)
            chosen = lowest(share, *(r.ravel()[at] for r in (*ranks, keys)))
            mask.reshape(-1)[at] = chosen
    elif scope == "clip":
        mask = lowest(count_masked(*count, keys.size), *ranks, keys)
    elif scope == "tube":
        mask[:] = lowest(count_masked(*count, keys.shape[1]), *(r[0] for r in ranks), keys[0])
    else:
        for s in range(grid[0]):
            k = count_masked(*count, keys.shape[1])
            mask[s] = lowest(k, *(r[s] for r in ranks), keys[s])
    return mask.reshape(grid)


def jitter(seed: int) -> tuple[int, int]:
    drawn = words(seed, Purpose.JITTER, np.array([0]), 2)[0]
    return int(drawn[0]) * 4096 // 2**32 - 2048, int(drawn[1]) * 4096 // 2**32 - 2048


def grown(centre: tuple[int, int], grid: Grid, size: tuple[int, int], k: int, keys: Ints) -> Mask:
    _, rows, columns = grid
    down = np.abs((2 * np.arange(rows) + 1) * 2048 - centre[0])[:, None] * size[1]
    across = np.abs((2 * np.arange(columns) + 1) * 2048 - centre[1]) * size[0]
    far, near = np.maximum(down, across), np.minimum(down, across)
    return lowest(k, far, near, keys).reshape(rows, columns)


def corner(place: int, length: int) -> int:
    return (place - length * 2048 + 2048) // 4096


def paint(
    centres: list[boxes.Centre],
    grid: Grid,
    size: tuple[int, int],
    k: int,
    fit: str,
    seed: int,
) -> Mask:
    keys, (jr, jc) = rank_keys(grid, seed), jitter(seed)
    mask = np.zeros(grid, bool)
    for s, (row, column, peak) in enumerate(centres):
        if peak:
            row, column = row + jr, column + jc
        if fit == "grow":
            mask[s] = grown((row, column), grid, size, k, keys[s])
            continue
        top, left = corner(row, size[0]), corner(column, size[1])
        if fit == "shift":
            top = min(max(top, 0), grid[1] - size[0])
            left = min(max(left, 0), grid[2] - size[1])
            middle = ((2 * top + size[0]) * 2048, (2 * left + size[1]) * 2048)
            mask[s] = grown(middle, grid, size, k, keys[s])
        else:
            mask[s, max(top, 0) : top + size[0], max(left, 0) : left + size[1]] = True
    return mask


def box_of(
    grid: Grid, count: tuple[float, int | None, str], aspect: float | tuple[float, float], seed: int
) -> tuple[int, tuple[int, int]]:
    k = count_masked(*count, grid[1] * grid[2])
    return k, boxes.box_size(k, boxes.draw_aspect(aspect, seed), grid[1], grid[2])


def motion_guided_mask(
    score: Score,
    *,
    count: tuple[float, int | None, str] = (0.75, None, "floor_masked"),
    aspect: float | tuple[float, float] = 1.0,
    fit: str = "grow",
    peak: str = "path",
    first: str = "motion",
    still: float = 0.02,
    step: float = 1.0,
    seed: int = 0,
) -> Mask:
    grid = score.values.shape
    k, size = box_of(grid, count, aspect, seed)
    centres = boxes.motion_centres(
        score, size, peak=peak, first=first, still=still, step=step, seed=seed
    )
    return paint(centres, grid, size, k, fit, seed)


def simulated_motion_mask(
    grid: Grid,
    *,
    count: tuple[float, int | None, str] = (0.75, None, "floor_masked"),
    aspect: float | tuple[float, float] = 1.0,
    step: float = 1.0,
    seed: int = 0,
) -> Mask:
    k, size = box_of(grid, count, aspect, seed)
    centres = [boxes.start(grid, size, seed, 0)]
    for s in range(1, grid[0]):
        centres.append(boxes.walk(centres[-1], grid, size, step, seed, s))
    return paint(centres, grid, size, k, "grow", seed)


def fixed_box_mask(
    grid: Grid,
    *,
    count: tuple[float, int | None, str] = (0.75, None, "floor_masked"),
    aspect: float | tuple[float, float] = 1.0,
    seed: int = 0,
) -> Mask:
    k, size = box_of(grid, count, aspect, seed)
    one = paint([boxes.start(grid, size, seed, 0)], (1, *grid[1:]), size, k, "grow", seed)
    return np.repeat(one, grid[0], axis=0)


def jumping_box_mask(
    grid: Grid,
    *,
    count: tuple[float, int | None, str] = (0.75, None, "floor_masked"),
    aspect: float | tuple[float, float] = 1.0,
    seed: int = 0,
) -> Mask:
    k, size = box_of(grid, count, aspect, seed)
    centres = [boxes.start(grid, size, seed, s) for s in range(grid[0])]
    return paint(centres, grid, size, k, "grow", seed)


def inverse_motion_mask(
    score: Score,
    *,
    count: tuple[float, int | None, str] = (0.75, None, "floor_masked"),
    aspect: float | tuple[float, float] = 1.0,
    seed: int = 0,
) -> Mask:
    grid = score.values.shape
    k, size = box_of(grid, count, aspect, seed)
    centres: list[boxes.Centre] = []
    for s in range(grid[0]):
        sums = boxes.window_sums(score.values[s], size)
        r, c = divmod(boxes.largest(-sums, seed, s), sums.shape[1])
        centres.append(((2 * r + size[0]) * 2048, (2 * c + size[1]) * 2048, True))
    return paint(centres, grid, size, k, "grow", seed)
