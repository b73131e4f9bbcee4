"""Motion that was computed before: by key, for the frames of a clip."""

from __future__ import annotations

import os
import tarfile
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import pyarrow as pa

from ..decode import Indices
from ..motion_field import MotionField, Window
from .index import Index, open_records
from .record import StoredClip, StoreError
from .schema import SCHEMA
from .sources import SIDE_TAR
from .sums import SummedFile, summed_stream_batch

__all__ = ["FieldStore", "stored_clip"]

_OPEN: Final = 64  # files that are kept open
_RECENT: Final = 64  # clips whose facts are kept


def stored_clip(data: bytes | memoryview, *, name: str = "<bytes>") -> StoredClip:
    """A member KEY.mgf of a sidecar tar, such as webdataset's sample["mgf"].

    Args:
        data: the member's bytes; they are not copied.
        name: what errors call it.

    Raises:
        StoreError: the bytes are not such a member, or of another format.
    """
    batch = summed_stream_batch(data, name)
    if not batch.schema.equals(SCHEMA, check_metadata=True):
        raise StoreError(f"{name} has another format than this version reads")
    return StoredClip(batch, name)


class FieldStore:
    """The motion fields of a data set, as `precompute` stored them.

    Files are memory-mapped. A store pickles, and works in forked and spawned workers.

    Args:
        path: the folder that `precompute` wrote, one of its .arrow files, or a .mgf.tar sidecar.

    Raises:
        FileNotFoundError: there is no such folder or file.
        StoreError: no store is there, or it has another format.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = Path(path)
        self._open()

    def _open(self) -> None:
        if not self._path.exists():
            raise FileNotFoundError(f"no such store: {self._path}")
        self._tar: dict[str, tuple[int, int]] = {}
        self._files: dict[int, SummedFile] = {}
        self._recent: dict[tuple[str, str | None], StoredClip] = {}
        if self._path.is_dir():
            self._index = Index.open(self._path)
            if not self._index.paths:
                raise StoreError(f"{self._path} holds no .arrow file of precomputed motion")
        elif self._path.name.endswith(SIDE_TAR):
            self._index = Index.scan([])
            self._open_tar()
        else:
            self._index = Index.scan([self._path])

    def _open_tar(self) -> None:
        try:
            with tarfile.open(self._path, "r:") as archive:
                for member in archive:
                    key = member.name.removesuffix(".mgf")
                    self._tar[key] = member.offset_data, member.size
        except (tarfile.TarError, ValueError, OverflowError) as error:
            raise StoreError(f"{self._path} is no whole tar: {error}") from error
        self._mapped = pa.memory_map(str(self._path))

    def __getstate__(self) -> Path:
        return self._path

    def __setstate__(self, path: Path) -> None:
        self._path = path
        self._open()

    def __repr__(self) -> str:
        return f"FieldStore({str(self._path)!r}, {len(self)} clips)"

    def __len__(self) -> int:
        """Number of clips, those without a field included."""
        return len(self._tar) or len(self._index)

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and bool(self._found(key))

    def keys(self) -> Iterator[str]:
        """Every key, shard by shard."""
        yield from self._tar
        for file in range(len(self._index.paths)):
            reader = self._reader(file)
            for record in range(reader.num_record_batches):
                yield str(reader.get_batch(record).column("key")[0].as_py())

    def clip(self, key: str, *, shard: str | None = None) -> StoredClip:
        """A clip's record: number of frames, key frames, times, damage, error, field.

        Args:
            key: as `clips_of` names it.
            shard: where several shards have the key: the shard's name.

        Raises:
            KeyError: no such clip, or several.
            StoreError: the store is damaged.
        """
        recent = self._recent.get((key, shard))
        if recent is not None:
            return recent
        found = self._found(key, shard)
        if len(found) != 1:
            there = "several clips" if found else "no clip"
            hint = ": name its shard" if found else ""
            raise KeyError(f"{there} with the key {key!r} in {self._path}{hint}")
        while len(self._recent) >= _RECENT:
            self._recent.pop(next(iter(self._recent)), None)
        self._recent[key, shard] = found[0]
        return found[0]

    def field(
        self,
        key: str,
        frame_indices: Indices | None = None,
        *,
        window: Window = "centred",
        shard: str | None = None,
    ) -> MotionField:
        """The motion of a clip, equal in every bit to `read_motion_field` at the store's cell.

        Its `damaged` says that the file is damaged anywhere. A compact store gives coarser values.

        Args:
            key: as `clips_of` names it.
            frame_indices: sampled frames in display order, negative counts from the end; None: one
                row per frame.
            window: which coded frames belong to a sampled one; see `read_motion_field`.
            shard: where several shards have the key: the shard's name.

        Raises:
            KeyError: no such clip, or several.
            NoMotionVectors: the codec carries none.
            DecodeError: the file could not be read when the store was made.
            IndexError: a frame beyond the end.
            StoreError: the store is damaged.
            ValueError: a bad argument.
        """
        return self.clip(key, shard=shard).field(frame_indices, window=window)

    def _found(self, key: str, shard: str | None = None) -> list[StoredClip]:
        if self._tar:
            if key not in self._tar:
                return []
            offset, size = self._tar[key]
            data = self._mapped.read_at(size, offset)
            return [stored_clip(data, name=f"{self._path}, {key}")]
        found = []
        for file, record in self._index.find(key):
            path = self._index.paths[file]
            if shard is not None and self._shard_name(path) != shard:
                continue
            batch = self._reader(file).get_batch(record)
            if batch.column("key")[0].as_py() == key:
                found.append(StoredClip(batch, f"{path}, {key}"))
        return found

    def _shard_name(self, path: Path) -> str:
        folder = self._path if self._path.is_dir() else self._path.parent
        return path.relative_to(folder).with_suffix("").as_posix()

    def _reader(self, file: int) -> SummedFile:
        reader = self._files.get(file)
        if reader is None:
            while len(self._files) >= _OPEN:
                self._files.pop(next(iter(self._files)), None)
            reader = self._files[file] = open_records(self._index.paths[file])
        return reader
