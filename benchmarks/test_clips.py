"""Frames and field of sampled clips against decord, torchcodec, PyAV and our own RGB alone."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.conftest import PeerFixture, Record
from benchmarks.footage import there_and_back
from benchmarks.paired import Ratio, ratio
from mgm_ext import VideoReader
from tests.conftest import EncodedClip, RealFootage

Frames = Any
Read = Callable[[Path, Sequence[int]], Frames]
LENGTH = 250  # 10 s at 25 frames per second
SAMPLINGS = ((16, 4), (32, 2))
SIZES = {
    "340x256": ("basketball_426x240.mp4", (256, 340)),
    "1280x720": ("bigbuckbunny.mp4", (720, 1280)),
}
PLACES = {"340x256": 3, "1280x720": 1}  # random clips in one sample of time


@pytest.fixture(params=SIZES)
def video(
    request: pytest.FixtureRequest, encoded_clip: EncodedClip, real_footage: RealFootage
) -> Any:
    """(size, path): 10 s of real footage with x264's own settings."""
    name, size = SIZES[request.param]
    frames = real_footage(name, size=size, num_frames=LENGTH)
    return request.param, encoded_clip("libx264", kind=there_and_back(frames, LENGTH))


def places(size: str, num: int, stride: int) -> list[list[int]]:
    rng = np.random.default_rng(0)
    starts = rng.integers(0, LENGTH - (num - 1) * stride, PLACES[size])
    return [[int(start) + stride * i for i in range(num)] for start in starts]


def ours(path: Path, indices: Sequence[int]) -> Frames:
    return VideoReader(path).read_clip(indices).frames


def decord_frames(decord: Any) -> Read:
    def read(path: Path, indices: Sequence[int]) -> Frames:
        reader = decord.VideoReader(str(path), ctx=decord.cpu(0), num_threads=1)
        return reader.get_batch(indices).asnumpy()

    return read


def torchcodec_frames(decoders: Any, seek_mode: str) -> Read:
    torch.set_num_threads(1)  # it converts colours on torch's threads

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


def timed(path: Path, clips: list[list[int]], theirs: Read) -> Ratio:
    """Their time over ours for the same clips, each from a reader opened for it."""
    return ratio(
        lambda: [theirs(path, clip) for clip in clips],
        lambda: [ours(path, clip) for clip in clips],
        pairs=9,
        sample=0,
        budget=6,
    )


RIVALS: dict[str, tuple[str, Callable[[Any], Read], float]] = {
    "decord": ("decord", decord_frames, 1.4),
    "torchcodec, exact": ("torchcodec", lambda m: torchcodec_frames(m, "exact"), 1.2),
    "torchcodec, approximate": ("torchcodec", lambda m: torchcodec_frames(m, "approximate"), 1.2),
    "PyAV seek, decode, to_ndarray": ("PyAV", pyav_frames, 1.1),
}


@pytest.mark.parametrize("sampling", SAMPLINGS, ids=str)
@pytest.mark.parametrize("rival", RIVALS)
def test_frames_and_field_against_frames_alone(
    record: Record, peer: PeerFixture, video: Any, rival: str, sampling: tuple[int, int]
) -> None:
    library, make, at_least = RIVALS[rival]
    read = make(peer(library))
    size, path = video
    clips = places(size, *sampling)
    for clip in clips:
        difference = np.abs(ours(path, clip).astype(np.int16) - read(path, clip))
        assert difference.max() <= 2
    record(
        "clips",
        f"{sampling[0]} frames, stride {sampling[1]}, {size}",
        timed(path, clips, read),
        rival=f"{rival}, frames alone",
        at_least=at_least,
        frames=PLACES[size] * sampling[0],
    )


@pytest.mark.parametrize("sampling", SAMPLINGS, ids=str)
def test_the_field_costs_next_to_nothing(
    record: Record, video: Any, sampling: tuple[int, int]
) -> None:
    def frames_alone(path: Path, indices: Sequence[int]) -> Frames:
        # window="frame" decodes what the frames need and nothing else.
        return VideoReader(path).read_clip(indices, window="frame").frames

    size, path = video
    clips = places(size, *sampling)
    for clip in clips:
        np.testing.assert_array_equal(ours(path, clip), frames_alone(path, clip))
    record(
        "clips",
        f"{sampling[0]} frames, stride {sampling[1]}, {size}",
        timed(path, clips, frames_alone),
        rival="our own frames, without the rows between them",
        at_least=0.95,
        note="the rows between are read in the one and left out in the other",
    )


@pytest.mark.parametrize("sampling", SAMPLINGS, ids=str)
def test_without_pixels(record: Record, video: Any, sampling: tuple[int, int]) -> None:
    size, path = video
    clips = places(size, *sampling)
    for clip in clips:
        one, other = (VideoReader(path).read_clip(clip, pixels=p).field for p in (True, False))
        np.testing.assert_array_equal(one.vectors, other.vectors)
        np.testing.assert_array_equal(one.coded, other.coded)
    value = ratio(
        lambda: [ours(path, clip) for clip in clips],
        lambda: [VideoReader(path).read_clip(clip, pixels=False) for clip in clips],
        pairs=9,
        sample=0,
        budget=6,
    )
    record(
        "clips",
        f"pixels=False, {sampling[0]} frames, stride {sampling[1]}, {size}",
        value,
        rival="frames and field",
        at_least=2,
    )
