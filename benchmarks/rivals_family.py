"""The other masks in vectorised NumPy, from the descriptions of those who published them.

Each draws from its own generator, as its trainer does; those that motion decides give the very mask
of the core.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.rivals_masks import Grid, Mask, around, grown, lowest
from tests.reference import boxes, masks
from tests.reference import score as plain

Floats = NDArray[np.float64]


def random_mask(random: np.random.Generator, grid: Grid, k: int) -> Mask:
    return lowest(random.random(grid[0] * grid[1] * grid[2]), k).reshape(grid)


def frame_random_mask(random: np.random.Generator, grid: Grid, k: int) -> Mask:
    return lowest(random.random((grid[0], grid[1] * grid[2])), k).reshape(grid)


def running_cell_mask(random: np.random.Generator, grid: Grid, masked: int) -> Mask:
    """VideoMAEv2: a cell of 2 x 2, the pointer one further in each slot."""
    slots, rows, columns = grid
    place = (np.arange(4) - random.integers(4) - np.arange(slots)[:, None]) % 4 < masked
    cells = place.reshape(slots, 1, 2, 1, 2)
    tiled = np.broadcast_to(cells, (slots, rows // 2, 2, columns // 2, 2))
    return tiled.reshape(grid)


def multi_block(
    random: np.random.Generator,
    grid: Grid,
    *,
    num_blocks: int = 8,
    scale: tuple[float, float] = (0.15, 0.15),
    aspect: tuple[float, float] = (0.75, 1.5),
    kept: int | None = None,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """V-JEPA's collator for one clip: one size for all blocks, indices to encode and to predict.

    The published one cuts the lists of a batch to the shortest, in raster order.
    """
    _, rows, columns = grid
    area = rows * columns * random.uniform(*scale)
    ratio = random.uniform(*aspect)
    high = min(round((area * ratio) ** 0.5), rows)
    wide = min(round((area / ratio) ** 0.5), columns)
    visible = np.ones(grid, np.bool_)
    tops = random.integers(0, rows - high + 1, num_blocks).tolist()
    lefts = random.integers(0, columns - wide + 1, num_blocks).tolist()
    for top, left in zip(tops, lefts, strict=True):
        visible[:, top : top + high, left : left + wide] = False
    flat = visible.ravel()
    return np.flatnonzero(flat)[:kept], np.flatnonzero(~flat)


def motion_topk(values: NDArray[np.int64], k: int) -> Mask:
    return lowest(-values.reshape(len(values), -1), k).reshape(values.shape)


def inverse_motion(values: NDArray[np.int64], k: int, seed: int) -> Mask:
    """The window of least motion in each slot, by a table of sums."""
    slots, rows, columns = values.shape
    h, w = boxes.box_size(k, 1.0, rows, columns)
    table = np.zeros((slots, rows + 1, columns + 1), np.int64)
    np.cumsum(np.cumsum(values, axis=1), axis=2, out=table[:, 1:, 1:])
    sums = table[:, h:, w:] - table[:, :-h, w:] - table[:, h:, :-w] + table[:, :-h, :-w]
    best = sums.reshape(slots, -1).argmin(1)
    row, column = np.divmod(best, sums.shape[2])
    jitter = masks.jitter(seed)
    centre, middle = (2 * row + h) * 2048 + jitter[0], (2 * column + w) * 2048 + jitter[1]
    return grown(centre, middle, (h, w), (slots, rows, columns), k)


def given_boxes(corners: Floats, grid: Grid, size: tuple[float, float], k: int) -> Mask:
    """One box [S, 4] a slot: tokens by the share that it covers."""
    slots, rows, columns = grid
    x = size[0] * np.arange(columns + 1) / columns
    y = size[1] * np.arange(rows + 1) / rows
    x0, y0, x1, y1 = corners.T[:, :, None]
    across = (np.minimum(x1, x[1:]) - np.maximum(x0, x[:-1])).clip(0)
    down = (np.minimum(y1, y[1:]) - np.maximum(y0, y[:-1])).clip(0)
    return lowest(-(down[:, :, None] * across[:, None]).reshape(slots, -1), k).reshape(grid)


def token_flow(field: Any, grid: Grid) -> Floats:
    """Mean motion over each slot in tokens, [S, R, C, 2]: as a flow network would give it."""
    slots, rows, columns = grid
    down = np.linspace(0, field.vectors.shape[1], rows, endpoint=False).astype(int)
    across = np.linspace(0, field.vectors.shape[2], columns, endpoint=False).astype(int)
    vectors = np.where(field.vectors[..., :1] == plain.INVALID, 0, field.vectors)
    starts = field.sample_offsets[:: (len(field.sample_offsets) - 1) // slots][:-1]
    sums = np.add.reduceat(vectors, starts, axis=0, dtype=np.int32)
    cells = np.add.reduceat(np.add.reduceat(sums, down, axis=1), across, axis=2)
    per_token = (
        np.diff([*down, field.vectors.shape[1]])[:, None, None]
        * (np.diff([*across, field.vectors.shape[2]])[:, None])
    )
    scale = np.array([columns / field.width, rows / field.height]) / 64
    flow: Floats = cells / per_token * scale
    return flow


def warped_bumps(
    random: np.random.Generator, field: Any, grid: Grid, k: int, sigma: float = 16.0
) -> Mask:
    """MGMAE: bumps on the middle slot, warped from slot to slot; holes take the base map."""
    slots, rows, columns = grid
    chosen = random.permutation(rows * columns)[: rows * columns - k]
    r, c = np.divmod(chosen, columns)
    spread = 2 * (sigma / 224) ** 2
    down = np.exp(-(((np.arange(rows)[:, None] - r) / rows) ** 2) / spread)
    across = np.exp(-(((np.arange(columns)[:, None] - c) / columns) ** 2) / spread)
    base = (down[:, None] * across).max(-1)
    flow = token_flow(field, grid)
    place = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), -1).astype(np.float64)
    maps = np.empty(grid)
    middle = slots // 2
    maps[middle] = base
    for direction, order in ((1, range(middle + 1, slots)), (-1, range(middle - 1, -1, -1))):
        for s in order:
            at = place - direction * flow[s]
            maps[s] = _bilinear(maps[s - direction], at, base)
    return lowest(maps.reshape(slots, -1), k).reshape(grid)


def _bilinear(values: Floats, at: Floats, outside: Floats) -> Floats:
    rows, columns = values.shape
    x, y = at[..., 0], at[..., 1]
    inside = (x >= 0) & (x <= columns - 1) & (y >= 0) & (y <= rows - 1)
    left = np.clip(x.astype(np.intp), 0, columns - 2)
    top = np.clip(y.astype(np.intp), 0, rows - 2)
    across, down = x - left, y - top
    flat = values.ravel()
    i = top * columns + left
    above = flat[i] * (1 - across) + flat[i + 1] * across
    under = flat[i + columns] * (1 - across) + flat[i + columns + 1] * across
    return np.where(inside, above * (1 - down) + under * down, outside)


def affine_left(field: Any) -> tuple[Floats, Floats, Mask]:
    """Velocities [M, N] without the camera, and which are valid: the core's rule in float64."""
    rows, high, wide = field.vectors.shape[:3]
    vectors = field.vectors.reshape(rows, -1, 2)
    valid = vectors[..., 0] != plain.INVALID
    known = valid.astype(np.float64)
    dx, dy = vectors[..., 0] * known, vectors[..., 1].astype(np.float64)
    x = np.tile(2.0 * np.arange(wide) + 1 - wide, high)
    y = np.repeat(2.0 * np.arange(high) + 1 - high, wide)
    basis = np.stack([np.ones_like(x), x, y, x * x, x * y, y * y], 1)
    keep, left = known, (dx, dy)
    for _ in range(3):
        n, sx, sy, xx, xy, yy = (keep @ basis).T
        cxx, cxy, cyy = n * xx - sx * sx, n * xy - sx * sy, n * yy - sy * sy
        determinant = cxx * cyy - cxy * cxy
        parts: list[Floats] = []
        for d in (dx, dy):
            total, xd, yd = ((keep * d) @ basis[:, :3]).T
            cx, cy = n * xd - sx * total, n * yd - sy * total
            a = (cx * cyy - cy * cxy) / determinant
            b = (cy * cxx - cx * cxy) / determinant
            constant = ((total - a * sx) - b * sy) / n
            guess = (constant[:, None] + b[:, None] * y) + a[:, None] * x
            parts.append(d - np.rint(guess))
        left = parts[0], parts[1]
        residual = speed_of(*left)
        mean = (residual * keep).sum(1) / keep.sum(1)
        keep = known * ((residual < 64) | (residual < 1.5 * mean[:, None]))
    return left[0], left[1], valid


