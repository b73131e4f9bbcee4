"""Clips of streams whose picture size changes: where it does, and what becomes of the rest."""

from __future__ import annotations

import itertools
from pathlib import Path

import av
import numpy as np
import pytest

import mgm_ext
from mgm_ext import VideoReader
from mgm_ext.adapters.mvextractor import COLUMNS, VideoCap
from tests import clips, libvpx
from tests.conftest import EncodedClip

CODEC = "libvpx-vp9"
PART = 6  # frames from one key frame to the next
LARGE, SMALL = (128, 192), (64, 96)  # (H, W)
# The second and the third part are of one size, so a reader may pass over the change.
PARTS = [LARGE, SMALL, SMALL, LARGE]
CHANGES = ((PART, *SMALL[::-1]), (3 * PART, *LARGE[::-1]))
UPRIGHT = b"".join(n.to_bytes(4, "big") for n in (1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30))
QUARTER_TURN = b"".join(
    n.to_bytes(4, "big", signed=True) for n in (0, 1 << 16, 0, -1 << 16, 0, 0, 0, 0, 1 << 30)
)


@pytest.fixture(scope="module")
def parts(tmp_path_factory: pytest.TempPathFactory) -> Path:
    packets = []
    for size in PARTS:
        frames = list(clips.scroll(size=size, num_frames=PART))
        packets += libvpx.encode(CODEC, frames, passes=1, lag_in_frames=0)
    path = tmp_path_factory.mktemp("sizes") / "parts.ivf"
    return libvpx.write_ivf(
        path, CODEC, [(pts, data) for pts, (_, data) in enumerate(packets)], size=LARGE
    )


def whole(path: Path) -> tuple[tuple[int, int, int], ...]:
    return mgm_ext.read_motion_vectors(path).info.size_changes


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("pixels", [True, False])
def test_a_clip_across_changes_lists_them(parts: Path, threads: int, pixels: bool) -> None:
    reader = VideoReader(parts, num_threads=threads)
    assert reader.info.size_changes == ()
    clip = reader.read_clip(range(4 * PART), pixels=pixels)
    assert clip.info.size_changes == whole(parts) == CHANGES
    assert (clip.info.width, clip.info.height) == LARGE[::-1]
    if clip.frames is not None:
        assert clip.frames.shape == (4 * PART, *LARGE, 3)
    small = clip.field.vectors[PART : 3 * PART, ..., 0]
    assert (small == np.iinfo(np.int16).min).all()
    assert (clip.field.vectors[3 * PART + 1, ..., 0] != np.iinfo(np.int16).min).any()


def test_only_clips_read_so_far_count(parts: Path) -> None:
    reader = VideoReader(parts)
    assert reader.read_clip([2, 3]).info.size_changes == ()
    assert reader.read_clip([3 * PART + 1]).info.size_changes == ()  # of the same size again
    beyond = reader.read_clip([2 * PART + 2]).info.size_changes
    assert beyond == ((2 * PART, *SMALL[::-1]), CHANGES[1])  # decoded from its key frame
    assert reader.read_clip([PART + 1]).info.size_changes == CHANGES
    assert reader.read_clip([2 * PART + 2, 0]).info.size_changes == CHANGES


@pytest.mark.parametrize("order", list(itertools.permutations(range(4))), ids=str)
def test_the_order_of_clips_changes_nothing(parts: Path, order: tuple[int, ...]) -> None:
    reader = VideoReader(parts)
    for part in order:
        reader.read_clip([part * PART + 1, part * PART + 4], pixels=False)
    assert reader.info.size_changes == CHANGES


@pytest.mark.parametrize("size", [None, 48, (40, 56)])
def test_the_size_of_a_clip_is_that_of_the_files_first_frame(
    parts: Path, size: int | tuple[int, int] | None
) -> None:
    whole = VideoReader(parts, size=size).read_clip(range(4 * PART), window="frame")
    assert whole.frames is not None
    wanted = {None: LARGE, 48: (48, 72), (40, 56): (40, 56)}[size]
    assert whole.frames.shape[1:3] == wanted
    reader = VideoReader(parts, size=size)
    for first in (2 * PART + 1, PART, 0, 3 * PART + 2):
        indices = [first, first + 3]
        for clip in (
            r.read_clip(indices, window="frame") for r in (VideoReader(parts, size=size), reader)
        ):
            np.testing.assert_array_equal(clip.frames, whole.frames[indices])
            np.testing.assert_array_equal(clip.field.vectors, whole.field.vectors[indices])
            assert (clip.field.width, clip.field.height) == LARGE[::-1]


def test_a_capture_gives_each_frame_and_its_vectors_in_their_own_size(parts: Path) -> None:
    capture = VideoCap()
    assert capture.open(str(parts))
    truth = mgm_ext.read_motion_vectors(parts)
    with av.open(str(parts)) as container:
        theirs = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    for index in range(4 * PART):
        ok, frame, rows, _ = capture.read()
        assert ok
        assert frame is not None
        assert frame.shape[:2] == PARTS[index // PART]
        assert np.abs(frame.astype(int) - theirs[index]).max() <= 2
        assert len(rows) == len(truth.dst_x[truth.frame(index)])
        for name, side in (("dst_x", 1), ("dst_y", 0)):
            places = rows[:, COLUMNS.index(name)]
            np.testing.assert_array_equal(places, getattr(truth, name)[truth.frame(index)])
            assert ((places >= 0) & (places < frame.shape[side] + 64)).all()
    assert not capture.read()[0]


def test_sizes_are_those_of_the_turned_picture(parts: Path, tmp_path: Path) -> None:
    path = tmp_path / "turned.mp4"
    with av.open(str(parts)) as source, av.open(str(path), "w") as out:
        stream = out.add_stream_from_template(source.streams.video[0])
        for packet in source.demux(video=0):
            if packet.size:
                packet.stream = stream
                out.mux(packet)
    data = path.read_bytes()
    track = data.index(b"tkhd")
    path.write_bytes(data[:track] + data[track:].replace(UPRIGHT, QUARTER_TURN, 1))
    clip = VideoReader(path).read_clip(range(4 * PART))
    assert clip.info.rotation == 90
    assert (clip.info.height, clip.info.width) == LARGE[::-1]
    assert clip.info.size_changes == whole(path) == tuple((f, h, w) for f, w, h in CHANGES)
    lying = VideoReader(path, rotate=False).read_clip(range(4 * PART))
    assert lying.info.size_changes == CHANGES


def test_frames_that_only_decoding_counts(encoded_clip: EncodedClip, tmp_path: Path) -> None:
    path = tmp_path / "two.h264"
    path.write_bytes(
        b"".join(
            encoded_clip(
                "libx264", container="h264", size=size, num_frames=12, x264_params="bframes=2"
            ).read_bytes()
            for size in (LARGE, SMALL)
        )
    )
    reader = VideoReader(path)
    assert reader.read_clip([0, 3]).info.size_changes == ()
    assert reader.read_clip([20]).info.size_changes == whole(path) == ((12, *SMALL[::-1]),)
