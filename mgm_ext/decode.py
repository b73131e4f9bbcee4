"""From a video file to its motion: `probe`, `read_motion_vectors`, `read_motion_field`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Any, BinaryIO, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _core
from .motion_field import WINDOWS, Cell, MotionField, Window, cell_size
from .motion_vectors import MotionVectors, VideoInfo, letters

__all__ = ["probe", "read_motion_field", "read_motion_vectors"]

Source: TypeAlias = str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO
Indices: TypeAlias = Sequence[int] | NDArray[np.integer[Any]]


def check_source(source: Source) -> _core._Source:
    if isinstance(source, (bytes, bytearray, memoryview)):
        return source
    if isinstance(source, (str, os.PathLike)):
        return os.fsdecode(source)
    if hasattr(source, "read") and hasattr(source, "seek"):
        return source
    raise TypeError(
        "source must be a path, bytes or a seekable binary file object, "
        f"got {type(source).__name__}"
    )


def check_after_fork(source: Any) -> None:
    if hasattr(source, "read"):
        raise RuntimeError(
            "a file object cannot be read after a fork: both processes would move one file "
            "position; open it in the worker"
        )


def read_options(
    *,
    rotate: bool = True,
    stream: int | None = None,
    strict: bool = False,
    max_pixels: int = 1 << 26,
    max_bytes: int = 1 << 34,
    max_seconds: float | None = None,
    vectors_only: bool = True,
    num_threads: int = 1,
) -> _core.ReadOptions:
    if max_pixels <= 0:
        raise ValueError(f"max_pixels must be positive, got {max_pixels}")
    if max_bytes <= 0:
        raise ValueError(f"max_bytes must be positive, got {max_bytes}")
    if max_seconds is not None and not max_seconds > 0:
        raise ValueError(f"max_seconds must be positive or None, got {max_seconds}")
    if num_threads < 1:
        raise ValueError(f"num_threads must be at least 1, got {num_threads}")
    return _core.ReadOptions(
        stream=stream,
        rotate=rotate,
        strict=strict,
        max_pixels=max_pixels,
        max_bytes=max_bytes,
        max_seconds=max_seconds,
        vectors_only=vectors_only,
        num_threads=num_threads,
    )


def probe(
    source: Source, *, rotate: bool = True, stream: int | None = None, max_pixels: int = 1 << 26
) -> VideoInfo:
    """What the container's header says of a video.

    A few pictures are decoded where it leaves their size or format open.

    Args:
        source: path, bytes, or a seekable binary file object.
        rotate: give width and height after the display matrix.
        stream: index of the video stream; None takes the best, as libav does.
        max_pixels: largest picture that the header may promise.

    Raises:
        FileNotFoundError, IsADirectoryError, PermissionError: as the system says.
        DecodeError: not a video, damaged beyond its header, or larger than `max_pixels`.
        ValueError: no such stream.
    """
    options = read_options(rotate=rotate, stream=stream, max_pixels=max_pixels)
    return VideoInfo(**_core.probe(check_source(source), options))


def read_motion_vectors(
    source: Source,
    *,
    start: int = 0,
    stop: int | None = None,
    blocks: Literal["coded", "libavcodec"] = "coded",
    rotate: bool = True,
    stream: int | None = None,
    strict: bool = False,
    max_pixels: int = 1 << 26,
    max_bytes: int = 1 << 34,
    max_seconds: float | None = None,
    num_threads: int = 1,
) -> MotionVectors:
    """Reads the motion vectors of frames [start, stop), without reconstructing pixels.

    Args:
        source: path, bytes, or a seekable binary file object.
        start, stop: frames in display order; stop None reads to the end.
        blocks: "coded" gives the stream's own partitions, used lists only; "libavcodec" the rows of
            libavcodec's public export (merged to 8x8, with its phantom rows), as PyAV shows them.
        rotate: width and height in `info` after the display matrix; vectors stay in the coded
            picture.
        stream: index of the video stream; None takes the best, as libav does.
        strict: raise on damage instead of setting `info.damaged`.
        max_pixels: largest picture accepted.
        max_bytes: most memory for the vectors, 36 bytes each.
        max_seconds: decode budget; None for none.
        num_threads: threads that read a whole file between them, each from key frames of its own;
            the result is the same in every bit. One thread reads what it is not safe to split: all
            but H.264 (at IDR pictures), HEVC, VP9 and AV1 in MP4 and Matroska; what is damaged;
            file objects; `start` and `stop`.

    Raises:
        FileNotFoundError, IsADirectoryError, PermissionError: as the system says.
        DecodeError: nothing can be decoded, the stream is damaged and `strict`, or a limit is
            passed.
        NoMotionVectors: the codec carries none.
        IndexError: `start` is beyond the last frame.
        ValueError: a bad argument.

    Source: libavcodec's AVMotionVector for the fields; the reference distance is ours.
    """
    if start < 0 or (stop is not None and stop < start):
        raise ValueError(f"start and stop must satisfy 0 <= start <= stop, got {start}, {stop}")
    if blocks not in ("coded", "libavcodec"):
        raise ValueError(f'blocks must be "coded" or "libavcodec", got {blocks!r}')
    options = read_options(
        rotate=rotate,
        stream=stream,
        strict=strict,
        max_pixels=max_pixels,
        max_bytes=max_bytes,
        max_seconds=max_seconds,
        num_threads=num_threads,
    )
    columns, letter_types, values = _core.read_motion_vectors(
        check_source(source), options, blocks == "libavcodec", start, stop
    )
    info, types = VideoInfo(**values), letters(letter_types)
    if start and not len(types) and stop != start:
        has = "" if info.num_frames is None else f": {info.num_frames} frames"
        raise IndexError(f"start={start} is beyond the last frame of {_name(source)}{has}")
    return MotionVectors(info=info, picture_types=types, **columns)


def _name(source: Source) -> str:
    return os.fsdecode(source) if isinstance(source, (str, os.PathLike)) else "<bytes>"


def check_window(window: Window) -> _core.Window:
    if window not in WINDOWS:
        raise ValueError(f"window must be one of {WINDOWS}, got {window!r}")
    named = {
        "centred": _core.Window.centred,
        "interval": _core.Window.interval,
        "frame": _core.Window.frame,
    }
    return named[window]


def check_indices(frame_indices: Indices) -> NDArray[np.int64]:
    indices = np.asarray(frame_indices)
    if indices.ndim != 1 or indices.size == 0 or indices.dtype.kind not in "iu":
        raise ValueError(
            "frame_indices must be a non-empty sequence of integers, "
            f"got {indices.dtype} with shape {indices.shape}"
        )
    return np.ascontiguousarray(indices, dtype=np.int64)


def read_motion_field(
    source: Source,
    *,
    frame_indices: Indices | None = None,
    window: Window = "centred",
    cell: Cell = "auto",
    rotate: bool = True,
    stream: int | None = None,
    strict: bool = False,
    max_pixels: int = 1 << 26,
    max_bytes: int = 1 << 34,
    max_seconds: float | None = None,
    num_threads: int = 1,
) -> MotionField:
    """Reads the dense motion of a video, or of a sampled clip, without reconstructing pixels.

    Args:
        source: path, bytes, or a seekable binary file object.
        frame_indices: sampled frames in display order, negative counts from the end; None reads
            the whole video, one row per frame.
        window: which coded frames belong to a sampled one: "centred" those within half the gap to
            its neighbours, "interval" those after the sampled frame before, "frame" itself alone.
        cell: side of a cell in source pixels, 8, 16 or 32; "auto" takes the smallest that gives at
            most 4096 cells.
        rotate: turn the field as the display matrix says.
        stream: index of the video stream; None takes the best, as libav does.
        strict: raise on damage; otherwise the field's `damaged` tells, and rows that could not be
            decoded are invalid.
        max_pixels: largest picture accepted.
        max_bytes: most memory for the field, 5 bytes a cell.
        max_seconds: decode budget; None for none.
        num_threads: threads that read a whole file between them, each from key frames of its own;
            the result is the same in every bit. One thread reads what it is not safe to split: all
            but H.264 (at IDR pictures), HEVC, VP9 and AV1 in MP4 and Matroska; what is damaged;
            file objects; `frame_indices`.

    Returns:
        MotionField with one sampled frame per index (or per frame).

    Raises:
        FileNotFoundError, IsADirectoryError, PermissionError: as the system says.
        DecodeError: nothing can be decoded, the stream is damaged and `strict`, or a limit is
            passed.
        NoMotionVectors: the codec carries none.
        IndexError: a frame beyond the end.
        ValueError: a bad argument.
    """
    mode, side = check_window(window), cell_size(cell)
    options = read_options(
        rotate=rotate,
        stream=stream,
        strict=strict,
        max_pixels=max_pixels,
        max_bytes=max_bytes,
        max_seconds=max_seconds,
        num_threads=num_threads,
    )
    if frame_indices is None:
        field, info = _core.read_motion_field(check_source(source), options, side)
    else:
        reader = _core.VideoReader(check_source(source), options, None, None, None, 1)
        reader.require_vectors()
        clip = reader.read_clip(check_indices(frame_indices), False, mode, side)
        field, info = clip["field"], reader.info()
    return MotionField(**field, window=window, damaged=info["damaged"])
