"""Pictures that are missing from a stream: told where the stream shows that they are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

import mgm_ext
from mgm_ext import VideoReader
from tests import start_codes
from tests.conftest import EncodedClip
from tests.test_clip_containers import remux

FRAMES, GOP = 45, 15
STILL = np.random.default_rng(0).integers(0, 255, (96, 128, 3), np.uint8)
PICTURES = np.stack([np.roll(STILL, (i, 2 * i), axis=(0, 1)) for i in range(FRAMES)])
X264 = "scenecut=0:b-adapt=0:weightp=0"
CLOSED = {"flags": "+cgop", "sc_threshold": 10**9}
# In H.264 the reference pictures are numbered (frame_num), in HEVC each lists those that it needs,
# in MPEG-1 and MPEG-2 every picture is counted within its group (temporal_reference).
STREAMS: dict[str, tuple[str, dict[str, Any]]] = {
    "h264": ("libx264", {"bf": 0, "x264_params": f"{X264}:ref=1", "container": "mp4"}),
    "h264, B": ("libx264", {"bf": 2, "x264_params": f"{X264}:ref=1", "container": "mp4"}),
    "h264, pyramid": ("libx264", {"bf": 3, "x264_params": f"{X264}:ref=3", "container": "ts"}),
    "hevc": ("libx265", {"container": "mp4", "x265_params": "bframes=0"}),
    "mpeg2": ("mpeg2video", {"bf": 2, "container": "mpg"}),
    "mpeg2, no B": ("mpeg2video", {"bf": 0, "container": "ts"}),
    "mpeg2, interlaced": ("mpeg2video", {"bf": 2, "flags": "+ildct+ilme", "container": "mp4"}),
    "mpeg1, closed": ("mpeg1video", {**CLOSED, "bf": 2, "container": "mp4"}),
}


@pytest.fixture(params=STREAMS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def whole(name: str, encoded_clip: EncodedClip) -> Path:
    codec, options = STREAMS[name]
    return encoded_clip(codec, kind=PICTURES, g=GOP, **options)


def without(path: Path, copy: Path, lost: int) -> Path:
    """The same stream less one packet."""
    return remux(path, copy, lambda number, packet: None if number == lost else packet)


def frames_of_packets(path: Path) -> list[int]:
    """Display index of each packet."""
    with av.open(str(path)) as container:
        times = [packet.pts or 0 for packet in container.demux(video=0) if packet.size]
    return [sorted(times).index(time) for time in times]


def test_a_missing_picture_is_told(name: str, whole: Path, tmp_path: Path) -> None:
    types = mgm_ext.read_motion_vectors(whole, strict=True).picture_types
    told = 0
    for lost, frame in enumerate(frames_of_packets(whole)[:GOP]):
        shows = name.startswith("mpeg") or types[frame] == "P"
        if lost == 0 or not shows or frame == GOP - 1:
            continue  # nothing refers to a B picture here, and its group ends with the last one
        path = without(whole, tmp_path / f"{lost}{whole.suffix}", lost)
        assert mgm_ext.read_motion_vectors(path).info.damaged, lost
        assert mgm_ext.read_motion_field(path).damaged, lost
        reader = VideoReader(path)
        assert reader.read_clip(range(FRAMES - 1), pixels=False).info.damaged, lost
        with pytest.raises(mgm_ext.DecodeError, match=r"damaged.*strict=True"):
            mgm_ext.read_motion_vectors(path, strict=True)
        told += 1
    assert told >= 3


def test_a_gap_concerns_its_own_group_alone(name: str, whole: Path, tmp_path: Path) -> None:
    frames = frames_of_packets(whole)
    lost = next(n for n in range(GOP + 2, 2 * GOP) if frames[n] % 3 == 0)
    path = without(whole, tmp_path / f"gap{whole.suffix}", lost)
    if whole.suffix != ".mp4":
        pytest.skip("others are read from their start where a seek misses")
    reader, kept = VideoReader(path), VideoReader(whole)
    for indices in ([2, 5], [2 * GOP + 3, 2 * GOP + 9]):  # before it, and from the next key frame
        clip = reader.read_clip(indices)
        assert not clip.info.damaged
        frame_of = [index + (index > frames[lost]) for index in indices]
        np.testing.assert_array_equal(clip.frames, kept.read_clip(frame_of).frames)


def test_a_stream_that_begins_in_its_midst_has_no_gap(
    name: str, whole: Path, tmp_path: Path
) -> None:
    keys = []

    def keep(number: int, packet: Any) -> Any:
        if packet.is_keyframe and number:
            keys.append(number)
        return packet if keys else None

    path = remux(whole, tmp_path / f"late{whole.suffix}", keep)
    assert not mgm_ext.read_motion_vectors(path, strict=True).info.damaged


def test_a_key_frame_that_is_missing_is_told(encoded_clip: EncodedClip, tmp_path: Path) -> None:
    codec, options = STREAMS["h264"]
    whole = encoded_clip(codec, kind=PICTURES, g=GOP, **options)
    path = without(whole, tmp_path / "lost.mp4", GOP)
    assert mgm_ext.read_motion_vectors(path).info.damaged


def test_a_lost_part_of_a_packet_is_told(encoded_clip: EncodedClip, tmp_path: Path) -> None:
    path = encoded_clip("libx264", kind=PICTURES[:20], container="ts", bf=0)
    data = path.read_bytes()
    parts = [data[at : at + 188] for at in range(0, len(data), 188)]
    own = [n for n, part in enumerate(parts) if not part[1] & 0x40 and part[1:3] == b"\x01\x00"]
    copy = tmp_path / "lost.ts"
    copy.write_bytes(b"".join(part for n, part in enumerate(parts) if n != own[len(own) // 2]))
    assert mgm_ext.read_motion_vectors(copy).info.damaged
    assert not mgm_ext.read_motion_vectors(path).info.damaged


def test_a_packet_without_a_picture_is_told_of_clips_after_it(
    encoded_clip: EncodedClip, tmp_path: Path
) -> None:
    whole = encoded_clip("mpeg1video", kind=PICTURES[:20], g=20, container="mkv", bf=0)

    def change(number: int, packet: av.Packet[Any]) -> av.Packet[Any]:
        if number != 5:
            return packet
        header = av.Packet(start_codes.split(bytes(packet))[0])
        header.pts, header.dts, header.time_base = packet.pts, packet.dts, packet.time_base
        header.stream = packet.stream
        return header

    path = remux(whole, tmp_path / "hollow.mkv", change)
    for num_threads in (1, 2):
        reader = VideoReader(path, num_threads=num_threads)
        assert not reader.read_clip([0]).info.damaged
        assert reader.read_clip([12]).info.damaged


def test_a_reference_that_comes_twice_is_told(encoded_clip: EncodedClip, tmp_path: Path) -> None:
    """Both have one number, and take two places among the references of H.264."""
    whole = encoded_clip(
        "libx264", kind=PICTURES[:20], g=20, container="h264", bf=0, x264_params=f"{X264}:ref=2"
    )
    units = start_codes.split(whole.read_bytes())
    slices = [at for at, unit in enumerate(units) if unit[unit.index(b"\0\0\1") + 3] & 31 == 1]
    units.insert(slices[5], units[slices[5]])
    path = tmp_path / "twice.h264"
    path.write_bytes(b"".join(units))
    assert not mgm_ext.read_motion_vectors(whole).info.damaged
    assert mgm_ext.read_motion_vectors(path).info.damaged
    assert VideoReader(path).read_clip([15]).info.damaged
