"""The preset "smooth" in plain torch operations, on any device: whole tensors, no native code.

An independent answer for the batched masks, and what they are timed against. Integers are exact:
sums that float64 takes stay under 2^53.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch import Tensor

M0, M1 = 0xD2511F53, 0xCD9E8D57
LOW = 0xFFFFFFFF
RANK, PEAK, JITTER, START, STEP = range(5)
TOKEN = 4096


class Grid(NamedTuple):
    slots: int
    rows: int
    columns: int


class Random(NamedTuple):
    """The Philox words that a mask needs, int64: [B, S, tokens] twice, [B, 2], [B, S, 2] twice."""

    rank: Tensor
    peak: Tensor
    jitter: Tensor
    start: Tensor
    step: Tensor


def product(a: Tensor, b: int) -> tuple[Tensor, Tensor]:
    """High and low word of a 32-bit product, in int64 that never overflow."""
    low, high = (a & 0xFFFF) * b, (a >> 16) * b
    middle = (low >> 16) + high
    return middle >> 16, ((middle & 0xFFFF) << 16) | (low & 0xFFFF)


def words(seeds: Tensor, purpose: int, slots: Tensor, n: int) -> Tensor:
    """Philox words int64 [B, S, n]."""
    blocks = torch.arange((n + 3) // 4, device=seeds.device)
    shape = (len(seeds), len(slots), len(blocks))
    c0 = blocks.expand(shape)
    c1 = slots[:, None].expand(shape)
    c2, c3 = torch.full_like(c0, purpose), torch.zeros_like(c0)
    k0, k1 = (seeds & LOW)[:, None, None], ((seeds >> 32) & LOW)[:, None, None]
    for _ in range(10):
        h0, l0 = product(c0, M0)
        h1, l1 = product(c2, M1)
        c0, c1, c2, c3 = h1 ^ c1 ^ k0, l1, h0 ^ c3 ^ k1, l0
        k0, k1 = (k0 + 0x9E3779B9) & LOW, (k1 + 0xBB67AE85) & LOW
    return torch.stack([c0, c1, c2, c3], -1).flatten(2)[..., :n]


def drawn(seeds: Tensor, grid: Grid) -> Random:
    slots = torch.arange(grid.slots, device=seeds.device)
    n = grid.rows * grid.columns
    return Random(
        rank=words(seeds, RANK, slots, n),
        peak=words(seeds, PEAK, slots, n),
        jitter=words(seeds, JITTER, slots[:1], 2)[:, 0],
        start=words(seeds, START, slots, 2),
        step=words(seeds, STEP, slots, 2),
    )


def overlap(start: Tensor, length: Tensor, tokens: int, cell: Tensor, cells: int) -> Tensor:
    """float64 [B, tokens, cells]: overlap of each token with each cell, in 1/256 cell."""
    steps = torch.arange(tokens + 1, device=start.device, dtype=torch.float64)
    pixels = start[:, None] + length[:, None] * steps / tokens
    edges = torch.round(256 * pixels / cell[:, None]).clamp(0, 256 * cells)
    left = 256.0 * torch.arange(cells, device=start.device, dtype=torch.float64)
    low, high = edges[:, :-1, None], edges[:, 1:, None]
    return (torch.minimum(high, left + 256) - torch.maximum(low, left)).clamp(min=0)


def smooth_score(
    field: Tensor, cells: Tensor, offsets: Tensor, views: Tensor, cuts: Tensor, grid: Grid
) -> tuple[Tensor, Tensor]:
    """Motion int64 [B, S, R, C] and validity, of pictures that fill the field."""
    _, rows, high, wide, _ = field.shape
    vector = field.to(torch.int32)
    valid = (vector[..., 0] != -32768) & ~cuts[:, :, None, None]
    squares = vector[..., 0] ** 2 + vector[..., 1] ** 2
    speed = torch.where(valid, torch.sqrt(squares.to(torch.float32)).round(), 0)
    ends = offsets[:, :: (offsets.shape[1] - 1) // grid.slots]
    at = torch.arange(rows, device=field.device)
    inside = (at >= ends[:, :-1, None]) & (at < ends[:, 1:, None])
    of_slot = inside.to(torch.float64)
    sums = torch.einsum("bsm,bmrc->bsrc", of_slot, speed.to(torch.float64))
    counts = torch.einsum("bsm,bmrc->bsrc", of_slot, valid.to(torch.float64))
    scale = cells.to(torch.float64)
    down = overlap(views[:, 1], views[:, 3], grid.rows, scale, high)
    across = overlap(views[:, 0], views[:, 2], grid.columns, scale, wide)
    across = torch.where(views[:, 4, None, None] != 0, across.flip(1), across)
    total, area = (
        torch.einsum("byr,bsrc,bxc->bsyx", down, one, across).to(torch.int64)
        for one in (sums, counts)
    )
    divisor = area.clamp(min=1)
    whole = total // divisor
    motion = (whole << 16) + ((total - whole * divisor) << 16) // divisor
    known = area > 0
    motion = torch.where(known, motion, 0)
    near, around = square_sums(motion), square_sums(known.to(torch.int64))
    return torch.where(known, motion, near // around.clamp(min=1)), known


def square_sums(values: Tensor) -> Tensor:
    """3x3 sums with zeros around, over the last two axes."""
    padded = torch.nn.functional.pad(values, (1, 1, 1, 1))
    lines = padded[..., :-2] + padded[..., 1:-1] + padded[..., 2:]
    return lines[..., :-2, :] + lines[..., 1:-1, :] + lines[..., 2:, :]


def reflected(place: Tensor, low: int, high: int) -> Tensor:
    length = high - low
    if length <= 0:
        return torch.full_like(place, low)
    offset = (place - low) % (2 * length)
    return low + torch.where(offset > length, 2 * length - offset, offset)


def smooth_mask(
    field: Tensor,
    cells: Tensor,
    offsets: Tensor,
    views: Tensor,
    cuts: Tensor,
    random: Random,
    grid: Grid,
    k: int,
    size: tuple[int, int],
) -> Tensor:
    """bool [B, S, R, C]: boxes of `size` tokens grown to K around the largest 3x3 sums."""
    motion, known = smooth_score(field, cells, offsets, views, cuts, grid)
    sums = square_sums(motion).flatten(2)
    top = sums.max(-1, keepdim=True).values
    tie = torch.where(sums == top, random.peak, 1 << 40)
    peak = tie.argmin(-1)
    moving = (top[..., 0] >= 9 * round(0.02 * 64 * 65536)) & known.flatten(2).any(-1)
    ends = offsets[:, :: (offsets.shape[1] - 1) // grid.slots]
    at = torch.arange(cuts.shape[1], device=field.device)
    inside = (at >= ends[:, :-1, None]) & (at < ends[:, 1:, None])
    cut = (inside & cuts[:, None]).any(-1)
    jitter = (random.jitter * TOKEN >> 32) - TOKEN // 2
    centres = []
    for axis, (tokens, side) in enumerate(zip(grid[1:], size, strict=True)):
        index = peak // grid.columns if axis == 0 else peak % grid.columns
        peaks = (2 * index + 1) * (TOKEN // 2)
        low, high = side * (TOKEN // 2), tokens * TOKEN - side * (TOKEN // 2)
        starts = low + (random.start[..., axis] * (high - low + 1) >> 32)
        steps = (random.step[..., axis] * (2 * TOKEN + 1) >> 32) - TOKEN
        place, held = starts[:, 0], moving[:, 0]
        found = []
        for s in range(grid.slots):
            if s > 0:
                walked = reflected(place.clamp(low, high) + steps[:, s], low, high)
                again = held & cut[:, s]
                place = torch.where(again, starts[:, s], walked)
                held = (held & ~again) | moving[:, s]
            place = torch.where(moving[:, s], peaks[:, s], place)
            found.append(place + torch.where(moving[:, s], jitter[:, axis, None][:, 0], 0))
        centres.append(torch.stack(found, 1))
    return grown(centres, random.rank, grid, k, size)


def grown(
    centres: list[Tensor],
    word: Tensor,
    grid: Grid,
    k: int,
    size: tuple[int, int],
) -> Tensor:
    """The K tokens of lowest (far, near, word) around each centre [B, S]."""
    distances = [
        (torch.arange(tokens, device=word.device) * TOKEN + TOKEN // 2 - place[..., None]).abs()
        * other
        for place, tokens, other in zip(centres, grid[1:], size[::-1], strict=True)
    ]
    down, across = distances[0][..., :, None], distances[1][..., None, :]
    far, near = torch.maximum(down, across).flatten(2), torch.minimum(down, across).flatten(2)
    by_word = word.argsort(dim=-1, stable=True)
    rank = ((far << 31) + near).gather(-1, by_word)
    order = by_word.gather(-1, rank.argsort(dim=-1, stable=True))
    mask = torch.zeros_like(far, dtype=torch.bool)
    return mask.scatter(-1, order[..., :k], True).view(*mask.shape[:-1], *grid[1:])
