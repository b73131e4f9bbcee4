"""Pixels and motion of sampled clips from one open video."""

from __future__ import annotations

import operator
import os
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import _core
from .decode import (
    Indices,
    Source,
    check_after_fork,
    check_indices,
    check_source,
    check_window,
    read_options,
)
from .motion_field import Cell, Clip, MotionField, Window, cell_size
from .motion_vectors import VideoInfo, letters
from .played_at import Seconds, indices_played_at

__all__ = ["VideoReader"]


def _check_size(size: int | Sequence[int] | None) -> dict[str, int | None]:
    if size is None:
        return {"short_side": None, "height": None, "width": None}
    sides = [operator.index(side) for side in ([size] if isinstance(size, int) else size)]
    if len(sides) not in (1, 2) or not all(0 < side <= 1 << 14 for side in sides):
        raise ValueError(
            f"size must be a short side or (H, W), each in [1, {1 << 14}], got {size!r}"
        )
    if len(sides) == 1:
        return {"short_side": sides[0], "height": None, "width": None}
    return {"short_side": None, "height": sides[0], "width": sides[1]}


class VideoReader:
    """Reads clips of one video: RGB frames and their motion field from a single decode.

    The file is opened once and read from where the last clip ended when that is nearer than a key
    frame, as long as nothing is damaged. A reader belongs to one thread at a time. After a fork the
    child opens the file anew; readers of paths and bytes pickle, readers of file objects cannot.

    Args:
        source: path, bytes, or a seekable binary file object.
        size: of the frames: None as the video, an int for the short side, or (H, W). The field and
            views stay in source pixels whatever the size.
        num_threads: decoder threads for pixels; 1 is right inside a DataLoader, whose workers are
            the parallelism. With more, a second decoder reads the vectors on a thread beside them:
            the same result, sooner in long reads of consecutive frames, for more work in all. A
            file object, damaged streams and interlaced MPEG-4 are read by one.
        rotate: turn pixels and field as the display matrix says.
        stream: index of the video stream; None takes the best, as libav does.
        strict: raise on damage; otherwise the nearest decoded frame stands in, and
            `info.damaged` is set.
        max_pixels: largest picture accepted, and largest frame given.
        max_bytes: most memory for the frames of one clip, and as much for its field.
        max_seconds: decode budget of one `read_clip`; None for none.

    Raises:
        FileNotFoundError, IsADirectoryError, PermissionError: as the system says.
        DecodeError: not a video.
        ValueError: a bad argument.
        RuntimeError: from every method, in a call from within a read (by a file object's own
            `read()` or `seek()`), or of a file object after a fork.
    """

    def __init__(
        self,
        source: Source,
        *,
        size: int | Sequence[int] | None = None,
        num_threads: int = 1,
        rotate: bool = True,
        stream: int | None = None,
        strict: bool = False,
        max_pixels: int = 1 << 26,
        max_bytes: int = 1 << 34,
        max_seconds: float | None = None,
    ) -> None:
        if num_threads < 1:
            raise ValueError(f"num_threads must be at least 1, got {num_threads}")
        self._source = check_source(source)
        self._size = _check_size(size)
        self._options: dict[str, Any] = {
            "rotate": rotate,
            "stream": stream,
            "strict": strict,
            "max_pixels": max_pixels,
            "max_bytes": max_bytes,
            "max_seconds": max_seconds,
        }
        self._num_threads = num_threads
        self._open()

    def _open(self) -> None:
        options = read_options(**self._options)
        self._core = _core.VideoReader(
            self._source, options, **self._size, num_threads=self._num_threads
        )
        self._process = os.getpid()

    def _reader(self) -> _core.VideoReader:
        if self._process != os.getpid():
            check_after_fork(self._source)
            self._open()
        return self._core

    def __getstate__(self) -> dict[str, Any]:
        if hasattr(self._source, "read"):
            raise TypeError("a VideoReader of a file object cannot be pickled; use a path or bytes")
        return {k: v for k, v in vars(self).items() if k not in ("_core", "_process")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._open()

    def __len__(self) -> int:
        """Number of frames. Counted by decoding where the container does not tell."""
        return self._reader().num_frames()

    def __repr__(self) -> str:
        return f"VideoReader({self.path!r})"

    @property
    def path(self) -> str:
        """File name, or "<bytes>" of bytes and file objects, as errors have it."""
        return self._source if isinstance(self._source, str) else "<bytes>"

    @property
    def info(self) -> VideoInfo:
        """What is known of the stream by now.

        `damaged` and `size_changes` cover the clips read so far.
        """
        return VideoInfo(**self._reader().info())

    @property
    def average_fps(self) -> float:
        """Frames per second, 0.0 when unknown."""
        return self.info.average_fps

    @property
    def key_frames(self) -> NDArray[np.int64]:
        """int64 [K], display index of each key frame; empty where only decoding would tell."""
        return self.info.key_frames

    @property
    def frame_seconds(self) -> NDArray[np.float64]:
        """float64 [num_frames], time of each frame; empty where only decoding would tell."""
        return self._reader().frame_seconds()

    def read_clip(
        self,
        frame_indices: Indices,
        *,
        pixels: bool = True,
        window: Window = "centred",
        cell: Cell = "auto",
    ) -> Clip:
        """Reads frames by number, with the motion of the coded frames around them.

        Args:
            frame_indices: T display indices in any order, repeats allowed, negative from the end.
            pixels: reconstruct and return the frames; False reads the field alone, twice as fast.
            window: which coded frames belong to a sampled one; see `read_motion_field`.
            cell: side of a cell in source pixels, 8, 16 or 32, or "auto".

        Returns:
            Clip: frames uint8 [T, H, W, 3] RGB (None without pixels), the field in source pixels
            (all invalid when the codec carries no vectors), and each frame's index, time and
            picture type. A function of the file and the arguments, whatever this reader read
            before: from the first damage on each clip is read as by a new reader. `info.damaged`
            is that of this clip, the reader's own `info.damaged` that of all clips so far.

        Raises:
            IndexError: a frame beyond the end.
            DecodeError: nothing can be decoded, the stream is damaged and `strict`, or a limit is
                passed.
            ValueError: a bad argument.
        """
        mode, side = check_window(window), cell_size(cell)
        values = self._reader().read_clip(check_indices(frame_indices), pixels, mode, side)
        info = replace(self.info, damaged=values["damaged"])
        return Clip(
            frames=values["frames"],
            field=MotionField(**values["field"], window=window, damaged=info.damaged),
            frame_indices=values["frame_indices"],
            seconds=values["seconds"],
            picture_types=letters(values["picture_types"]),
            stand_in=values["stand_in"],
            info=info,
        )

    def get_frames_played_at(
        self,
        seconds: Seconds,
        *,
        pixels: bool = True,
        window: Window = "centred",
        cell: Cell = "auto",
    ) -> Clip:
        """Reads the frames that are on screen at given times, with the motion around them.

        A frame is on screen from its own time, as in `frame_seconds`, until that of the next; the
        last one for as long as one frame lasts. Times are taken to be rounded as the container's
        are: one that misses a frame's start by at most half a tick of `info.time_base`, and half a
        millisecond, meets it.

        Args:
            seconds: T times in any order, repeats allowed.
            pixels, window, cell: as in `read_clip`.

        Returns:
            Clip: as of `read_clip`; its `frame_indices` and `seconds` are those of the frames.

        Raises:
            IndexError: a time before the first frame or after the last.
            DecodeError: as in `read_clip`, or the container tells no times.
            ValueError: a bad argument.

        Source: torchcodec's `VideoDecoder.get_frames_played_at`, which rounds nothing.
        """
        name = self._source if isinstance(self._source, str) else "<bytes>"
        indices = indices_played_at(seconds, self.frame_seconds, self.info, name)
        return self.read_clip(indices, pixels=pixels, window=window, cell=cell)
