"""The masks that rank tokens one by one, and the patterns."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from .boxes import box_size, draw_aspect
from .masks import Grid, Mask, count_masked, lowest, rank_keys, select
from .philox import Purpose, below, exp2_negative, gumbel, log2_fixed, word, words
from .score import INVALID, Crop, Ints, Score, slot_rows

Count = tuple[float, int | None, str]
Range = tuple[float, float]


def running_cell_mask(grid: Grid, *, masked: int, count: Count, seed: int) -> Mask:
    start = below(word(seed, Purpose.CELL, 0, 0), 4)
    s, r, c = np.indices(grid)
    covered = (2 * (r % 2) + c % 2 + s + start) % 4 < masked
    return select(grid, "slot", count, seed, (~covered).astype(np.int64))


def time_mask(grid: Grid, *, count: Count, seed: int) -> Mask:
    order = [(int(word(seed, Purpose.CELL, 0, s)), s) for s in range(grid[0])]
    place = np.argsort(np.argsort([w * 2**16 + s for w, s in order]))
    return select(grid, "clip", count, seed, np.broadcast_to(place[:, None, None], grid))


def block_mask(
    grid: Grid,
    *,
    count: Count,
    seed: int,
    num_blocks: int,
    scale: Range,
    aspect: Range,
    span: Range,
    groups: Ints | None = None,
) -> Mask:
    slots, rows, columns = grid
    covered = np.zeros(grid, bool)
    for b in range(num_blocks):
        drawn = [int(word(seed, Purpose.BLOCK, b, i)) for i in range(6)]
        part = scale[0] + (scale[1] - scale[0]) * ((drawn[0] >> 8) / 2**24)
        ratio = draw_aspect(aspect, seed, Purpose.BLOCK, b, 1)
        h, w = box_size(part * (rows * columns), ratio, rows, columns)
        share = span[0] + (span[1] - span[0]) * ((drawn[2] >> 8) / 2**24)
        t = min(max(round(share * slots), 1), slots)
        first = below(drawn[3], slots - t + 1)
        top, left = below(drawn[4], rows - h + 1), below(drawn[5], columns - w + 1)
        covered[first : first + t, top : top + h, left : left + w] = True
    return select(grid, "clip", count, seed, (~covered).astype(np.int64), groups=groups)


def normalised(values: Ints) -> list[int]:
    top = int(values.max())
    return [int(v) * 65536 // top if top else 0 for v in values.ravel()]


def gumbel_words(grid: Grid, seed: int) -> list[int]:
    drawn = words(seed, Purpose.GUMBEL, np.arange(grid[0]), grid[1] * grid[2])
    return [int(w) for w in drawn.ravel()]


def motion_topk_mask(
    score: Score,
    *,
    scope: str,
    count: Count,
    seed: int,
    temperature: float = 0.0,
    groups: Ints | None = None,
) -> Mask:
    grid = score.values.shape
    rank = -score.values
    if temperature:
        inverse = round(65536 / temperature)
        pairs = zip(normalised(score.values), gumbel_words(grid, seed), strict=True)
        rank = np.array([-((z * inverse >> 8) + gumbel(w)) for z, w in pairs], np.int64)
    return select(grid, scope, count, seed, rank.reshape(grid), groups=groups)


def motion_halves_mask(score: Score, *, share: float, count: Count, seed: int) -> Mask:
    grid = score.values.shape
    n = grid[1] * grid[2]
    visible = n - count_masked(*count, n)
    keys = rank_keys(grid, seed)[0]
    moving = lowest(n // 2, -score.values.sum(0).ravel(), keys)
    from_moving = min(max(round(share * visible), visible - (n - n // 2), 0), n // 2, visible)
    mask = np.zeros(n, bool)
    for half, kept in ((moving, from_moving), (~moving, visible - from_moving)):
        at = np.flatnonzero(half)
        mask[at] = lowest(at.size - kept, keys[at])
    return np.repeat(mask.reshape(1, *grid[1:]), grid[0], axis=0)


def axis_cover(low: float, high: float, start: float, length: float, n: int) -> Ints:
    """Overlap of [low, high) with each of n tokens, in 1/256 token."""
    a, b = (
        min(max(np.rint(256.0 * (edge - start) * n / length), 0.0), 256.0 * n)
        for edge in (low, high)
    )
    left = 256 * np.arange(n)
    both: Ints = np.minimum(int(b), left + 256) - np.maximum(int(a), left)
    return both.clip(0).astype(np.int64)


def boxes_mask(
    grid: Grid,
    boxes: list[NDArray[np.float64]],
    *,
    crop: Crop,
    hflip: bool,
    scope: str,
    count: Count,
    seed: int,
    motion: Ints | None = None,
) -> Mask:
    x, y, w, h = crop
    coverage = np.zeros(grid, np.int64)
    for s, of_slot in enumerate(boxes):
        for x0, y0, x1, y1 in of_slot:
            across = axis_cover(x0, x1, x, w, grid[2])
            across = across[::-1] if hflip else across
            down = axis_cover(y0, y1, y, h, grid[1])
            coverage[s] = np.maximum(coverage[s], down[:, None] * across)
    ranks = (-coverage,) if motion is None else (-coverage, -motion)
    return select(grid, scope, count, seed, *ranks)


def noise_from_score(score: Score, *, strength: float, seed: int) -> NDArray[np.float32]:
    grid = score.values.shape
    scaled = round(strength * 65536)
    units = []
    for z, w in zip(normalised(score.values), gumbel_words(grid, seed), strict=True):
        if scaled == 0:
            units.append(w >> 8)
            continue
        surprise = 25 * 2**24 - log2_fixed(2 * (w >> 8) + 1)
        power = (z * scaled >> 16) * 24204406 >> 16
        tilted = exp2_negative(surprise * exp2_negative(power) >> 30)
        units.append(min(tilted >> 6, 2**24 - 1))
    return (np.array(units).reshape(grid) / 2**24).astype(np.float32)


def split_states(score: Score, *, keep: int, visible: int, seed: int) -> NDArray[np.uint8]:
    grid = score.values.shape
    keys = rank_keys(grid, seed).ravel()
    kept = np.flatnonzero(lowest(keep, -score.values.ravel(), keys))
    states = np.full(keys.size, 2, np.uint8)
    states[kept] = lowest(keep - visible, keys[kept])
    return states.reshape(grid)


def falloff(sigma: float, tokens: int) -> int:
    width = sigma * tokens / 224
    return round(min(2**24 * 0.72134752044448170368 / (width * width), 2.0**30))


def base_map(bumps: Mask, sigma: float) -> Ints:
    rows, columns = bumps.shape
    down, across = falloff(sigma, rows), falloff(sigma, columns)
    at = np.argwhere(bumps)
    result = np.zeros(bumps.shape, np.int64)
    for r, c in np.ndindex(*bumps.shape):
        lost = min(down * (r - i) ** 2 + across * (c - j) ** 2 for i, j in at.tolist())
        result[r, c] = exp2_negative(lost)
    return result


def tracked_mask(
    vectors: NDArray[np.int16],
    cuts: NDArray[np.bool_],
    sample_offsets: Ints,
    row_frames: Ints,
    cell: int,
    grid: Grid,
    *,
    crop: Crop,
    hflip: bool,
    sigma: float,
    count: Count,
    seed: int,
) -> Mask:
    slots, rows, columns = grid
    n, middle = rows * columns, slots // 2
    k = count_masked(*count, n)
    order = words(seed, Purpose.BUMP, np.array([middle]), n)[0].astype(np.int64)
    bumps = lowest(n - k, order).reshape(rows, columns)
    bumps = bumps[:, ::-1] if hflip else bumps
    base = base_map(bumps, sigma)
    scale = [
        (
            round(2.0**32 * crop[axis] / cell),
            round(2.0**32 * crop[2 + axis] / (65536.0 * tokens * cell)),
            round(min(2.0**24 * 1024.0 * tokens / crop[2 + axis], 2.0**38)),
        )
        for axis, tokens in ((0, columns), (1, rows))
    ]
    limits = (columns << 16, rows << 16)
    of_slot = slot_rows(sample_offsets, slots)
    goals = [min((part.start + part.stop) // 2, len(vectors) - 1) for part in of_slot]

    def step(place: list[int], m: int, direction: int) -> bool:
        if cuts[m]:
            return False
        c, r = ((scale[a][0] + scale[a][1] * place[a]) >> 32 for a in (0, 1))
        if not (0 <= r < vectors.shape[1] and 0 <= c < vectors.shape[2]):
            return True
        velocity = vectors[m, r, c]
        if velocity[0] == INVALID:
            return True
        gap = min(max(int(row_frames[m] - row_frames[m - 1]), -255), 255)
        for a in (0, 1):
            place[a] += (int(velocity[a]) * direction * gap * scale[a][2] + 2**23) >> 24
        return all(0 <= place[a] < limits[a] for a in (0, 1))

    def value(slot: int, r: int, c: int) -> int:
        place = [(c << 16) + 32768, (r << 16) + 32768]
        start, goal = goals[slot], goals[middle]
        back = [(m, -1) for m in range(start, goal, -1)]
        ahead = [(m, 1) for m in range(start + 1, goal + 1)]
        if not all(step(place, m, direction) for m, direction in back + ahead):
            return int(base[r, c]) << 16
        x, y = ((p - 32768) >> 8 for p in place)
        padded = np.pad(base, 1, mode="edge")
        i, j = (y >> 8) + 1, (x >> 8) + 1
        near = [[int(padded[a, b]) for b in (j, j + 1)] for a in (i, i + 1)]
        rows_of = [a * (256 - (x & 255)) + b * (x & 255) for a, b in near]
        return rows_of[0] * (256 - (y & 255)) + rows_of[1] * (y & 255)

    ranks = np.array([value(*at) for at in np.ndindex(*grid)], np.int64).reshape(grid)
    ranks = ranks[..., ::-1] if hflip else ranks
    return select(grid, "slot", count, seed, ranks)
