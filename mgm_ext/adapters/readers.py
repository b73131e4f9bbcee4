"""Readers that record what they read, in place of those that a data set's module names."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..motion_field import Clip
from ..video_reader import VideoReader
from . import decord
from .record import Capture
from .sources import motion_of
from .transform_steps import swapped

__all__ = ["ReaderName", "follow_readers", "reader_names"]

ReaderName = tuple[dict[str, Any], str, str]


class _Reader(decord.VideoReader):
    """decord's reader that records what it reads."""

    capture: Capture

    def _clip(self, numbers: NDArray[np.int64]) -> Clip:
        clip = super()._clip(numbers)
        if len(numbers) > 1:
            motion = motion_of(clip, self._reader.info, self._reader.path)
            self.capture.read(clip, motion)
        else:
            self.capture.single(self._reader, int(numbers[0]))
        return clip


class _Decoder:
    """torchcodec's decoder that records what it reads; the pixels are its own."""

    def __init__(self, decoder: Any, source: Any, capture: Capture) -> None:
        self._decoder = decoder
        self._source = source
        self._capture = capture

    def __len__(self) -> int:
        return len(self._decoder)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_decoder":
            raise AttributeError(name)
        return getattr(self._decoder, name)

    def __getitem__(self, key: Any) -> Any:
        frames = self._decoder[key]
        if isinstance(key, slice):
            self._read(range(len(self))[key], frames)
        return frames

    def get_frames_at(self, indices: Any) -> Any:
        """As torchcodec's."""
        batch = self._decoder.get_frames_at(indices)
        self._read(np.asarray(indices), batch.data)
        return batch

    def get_frames_in_range(self, start: int, stop: int, step: int = 1) -> Any:
        """As torchcodec's."""
        batch = self._decoder.get_frames_in_range(start, stop, step)
        self._read(range(start, stop, step), batch.data)
        return batch

    def _read(self, numbers: Any, data: Any) -> None:
        reader = VideoReader(self._source)
        clip = reader.read_clip(np.asarray(numbers, np.int64), pixels=False)
        last = data.shape[-1] == 3 and data.shape[-3] != 3  # dimension_order="NHWC"
        frames = data if last else data.permute(0, 2, 3, 1)
        whole = Clip(
            np.ascontiguousarray(frames.cpu().numpy()),
            clip.field,
            clip.frame_indices,
            clip.seconds,
            clip.picture_types,
            clip.info,
        )
        self._capture.read(whole, motion_of(whole, reader.info, reader.path))


def _globals(dataset: Any) -> Iterator[dict[str, Any]]:
    """The names of the modules that a data set reads by."""
    seen = []
    for kind in type(dataset).__mro__:
        module = sys.modules.get(kind.__module__)
        if module is not None and kind.__module__.split(".")[0] not in ("torch", "builtins"):
            seen.append(vars(module))
    loader = inspect.unwrap(getattr(dataset, "video_loader", None))  # type: ignore[arg-type]
    seen.append(getattr(loader, "__globals__", {}))
    done: set[int] = set()
    for names in seen:
        if id(names) not in done:
            done.add(id(names))
            yield names


def _kind(value: Any) -> str:
    """What a name stands for: "decord", "VideoReader", "decoders", "VideoDecoder", or nothing."""
    if isinstance(value, ModuleType | SimpleNamespace):
        if hasattr(value, "VideoReader") and hasattr(value, "cpu"):
            return "decord"
        return "decoders" if hasattr(value, "VideoDecoder") else ""
    name, module = getattr(value, "__name__", ""), str(getattr(value, "__module__", ""))
    if name == "VideoReader" and "decord" in module:
        return name
    return name if name == "VideoDecoder" and "torchcodec" in module else ""


def reader_names(dataset: Any) -> list[ReaderName]:
    """(names, name, kind) of every reader that the data set's modules name."""
    return [
        (names, name, kind)
        for names in _globals(dataset)
        for name, value in names.items()
        if not name.startswith("__") and (kind := _kind(value))
    ]


def follow_readers(stack: ExitStack, named: Iterable[ReaderName], capture: Capture) -> None:
    """Puts recording readers in place of those that a data set names, until the stack is closed."""

    def opened(*args: Any, **options: Any) -> _Reader:
        reader = _Reader(*args, **options)
        reader.capture = capture
        return reader

    for names, name, kind in named:
        theirs = names[name]
        decoder = theirs if kind == "VideoDecoder" else getattr(theirs, "VideoDecoder", None)

        def decoding(source: Any, *args: Any, _made: Any = decoder, **options: Any) -> _Decoder:
            return _Decoder(_made(source, *args, **options), source, capture)

        ours: Any = {"VideoReader": opened, "VideoDecoder": decoding}.get(kind)
        if kind == "decord":
            ours = SimpleNamespace(**{**vars(theirs), "VideoReader": opened})
        elif kind == "decoders":
            ours = SimpleNamespace(**{**vars(theirs), "VideoDecoder": decoding})
        stack.enter_context(swapped(names, name, ours))
