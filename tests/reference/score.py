"""Motion per token, texture and coded share."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
Crop = tuple[float, float, float, float]
INVALID = -32768


@dataclass
class Score:
    values: Ints
    motion: Ints
    valid: Bools
    cuts: Bools


def speed(dx: Ints, dy: Ints) -> Ints:
    squares = (dx * dx + dy * dy).astype(np.float32)
    return np.rint(np.sqrt(squares)).astype(np.int64)


def edges(start: float, length: float, tokens: int) -> NDArray[np.float64]:
    return start + length * np.arange(tokens + 1, dtype=np.float64) / tokens


def overlaps(start: float, length: float, tokens: int, cell: int, cells: int) -> Ints:
    """[tokens, cells] in 1/256 cell."""
    at = np.rint(256 * edges(start, length, tokens) / cell)
    at = np.clip(at, 0, 256 * cells).astype(np.int64)
    left = 256 * np.arange(cells, dtype=np.int64)
    both = np.minimum(at[1:, None], left + 256) - np.maximum(at[:-1, None], left)
    result: Ints = np.maximum(both, 0)
    return result


def clamp(left: Ints) -> Ints:
    return np.clip(left, -32767, 32767)


def lower_median(component: Ints, valid: Bools) -> Ints:
    """[M] over the valid cells of [M, N]; 0 where there is none."""
    ordered = np.sort(np.where(valid, component, 1 << 20), axis=1)
    middle = np.maximum(valid.sum(1) - 1, 0) // 2
    found = np.take_along_axis(ordered, middle[:, None], 1)[:, 0]
    return np.where(valid.any(1), found, 0)


def without_median(v: Ints, valid: Bools) -> Ints:
    shift = np.stack([lower_median(v[..., i], valid) for i in (0, 1)], -1)
    return clamp(v - shift[:, None])


def fit(v: Ints, keep: Bools, x: Ints, y: Ints) -> tuple[NDArray[np.float64], Bools]:
    """(constant, x, y) of both components [M, 2, 3], and which rows could be fitted."""
    k = keep.astype(np.int64)
    n, sx, sy = k.sum(1), k @ x, k @ y
    xx, xy, yy = (
        n * (k @ (x * x)) - sx * sx,
        n * (k @ (x * y)) - sx * sy,
        n * (k @ (y * y)) - sy * sy,
    )
    xx, xy, yy = (a.astype(np.float64) for a in (xx, xy, yy))
    determinant = xx * yy - xy * xy
    good = (n >= 6) & (determinant != 0)
    planes = np.zeros((len(v), 2, 3))
    safe, count = np.where(good, determinant, 1.0), np.maximum(n, 1).astype(np.float64)
    for i in (0, 1):
        kd = k * v[..., i]
        d = kd.sum(1)
        cx = (n * (kd @ x) - sx * d).astype(np.float64)
        cy = (n * (kd @ y) - sy * d).astype(np.float64)
        a, b = (cx * yy - cy * xy) / safe, (cy * xx - cx * xy) / safe
        constant = ((d - a * sx) - b * sy) / count
        planes[:, i] = np.stack([constant, a, b], -1)
    return planes, good


def without_affine(v: Ints, valid: Bools, high: int, wide: int) -> Ints:
    x = np.tile(2 * np.arange(wide) + 1 - wide, high)
    y = np.repeat(2 * np.arange(high) + 1 - high, wide)
    keep, good = valid, np.ones(len(v), bool)
    left = v
    for _ in range(3):
        planes, fitted = fit(v, keep, x, y)
        good = good & fitted
        at = (planes[..., :1] + planes[..., 2:] * y) + planes[..., 1:2] * x
        guess = np.rint(np.clip(at, -65535, 65535)).astype(np.int64)
        left = clamp(v - guess.transpose(0, 2, 1))
        residual = speed(left[..., 0], left[..., 1])
        total, count = (residual * keep).sum(1), keep.sum(1)
        under = 2 * residual * count[:, None] < 3 * total[:, None]
        keep = valid & ((residual < 64) | under)
    return np.where(good[:, None, None], left, without_median(v, valid))


def without_camera(vectors: NDArray[np.int16], camera: str) -> tuple[Ints, Bools]:
    """Vectors [M, R * C, 2] without the camera, and which are valid [M, R * C]."""
    rows, high, wide, _ = vectors.shape
    v = vectors.reshape(rows, high * wide, 2).astype(np.int64)
    valid = v[..., 0] != INVALID
    v = np.where(valid[..., None], v, 0)
    if camera == "median":
        v = without_median(v, valid)
    if camera == "affine":
        v = without_affine(v, valid, high, wide)
    return v, valid


def fill(motion: Ints, valid: Bools) -> Ints:
    """Means of the valid neighbours in invalid tokens of one slot."""
    rows, columns = motion.shape
    total, count = np.zeros_like(motion), np.zeros_like(motion)
    known = np.pad(np.where(valid, motion, 0), 1)
    ones = np.pad(valid.astype(np.int64), 1)
    for i in range(3):
        for j in range(3):
            total += known[i : i + rows, j : j + columns]
            count += ones[i : i + rows, j : j + columns]
    return np.where(valid, motion, total // np.maximum(count, 1))


def ignored(shape: tuple[int, int], crop: Crop, hflip: bool, boxes: NDArray[np.float64]) -> Bools:
    x, y, w, h = crop
    rows, columns = shape
    down = y + h * (2 * np.arange(rows) + 1.0) / (2 * rows)
    across = x + w * (2 * np.arange(columns) + 1.0) / (2 * columns)
    if hflip:
        across = across[::-1]
    result = np.zeros(shape, bool)
    for x0, y0, x1, y1 in boxes:
        result |= ((down >= y0) & (down < y1))[:, None] & ((across >= x0) & (across < x1))
    return result


def slot_rows(offsets: Ints, slots: int) -> list[slice]:
    starts = offsets[:: (len(offsets) - 1) // slots]
    return [slice(int(a), int(b)) for a, b in itertools.pairwise(starts)]


def motion_score(
    vectors: NDArray[np.int16],
    cuts: Bools,
    sample_offsets: Ints,
    cell: int,
    *,
    grid: tuple[int, int, int],
    crop: Crop,
    hflip: bool = False,
    camera: str = "affine",
    weight: NDArray[np.integer] | None = None,
    ignore: NDArray[np.float64] | None = None,
) -> Score:
    slots, rows, columns = grid
    high, wide = vectors.shape[1:3]
    down = overlaps(crop[1], crop[3], rows, cell, high)
    across = overlaps(crop[0], crop[2], columns, cell, wide)
    if hflip:
        across = across[::-1]
    v, valid = without_camera(vectors, camera)
    valid = valid & ~cuts[:, None]
    speeds = np.where(valid, speed(v[..., 0], v[..., 1]), 0).reshape(-1, high, wide)
    valid = valid.reshape(-1, high, wide)
    motion, known = np.zeros(grid, np.int64), np.zeros(grid, bool)
    cut = np.zeros(slots, bool)
    for s, of_slot in enumerate(slot_rows(sample_offsets, slots)):
        total = down @ speeds[of_slot].sum(0) @ across.T
        area = down @ valid[of_slot].sum(0) @ across.T
        known[s] = area > 0
        whole, part = np.divmod(total, np.maximum(area, 1))
        motion[s] = fill(whole * 65536 + part * 65536 // np.maximum(area, 1), known[s])
        cut[s] = cuts[of_slot].any()
    values = motion if weight is None else motion * weight >> 16
    if ignore is not None and len(ignore):
        away = ignored((rows, columns), crop, hflip, ignore)
        values, motion = np.where(away, 0, values), np.where(away, 0, motion)
    return Score(values, motion, known, cut)


def token_pixels(
    start: float, length: float, tokens: int, pixels: int, picture: int
) -> list[slice]:
    at = np.clip(np.rint(edges(start, length, tokens) * pixels / picture), 0, pixels).astype(int)
    result = []
    for low, high in itertools.pairwise(at):
        first = min(int(low), pixels - 1)
        result.append(slice(first, max(int(high), first + 1)))
    return result


def root(x: int) -> int:
    """floor(sqrt(x)), by Newton's method on integers."""
    if x == 0:
        return 0
    guess = 1 << (x.bit_length() + 1) // 2
    while (better := (guess + x // guess) // 2) < guess:
        guess = better
    return guess


def texture_weight(xx: int, xy: int, yy: int, n: int) -> int:
    a, b, c = 256 * xx // n, 256 * abs(xy) // n, 256 * yy // n
    twice = max(a + c - root((a - c) ** 2 + 4 * b * b), 0)
    return twice * 65536 // (twice + 65536)


def token_texture(
    frames: NDArray[np.uint8],
    *,
    grid: tuple[int, int, int],
    crop: Crop,
    hflip: bool,
    width: int,
    height: int,
) -> NDArray[np.int32]:
    slots, rows, columns = grid
    rgb = frames.astype(np.int64)
    luma = (77 * rgb[..., 0] + 150 * rgb[..., 1] + 29 * rgb[..., 2] + 128) >> 8
    p = np.pad(luma, ((0, 0), (1, 1), (1, 1)), mode="edge")
    tall = p[:, :-2] + 2 * p[:, 1:-1] + p[:, 2:]
    flat = p[:, :, :-2] + 2 * p[:, :, 1:-1] + p[:, :, 2:]
    gx, gy = tall[:, :, 2:] - tall[:, :, :-2], flat[:, 2:] - flat[:, :-2]
    down = token_pixels(crop[1], crop[3], rows, frames.shape[1], height)
    across = token_pixels(crop[0], crop[2], columns, frames.shape[2], width)
    across = across[::-1] if hflip else across
    tubelet = len(frames) // slots
    result = np.zeros(grid, np.int32)
    for s, r, c in np.ndindex(*grid):
        at = (slice(s * tubelet, (s + 1) * tubelet), down[r], across[c])
        x, y = gx[at], gy[at]
        sums = (int((x * x).sum()), int((x * y).sum()), int((y * y).sum()))
        result[s, r, c] = texture_weight(*sums, x.size)
    return result


def coded_share(
    coded: Bools,
    sample_offsets: Ints,
    cell: int,
    *,
    grid: tuple[int, int, int],
    crop: Crop,
    hflip: bool,
) -> Ints:
    """[S, R, C] in 1/65536."""
    slots, rows, columns = grid
    down = overlaps(crop[1], crop[3], rows, cell, coded.shape[1])
    across = overlaps(crop[0], crop[2], columns, cell, coded.shape[2])[:: -1 if hflip else 1]
    share = np.zeros(grid, np.int64)
    starts = sample_offsets[:: (len(sample_offsets) - 1) // slots]
    for s, (low, high) in enumerate(itertools.pairwise(starts)):
        area = down.sum(1)[:, None] * across.sum(1) * (high - low)
        share[s] = down @ coded[low:high].sum(0) @ across.T * 65536 // np.maximum(area, 1)
    return share
