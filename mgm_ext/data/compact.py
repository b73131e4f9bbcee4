"""Fields in few bytes: the finest step of their values with which a second fits the budget."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from ..motion_field import INVALID
from .schema import compressed, packed_columns

__all__ = ["BLOCK_ROWS", "BYTES_PER_SECOND", "compact_columns", "from_steps"]

BYTES_PER_SECOND: Final = 5000
BLOCK_ROWS: Final = 32
_OVERHEAD: Final = 100  # of a second's share: cuts, times, offsets, checksums
_FACTS: Final = 600  # bytes of a clip beside its rows
_LEVEL: Final = 15
_QUANTA: Final = (
    *(4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24, 28, 32, 40, 48, 56, 64, 72, 80, 96, 112, 128),
    *(160, 192, 224, 256, 320, 384, 448, 512),
)
"""Steps in 1/64 pixel per frame."""
_COARSE: Final = 64  # from here on larger cells are worth a try
_MOST: Final = 32767
_LARGE: Final = 448  # short side at which tokens of a 14 x 14 grid are as large as cells of 32


def _steps(vectors: NDArray[np.int16], quantum: int) -> NDArray[np.uint16]:
    """In units of quantum, small numbers for small values, 0 without motion."""
    values = np.rint(vectors / np.float32(quantum)).astype(np.int32)
    steps = (((values << 1) ^ (values >> 31)) + 1).astype(np.uint16)
    steps[vectors[..., 0] == INVALID] = 0
    return steps


def _bytes_of(steps: NDArray[np.uint16]) -> bytes:
    """Low bytes, then the high ones, which are nearly always 0."""
    return (steps & 255).astype(np.uint8).tobytes() + (steps >> 8).astype(np.uint8).tobytes()


def from_steps(data: pa.Buffer, shape: tuple[int, ...], quantum: int) -> NDArray[np.int16]:
    """Vectors of a decompressed block, int16 `shape`."""
    planes = np.frombuffer(data, np.uint8).reshape(2, *shape)
    steps = planes[0].astype(np.int32) | (planes[1].astype(np.int32) << 8)
    values = (steps - 1 >> 1) ^ -((steps - 1) & 1)
    vectors: NDArray[np.int16] = np.clip(values * quantum, -_MOST, _MOST).astype(np.int16)
    vectors[steps[..., 0] == 0] = (INVALID, 0)
    return vectors


def _halved(vectors: NDArray[np.int16]) -> NDArray[np.int16]:
    """Vectors of cells twice as wide and high: means, valid where half of the cells are."""
    rows, high, wide, _ = vectors.shape
    padded = np.full((rows, high + high % 2, wide + wide % 2, 2), (INVALID, 0), np.int16)
    padded[:, :high, :wide] = vectors
    there = np.zeros((1, *padded.shape[1:3], 1), np.int16)
    there[:, :high, :wide] = 1

    def quads(values: NDArray[Any]) -> NDArray[Any]:
        split = values.reshape(len(values), padded.shape[1] // 2, 2, padded.shape[2] // 2, 2, -1)
        total: NDArray[Any] = split.sum((2, 4), dtype=np.int32)
        return total

    valid = (padded[..., :1] != INVALID).astype(np.int16)
    count, most = quads(valid), quads(there)
    means: NDArray[np.int16] = np.rint(quads(padded * valid) / np.maximum(count, 1)).astype(
        np.int16
    )
    means[((2 * count < most) | (count == 0))[..., 0]] = (INVALID, 0)
    return means


def _first(count: int, fits: Callable[[int], bool]) -> int:
    """The first of `count` that fits, where all behind it do; the last, where none does."""
    low, high = 0, count - 1
    while low < high:
        middle = (low + high) // 2
        low, high = (low, middle) if fits(middle) else (middle + 1, high)
    return low


def compact_columns(
    vectors: NDArray[np.int16], cell: int, *, short_side: int, seconds: float
) -> dict[str, Any]:
    """Columns of the finest field that takes at most BYTES_PER_SECOND.

    Args:
        vectors: int16 [M, R, C, 2] at `cell`.
        cell: 8, 16 or 32.
        short_side: of the picture, in pixels; large pictures begin with cells of 32.
        seconds: how long the video lasts; under 1 counts as 1.

    Returns:
        cell, quantum, block_rows, offsets, checksums, blocks. The coarsest, where none fits.
    """
    while cell < 32 and short_side >= _LARGE:
        vectors, cell = _halved(vectors), 2 * cell
    tries = [(cell, quantum) for quantum in _QUANTA]
    fields = {cell: vectors}
    while cell < 32:
        fields[2 * cell], cell = _halved(fields[cell]), 2 * cell
        tries += [(cell, quantum) for quantum in _QUANTA if quantum >= _COARSE]
    most = (BYTES_PER_SECOND - _OVERHEAD) * max(1.0, seconds) - _FACTS
    packed: dict[int, list[bytes]] = {}

    def fits(number: int) -> bool:
        side, quantum = tries[number]
        steps = _steps(fields[side], quantum)
        starts = range(0, len(steps), BLOCK_ROWS)
        blocks = [_bytes_of(steps[start : start + BLOCK_ROWS]) for start in starts]
        packed[number] = compressed(blocks, _LEVEL)
        return sum(map(len, packed[number])) <= most

    chosen = _first(len(tries), fits)
    if chosen not in packed:
        fits(chosen)
    side, quantum = tries[chosen]
    facts = {"cell": side, "quantum": quantum, "block_rows": BLOCK_ROWS}
    return {**facts, **packed_columns(packed[chosen])}
