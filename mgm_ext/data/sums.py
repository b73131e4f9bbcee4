"""Arrow data with checksums: no damaged byte reaches Arrow's parser, which may end the process."""

from __future__ import annotations

import struct
import zlib
from pathlib import Path
from typing import Any, Final, Self

import pyarrow as pa

from .record import StoreError

__all__ = ["SummedFile", "SummedWriter", "summed_stream", "summed_stream_batch"]

_RECORD: Final = struct.Struct("<QQI4x")  # where its message begins, bytes that are summed, sum
_END: Final = struct.Struct("<QQIII4x8s")  # records, first bytes, three sums, magic
_MAGIC: Final = b"MGMSUMS1"
_MEMBER: Final = struct.Struct("<QI4x8s")  # bytes that are summed, sum, magic
_ARROW: Final = struct.Struct("<i6s")  # length of the footer, Arrow's magic
_ARROW_MAGIC: Final = b"ARROW1"
_STREAM_END: Final = 8  # bytes with which a stream ends


def _own(batch: pa.RecordBatch) -> int:
    """Bytes at the end of a record's message that have checksums of their own: its blocks."""
    if "blocks" not in batch.schema.names:
        return 0
    blocks = batch.column("blocks")[0].as_buffer()
    return 0 if blocks is None else -(-blocks.size // 8) * 8


class SummedWriter:
    """Writes an Arrow file; between its records and its footer stand the sums of both.

    Arrow finds the footer from the end and the records by the footer, so that it reads the file
    as any other.
    """

    def __init__(self, path: Path, schema: pa.Schema) -> None:
        self._path = path
        self._file = pa.OSFile(str(path), "wb")
        self._writer = pa.ipc.new_file(self._file, schema)
        self._records: list[tuple[int, int, int]] = []

    def write_batch(self, batch: pa.RecordBatch) -> None:
        """One record."""
        start = self._file.tell()
        self._writer.write_batch(batch)
        self._records.append((start, self._file.tell(), _own(batch)))

    def close(self) -> None:
        """Writes the footer and the sums."""
        self._writer.close()
        self._file.close()
        with self._path.open("r+b") as file:
            data = file.read()
            footer = len(data) - _ARROW.size - _ARROW.unpack(data[-_ARROW.size :])[0]
            file.seek(footer)
            file.write(self._sums(memoryview(data), footer) + data[footer:])

    def _sums(self, data: memoryview, footer: int) -> bytes:
        head = self._records[0][0] if self._records else footer
        lines = b"".join(
            _RECORD.pack(start, end - own - start, zlib.crc32(data[start : end - own]))
            for start, end, own in self._records
        )
        sums = zlib.crc32(lines), zlib.crc32(data[:head]), zlib.crc32(data[footer:])
        return lines + _END.pack(len(self._records), head, *sums, _MAGIC)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        self.close()


class SummedFile:
    """A file of `SummedWriter`, memory-mapped.

    Raises:
        StoreError: it is damaged, or none.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._data = self._mapped()
        self._lines = self._checked()
        try:
            self._reader = pa.ipc.open_file(self._data)
        except pa.ArrowException as error:
            raise StoreError(f"{path} is no whole Arrow file: {error}") from error
        self.schema: pa.Schema = self._reader.schema
        self.num_record_batches = len(self._lines) // _RECORD.size

    def _mapped(self) -> pa.Buffer:
        if self._path.stat().st_size < _END.size + _ARROW.size:
            raise StoreError(f"{self._path} is no whole Arrow file")
        with pa.memory_map(str(self._path)) as file:
            return file.read_buffer()

    def _checked(self) -> memoryview:
        """What is said of each record, once all but the records is known to be whole."""
        data = memoryview(self._data)
        length, magic = _ARROW.unpack(data[-_ARROW.size :])
        footer = len(data) - _ARROW.size - length
        end = footer - _END.size
        if magic != _ARROW_MAGIC or length < 0 or end < 0:
            raise StoreError(f"{self._path} is no whole Arrow file")
        count, head, of_lines, of_head, of_tail, mark = _END.unpack(data[end:footer])
        first = end - count * _RECORD.size
        if mark != _MAGIC or not 0 <= head <= first:
            raise StoreError(f"{self._path} is no whole Arrow file with checksums")
        lines = data[first:end]
        found = zlib.crc32(lines), zlib.crc32(data[:head]), zlib.crc32(data[footer:])
        if found != (of_lines, of_head, of_tail):
            raise StoreError(
                f"{self._path} is damaged (checksum of its tables): run precompute again, which "
                "makes it anew"
            )
        return lines

    def get_batch(self, number: int) -> Any:
        """One record, whose bytes are what was written; blocks have sums of their own."""
        self._check(number)
        return self._reader.get_batch(number)

    def _check(self, number: int) -> None:
        start, size, wanted = _RECORD.unpack_from(self._lines, number * _RECORD.size)
        if zlib.crc32(memoryview(self._data)[start : start + size]) != wanted:
            raise StoreError(
                f"{self._path}: record {number} is damaged (checksum): run precompute again, which "
                "makes the file anew"
            )

    def check(self) -> None:
        """Raises StoreError where a record is damaged outside of its blocks."""
        for number in range(self.num_record_batches):
            self._check(number)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        pass


def summed_stream(batch: pa.RecordBatch) -> bytes:
    """A record as a stream of its own, with its sum after it."""
    out = pa.BufferOutputStream()
    with pa.ipc.new_stream(out, batch.schema) as writer:
        writer.write_batch(batch)
    data: bytes = out.getvalue().to_pybytes()
    size = len(data) - _STREAM_END - _own(batch)
    return data + _MEMBER.pack(size, zlib.crc32(memoryview(data)[:size]), _MAGIC)


def summed_stream_batch(data: bytes | memoryview | pa.Buffer, name: str) -> Any:
    """The record that `summed_stream` wrote; the bytes are not copied.

    Raises:
        StoreError: they are damaged, or none.
    """
    view = memoryview(data)
    if len(view) < _MEMBER.size:
        raise StoreError(f"{name} is no record of a clip")
    size, wanted, mark = _MEMBER.unpack(view[-_MEMBER.size :])
    if mark != _MAGIC or size > len(view) - _MEMBER.size:
        raise StoreError(f"{name} is no record of a clip: it has no checksum, or is cut off")
    if zlib.crc32(view[:size]) != wanted:
        raise StoreError(f"{name} is damaged (checksum)")
    try:
        with pa.ipc.open_stream(pa.py_buffer(view)) as stream:
            return stream.read_next_batch()
    except (pa.ArrowException, OSError, StopIteration) as error:
        raise StoreError(f"{name} is no record of a clip: {error}") from error
