"""The rules of the masks in vectorised NumPy, written for speed: what the core is timed against."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.reference import boxes, masks
from tests.reference import score as plain

Grid = tuple[int, int, int]
Mask = NDArray[np.bool_]
Ints = NDArray[np.int64]


def tube(random: np.random.Generator, slots: int, tokens: int, k: int) -> Mask:
    """One shuffled frame, tiled: the yardstick."""
    frame = np.zeros(tokens, np.bool_)
    frame[:k] = True
    random.shuffle(frame)
    return np.tile(frame, (slots, 1))


def motion_score(field: Any, grid: Grid) -> Ints:
    """`motion_score(camera="none")`: float32 speeds, one reduction, two products."""
    slots, rows, columns = grid
    high, wide = field.vectors.shape[1:3]
    down = plain.overlaps(0, field.height, rows, field.cell, high).astype(np.float64)
    across = plain.overlaps(0, field.width, columns, field.cell, wide).astype(np.float64)
    valid = (field.vectors[..., 0] != plain.INVALID) & ~field.cuts[:, None, None]
    squares = np.einsum("mrcd,mrcd->mrc", field.vectors, field.vectors, dtype=np.int32)
    speeds = np.where(valid, np.rint(np.sqrt(squares.astype(np.float32))), 0).astype(np.int32)
    starts = field.sample_offsets[:: (len(field.sample_offsets) - 1) // slots][:-1]
    total = down @ np.add.reduceat(speeds, starts, axis=0).astype(np.float64) @ across.T
    area = down @ np.add.reduceat(valid, starts, axis=0, dtype=np.int64).astype(float) @ across.T
    whole, part = np.divmod(total.astype(np.int64), np.maximum(area.astype(np.int64), 1))
    motion: Ints = whole * 65536 + part * 65536 // np.maximum(area.astype(np.int64), 1)
    for s in np.flatnonzero((area == 0).any((1, 2))):
        motion[s] = plain.fill(motion[s], area[s] > 0)
    return motion


def lowest(keys: NDArray[Any], k: int) -> Mask:
    """The k lowest keys of each row."""
    chosen = np.argpartition(keys, k - 1, axis=-1)[..., :k]
    mask = np.zeros(keys.shape, np.bool_)
    np.put_along_axis(mask, chosen, values=True, axis=-1)
    return mask


def grown(centre: Any, middle: Any, size: tuple[int, int], grid: Grid, k: int) -> Mask:
    """Boxes grown around centres in 2^-12 token, [S] each."""
    _, rows, columns = grid
    down = np.abs((2 * np.arange(rows) + 1) * 2048 - centre[:, None]) * size[1]
    across = np.abs((2 * np.arange(columns) + 1) * 2048 - middle[:, None]) * size[0]
    far = np.maximum(down[:, :, None], across[:, None])
    near = np.minimum(down[:, :, None], across[:, None])
    return lowest((far * 2**32 + near).reshape(len(centre), -1), k).reshape(grid)


def around(tokens: Ints, grid: Grid, k: int, seed: int) -> Mask:
    """Boxes grown around one token [S] of each slot."""
    _, rows, columns = grid
    jitter = masks.jitter(seed)
    centre = (2 * (tokens // columns) + 1) * 2048 + jitter[0]
    middle = (2 * (tokens % columns) + 1) * 2048 + jitter[1]
    return grown(centre, middle, boxes.box_size(k, 1.0, rows, columns), grid, k)


def smooth_mask(values: Ints, k: int, seed: int) -> Mask:
    """`motion_guided_mask(peak="smooth")` where no slot is still, all slots at once."""
    peaks = boxes.smooth(values).reshape(len(values), -1).argmax(1)
    return around(peaks, values.shape, k, seed)
