"""The record of one clip: its columns, and how rows and times are packed."""

from __future__ import annotations

import zlib
from collections.abc import Iterable
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

__all__ = [
    "FORMAT",
    "SCHEMA",
    "batch_bytes",
    "compressed",
    "decompressed",
    "packed_columns",
    "packed_times",
    "unpacked_times",
]

FORMAT: Final = 2
_LEVEL: Final = 3
_ZSTD: Final = pa.Codec("zstd")

SCHEMA: Final = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        # The source, to tell whether it is still the same: time of change, or a hash of archives'.
        pa.field("source_bytes", pa.int64(), nullable=False),
        pa.field("source_mtime_ns", pa.int64()),
        pa.field("source_hash", pa.binary()),
        pa.field("error_class", pa.string()),
        pa.field("error", pa.string()),
        pa.field("version", pa.string(), nullable=False),
        # The stream, and what choosing a clip's rows needs.
        pa.field("codec", pa.string()),
        pa.field("width", pa.int32(), nullable=False),
        pa.field("height", pa.int32(), nullable=False),
        pa.field("num_frames", pa.int64(), nullable=False),
        pa.field("average_fps", pa.float64(), nullable=False),
        pa.field("exact", pa.bool_(), nullable=False),
        pa.field("damaged", pa.bool_(), nullable=False),
        pa.field("key_frames", pa.list_(pa.int64()), nullable=False),
        pa.field("time_base", pa.list_(pa.int64()), nullable=False),
        pa.field("times", pa.binary(), nullable=False),
        # The field, a row a frame, compressed in blocks of rows.
        pa.field("cell", pa.int32(), nullable=False),
        pa.field("quantum", pa.int32(), nullable=False),
        pa.field("block_rows", pa.int32(), nullable=False),
        pa.field("cuts", pa.binary(), nullable=False),
        pa.field("offsets", pa.list_(pa.int64()), nullable=False),
        pa.field("checksums", pa.list_(pa.uint32()), nullable=False),
        pa.field("blocks", pa.large_binary(), nullable=False),
    ],
    metadata={"mgm_ext.format": str(FORMAT)},
)
"""One row a record batch. quantum 1: a block is block_rows times int16 vectors [R, C, 2],
little-endian, and bool coded [R, C], packed. More: a block is uint16 [block_rows, R, C, 2], its low
bytes before its high ones, and coded everywhere: 0 without motion, else 1 more than the value in
units of `quantum` / 64 pixel with its sign in the lowest bit. Times: see `packed_times`."""


def compressed(blocks: Iterable[bytes], level: int = _LEVEL) -> list[bytes]:
    """Each block by itself, so that a row can be read alone."""
    codec = pa.Codec("zstd", compression_level=level)
    return [codec.compress(block, asbytes=True) for block in blocks]


def packed_columns(blocks: list[bytes]) -> dict[str, Any]:
    """Columns offsets, checksums and blocks of compressed blocks."""
    offsets = np.zeros(len(blocks) + 1, np.int64)
    np.cumsum([len(block) for block in blocks], out=offsets[1:])
    sums = [zlib.crc32(block) for block in blocks]
    return {"offsets": offsets, "checksums": sums, "blocks": b"".join(blocks)}


def batch_bytes(record: dict[str, Any]) -> bytes:
    """A record as the message of one record batch."""
    arrays = [pa.array([record.get(field.name)], field.type) for field in SCHEMA]
    batch = pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)
    return bytes(batch.serialize())


def decompressed(block: Any, size: int) -> pa.Buffer:
    """A block of `compressed` that has `size` bytes."""
    return _ZSTD.decompress(block, size)


def packed_times(seconds: NDArray[np.float64], time_base: tuple[int, int]) -> bytes:
    """Times of frames in few bytes: steps of pts, where that gives back every bit."""
    if not len(seconds):
        return b""
    unit = time_base[0] / time_base[1]
    pts = np.rint(seconds / unit).astype(np.int64)
    exact = np.array_equal(pts * unit, seconds)
    plain = np.diff(pts, prepend=0) if exact else seconds
    (block,) = compressed([plain.astype("<i8" if exact else "<f8").tobytes()])
    return (b"i" if exact else b"f") + block


def unpacked_times(packed: bytes, time_base: tuple[int, int], count: int) -> NDArray[np.float64]:
    """float64 [count], or empty where no times are known."""
    if not packed:
        return np.zeros(0)
    plain = decompressed(packed[1:], 8 * count)
    if packed[:1] == b"f":
        return np.frombuffer(plain, "<f8")
    seconds: NDArray[np.float64] = np.cumsum(np.frombuffer(plain, "<i8")) * (
        time_base[0] / time_base[1]
    )
    return seconds
