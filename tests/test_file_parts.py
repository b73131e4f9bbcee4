"""Whole files on several threads: the same in every bit as on one."""

from __future__ import annotations

import io
import time
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np
import pytest

import mgm_ext
from mgm_ext import MotionField, MotionVectors
from tests import clips
from tests.conftest import EncodedClip, RealClip

FRAMES, GROUP = 150, 20
THREADS = (2, 3)


@pytest.fixture(scope="module")
def pictures() -> clips.Frames:
    """A texture that moves on, drawn once."""
    still = np.random.default_rng(0).integers(0, 255, (64, 96, 3), np.uint8)
    still = np.repeat(np.repeat(still[::4, ::4], 4, 0), 4, 1)
    return np.stack([np.roll(still, (i, 2 * i), axis=(0, 1)) for i in range(FRAMES)])


def assert_equal(one: Any, other: Any) -> None:
    for field in fields(one):
        a, b = getattr(one, field.name), getattr(other, field.name)
        if isinstance(a, np.ndarray):
            np.testing.assert_array_equal(a, b, err_msg=field.name)
            assert a.dtype == b.dtype
        elif is_dataclass(a):
            assert_equal(a, b)
        else:
            assert a == b, field.name


def outcome(read: Callable[[], MotionField | MotionVectors]) -> Any:
    try:
        return read()
    except mgm_ext.DecodeError as error:
        return str(error)


def check(source: Any, **options: Any) -> None:
    for read in (mgm_ext.read_motion_field, mgm_ext.read_motion_vectors):
        one = outcome(lambda: read(source, **options))  # noqa: B023
        for num_threads in THREADS:
            many = outcome(lambda: read(source, num_threads=num_threads, **options))  # noqa: B023
            if isinstance(one, str):
                assert many == one
            else:
                assert_equal(one, many)


CLOSED = f"scenecut=0:keyint={GROUP}:min-keyint={GROUP}"
STREAMS: dict[str, tuple[str, dict[str, Any]]] = {
    "H.264": ("libx264", {"x264_params": CLOSED}),
    "H.264, Matroska": ("libx264", {"x264_params": CLOSED, "container": "mkv"}),
    "H.264, open groups": ("libx264", {"x264_params": f"{CLOSED}:open-gop=1:bframes=3"}),
    "H.264, refreshed": ("libx264", {"x264_params": f"{CLOSED}:intra-refresh=1:bframes=0"}),
    "H.264, MBAFF": ("libx264", {"flags": "+ildct+ilme", "x264_params": f"{CLOSED}:tff=1"}),
    "H.264, stream": ("libx264", {"x264_params": CLOSED, "container": "ts"}),
    "HEVC": ("libx265", {"x265_params": f"{CLOSED}:open-gop=0"}),
    "HEVC, open groups": ("libx265", {"x265_params": CLOSED}),
    "VP9": ("libvpx-vp9", {"g": GROUP}),
    "VP8": ("libvpx", {"g": GROUP}),
    "AV1": ("libsvtav1", {"g": GROUP, "svtav1-params": "keyint=20"}),
    "MPEG-2": ("mpeg2video", {"g": GROUP, "bf": 2}),
    "MPEG-4": ("mpeg4", {"g": GROUP, "bf": 2}),
}


@pytest.mark.parametrize("name", STREAMS)
def test_streams(encoded_clip: EncodedClip, pictures: clips.Frames, name: str) -> None:
    codec, options = STREAMS[name]
    check(encoded_clip(codec, kind=pictures, **options))


def test_another_thread_takes_its_part(encoded_clip: EncodedClip, pictures: clips.Frames) -> None:
    path = encoded_clip("libx264", kind=pictures, x264_params=CLOSED)
    for _ in range(200):  # a busy machine may let one thread read all before another begins
        ours, all_threads = time.thread_time(), time.process_time()
        mgm_ext.read_motion_field(path, num_threads=2)
        ours, all_threads = time.thread_time() - ours, time.process_time() - all_threads
        if all_threads - ours > ours / 4:
            return
    pytest.fail("one thread read everything")


def test_rows_of_libavcodec(encoded_clip: EncodedClip, pictures: clips.Frames) -> None:
    path = encoded_clip("libx264", kind=pictures, x264_params=CLOSED)
    one = mgm_ext.read_motion_vectors(path, blocks="libavcodec")
    assert_equal(one, mgm_ext.read_motion_vectors(path, blocks="libavcodec", num_threads=2))
    part = mgm_ext.read_motion_vectors(path, start=30, stop=90)
    assert_equal(part, mgm_ext.read_motion_vectors(path, start=30, stop=90, num_threads=2))


def test_sources(encoded_clip: EncodedClip, pictures: clips.Frames) -> None:
    path = encoded_clip("libx264", kind=pictures, x264_params=CLOSED)
    data = path.read_bytes()
    one = mgm_ext.read_motion_field(path)
    for source in (data, io.BytesIO(data)):
        assert_equal(one, mgm_ext.read_motion_field(source, num_threads=2))


@pytest.mark.parametrize("strict", [False, True])
def test_damaged_files_are_as_on_one_thread(
    encoded_clip: EncodedClip, pictures: clips.Frames, strict: bool
) -> None:
    path = encoded_clip(
        "libx264", kind=pictures, x264_params=CLOSED, container_options={"movflags": "faststart"}
    )
    data = np.frombuffer(path.read_bytes(), np.uint8)
    rng = np.random.default_rng(int(strict))
    for _ in range(12):
        copy = data.copy()
        places = rng.integers(len(copy) // 8, len(copy), rng.integers(1, 4))
        copy[places] ^= rng.integers(1, 255, len(places)).astype(np.uint8)
        check(copy.tobytes(), strict=strict)
    check(data[: len(data) * 2 // 3].tobytes(), strict=strict)


def test_limits_are_those_of_the_whole(encoded_clip: EncodedClip, pictures: clips.Frames) -> None:
    path = encoded_clip("libx264", kind=pictures, x264_params=CLOSED)
    with pytest.raises(mgm_ext.TimeLimitExceeded, match="max_seconds"):
        mgm_ext.read_motion_field(path, num_threads=2, max_seconds=1e-9)
    bytes_of_field = mgm_ext.read_motion_field(path).vectors.nbytes * 5 // 4
    check(path, max_bytes=bytes_of_field)
    check(path, max_bytes=bytes_of_field - 1)


@pytest.mark.parametrize("name", ["arm_wrestling.mp4", "bikes.mp4", "bigbuckbunny.mp4"])
def test_real_clips(real_clip: RealClip, name: str) -> None:
    check(real_clip(name))


def test_fewer_than_one_thread_is_refused(real_clip: RealClip) -> None:
    with pytest.raises(ValueError, match="num_threads must be at least 1, got 0"):
        mgm_ext.read_motion_field(real_clip("bikes.mp4"), num_threads=0)
