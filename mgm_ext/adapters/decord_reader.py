"""decord's `VideoReader` on our reader, as a part of `decord`."""

from __future__ import annotations

import operator
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, SupportsIndex, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .. import video_reader
from ..decode import Source, probe
from ..errors import DecodeError
from ..motion_field import Clip, MotionField
from .decord_bridge import bridge

__all__ = ["Context", "DECORDError", "DECORDLimitReachedError", "VideoReader", "cpu", "gpu"]

DECORDError = DecodeError
_CPU, _GPU = 1, 2
Indices: TypeAlias = SupportsIndex | slice | Sequence[int] | NDArray[np.integer[Any]]


class DECORDLimitReachedError(DecodeError):
    """More frames are damaged than `fault_tol` allows."""


class Device(Protocol):
    """A context: `cpu(0)`, or decord's own."""

    @property
    def device_type(self) -> int: ...


@dataclass(frozen=True)
class Context:
    """Where frames are decoded."""

    device_type: int
    device_id: int = 0

    def __repr__(self) -> str:
        return f"{'cpu' if self.device_type == _CPU else 'gpu'}({self.device_id})"


def cpu(dev_id: int = 0) -> Context:
    """The processor: the only place that decodes."""
    return Context(_CPU, dev_id)


def gpu(dev_id: int = 0) -> Context:
    """A GPU; every reader refuses it."""
    return Context(_GPU, dev_id)


def check_context(ctx: Any) -> None:
    if not hasattr(ctx, "device_type"):
        raise TypeError(f"ctx must be cpu(...), not {ctx!r}")
    if ctx.device_type != _CPU:
        raise ValueError(f"ctx must be cpu(...), not {ctx}: only the processor decodes")


def _size(source: Source, width: int, height: int) -> tuple[int, int] | None:
    if width > 0 and height > 0:
        return height, width
    if width <= 0 and height <= 0:
        return None
    info = probe(source)
    return (height, info.width) if height > 0 else (info.height, width)


