"""File objects and views that are not what a reader may expect."""

from __future__ import annotations

import array
import io
from typing import Any

import numpy as np


class HostileError(Exception):
    """What a hostile file object raises."""


class HostileFile(io.RawIOBase):
    """A file object that now and then answers with what no file does."""

    def __init__(self, data: bytes, rng: np.random.Generator) -> None:
        self._file, self._rng = io.BytesIO(data), rng
        self._rate = float(rng.choice([0.01, 0.1, 0.5]))
        self.readers: list[Any] = []  # asked for a clip in the middle of a read

    def _answer(self, honest: Any) -> Any:
        if self._rng.random() > self._rate:
            return honest
        odd: list[Any] = [None, "text", b"", -1, 1 << 70, 1 << 62, 3.5, [], honest, honest]
        kind = int(self._rng.integers(len(odd) + 3))
        if kind < len(odd):
            return odd[kind]
        if kind == len(odd):
            raise HostileError
        if kind == len(odd) + 1:
            raise OSError(5, "the disk is gone")
        for reader in self.readers:
            reader.read_clip([0])
        return honest

    def read(self, size: int = -1) -> Any:
        data = self._file.read(size)
        kind = int(self._rng.integers(6))
        if kind == 0:
            data = data[: int(self._rng.integers(len(data) + 1))]
        elif kind == 1 and self._rng.random() < self._rate:
            data += bytes(1 << 16)
        return self._answer(data)

    def seek(self, offset: int, whence: int = 0) -> Any:
        try:
            return self._answer(self._file.seek(offset, whence))
        except ValueError:
            return self._answer(-1)

    def tell(self) -> Any:
        return self._answer(self._file.tell())


def odd_view(data: bytes, rng: np.random.Generator) -> Any:
    """The bytes behind a view of one of many shapes, not all of which may be read."""
    words = array.array("I", data[: len(data) // 4 * 4])
    views: list[Any] = [
        memoryview(data),
        bytearray(data),
        memoryview(data)[::-1],
        memoryview(data)[::2],
        memoryview(data)[1:],
        memoryview(data)[:0],
        memoryview(words),
        memoryview(words)[::-1],
        memoryview(bytearray(data)).toreadonly(),
    ]
    return views[int(rng.integers(len(views)))]
