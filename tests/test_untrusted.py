"""Files that ask for much: what a call takes follows the file and the arguments."""

from __future__ import annotations

import contextlib
import io
import signal
import struct
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import mgm_ext
from mgm_ext import DecodeError, VideoReader
from tests import bombs, clips
from tests.conftest import EncodedClip
from tests.limits import READS, cost_of

MEGABYTES = 48  # decoders and what they read; the least of the bombs took 300
Bomb = Callable[[Path], bytes]


@pytest.mark.parametrize(
    "bomb",
    [
        bombs.many_samples,
        bombs.many_samples_in_fragments,
        bombs.many_fragments,
        bombs.many_edits,
    ],
)
def test_the_index_of_an_mp4_follows_the_files_size(tmp_path: Path, bomb: Bomb) -> None:
    data = bomb(tmp_path)
    for read in READS.values():
        cost = cost_of(partial(read, data))
        reason = "DecodeError: <bytes>: the container's index would take more than"
        assert cost.error.startswith(reason)
        assert cost.megabytes < MEGABYTES


def test_edit_lists_are_not_applied_for_minutes(tmp_path: Path) -> None:
    # Every edit ends before the first sample, so none of them makes the index longer.
    data = bombs.many_edits(tmp_path, edits=100_000, samples=500_000, seconds=0)
    cost = cost_of(lambda: mgm_ext.probe(data))
    assert "edit lists are too long for a file of its size" in cost.error


def test_ordinary_edit_lists_and_fragments_are_read(tmp_path: Path) -> None:
    data = bombs.mp4(tmp_path, "libx264", bf=2)  # starts with an edit that hides the delay
    assert b"elst" in data
    assert len(VideoReader(data)) == 8
    path = clips.encode(
        tmp_path / "fragments.mp4",
        clips.scroll(size=(96, 128), num_frames=8),
        "libx264",
        container_options={"movflags": "+frag_keyframe+empty_moov"},
    )
    assert len(VideoReader(path)) == 8


@pytest.mark.parametrize("codec", ["mpeg2video", "libx264"])
def test_slices_that_come_again_take_no_more_memory(tmp_path: Path, codec: str) -> None:
    once, again = (bombs.repeated_slices(tmp_path, codec, times=times) for times in (2, 8000))
    costs = [cost_of(partial(mgm_ext.read_motion_vectors, data)) for data in (once, again)]
    assert [cost.error for cost in costs] == ["", ""]
    # libavformat and the decoder copy the packet.
    assert costs[1].megabytes - costs[0].megabytes < 8 + 8 * len(again) / (1 << 20)


def test_slices_of_hevc_that_come_again_are_damage(tmp_path: Path) -> None:
    one, many = (
        mgm_ext.read_motion_vectors(bombs.repeated_slices(tmp_path, "libx265", times=times))
        for times in (1, 500)
    )
    assert (one.info.damaged, many.info.damaged) == (False, True)
    assert len(many.w) < len(one.w) + 16


def test_packets_of_more_units_than_hevc_allows_are_damage(tmp_path: Path) -> None:
    data = bombs.repeated_slices(tmp_path, "libx265", times=20_000)
    assert mgm_ext.read_motion_vectors(data).info.damaged
    cost = cost_of(lambda: mgm_ext.read_motion_vectors(data))
    assert cost.megabytes < MEGABYTES  # took 160


@pytest.mark.parametrize("codec", ["mpeg2video", "libx264"])
def test_of_slices_that_come_again_the_last_is_shown(tmp_path: Path, codec: str) -> None:
    one, many = (
        mgm_ext.read_motion_vectors(bombs.repeated_slices(tmp_path, codec, times=times))
        for times in (1, 50)
    )
    assert not one.info.damaged
    np.testing.assert_array_equal(one.offsets, many.offsets)
    for name in ("dst_x", "dst_y", "motion_x", "motion_y", "reference_distance"):
        first, last = (
            sorted(zip(v.dst_y, v.dst_x, getattr(v, name), strict=True)) for v in (one, many)
        )
        assert first == last


def test_vectors_stop_at_max_bytes(tmp_path: Path) -> None:
    data = bombs.skipped_frames(tmp_path, cycles=20)
    whole = mgm_ext.read_motion_vectors(data, stop=10)
    row = 36
    assert len(whole.w) == 9 * 8160
    assert mgm_ext.read_motion_vectors(data, stop=10, max_bytes=9 * 8160 * row).info.codec == "h264"
    reason = rf"frame 9: the vectors of frames 0 to 9 take {9 * 8160 * row} bytes, more than max_b"
    with pytest.raises(DecodeError, match=reason):
        mgm_ext.read_motion_vectors(data, max_bytes=9 * 8160 * row - 1)
    cost = cost_of(lambda: mgm_ext.read_motion_vectors(data, max_bytes=1 << 24))
    assert "more than max_bytes=16777216" in cost.error
    assert cost.megabytes < 16 + MEGABYTES