class VideoReader:
    """decord's `VideoReader`, on the processor.

    Frame numbers are display order, exact after every seek. Frames are returned as `bridge` says.

    Args:
        uri: path, or an object whose `read()` gives the whole file.
        ctx: `cpu(0)`.
        width, height: of the frames; -1 leaves that side as it is.
        num_threads: decoder threads; 0 means 1.
        fault_tol: above 0, damage raises `DECORDLimitReachedError` at once (stricter than decord,
            which counts the frames it made up); otherwise the nearest decoded frame stands in.

    Attributes:
        field: MotionField of the frames that the last call returned; None before the first and
            after a call for none.

    Raises:
        FileNotFoundError, IsADirectoryError, PermissionError: as the system says.
        DecodeError: not a video.
        ValueError: a bad argument.
    """

    def __init__(
        self,
        uri: Any,
        ctx: Device = cpu(0),  # noqa: B008 - as decord's; it cannot change
        width: int = -1,
        height: int = -1,
        num_threads: int = 0,
        fault_tol: float = -1,
    ) -> None:
        check_context(ctx)
        source: Source = uri.read() if hasattr(uri, "read") else uri
        self._size = _size(source, width, height)
        self._fault_tol = fault_tol
        self._reader = video_reader.VideoReader(
            source,
            size=self._size,
            num_threads=max(num_threads, 1),
            strict=fault_tol > 0,
        )
        self._length = len(self._reader)
        self._next = 0
        self.field: MotionField | None = None

    def __len__(self) -> int:
        """Number of frames."""
        return self._length

    def __getitem__(self, idx: Any) -> Any:
        """Frame [H, W, 3] at a number, or frames [N, H, W, 3] of a slice or sequence of numbers.

        `next` goes on from there.

        Raises:
            IndexError: beyond the end.
            TypeError: no number.
        """
        if isinstance(idx, slice) or np.ndim(idx):
            return self.get_batch(idx)
        number = operator.index(idx)
        if not -self._length <= number < self._length:
            raise IndexError(f"Index: {number} out of bound: {self._length}")
        return self._frame(number % self._length)

    def __iter__(self) -> Iterator[Any]:
        """Every frame, from the first."""
        return (self[number] for number in range(self._length))

    def next(self) -> Any:
        """The frame [H, W, 3] after the last one.

        Raises:
            StopIteration: that was the last.
        """
        if self._next >= self._length:
            raise StopIteration
        return self._frame(self._next)

    def get_batch(self, indices: Indices) -> Any:
        """Frames by number, [N, H, W, 3]: any order, repeats, negative from the end, or none.

        Raises:
            IndexError: a frame beyond the end.
        """
        numbers = self._numbers(indices).reshape(-1)
        frames = self._read(numbers)
        if numbers.size:
            self._next = int(numbers[-1]) + 1
        return bridge.out(frames)

    def get_frame_timestamp(self, idx: Indices) -> NDArray[np.float32]:
        """When frames are shown: float32 [N, 2], (start, end) in seconds; [2] for one index.

        Empty times (NaN) where the container has none.

        Raises:
            IndexError: a frame beyond the end.
        """
        return self._timestamps()[self._numbers(idx)]

    def get_key_indices(self) -> list[int]:
        """Numbers of the key frames."""
        return [int(index) for index in self._reader.key_frames]

    def get_avg_fps(self) -> float:
        """Frames per second."""
        return self._reader.average_fps

    def seek(self, pos: int) -> None:
        """`next` goes on at the last key frame at or before `pos`.

        Raises:
            IndexError: beyond the end.
        """
        self.seek_accurate(pos)
        self._next = max((key for key in self.get_key_indices() if key <= pos), default=0)

    def seek_accurate(self, pos: int) -> None:
        """`next` goes on at `pos`.

        Raises:
            IndexError: beyond the end.
        """
        if not 0 <= pos < self._length:
            raise IndexError(f"pos must be in [0, {self._length}), got {pos}")
        self._next = pos

    def skip_frames(self, num: int = 1) -> None:
        """`next` leaves out `num` frames, without decoding those that nothing refers to."""
        if num < 1:
            raise ValueError(f"num must be at least 1, got {num}")
        self._next += num

    def _frame(self, number: int) -> Any:
        frames = self._read(np.array([number]))
        self._next = number + 1
        return bridge.out(frames[0])

    def _read(self, numbers: NDArray[np.int64]) -> NDArray[np.uint8]:
        if not numbers.size:
            self.field = None
            height, width = self._size or (self._reader.info.height, self._reader.info.width)
            return np.empty((0, height, width, 3), np.uint8)
        clip = self._clip(numbers)
        self.field = clip.field
        assert clip.frames is not None
        clip.frames.flags.writeable = True  # as decord's are
        return clip.frames

    def _clip(self, numbers: NDArray[np.int64]) -> Clip:
        try:
            return self._reader.read_clip(numbers)
        except DecodeError as error:
            if not self._fault_tol > 0:
                raise
            raise DECORDLimitReachedError(error.path, error.frame, error.reason) from error

    def _numbers(self, indices: Indices) -> NDArray[np.int64]:
        if isinstance(indices, slice):
            indices = range(*indices.indices(self._length))
        given = np.asarray(indices)
        if given.dtype == bool:
            raise ValueError("indices must be frame numbers, not a mask of booleans")
        numbers = given.astype(np.int64)
        wrong = numbers[(numbers < -self._length) | (numbers >= self._length)]
        if wrong.size:
            raise IndexError(f"Out of bound indices: {wrong} of {self._length} frames")
        return numbers % self._length

    def _timestamps(self) -> NDArray[np.float32]:
        starts = self._reader.frame_seconds
        if len(starts) != self._length:
            starts = np.full(self._length, np.nan)
        last = starts[-1] + (1 / self.get_avg_fps() if self.get_avg_fps() else 0.0)
        return np.stack([starts, np.append(starts[1:], last)], axis=1).astype(np.float32)
