"""Frames of a sampled clip from a file opened for it, by us and by other readers, in one thread."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mgm_ext import VideoReader

Frames = Any
Read = Callable[[Path, Sequence[int]], Frames]


def ours(path: Path, indices: Sequence[int]) -> Frames:
    """With the field, which is dropped."""
    return VideoReader(path).read_clip(indices).frames


def ours_alone(path: Path, indices: Sequence[int]) -> Frames:
    """window="frame" decodes what the frames need and nothing else."""
    return VideoReader(path).read_clip(indices, window="frame").frames


def decord_frames(decord: Any) -> Read:
    def read(path: Path, indices: Sequence[int]) -> Frames:
        reader = decord.VideoReader(str(path), ctx=decord.cpu(0), num_threads=1)
        return reader.get_batch(indices).asnumpy()

    return read


def torchcodec_frames(decoders: Any, seek_mode: str) -> Read:
    # It converts colours on torch's threads.
    importlib.import_module("torch").set_num_threads(1)

    def read(path: Path, indices: Sequence[int]) -> Frames:
        decoder = decoders.VideoDecoder(
            str(path), num_ffmpeg_threads=1, seek_mode=seek_mode, dimension_order="NHWC"
        )
        return decoder.get_frames_at(indices).data.numpy()

    return read


def pyav_frames(av: Any) -> Read:
    def read(path: Path, indices: Sequence[int]) -> Frames:
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            stream.thread_type = "NONE"
            step = 1 / (stream.average_rate * stream.time_base)
            container.seek(int(indices[0] * step), stream=stream)
            found = {}
            for frame in container.decode(stream):
                index = round(frame.pts / step)
                if index in indices:
                    found[index] = frame.to_ndarray(format="rgb24")
                if index >= indices[-1]:
                    return np.stack([found[i] for i in indices])
        raise AssertionError("the clip ends before its last frame")

    return read
