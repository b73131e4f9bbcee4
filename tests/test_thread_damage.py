"""Many threads tell of the same damage as one, and begin at the same key frames."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from mgm_ext import VideoReader
from tests import boxes, clips
from tests.fuzz_readings import digest_of
from tests.test_clip_containers import remux
from tests.test_gaps import frames_of_packets

FRAMES = 24
BAD, WANTED = 5, [18, 20]  # the one lies long before the others, in the same group
STREAMS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "h264": ("libx264", "mkv", {"bf": 0, "x264_params": "scenecut=0:ref=1"}),
    "h264, CAVLC": ("libx264", "mkv", {"bf": 0, "x264_params": "scenecut=0:ref=1:cabac=0"}),
    "hevc": ("libx265", "mkv", {"x265_params": "bframes=0:scenecut=0"}),
    "mpeg4": ("mpeg4", "mkv", {"bf": 0}),
    "mpeg2": ("mpeg2video", "mkv", {"bf": 0}),
    "mpeg1": ("mpeg1video", "mkv", {"bf": 0}),
    "msmpeg4": ("msmpeg4", "mkv", {}),
    "h263": ("h263", "avi", {}),
    "flv": ("flv", "flv", {}),
    "vp8": ("libvpx", "mkv", {}),
}


def _pictures(num_frames: int) -> np.ndarray[Any, np.dtype[np.uint8]]:
    """A moving object in noise: every packet is long."""
    frames = clips.moving_object(size=(96, 128), num_frames=num_frames, box=(16, 16, 64, 64))
    noise = np.random.default_rng(0).integers(0, 40, frames.shape, np.uint8)
    return np.asarray(frames // 2 + noise, np.uint8)


def _damage(path: Path, copy: Path, *, number: int = BAD, noise: bool) -> Path:
    """The same less half of a packet, or with noise in its place."""

    def change(place: int, packet: av.Packet[Any]) -> av.Packet[Any]:
        if place != number:
            return packet
        half = packet.size // 2
        rest = np.random.default_rng(0).bytes(packet.size - half) if noise else b""
        changed = av.Packet(bytes(packet)[:half] + rest)
        changed.pts, changed.dts, changed.time_base = packet.pts, packet.dts, packet.time_base
        changed.stream = packet.stream
        return changed

    return remux(path, copy, change)


@pytest.mark.parametrize("noise", [False, True])
@pytest.mark.parametrize("stream", STREAMS)
def test_damage_long_before_a_clip_is_told_by_many_threads(
    stream: str, noise: bool, tmp_path: Path
) -> None:
    codec, suffix, options = STREAMS[stream]
    if noise and codec in ("msmpeg4", "libvpx"):
        pytest.skip("any bits are blocks in these")
    whole = clips.encode(
        tmp_path / f"whole.{suffix}", _pictures(FRAMES), codec, g=FRAMES, b="400k", **options
    )
    path = _damage(whole, tmp_path / f"short.{suffix}", noise=noise)
    alone = VideoReader(path).read_clip(WANTED)
    assert alone.info.damaged
    reader = VideoReader(path, num_threads=2)
    assert not reader.read_clip([0]).info.damaged  # the first clip is read on one thread
    assert not reader.read_clip([1, 2], pixels=False).info.damaged
    many = reader.read_clip(WANTED)
    assert (digest_of(many), many.info.damaged) == (digest_of(alone), True)


@pytest.mark.parametrize("num_threads", [1, 2])
@pytest.mark.parametrize(
    ("codec", "options"),
    [
        ("libx264", {"bf": 2, "x264_params": "scenecut=0:b-adapt=0"}),
        ("libx264", {"bf": 2, "x264_params": "scenecut=0:b-adapt=0:cabac=0"}),
        ("libx265", {"x265_params": "bframes=2:b-adapt=0:scenecut=0"}),
        ("mpeg4", {"bf": 2}),
        ("mpeg2video", {"bf": 2}),
    ],
)
def test_damage_of_a_reference_that_is_shown_later_is_told(
    codec: str, options: dict[str, Any], num_threads: int, tmp_path: Path
) -> None:
    whole = clips.encode(tmp_path / "w.mp4", _pictures(16), codec, g=16, b="400k", **options)
    frames = frames_of_packets(whole)
    reference = next(n for n in range(4, 12) if frames[n] > frames[n + 1])
    path = _damage(whole, tmp_path / "bad.mp4", number=reference, noise=codec != "mpeg4")
    reader = VideoReader(path, num_threads=num_threads)
    assert not reader.read_clip([0]).info.damaged
    for pixels in (True, False):
        clip = reader.read_clip([frames[reference + 1]], pixels=pixels)
        assert clip.info.damaged, pixels


@pytest.mark.parametrize("num_threads", [1, 2])
@pytest.mark.parametrize(
    ("codec", "options"),
    [
        ("libx264", {"bf": 2, "x264_params": "scenecut=0"}),
        ("libx265", {"x265_params": "bframes=2:scenecut=0"}),
        ("libx265", {"x265_params": "bframes=0:scenecut=0"}),
        ("mpeg4", {"bf": 2}),
        ("libvpx-vp9", {}),
    ],
)
def test_samples_that_are_no_key_frames_are_no_entries(
    codec: str, options: dict[str, Any], num_threads: int, tmp_path: Path
) -> None:
    """An mp4 that lists no key frames says that every sample is one."""
    path = clips.encode(tmp_path / "clip.mp4", _pictures(16), codec, g=8, b="400k", **options)
    whole = VideoReader(path).read_clip(range(16)).frames
    assert whole is not None
    tree = boxes.parse(path.read_bytes())
    (keys,) = boxes.find(tree, b"stss")
    keys.kind = b"free"
    data = boxes.write(tree)
    reader = VideoReader(data, num_threads=num_threads)
    assert len(reader.key_frames) == 16
    for index in (0, 5, 11, 3, 14, 1):
        clip = reader.read_clip([index])
        assert clip.frames is not None
        np.testing.assert_array_equal(clip.frames[0], whole[index])


def test_a_leading_picture_that_is_called_a_key_frame_is_no_entry(tmp_path: Path) -> None:
    """Of HEVC: it refers to what lies before the key picture that it follows in the file."""
    path = clips.encode(tmp_path / "clip.mp4", _pictures(8), "libx265", g=5, b="300k")
    whole = VideoReader(path).read_clip(range(8)).frames
    assert whole is not None
    tree = boxes.parse(path.read_bytes())
    (keys,) = boxes.find(tree, b"stss")
    for sample in range(2, 9):
        keys.data = struct.pack(">4I", 0, 2, 1, sample)
        data = boxes.write(tree)
        for num_threads in (1, 2):
            reader = VideoReader(data, num_threads=num_threads)
            reader.read_clip([0])
            for index in (3, 4, 7):
                clip = reader.read_clip([index])
                assert clip.frames is not None
                np.testing.assert_array_equal(clip.frames[0], whole[index], str(sample))
