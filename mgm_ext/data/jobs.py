"""What is done with one clip, in a worker process."""

from __future__ import annotations

from collections.abc import Iterator
from hashlib import blake2b
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .._core import __version__
from ..decode import read_motion_field
from ..errors import DecodeError, MgmError, NoMotionVectors
from ..motion_field import Cell, MotionField
from ..video_reader import VideoReader
from .clips import SourceClip
from .compact import compact_columns
from .schema import batch_bytes, compressed, packed_columns, packed_times

__all__ = ["error_record", "error_text", "fields_of", "precompute_clip", "record_of"]

_CHUNK: Final = 128  # frames of a long video read at a time
_HASHED: Final = 1 << 16  # bytes of each end of a file
_BLOCK: Final = 1 << 16  # bytes of rows that are compressed as one
_WHOLE: Final = 1 << 28  # bytes of a field that are held at once


def error_text(error: BaseException) -> tuple[str, str]:
    """An error's class and its reason, without the file's name."""
    reason = error.reason if isinstance(error, DecodeError | NoMotionVectors) else str(error)
    return type(error).__name__, reason


def _hash(data: bytes) -> bytes:
    """Of both ends, where containers keep their tables, so that it costs little."""
    return blake2b(data[:_HASHED] + data[-_HASHED:], digest_size=16).digest()


def source_columns(clip: SourceClip, source: str | bytes | None = None) -> dict[str, Any]:
    """Which file it was: size, and time of change or, within archives, a hash."""
    return {
        "key": clip.key,
        "source_bytes": clip.size,
        "source_mtime_ns": clip.mtime_ns,
        "source_hash": _hash(source) if isinstance(source, bytes) else None,
        "version": __version__,
    }


def error_record(clip: SourceClip, error_class: str, text: str) -> dict[str, Any]:
    """The record of a clip without a field."""
    empty = dict.fromkeys(("width", "height", "num_frames", "cell", "quantum", "block_rows"), 0)
    return {
        **source_columns(clip),
        **empty,
        "error_class": error_class,
        "error": text,
        "average_fps": 0.0,
        "exact": False,
        "damaged": False,
        "key_frames": [],
        "time_base": [0, 1],
        "times": b"",
        "cuts": b"",
        "offsets": [0],
        "checksums": [],
        "blocks": b"",
    }


def precompute_clip(clip: SourceClip, *, cell: Cell, compact: bool, num_threads: int = 1) -> bytes:
    """The record of one clip as the message of a record batch; errors are records, too."""
    try:
        record = record_of(clip, cell=cell, compact=compact, num_threads=num_threads)
    except (MgmError, OSError, ValueError, MemoryError) as error:
        record = error_record(clip, *error_text(error))
        record["codec"] = error.codec if isinstance(error, NoMotionVectors) else None
    return batch_bytes(record)


def record_of(
    clip: SourceClip, *, cell: Cell, compact: bool, num_threads: int = 1
) -> dict[str, Any]:
    """Reads a clip's motion, a row a frame, and packs it.

    Raises:
        NoMotionVectors, DecodeError, OSError: as `read_motion_field`.
    """
    source = clip.source
    reader = VideoReader(source)
    info = reader.info
    if not info.has_vectors:
        read_motion_field(source, frame_indices=[0])  # raises and says which codecs have some
    parts = fields_of(source, reader, cell, num_threads)
    facts, packed = _compact(parts, info.average_fps) if compact else _lossless(parts)
    return {
        **source_columns(clip, source),
        "codec": info.codec,
        "average_fps": info.average_fps,
        "exact": len(info.key_frames) > 0,
        "key_frames": info.key_frames,
        "time_base": list(info.time_base),
        "times": packed_times(reader.frame_seconds, info.time_base),
        **facts,
        **packed,
    }


Columns: TypeAlias = dict[str, Any]


def _facts(fields: list[MotionField], cuts: list[NDArray[np.bool_]]) -> Columns:
    joined = np.concatenate(cuts)
    return {
        "width": fields[-1].width,
        "height": fields[-1].height,
        "num_frames": len(joined),
        "damaged": fields[-1].damaged,
        "cuts": np.packbits(joined).tobytes(),
    }


def _lossless(parts: Iterator[MotionField]) -> tuple[Columns, Columns]:
    blocks: list[bytes] = []
    cuts = []
    for field in parts:
        rows_per_block = max(1, _BLOCK // _row_bytes(field))
        blocks += compressed(_blocks(field, rows_per_block))
        cuts.append(field.cuts)
    return _facts([field], cuts), {
        "cell": field.cell,
        "quantum": 1,
        "block_rows": rows_per_block,
        **packed_columns(blocks),
    }


def _compact(parts: Iterator[MotionField], fps: float) -> tuple[Columns, Columns]:
    fields = list(parts)
    vectors = np.concatenate([field.vectors for field in fields])
    seconds = len(vectors) / fps if fps > 0 else 0.0
    facts = _facts(fields, [field.cuts for field in fields])
    side = min(fields[0].width, fields[0].height)
    return facts, compact_columns(vectors, fields[0].cell, short_side=side, seconds=seconds)


def _row_bytes(field: MotionField) -> int:
    high, wide = -(-field.height // field.cell), -(-field.width // field.cell)
    return 4 * high * wide + -(-high * wide // 8)


def _blocks(field: MotionField, rows: int) -> list[bytes]:
    """Of so many rows each: every row's vectors and, packed, its coded cells."""
    count = len(field.coded)
    vectors = np.ascontiguousarray(field.vectors, "<i2").reshape(count, -1).view(np.uint8)
    coded = np.packbits(field.coded.reshape(count, -1), axis=1)
    joined = np.concatenate([vectors, coded], axis=1)
    return [joined[start : start + rows].tobytes() for start in range(0, count, rows)]


def fields_of(
    source: str | bytes, reader: VideoReader, cell: Cell, num_threads: int = 1
) -> Iterator[MotionField]:
    """A row for every frame number, as the reader gives them one by one; at least one field.

    Reading the file in one go is quicker and gives the same, unless it is damaged: then rows and
    frame numbers may differ.
    """
    info = reader.info
    exact = len(info.key_frames) > 0
    if info.width * info.height // 256 * (info.num_frames or 0) * 5 <= _WHOLE:
        field = read_motion_field(source, cell=cell, num_threads=num_threads)
        if not field.damaged and (not exact or len(field.cuts) == len(reader)):
            yield field
            return
    for start in range(0, len(reader), _CHUNK):
        indices = range(start, min(start + _CHUNK, len(reader)))
        yield reader.read_clip(indices, pixels=False, window="frame", cell=cell).field
