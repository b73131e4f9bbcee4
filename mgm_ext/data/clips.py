"""Where the clips of a data set are: one file each, grouped into shards."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

__all__ = ["SUFFIXES", "ListedShard", "Shard", "ShardError", "SourceClip"]

SUFFIXES: Final = frozenset(
    [
        "3g2",
        "3gp",
        "avi",
        "flv",
        "gif",
        "h264",
        "h265",
        "hevc",
        "ivf",
        "m2ts",
        "m2v",
        "m4v",
        "mjpeg",
        "mjpg",
        "mkv",
        "mov",
        "mp4",
        "mpeg",
        "mpg",
        "mts",
        "ogv",
        "rm",
        "rmvb",
        "ts",
        "vob",
        "webm",
        "wmv",
    ]
)
"""File name endings, without the dot, of what is taken for a video."""


class ShardError(ValueError):
    """A shard that cannot be listed: a torn tar, a parquet file without video bytes."""


@dataclass(frozen=True, slots=True)
class SourceClip:
    """One video file of a data set, as a worker process is handed it.

    Attributes:
        key: its name in the data set.
        path: the file, or the archive that holds it; None where `data` is the file.
        offset: first byte within an archive; None: `path` is the file itself.
        size: bytes.
        mtime_ns: when the file itself changed; None in archives and tables.
        data: the file's bytes, where a table holds them.
    """

    key: str
    path: str | None = None
    offset: int | None = None
    size: int = 0
    mtime_ns: int | None = None
    data: bytes | None = None

    @property
    def source(self) -> str | bytes:
        """What every reader of mgm_ext takes: the path, or the bytes.

        Raises:
            OSError: the archive cannot be read, or ends before the file does.
        """
        if self.data is not None:
            return self.data
        if self.path is None:
            return b""
        if self.offset is None:
            return self.path
        with Path(self.path).open("rb") as archive:
            archive.seek(self.offset)
            data = archive.read(self.size)
        if len(data) != self.size:
            raise OSError(f"{self.path} ends before {self.key} does")
        return data


class Shard(ABC):
    """Some clips of a data set, in an order of their own; the unit of output.

    Attributes:
        name: relative path of what is written for the shard, without a suffix.
        origin: where it comes from, for people.
    """

    def __init__(self, name: str, origin: str) -> None:
        self.name = name
        self.origin = origin

    @abstractmethod
    def digest(self) -> str:
        """Text that changes when the shard does."""

    @abstractmethod
    def clips(self) -> Iterator[SourceClip]:
        """Its clips, each key once.

        Raises:
            ShardError: the shard cannot be listed to its end.
        """

    @abstractmethod
    def count(self) -> int | None:
        """How many clips there are, where that is known without a pass over the shard."""


class ListedShard(Shard):
    """Files by path, with the keys that they go by."""

    def __init__(self, name: str, origin: str, files: Sequence[tuple[str, str]]) -> None:
        super().__init__(name, origin)
        self._files = sorted(files)

    def digest(self) -> str:
        """Of the files' keys, sizes and times of change."""
        whole = blake2b(digest_size=16)
        for clip in self.clips():
            whole.update(f"{clip.key}\0{clip.size}\0{clip.mtime_ns}\n".encode())
        return whole.hexdigest()

    def clips(self) -> Iterator[SourceClip]:
        """The files, by key."""
        for key, path in self._files:
            try:
                found = Path(path).stat()
                size, changed = found.st_size, found.st_mtime_ns
            except OSError:  # its reader says why
                size, changed = 0, 0
            yield SourceClip(key, path, size=size, mtime_ns=changed)

    def count(self) -> int:
        """As many as files."""
        return len(self._files)
