"""A clip of a store: its facts, and its field for the frames of a sampled clip."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .. import _core
from ..decode import Indices, check_indices, check_window
from ..errors import DecodeError, MgmError, NoMotionVectors
from ..motion_field import MotionField, Window
from .compact import from_steps
from .schema import decompressed, unpacked_times

__all__ = ["StoreError", "StoredClip"]


class StoreError(MgmError, ValueError):
    """A store that is damaged, of another format, or not what was asked for."""


def _list(column: Any) -> NDArray[Any]:
    """The only list of a column, without a copy."""
    values: NDArray[Any] = column[0].values.to_numpy()
    return values


@dataclass(frozen=True, eq=False, repr=False)
class StoredClip:
    """One clip of a store. Its facts are read at once, its field when asked for.

    Attributes:
        batch: the record, one row of `SCHEMA`; its memory is the file's.
        name: of the store and clip, for errors.
    """

    batch: pa.RecordBatch
    name: str

    def _value(self, column: str) -> Any:
        return self.batch.column(column)[0].as_py()

    @cached_property
    def key(self) -> str:
        """Name of the clip in its data set."""
        return str(self._value("key"))

    @property
    def error_class(self) -> str | None:
        """Why there is no field: the error's class, or "Quarantined"; None where there is one."""
        value: str | None = self._value("error_class")
        return value

    @property
    def error(self) -> str | None:
        """The error's text."""
        value: str | None = self._value("error")
        return value

    @cached_property
    def num_frames(self) -> int:
        """Frames of the video, and rows of its whole field."""
        return int(self._value("num_frames"))

    @property
    def average_fps(self) -> float:
        """Frames per second, 0.0 when unknown."""
        return float(self._value("average_fps"))

    @property
    def codec(self) -> str | None:
        """Libav's name, None where it is not known."""
        value: str | None = self._value("codec")
        return value

    @cached_property
    def size(self) -> tuple[int, int]:
        """(width, height) of the turned picture."""
        return int(self._value("width")), int(self._value("height"))

    @cached_property
    def cell(self) -> int:
        """Side of a cell in source pixels."""
        return int(self._value("cell"))

    @cached_property
    def quantum(self) -> int:
        """1 where the field is as live; else the step of its values in 1/64 pixel (compact)."""
        return int(self._value("quantum"))

    @cached_property
    def damaged(self) -> bool:
        """Part of the file could not be decoded."""
        return bool(self._value("damaged"))

    @cached_property
    def exact(self) -> bool:
        """The container tells every frame's number; else frames were counted by decoding."""
        return bool(self._value("exact"))

    @property
    def key_frames(self) -> NDArray[np.int64]:
        """int64 [K], display index of each key frame; empty where only decoding would tell."""
        return _list(self.batch.column("key_frames"))

    @property
    def frame_seconds(self) -> NDArray[np.float64]:
        """float64 [num_frames], time of each frame; empty where only decoding would tell."""
        data, base = self._value("times"), self._value("time_base")
        return unpacked_times(data, (base[0], base[1]), self.num_frames)

    def __repr__(self) -> str:
        if self.error_class is not None:
            return f"StoredClip({self.key!r}, {self.error_class})"
        width, height = self.size
        return f"StoredClip({self.key!r}, {self.num_frames} frames, {width}x{height})"

    def require_field(self) -> None:
        """Raises what reading the clip raised when the store was made.

        Raises:
            NoMotionVectors: the codec carries none.
            DecodeError: it cannot be decoded, or was given up.
        """
        if self.error_class is None:
            return
        if self.error_class == "NoMotionVectors":
            raise NoMotionVectors(self.key, self.codec or "", str(self.error))
        kind = "" if self.error_class == "DecodeError" else f"{self.error_class}: "
        raise DecodeError(self.key, None, f"{kind}{self.error}")

    def field(
        self, frame_indices: Indices | None = None, *, window: Window = "centred"
    ) -> MotionField:
        """The clip's motion, as `read_motion_field` gives it at this cell.

        Args:
            frame_indices: sampled frames in display order, negative counts from the end; None: one
                row per frame.
            window: which coded frames belong to a sampled one; see `read_motion_field`.

        Raises:
            NoMotionVectors, DecodeError: the file could not be read when the store was made.
            IndexError: a frame beyond the end.
            StoreError: the store is damaged.
            ValueError: a bad argument.
        """
        mode = check_window(window)
        self.require_field()
        if frame_indices is None:
            row_frames = np.arange(self.num_frames)
            offsets = np.arange(self.num_frames + 1)
        else:
            # Where frames were counted by decoding, a live reader starts at the first.
            keys = self.key_frames if self.exact else np.zeros(1, np.int64)
            indices = self._absolute(check_indices(frame_indices))
            row_frames, offsets = _core.select_rows(indices, self.num_frames, keys, mode)
        vectors, coded = self._rows(row_frames)
        cuts = np.unpackbits(
            np.frombuffer(self.batch.column("cuts")[0].as_buffer(), np.uint8), count=self.num_frames
        )
        width, height = self.size
        return MotionField(
            vectors=vectors,
            coded=coded,
            cuts=cuts.astype(bool)[row_frames],
            row_frames=row_frames,
            sample_offsets=offsets,
            cell=self.cell,
            width=width,
            height=height,
            window=window,
            damaged=self.damaged,
        )

    def _absolute(self, indices: NDArray[np.int64]) -> NDArray[np.int64]:
        wrong = (indices < -self.num_frames) | (indices >= self.num_frames)
        if wrong.any():
            raise IndexError(
                f"frame index {indices[wrong][0]} is out of range: {self.key} has "
                f"{self.num_frames} frames"
            )
        result: NDArray[np.int64] = np.where(indices < 0, indices + self.num_frames, indices)
        return result

    def _rows(self, rows: NDArray[np.int64]) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
        """Vectors [M, R, C, 2] and coded [M, R, C] of frames `rows`, in any order."""
        wanted, places = np.unique(rows, return_inverse=True)
        width, height = self.size
        shape = -(-height // self.cell), -(-width // self.cell)
        read = self._whole_rows if self.quantum == 1 else self._quantised_rows
        vectors, coded = read(wanted, shape)
        if np.array_equal(wanted, rows):
            return vectors, coded
        return vectors[places], coded[places]

    def _whole_rows(
        self, rows: NDArray[np.int64], shape: tuple[int, int]
    ) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
        cells = shape[0] * shape[1]
        split, size = 4 * cells, 4 * cells + -(-cells // 8)
        raw = np.empty((len(rows), size), np.uint8)
        for block, places, within in self._blocks_of(rows, size):
            raw[places] = np.frombuffer(block, np.uint8).reshape(-1, size)[within]
        vectors = np.ascontiguousarray(raw[:, :split]).view("<i2").reshape(len(rows), *shape, 2)
        coded = np.unpackbits(raw[:, split:], axis=1, count=cells).view(np.bool_)
        return vectors.astype(np.int16, copy=False), coded.reshape(len(rows), *shape)

    def _quantised_rows(
        self, rows: NDArray[np.int64], shape: tuple[int, int]
    ) -> tuple[NDArray[np.int16], NDArray[np.bool_]]:
        vectors = np.empty((len(rows), *shape, 2), np.int16)
        size = 4 * shape[0] * shape[1]
        for block, places, within in self._blocks_of(rows, size):
            whole = from_steps(block, (block.size // size, *shape, 2), self.quantum)
            vectors[places] = whole[within]
        return vectors, np.ones(vectors.shape[:3], np.bool_)

    def _blocks_of(
        self, rows: NDArray[np.int64], size: int
    ) -> Iterator[tuple[pa.Buffer, slice, NDArray[np.int64]]]:
        """Blocks that hold rows, rising, of `size` bytes: which of them, and where in the block."""
        block_rows = int(self._value("block_rows"))
        numbers, firsts = np.unique(rows // block_rows, return_index=True)
        ends = [*firsts[1:].tolist(), len(rows)]
        for number, first, end in zip(numbers.tolist(), firsts.tolist(), ends, strict=True):
            count = min(block_rows, self.num_frames - number * block_rows)
            block = self._decompressed(number, count * size)
            yield block, slice(first, end), rows[first:end] - number * block_rows

    @cached_property
    def _packed(self) -> tuple[NDArray[np.int64], NDArray[np.uint32], pa.Buffer]:
        columns = self.batch.column("offsets"), self.batch.column("checksums")
        return _list(columns[0]), _list(columns[1]), self.batch.column("blocks")[0].as_buffer()

    def _decompressed(self, block: int, size: int) -> pa.Buffer:
        offsets, sums, data = self._packed
        packed = data.slice(int(offsets[block]), int(offsets[block + 1] - offsets[block]))
        if zlib.crc32(packed) != sums[block]:
            raise StoreError(f"{self.name}: block {block} of its rows is damaged (checksum)")
        return decompressed(packed, size)
