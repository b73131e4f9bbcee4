"""Clips in tar archives, such as webdataset's shards."""

from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

from .clips import SUFFIXES, Shard, ShardError, SourceClip

__all__ = ["TarShard", "file_digest"]


def file_digest(path: str) -> str:
    """Changes when the file does: its size and time of change."""
    found = Path(path).stat()
    return f"{found.st_size}-{found.st_mtime_ns}"


class TarShard(Shard):
    """A tar archive, not compressed. Keys are webdataset's: the path up to the name's first dot.

    A second video of the same sample goes by its whole name.
    """

    def __init__(self, name: str, path: str) -> None:
        super().__init__(name, path)
        self._path = path

    def digest(self) -> str:
        """Of the archive's size and time of change."""
        return file_digest(self._path)

    def count(self) -> int | None:
        """None: only a pass over the archive would tell."""
        return None

    def clips(self) -> Iterator[SourceClip]:
        """The videos, in the archive's order."""
        names: set[str] = set()
        keys: set[str] = set()
        for member in self._members():
            folder, _, name = member.name.rpartition("/")
            stem, _, suffix = name.partition(".")
            if suffix.rpartition(".")[2].lower() not in SUFFIXES or not member.isreg() or not stem:
                continue
            key = f"{folder}/{stem}" if folder else stem
            if member.name in names:
                raise ShardError(f"{self._path} holds {member.name} twice")
            names.add(member.name)
            key = member.name if key in keys else key
            keys.add(key)
            yield SourceClip(key, self._path, offset=member.offset_data, size=member.size)

    def _members(self) -> Iterator[tarfile.TarInfo]:
        try:
            with tarfile.open(self._path, "r:") as archive:
                yield from archive
                end = archive.offset
        except tarfile.TarError as error:
            raise ShardError(f"{self._path} is no whole, uncompressed tar: {error}") from error
        # tarfile takes a header that it cannot read for the end of the archive.
        with Path(self._path).open("rb") as raw:
            raw.seek(end)
            if raw.read(tarfile.BLOCKSIZE).strip(b"\0"):
                raise ShardError(f"{self._path} has a damaged header at byte {end}")
