"""A clip is a function of the file and the arguments: not of what its reader read before, nor of
how many threads it has."""

from __future__ import annotations

import struct
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

import mgm_ext
from mgm_ext import Clip, VideoReader
from tests import bombs, boxes, clips
from tests.fuzz_readings import digest_of
from tests.limits import cost_of

BEFORE = ([9, 10], [1], [7, 4])
WANTED = [0, 3, 6, 8]
CODECS = ["libx264", "libx265", "mpeg4", "msmpeg4", "libvpx"]


def _encode(folder: Path, codec: str, *, container: str = "mkv", **options: Any) -> Path:
    path = folder / f"{codec}.{container}"
    frames = clips.moving_object(size=(96, 128), num_frames=12, box=(16, 16, 64, 64))
    return clips.encode(path, frames, codec, **{"g": 6, **options})


def _damage(path: Path, number: int) -> bytes:
    """The file with the second half of one packet replaced."""
    with av.open(str(path)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    data, packet = path.read_bytes(), packets[number]
    at = data.find(packet) + len(packet) // 2
    noise = np.random.default_rng(number).bytes(len(packet) - len(packet) // 2)
    return data[:at] + noise + data[at + len(noise) :]


def _all_of(clip: Clip) -> tuple[str, bool]:
    return digest_of(clip), clip.info.damaged


def _read(data: bytes, before: Sequence[list[int]] = (), num_threads: int = 1) -> tuple[str, bool]:
    reader = VideoReader(data, num_threads=num_threads)
    for indices in before:
        reader.read_clip(indices)
    return _all_of(reader.read_clip(WANTED))


@pytest.mark.parametrize("number", [2, 6])
@pytest.mark.parametrize("codec", CODECS)
def test_what_was_read_before_changes_nothing(tmp_path: Path, codec: str, number: int) -> None:
    data = _damage(_encode(tmp_path, codec), number)
    assert _read(data, BEFORE) == _read(data)
    assert _read(data, BEFORE, num_threads=2) == _read(data)


@pytest.mark.parametrize("codec", ["mpeg4", "mpeg2video"])
def test_damage_is_told_of_the_clip_and_of_the_reader(tmp_path: Path, codec: str) -> None:
    reader = VideoReader(_damage(_encode(tmp_path, codec, bf=0), 8))
    assert [reader.read_clip([i]).info.damaged for i in (1, 11, 1)] == [False, True, False]
    assert reader.info.damaged


def _make_all_key(data: bytes) -> bytes:
    """An AVI whose index takes every packet for a key frame, as one that was rebuilt does."""
    changed = bytearray(data)
    at = data.rindex(b"idx1")
    (size,) = struct.unpack_from("<I", data, at + 4)
    for entry in range(at + 8, at + 8 + size, 16):
        flags = struct.unpack_from("<I", data, entry + 4)[0]
        struct.pack_into("<I", changed, entry + 4, flags | 0x10)
    assert bytes(changed) != data
    return bytes(changed)


@pytest.mark.parametrize("num_threads", [1, 2])
@pytest.mark.parametrize("codec", ["msmpeg4", "flv", "wmv2"])
def test_pictures_that_are_no_key_frames_are_no_entries(
    tmp_path: Path, codec: str, num_threads: int
) -> None:
    path = _encode(tmp_path, codec, container="avi", bf=0)
    data = _make_all_key(path.read_bytes())
    whole = VideoReader(path).read_clip(range(12))
    assert whole.frames is not None
    assert list(VideoReader(data).key_frames) == list(range(12))
    reader = VideoReader(data, num_threads=num_threads)
    for index in (3, 8, 5, 11, 1, 10):
        clip = reader.read_clip([index])
        assert clip.frames is not None
        np.testing.assert_array_equal(clip.frames[0], whole.frames[index])
        assert not clip.info.damaged


def test_lost_blocks_of_h261_are_damage(tmp_path: Path) -> None:
    path = clips.encode(
        tmp_path / "clip.h261", clips.scroll(size=(144, 176), num_frames=5), "h261", b="300k"
    )
    with av.open(str(path)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    assert not mgm_ext.read_motion_vectors(b"".join(packets)).info.damaged
    packets[2] = packets[2][: len(packets[2]) // 2]
    assert mgm_ext.read_motion_vectors(b"".join(packets)).info.damaged


def _interlaced(num_frames: int) -> NDArray[np.uint8]:
    frames = clips.moving_object(size=(96, 128), num_frames=num_frames + 1, box=(16, 16, 64, 64))
    first = frames[:-1].copy()
    first[:, ::2] = frames[1:, ::2]
    return first


@pytest.mark.parametrize("options", [{"bf": 1}, {"bf": 2, "flags": "+ilme+qpel"}])
def test_threads_agree_on_interlaced_mpeg4(tmp_path: Path, options: dict[str, Any]) -> None:
    path = clips.encode(
        tmp_path / "clip.mkv",
        _interlaced(24),
        "mpeg4",
        **{"flags": "+ildct+ilme", "g": 12, "b": "400k", **options},
    )
    wanted = VideoReader(path).read_clip(range(24))
    reader = VideoReader(path, num_threads=2)
    reader.read_clip([0])
    assert _all_of(reader.read_clip(range(24))) == _all_of(wanted)


def test_the_budget_is_of_a_call_not_of_the_reader(tmp_path: Path) -> None:
    reader = VideoReader(_encode(tmp_path, "libx264"), max_seconds=3)
    time.sleep(3)  # of nobody's processor
    assert len(reader) == 12


def test_a_seek_that_leads_back_to_the_start_ends(tmp_path: Path) -> None:
    data = bombs.mp4(tmp_path, "mpeg4", num_frames=7, g=5, bf=1)
    (offsets,) = boxes.find(boxes.parse(data), b"ctts")
    late = offsets.data[:12] + struct.pack(">I", 0x3EEFFD2A) + offsets.data[16:]
    tables = boxes.parse(boxes.edit(data, b"ctts", late))
    (track,) = boxes.find(tables, b"trak")
    edits = next(box for box in track.children if box.kind == b"edts")
    edits.kind = b"free"  # of the same size
    edits.data, edits.children = bytes(edits)[8:], []
    cost = cost_of(lambda: VideoReader(boxes.write(tables)).read_clip([5, 6]), max_seconds=5)
    assert cost.error == ""
