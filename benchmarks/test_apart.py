"""Frames that lie apart or amid long groups, and whole files on two threads."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import rivals_decode as rival
from benchmarks.conftest import Record
from benchmarks.footage import there_and_back
from benchmarks.paired import busier_thread, ratio
from mgm_ext import MotionField, VideoReader, read_motion_field, read_motion_vectors
from tests.clips import Frames
from tests.conftest import EncodedClip, RealFootage

LENGTH, GROUP = 500, 250
APART = {
    "63 frames, stride 8": (range(0, LENGTH, 8), "frame", 3),
    "16 frames, stride 16": (range(100, 356, 16), "frame", None),
    "16 frames, stride 1": (range(180, 196), "centred", 8),
    "16 frames, stride 4": (range(100, 164, 4), "centred", 4.6),
}


@pytest.fixture
def frames(real_footage: RealFootage) -> Frames:
    taken = real_footage("basketball_426x240.mp4", size=(256, 340), num_frames=200)
    return there_and_back(taken, LENGTH)


@pytest.fixture
def h264(encoded_clip: EncodedClip, frames: Frames) -> Path:
    return encoded_clip("libx264", kind=frames, g=GROUP, sc_threshold=0)


def clip_of(path: Path, indices: Any, window: Any, *, strict: bool = False) -> MotionField:
    """strict: every picture on the way is parsed, but for what opening the file checks."""
    reader = VideoReader(path, strict=strict)
    return reader.read_clip(indices, pixels=False, window=window).field


def assert_equal(one: MotionField, other: MotionField) -> None:
    np.testing.assert_array_equal(one.vectors, other.vectors)
    np.testing.assert_array_equal(one.coded, other.coded)


@pytest.mark.parametrize("name", APART)
def test_frames_apart_against_pyav(record: Record, h264: Path, name: str) -> None:
    indices, window, at_least = APART[name]
    found, whole = clip_of(h264, indices, window), read_motion_field(h264)
    np.testing.assert_array_equal(found.vectors, whole.vectors[found.row_frames])
    vectors = read_motion_vectors(h264, blocks="libavcodec")
    rows = rival.pyav_clip_rows(h264, vectors.pts[found.row_frames])
    counts = np.diff(vectors.offsets)[found.row_frames].tolist()
    assert [0 if r is None else len(r) for r in rows] == counts
    timed = ratio(
        lambda: rival.pyav_clip_rows(h264, vectors.pts[found.row_frames]),
        lambda: clip_of(h264, indices, window),
        pairs=9,
        budget=8,
    )
    record("clips", name, timed, rival="PyAV seek, export", at_least=at_least)


@pytest.mark.parametrize(
    ("codec", "indices", "window", "at_least"),
    [
        ("libx264", range(100, 356, 16), "frame", 2.5),
        ("mpeg4", range(180, 196), "centred", 3),
        ("mpeg2video", range(180, 196), "centred", 2.5),
    ],
)
def test_what_is_left_unread(
    record: Record,
    encoded_clip: EncodedClip,
    frames: Frames,
    codec: str,
    indices: range,
    window: str,
    at_least: float,
) -> None:
    options: dict[str, Any] = {} if codec == "libx264" else {"bf": 2, "container": "mp4"}
    path = encoded_clip(codec, kind=frames, g=GROUP, sc_threshold=10**9 * bool(options), **options)
    assert_equal(clip_of(path, indices, window), clip_of(path, indices, window, strict=True))
    timed = ratio(
        lambda: clip_of(path, indices, window, strict=True),
        lambda: clip_of(path, indices, window),
        pairs=9,
        budget=8,
    )
    name = f"{codec}, 16 frames, stride {indices.step}, from {indices.start}"
    record("clips", name, timed, rival="every picture parsed", at_least=at_least)


def test_a_whole_file_on_two_threads(record: Record, h264: Path) -> None:
    assert_equal(read_motion_field(h264), read_motion_field(h264, num_threads=2))

    def one() -> MotionField:
        return read_motion_field(h264)

    def two() -> MotionField:
        return read_motion_field(h264, num_threads=2)

    timed, share = ratio(one, two, clock="wall", pairs=11), busier_thread(one, two)
    record(
        "decode",
        "read_motion_field, two threads",
        timed,
        rival="one thread",
        at_least=1.8,
        note=f"by processor time of the busier thread: {share:.2f}x",
    )