def test_fields_and_clips_stop_at_max_bytes(encoded_clip: EncodedClip) -> None:
    path = encoded_clip("libx264", size=(96, 128), num_frames=12)
    row, frame = 12 * 16 * 5, 96 * 128 * 3
    assert mgm_ext.read_motion_field(path, max_bytes=12 * row).vectors.shape[0] == 12
    with pytest.raises(DecodeError, match=rf"the field's rows 0 to 11 take {12 * row} bytes"):
        mgm_ext.read_motion_field(path, max_bytes=12 * row - 1)
    reader = VideoReader(path, max_bytes=4 * frame)
    assert reader.read_clip([0, 3, 6, 9]).frames is not None
    with pytest.raises(DecodeError, match=rf"the frames of the clip take {5 * frame} bytes"):
        reader.read_clip([0, 3, 6, 9, 11])
    assert reader.read_clip([1, 2]).frames is not None


def test_sides_that_follow_the_picture_are_bounded() -> None:
    reason = "frames of 3669792x224 would be made of pictures of 16383x1; allowed are sides of 1638"
    cost = cost_of(lambda: VideoReader(bombs.line(), size=224).read_clip([0]))
    assert reason in cost.error
    assert cost.megabytes < MEGABYTES
    frames = VideoReader(bombs.line()).read_clip([0]).frames
    assert frames is not None
    assert frames.shape == (1, 1, 16383, 3)
    with pytest.raises(DecodeError, match=r"frames of 300x200 would .* max_pixels=50000"):
        VideoReader(bombs.line(), size=(200, 300), max_pixels=50_000).read_clip([0])


@pytest.mark.parametrize("container", ["h264", "ts", "mkv", "mp4"])
def test_probe_looks_at_no_larger_picture(encoded_clip: EncodedClip, container: str) -> None:
    path = encoded_clip(
        "libx264", kind=bombs.grey(1, 4096, 4096), container=container, preset="ultrafast"
    )
    assert mgm_ext.probe(path, max_pixels=1 << 24).width == 4096
    cost = cost_of(lambda: mgm_ext.probe(path, max_pixels=(1 << 24) - 1))
    assert "pictures of 4096x4096, more than max_pixels=16777215" in cost.error
    assert cost.megabytes < 16  # one picture has 24


class Endless(io.RawIOBase):
    """A video whose last packets come again for ever."""

    def __init__(self, data: bytes) -> None:
        self._head, self._tail, self._at = data, data[len(data) // 2 :], 0

    def read(self, size: int = -1) -> bytes:
        start, self._at = self._at, self._at + size
        head = self._head[start : start + size]
        missing, begin = size - len(head), max(start - len(self._head), 0) % len(self._tail)
        return head + (self._tail * (2 + missing // len(self._tail)))[begin : begin + missing]

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = [offset, self._at + offset, (1 << 40) + offset][whence]
        return self._at


@pytest.mark.parametrize("container", ["ts", "mkv", "h264"])
def test_max_seconds_holds_while_opening_and_indexing(
    encoded_clip: EncodedClip, container: str
) -> None:
    path = encoded_clip("libx264", size=(96, 128), num_frames=12, container=container)
    data = path.read_bytes()
    for read in [read for read in READS.values() if read is not mgm_ext.probe]:
        cost = cost_of(partial(read, Endless(data), max_seconds=0.2))
        assert "took longer than max_seconds=0.2" in cost.error


class Interrupted(Endless):
    """Ctrl-C comes while its end is waited for."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self._reads = 0
        self._due = threading.Event()
        self._sender = threading.Thread(target=self._send)
        self._sender.start()

    def _send(self) -> None:
        self._due.wait()
        signal.raise_signal(signal.SIGINT)

    def read(self, size: int = -1) -> bytes:
        self._reads += 1
        if self._reads == 20:
            self._due.set()
        return super().read(size)


@pytest.mark.parametrize("container", ["ts", "h264"])
def test_ctrl_c_ends_the_reading_of_a_file_without_end(
    encoded_clip: EncodedClip, container: str
) -> None:
    path = encoded_clip("libx264", size=(96, 128), num_frames=12, container=container)
    for read in [read for read in READS.values() if read is not mgm_ext.probe]:
        with pytest.raises(KeyboardInterrupt):
            read(Interrupted(path.read_bytes()))


def test_what_is_refused_leaves_no_memory_behind(tmp_path: Path) -> None:
    data = bytearray(bombs.mp4(tmp_path, "libx264"))
    struct.pack_into(">H", data, data.index(b"avc1", data.index(b"stsd")) + 28, 40_000)
    with pytest.raises(DecodeError, match="of up to 32767 pixels a side"):
        VideoReader(bytes(data))

    def refuse(times: int) -> None:
        for _ in range(times):
            with contextlib.suppress(DecodeError):
                VideoReader(bytes(data))

    once, often = (cost_of(partial(refuse, times)).megabytes for times in (100, 15_100))
    assert often - once < 1  # 44 bytes, in four pieces, stayed of each


def test_times_may_be_any_64_bits(encoded_clip: EncodedClip) -> None:
    path = encoded_clip("libvpx", size=(96, 128), num_frames=4, container="ivf")
    data, at = bytearray(path.read_bytes()), 32
    for number in range(4):
        size = struct.unpack_from("<I", data, at)[0]
        struct.pack_into("<Q", data, at + 4, number << 61)
        at += 12 + size
    info = VideoReader(bytes(data)).info
    numerator, denominator = info.time_base
    assert info.average_fps == pytest.approx(denominator / numerator / 2**61)