def speed_of(dx: Floats, dy: Floats) -> NDArray[np.float32]:
    return np.rint(np.sqrt((dx * dx + dy * dy).astype(np.float32)))


def robust_score(field: Any, grid: Grid) -> NDArray[np.int64]:
    """Affine camera and coded weight, all rows at once; for fields without cuts or holes."""
    slots, rows, columns = grid
    high, wide = field.vectors.shape[1:3]
    down = plain.overlaps(0, field.height, rows, field.cell, high).astype(np.float64)
    across = plain.overlaps(0, field.width, columns, field.cell, wide).astype(np.float64)
    dx, dy, valid = affine_left(field)
    speeds = (speed_of(dx, dy) * valid).reshape(-1, high, wide)
    starts = field.sample_offsets[:: (len(field.sample_offsets) - 1) // slots]

    def tokens(cells: NDArray[Any]) -> NDArray[np.int64]:
        sums = np.add.reduceat(cells, starts[:-1], axis=0, dtype=np.float64)
        return (down @ sums @ across.T).astype(np.int64)

    total, area = tokens(speeds), tokens(valid.reshape(-1, high, wide))
    whole, part = np.divmod(total, area)
    everything = down.sum(1)[:, None] * across.sum(1) * np.diff(starts)[:, None, None]
    weight = tokens(field.coded) * 65536 // everything.astype(np.int64)
    values: NDArray[np.int64] = (whole * 65536 + part * 65536 // area) * weight >> 16
    return values


def best_path(smoothed: NDArray[np.int64]) -> NDArray[np.int64]:
    """Tokens of the best path, five shifts an axis; for scores without ties."""
    slots, rows, columns = smoothed.shape
    terms = smoothed * 65536 // smoothed.max((1, 2), keepdims=True)
    total, came = terms[0], []
    index = np.arange(rows * columns).reshape(rows, columns)
    for s in range(1, slots):
        padded = np.pad(total, 2, constant_values=-1)
        windows = np.lib.stride_tricks.sliding_window_view(padded, (5, 5))
        best = windows.reshape(rows, columns, 25).argmax(-1)
        source = index + (best // 5 - 2) * columns + best % 5 - 2
        came.append(source.ravel())
        total = total.ravel()[source] + terms[s]
    tokens = [int(total.argmax())]
    for source in reversed(came):
        tokens.append(int(source[tokens[-1]]))
    return np.array(tokens[::-1])


def robust_mask(field: Any, grid: Grid, k: int, seed: int) -> Mask:
    """`motion_guided_mask(field)`, where no slot is still."""
    return around(best_path(boxes.smooth(robust_score(field, grid))), grid, k, seed)
