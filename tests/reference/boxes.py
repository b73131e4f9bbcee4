"""Size and place of the box of each slot."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .philox import Purpose, below, exp2_negative, log2_fixed, word, words
from .score import Crop, Ints, Score

TOKEN = 4096
Centre = tuple[int, int, bool]


def box_size(tokens: float, aspect: float, rows: int, columns: int) -> tuple[int, int]:
    h = min(max(round(math.sqrt(tokens / aspect)), 1), rows)
    w = min(max(round(tokens / h), 1), columns)
    return min(max(round(tokens / w), 1), rows), w


def draw_aspect(
    aspect: float | tuple[float, float],
    seed: int,
    purpose: Purpose = Purpose.ASPECT,
    slot: int = 0,
    index: int = 0,
) -> float:
    low, high = aspect if isinstance(aspect, tuple) else (aspect, aspect)
    if low == high:
        return low
    a, b = log2_fixed(round(low * 65536)), log2_fixed(round(high * 65536))
    drawn = a + ((b - a) * (word(seed, purpose, slot, index) >> 8) >> 24)
    return exp2_negative(26 * 2**24 - drawn) / 2**20


def limits(tokens: int, length: int) -> tuple[int, int]:
    half = length * TOKEN // 2
    return half, tokens * TOKEN - half


def start(grid: tuple[int, int, int], size: tuple[int, int], seed: int, slot: int) -> Centre:
    places = []
    for axis in (0, 1):
        low, high = limits(grid[1 + axis], size[axis])
        places.append(low + below(word(seed, Purpose.START, slot, axis), high - low + 1))
    return places[0], places[1], False


def reflect(place: int, low: int, high: int) -> int:
    if low == high:
        return low
    offset = (place - low) % (2 * (high - low))
    return low + min(offset, 2 * (high - low) - offset)


def walk(
    centre: Centre,
    grid: tuple[int, int, int],
    size: tuple[int, int],
    step: float,
    seed: int,
    slot: int,
) -> Centre:
    reach = round(step * TOKEN)
    places = []
    for axis in (0, 1):
        low, high = limits(grid[1 + axis], size[axis])
        offset = below(word(seed, Purpose.STEP, slot, axis), 2 * reach + 1) - reach
        places.append(reflect(min(max(centre[axis], low), high) + offset, low, high))
    return places[0], places[1], False


def smooth(values: Ints) -> Ints:
    """3x3 sums of [S, R, C] with zeros around."""
    rows, columns = values.shape[1:]
    padded = np.pad(values, ((0, 0), (1, 1), (1, 1)))
    shifts = (padded[:, i : i + rows, j : j + columns] for i in range(3) for j in range(3))
    total: Ints = np.zeros_like(values)
    for shift in shifts:
        total += shift
    return total


def window_sums(values: Ints, size: tuple[int, int]) -> Ints:
    windows = np.lib.stride_tricks.sliding_window_view(values, size)
    result: Ints = windows.sum((-2, -1))
    return result


def peak_keys(seed: int, slot: int, n: int) -> Ints:
    keys: Ints = words(seed, Purpose.PEAK, np.array([slot]), n)[0].astype(np.int64)
    return keys


def largest(values: Ints, seed: int, slot: int) -> int:
    flat = values.ravel()
    keys = peak_keys(seed, slot, flat.size)
    return int(np.lexsort((np.arange(flat.size), keys, -flat))[0])


def path(smoothed: Ints, slots: range, seed: int) -> list[int]:
    """Tokens of the best path through the slots of one stretch."""
    _, rows, columns = smoothed.shape
    n = rows * columns
    index = np.arange(n).reshape(rows, columns)
    total = np.zeros((rows, columns), np.int64)
    came: list[Ints] = []
    for step, s in enumerate(slots):
        if step:
            # merit: the sum, then the smaller key; order of the loop: the smaller index.
            key = peak_keys(seed, s - 1, n).reshape(rows, columns)
            merit = np.pad(total * 2**32 + (2**32 - 1 - key), 2, constant_values=-1)
            tokens = np.pad(index, 2, constant_values=-1)
            best, source = np.full((rows, columns), -1), np.full((rows, columns), -1)
            for i in range(5):
                for j in range(5):
                    at = (slice(i, i + rows), slice(j, j + columns))
                    better = merit[at] > best
                    best = np.where(better, merit[at], best)
                    source = np.where(better, tokens[at], source)
            came.append(source)
            total = best >> 32
        top = int(smoothed[s].max())
        total = total + (smoothed[s] * 65536 // top if top else 0)
    token = largest(total, seed, slots[-1])
    found = [token]
    for source in reversed(came):
        token = int(source.ravel()[token])
        found.append(token)
    return found[::-1]


def stretches(moving: list[bool], cuts: NDArray[np.bool_]) -> list[range]:
    result: list[range] = []
    for s, moves in enumerate(moving):
        if not moves:
            continue
        if result and result[-1].stop == s and not cuts[s]:
            result[-1] = range(result[-1].start, s + 1)
        else:
            result.append(range(s, s + 1))
    return result


def peak_centres(
    score: Score, size: tuple[int, int], peak: str, moving: list[bool], seed: int
) -> dict[int, Centre]:
    columns = score.values.shape[2]
    smoothed = smooth(score.values)
    tokens: dict[int, int] = {}
    if peak == "path":
        for stretch in stretches(moving, score.cuts):
            tokens.update(zip(stretch, path(smoothed, stretch, seed), strict=True))
    centres: dict[int, Centre] = {}
    for s in (s for s, moves in enumerate(moving) if moves):
        if peak == "box":
            sums = window_sums(score.values[s], size)
            r, c = divmod(largest(sums, seed, s), sums.shape[1])
            centres[s] = ((2 * r + size[0]) * 2048, (2 * c + size[1]) * 2048, True)
            continue
        if peak in ("smooth", "block"):
            tokens[s] = largest(smoothed[s] if peak == "smooth" else score.values[s], seed, s)
        r, c = divmod(tokens[s], columns)
        centres[s] = ((2 * r + 1) * 2048, (2 * c + 1) * 2048, True)
    return centres


def motion_centres(
    score: Score,
    size: tuple[int, int],
    *,
    peak: str,
    first: str,
    still: float,
    step: float,
    seed: int,
) -> list[Centre]:
    grid = score.values.shape
    threshold = 9 * round(still * 64 * 65536)
    strongest = smooth(score.motion).max((1, 2))
    moving = [
        bool(
            strongest[s] >= threshold
            and score.valid[s].any()
            and not (s == 0 and first == "random")
        )
        for s in range(grid[0])
    ]
    peaks = peak_centres(score, size, peak, moving, seed)
    centres: list[Centre] = []
    held = False
    for s in range(grid[0]):
        if s in peaks:
            centres.append(peaks[s])
            held = True
        elif s == 0 or (held and score.cuts[s]):
            centres.append(start(grid, size, seed, s))
            held = False
        else:
            centres.append(walk(centres[-1], grid, size, step, seed, s))
    return centres


def boxes_in_source(
    centres: list[Centre],
    grid: tuple[int, int, int],
    size: tuple[int, int],
    crop: Crop,
    hflip: bool,
    width: int,
    height: int,
) -> NDArray[np.float32]:
    x, y, w, h = crop
    _, rows, columns = grid
    boxes = []
    for row, column, _ in centres:
        top = min(max(row - size[0] * 2048, 0), (rows - size[0]) * TOKEN) / TOKEN
        left = min(max(column - size[1] * 2048, 0), (columns - size[1]) * TOKEN) / TOKEN
        left = columns - size[1] - left if hflip else left
        across = [x + w * place / columns for place in (left, left + size[1])]
        down = [y + h * place / rows for place in (top, top + size[0])]
        boxes.append((across[0], down[0], across[1], down[1]))
    inside = np.clip(np.array(boxes, np.float64), 0, np.array((width, height, width, height)))
    return inside.astype(np.float32)
