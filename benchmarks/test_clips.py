"""Frames and field of sampled clips against decord, torchcodec, PyAV and our own RGB alone."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import instructions
from benchmarks.conftest import PeerFixture, Record
from benchmarks.footage import there_and_back
from benchmarks.instructions import Pair
from benchmarks.paired import Ratio, ratio
from benchmarks.rivals_clips import (
    Read,
    decord_frames,
    ours,
    ours_alone,
    pyav_frames,
    torchcodec_frames,
)
from mgm_ext import VideoReader
from tests.conftest import EncodedClip, RealFootage

LENGTH = 250  # 10 s at 25 frames per second
SAMPLINGS = ((16, 4), (32, 2))
SIZES = {
    "340x256": ("basketball_426x240.mp4", (256, 340)),
    "1280x720": ("bigbuckbunny.mp4", (720, 1280)),
}
ALONE = "our own frames, without the rows between them"
PLACES = {"340x256": 3, "1280x720": 1}  # random clips in one sample of time


def encoded(encoded_clip: EncodedClip, real_footage: RealFootage, size: str) -> Path:
    """10 s of real footage with x264's own settings."""
    name, shape = SIZES[size]
    frames = real_footage(name, size=shape, num_frames=LENGTH)
    return encoded_clip("libx264", kind=there_and_back(frames, LENGTH))


@pytest.fixture(params=SIZES)
def video(
    request: pytest.FixtureRequest, encoded_clip: EncodedClip, real_footage: RealFootage
) -> Any:
    """(size, path)."""
    return request.param, encoded(encoded_clip, real_footage, request.param)


def places(size: str, num: int, stride: int) -> list[list[int]]:
    rng = np.random.default_rng(0)
    starts = rng.integers(0, LENGTH - (num - 1) * stride, PLACES[size])
    return [[int(start) + stride * i for i in range(num)] for start in starts]


def timed(
    path: Path, clips: list[list[int]], theirs: Read, *, pairs: int = 9, budget: float = 6
) -> Ratio:
    """Their time over ours for the same clips, each from a reader opened for it."""
    return ratio(
        lambda: [theirs(path, clip) for clip in clips],
        lambda: [ours(path, clip) for clip in clips],
        pairs=pairs,
        sample=0,
        budget=budget,
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
    size, path = video
    clips = places(size, *sampling)
    for clip in clips:
        np.testing.assert_array_equal(ours(path, clip), ours_alone(path, clip))
    record(
        "clips",
        f"{sampling[0]} frames, stride {sampling[1]}, {size}",
        timed(path, clips, ours_alone, pairs=25, budget=14),  # near what is wanted
        rival=ALONE,
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


COUNTED = """
from pathlib import Path
from benchmarks import rivals_clips as readers
path, clips = Path({path!r}), {clips}
"""


@pytest.mark.skipif(not instructions.available(), reason="valgrind is missing")
def test_instructions_of_the_field(
    record: Record, encoded_clip: EncodedClip, real_footage: RealFootage
) -> None:
    size, sampling = "340x256", SAMPLINGS[0]
    path = encoded(encoded_clip, real_footage, size)
    setup = COUNTED.format(path=str(path), clips=places(size, *sampling))
    row = f"read_clip, {sampling[0]} frames, stride {sampling[1]}, {size}"
    mine, alone = (f"for c in clips: readers.{name}(path, c)" for name in ("ours", "ours_alone"))
    instructions.compare(record, setup, [Pair(row, mine, alone, ALONE, at_least=0.95)])
