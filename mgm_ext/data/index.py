"""Which record of which file a key has: looked up in memory-mapped, sorted arrays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .precompute import require_format
from .record import StoreError
from .shard_files import whole_file
from .sums import SummedFile, SummedWriter

__all__ = ["INDEX_FILE", "Index", "hash_of", "open_records", "shard_files"]

INDEX_FILE: Final = "index.arrow"
_FILES: Final = b"mgm_ext.files"
_SCHEMA: Final = pa.schema(
    [
        pa.field("hash", pa.uint64(), nullable=False),
        pa.field("file", pa.int32(), nullable=False),
        pa.field("record", pa.int32(), nullable=False),
    ]
)


def hash_of(key: str) -> int:
    """64 bits of a key."""
    return int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "little")


def open_records(path: Path) -> SummedFile:
    """A memory-mapped Arrow file of records.

    Raises:
        StoreError: it is no file of ours, or of another format.
    """
    file = SummedFile(path)
    require_format(file.schema, path)
    return file


def shard_files(folder: Path) -> list[Path]:
    """The files of records of a store, by name."""
    found = (path for path in folder.rglob("*.arrow") if not path.name.startswith("."))
    return sorted(path for path in found if path != folder / INDEX_FILE)


def _stamp(folder: Path, files: list[Path]) -> str:
    """Text that changes when a file is added, removed or replaced."""
    lines = []
    for path in files:
        facts = path.stat()
        lines.append(f"{path.relative_to(folder)}\t{facts.st_size}\t{facts.st_mtime_ns}")
    return "\n".join(lines)


@dataclass(frozen=True)
class Index:
    """Sorted by hash: three arrays of the same length, and the files that they number.

    Attributes:
        hashes: uint64 [N], rising.
        files: int32 [N].
        records: int32 [N], which record batch of the file.
        paths: the files.
    """

    hashes: NDArray[np.uint64]
    files: NDArray[np.int32]
    records: NDArray[np.int32]
    paths: list[Path]

    def __len__(self) -> int:
        return len(self.hashes)

    def find(self, key: str) -> Iterator[tuple[int, int]]:
        """(file, record) of every key with this one's hash: look whether it is the key."""
        wanted = np.uint64(hash_of(key))
        place = int(np.searchsorted(self.hashes, wanted))
        while place < len(self) and self.hashes[place] == wanted:
            yield int(self.files[place]), int(self.records[place])
            place += 1

    @classmethod
    def scan(cls, paths: list[Path]) -> Index:
        """Reads every record's key."""
        hashes, files, records = [], [], []
        for number, path in enumerate(paths):
            with open_records(path) as reader:
                for record in range(reader.num_record_batches):
                    key = reader.get_batch(record).column("key")[0].as_py()
                    hashes.append(hash_of(key))
                    files.append(number)
                    records.append(record)
        order = np.argsort(np.array(hashes, np.uint64), kind="stable")
        return cls(
            np.array(hashes, np.uint64)[order],
            np.array(files, np.int32)[order],
            np.array(records, np.int32)[order],
            paths,
        )

    @classmethod
    def open(cls, folder: Path) -> Index:
        """The index that `merge` wrote, memory-mapped, if it is of the files that are there."""
        paths = shard_files(folder)
        path = folder / INDEX_FILE
        if not path.exists():
            return cls.scan(paths)
        try:
            reader = SummedFile(path)
            batch = reader.get_batch(0)
        except StoreError:  # it is made of the files, and can be done without
            return cls.scan(paths)
        if reader.schema.metadata.get(_FILES, b"").decode() != _stamp(folder, paths):
            return cls.scan(paths)
        hashes, files, records = (column.to_numpy() for column in batch.columns)
        return cls(hashes, files, records, paths)

    def save(self, folder: Path) -> None:
        """Writes the index beside the files."""
        schema = _SCHEMA.with_metadata({_FILES: _stamp(folder, self.paths).encode()})
        columns = [pa.array(values) for values in (self.hashes, self.files, self.records)]
        with whole_file(folder / INDEX_FILE) as partial, SummedWriter(partial, schema) as out:
            out.write_batch(pa.record_batch(columns, schema=schema))
