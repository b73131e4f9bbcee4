"""Clips whose bytes are in a table: parquet files and Hugging Face's `datasets`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import pyarrow as pa

from .archives import file_digest
from .clips import Shard, ShardError, SourceClip

__all__ = ["DatasetShard", "ParquetShard", "dataset_shards"]

_BATCH: Final = 8  # rows held at a time: a video each
_ROWS: Final = 1000  # of a shard of a data set in memory


def _is_bytes(kind: pa.DataType) -> bool:
    return bool(pa.types.is_binary(kind) or pa.types.is_large_binary(kind))


def _columns(schema: pa.Schema, origin: str) -> tuple[str, str | None]:
    """The column of videos and, if there is one, that of keys."""
    videos = [
        field.name
        for field in schema
        if _is_bytes(field.type)
        or (pa.types.is_struct(field.type) and field.type.get_field_index("bytes") >= 0)
    ]
    if len(videos) > 1 and "video" in videos:
        videos = ["video"]
    if len(videos) != 1:
        raise ShardError(
            f"{origin} must have one column of bytes, or one called 'video', not {videos}; "
            f"it has {schema.names}"
        )
    keys = [name for name in ("__key__", "key", "id") if name in schema.names]
    return videos[0], keys[0] if keys else None


def _clips(table: Any, columns: tuple[str, str | None], first: int) -> Iterator[SourceClip]:
    """Clips of a table or record batch whose first row has the number `first`."""
    video, key = columns
    keys = [None] * table.num_rows if key is None else table.column(key).to_pylist()
    for row, value in enumerate(table.column(video)):
        given = value.as_py()
        held = given if isinstance(given, dict) else {"bytes": given}
        name = next((str(k) for k in (keys[row], held.get("path")) if k is not None), None)
        name = f"{first + row:08d}" if name is None else name
        data, path = held.get("bytes"), held.get("path")
        if data is None and path is not None:
            yield SourceClip(name, path)
        else:
            yield SourceClip(name, data=data or b"", size=len(data or b""))


def _unique(clips: Iterator[SourceClip], origin: str) -> Iterator[SourceClip]:
    seen: set[str] = set()
    for clip in clips:
        if clip.key in seen:
            raise ShardError(f"{origin} has two rows with the key {clip.key!r}")
        seen.add(clip.key)
        yield clip


class ParquetShard(Shard):
    """A parquet file with a column of bytes, or of Hugging Face's {bytes, path}.

    Keys: the column `__key__`, `key` or `id`, else the path beside the bytes, else the row's
    number.
    """

    def __init__(self, name: str, path: str) -> None:
        super().__init__(name, path)
        self._path = path

    def digest(self) -> str:
        """Of the file's size and time of change."""
        return file_digest(self._path)

    def count(self) -> int:
        """As many as rows."""
        from pyarrow.parquet import read_metadata

        try:
            return int(read_metadata(self._path).num_rows)
        except (pa.ArrowException, OSError) as error:
            raise ShardError(f"{self._path} is no whole parquet file: {error}") from error

    def clips(self) -> Iterator[SourceClip]:
        """The rows, in order."""
        yield from _unique(self._rows(), self._path)

    def _rows(self) -> Iterator[SourceClip]:
        from pyarrow.parquet import ParquetFile  # a worker does without

        first = 0
        try:
            with ParquetFile(self._path, memory_map=True) as file:
                columns = _columns(file.schema_arrow, self._path)
                wanted = [name for name in columns if name is not None]
                for batch in file.iter_batches(batch_size=_BATCH, columns=wanted):
                    yield from _clips(batch, columns, first)
                    first += batch.num_rows
        except FileNotFoundError:
            raise
        except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
            raise ShardError(
                f"{self._path} is no whole parquet file, from row {first} on: {error}"
            ) from error


class DatasetShard(Shard):
    """Rows of a `datasets.Dataset` whose videos are bytes: `Video(decode=False)`, or binary."""

    def __init__(self, name: str, dataset: Any, rows: range) -> None:
        super().__init__(name, f"rows {rows.start} to {rows.stop} of a data set")
        self._dataset = dataset
        self._rows = rows

    def digest(self) -> str:
        """Of the data set's own fingerprint."""
        return f"{self._dataset._fingerprint}-{self._rows.start}-{self._rows.stop}"

    def count(self) -> int:
        """As many as rows."""
        return len(self._rows)

    def clips(self) -> Iterator[SourceClip]:
        """The rows, in order."""
        yield from _unique(self._in_batches(), self.origin)

    def _in_batches(self) -> Iterator[SourceClip]:
        plain = self._dataset.with_format("arrow")
        for start in range(self._rows.start, self._rows.stop, _BATCH):
            table = plain[start : min(start + _BATCH, self._rows.stop)]
            yield from _clips(table, _columns(table.schema, self.origin), start)


def dataset_shards(dataset: Any) -> list[Shard]:
    """A `datasets.Dataset` in shards of a thousand rows."""
    if not hasattr(dataset, "__len__"):
        raise ValueError("a streaming data set has no rows by number: name its parquet files")
    total = len(dataset)
    bounds = range(0, total, _ROWS)
    return [
        DatasetShard(f"rows-{start:09d}", dataset, range(start, min(start + _ROWS, total)))
        for start in bounds
    ]
