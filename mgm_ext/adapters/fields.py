"""Motion for frames that were read elsewhere: by decord, torchcodec, NVDEC, or as JPEGs."""

from __future__ import annotations

import os
from collections import OrderedDict
from typing import Any

from ..decode import Indices, Source, check_indices, read_motion_field
from ..errors import DecodeError, NoMotionVectors
from ..motion_field import Cell, Clip, MotionField, Window
from ..video_reader import VideoReader
from .sources import Motion, motion_of, no_motion

__all__ = ["FieldReader", "field_for"]


def field_for(
    path: Source,
    frame_indices: Indices,
    *,
    window: Window = "centred",
    cell: Cell = "auto",
    max_seconds: float | None = None,
) -> MotionField:
    """The motion of frames that were read elsewhere, by number.

    Args:
        path: of the video, or its bytes; for a folder of JPEGs, the video they were made from.
        frame_indices: display indices of the frames, as the other reader was given them.
        window: which coded frames belong to a sampled one; see `read_motion_field`.
        cell: side of a cell in source pixels, 8, 16 or 32, or "auto".
        max_seconds: decode budget; None for none.

    Raises:
        FileNotFoundError, IsADirectoryError, PermissionError: as the system says.
        DecodeError: nothing can be decoded, or the budget ran out.
        NoMotionVectors: the codec carries none.
        IndexError: a frame beyond the end.
        ValueError: a bad argument.
    """
    reader = FieldReader(max_fields=1, window=window, cell=cell, max_seconds=max_seconds)
    return reader.field_for(path, frame_indices)


class FieldReader:
    """`field_for` with its settings, and the last fields kept for views of the same clip.

    The cache belongs to the object and the process: a pickled or forked copy starts empty.

    Args:
        max_fields: how many fields are kept, the least recently used dropped first; about
            10 KB per coded frame.
        window: which coded frames belong to a sampled one; see `read_motion_field`.
        cell: side of a cell in source pixels, 8, 16 or 32, or "auto".
        max_seconds: decode budget of one clip; None for none.

    Raises:
        ValueError: `max_fields` is under 1.
    """

    def __init__(
        self,
        *,
        max_fields: int = 16,
        window: Window = "centred",
        cell: Cell = "auto",
        max_seconds: float | None = None,
    ) -> None:
        if max_fields < 1:
            raise ValueError(f"max_fields must be at least 1, not {max_fields}")
        self._max_fields = max_fields
        self._window: Window = window
        self._cell: Cell = cell
        self._max_seconds = max_seconds
        self._clear()

    def _clear(self) -> None:
        self._kept: OrderedDict[Any, tuple[Clip, Any]] = OrderedDict()
        self._process = os.getpid()

    def __getstate__(self) -> dict[str, Any]:
        return {k: v for k, v in vars(self).items() if k not in ("_kept", "_process")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._clear()

    def __len__(self) -> int:
        """How many fields are kept now."""
        return len(self._kept) if self._process == os.getpid() else 0

    def field_for(self, path: Source, frame_indices: Indices) -> MotionField:
        """The motion of these frames; see the function of that name.

        Raises:
            NoMotionVectors: the codec carries none.
            DecodeError: nothing can be decoded, or the budget ran out.
        """
        clip, info = self._read(path, frame_indices)
        if not info.has_vectors:
            # Raises with the reader's own words: which codecs do, and what converts.
            read_motion_field(path, frame_indices=[0])
        return clip.field

    def motion_for(self, path: Source, frame_indices: Indices) -> Motion:
        """The same for `SafeMasking`: a bad file is a reason, not an error.

        Raises:
            IndexError: a frame beyond the end.
        """
        try:
            clip, info = self._read(path, frame_indices)
        except (DecodeError, NoMotionVectors, OSError) as error:
            return no_motion(error)
        return motion_of(clip.field, info, _path(path))

    def _read(self, path: Source, frame_indices: Indices) -> tuple[Clip, Any]:
        if self._process != os.getpid():
            self._clear()
        indices = check_indices(frame_indices)
        name = os.fspath(path) if isinstance(path, str | os.PathLike) else None
        key = (name, indices.tobytes())
        if name is not None and key in self._kept:
            self._kept.move_to_end(key)
            return self._kept[key]
        reader = VideoReader(path, max_seconds=self._max_seconds)
        clip = reader.read_clip(indices, pixels=False, window=self._window, cell=self._cell)
        read = clip, reader.info
        if name is not None:
            self._kept[key] = read
            while len(self._kept) > self._max_fields:
                self._kept.popitem(last=False)
        return read


def _path(source: Source) -> str:
    return os.fspath(source) if isinstance(source, str | os.PathLike) else "<bytes>"
