"""Lost and damaged frames: numbered, told, and shown by the nearest whole frame."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

import mgm_ext
from mgm_ext import VideoReader
from tests.conftest import EncodedClip
from tests.test_clip_containers import remux
from tests.test_clip_tail import Counted, broken

SIZE, FRAMES = (96, 128), 48
LOST = 13  # a packet
STREAMS: dict[str, dict[str, Any]] = {
    "libx264": {"bf": 2, "x264_params": "b-adapt=0:scenecut=0:ref=1", "container": "mp4"},
    "libx265": {"container": "mp4"},
    "mpeg4": {"bf": 2, "container": "mp4"},
    "mpeg2video": {"bf": 2, "container": "mkv"},
}


@pytest.fixture(params=STREAMS)
def whole(request: pytest.FixtureRequest, encoded_clip: EncodedClip) -> Path:
    options = STREAMS[request.param]
    return encoded_clip(request.param, kind="object", size=SIZE, num_frames=FRAMES, g=24, **options)


@pytest.fixture
def damaged(whole: Path, tmp_path: Path) -> Path:
    return broken(whole, tmp_path / f"damaged{whole.suffix}", LOST)


def lost_frame(path: Path) -> int:
    """Display index of the packet that `damaged` loses."""
    with av.open(str(path)) as container:
        times = [packet.pts or 0 for packet in container.demux(video=0) if packet.size]
    return sorted(times).index(times[LOST])


def test_all_reads_number_frames_alike(whole: Path, damaged: Path) -> None:
    lost = lost_frame(whole)
    reader = VideoReader(damaged)
    vectors = mgm_ext.read_motion_vectors(damaged)
    assert len(vectors) == len(mgm_ext.read_motion_field(damaged).row_frames) == FRAMES
    assert len(reader) == FRAMES
    clip = reader.read_clip(range(FRAMES), window="frame")
    assert clip.stand_in[lost]
    assert vectors.picture_types[lost] == "?"
    assert vectors.frame(lost).start == vectors.frame(lost).stop
    kept = ~clip.stand_in
    np.testing.assert_array_equal(vectors.picture_types[kept], clip.picture_types[kept])
    np.testing.assert_allclose(vectors.seconds, clip.seconds, atol=1e-9)
    assert vectors.info.damaged
    assert clip.info.damaged


@pytest.mark.parametrize("codec", ["libx264", "mpeg4", "mpeg2video"])
def test_a_lost_frame_of_a_long_group_leaves_the_others(
    codec: str, encoded_clip: EncodedClip, tmp_path: Path
) -> None:
    still = np.random.default_rng(0).integers(0, 255, (*SIZE, 3), np.uint8)
    pictures = np.stack([np.roll(still, (i, 2 * i), axis=(0, 1)) for i in range(60)])
    path = encoded_clip(codec, kind=pictures, container="mp4", g=100, bf=0)
    damaged = broken(path, tmp_path / "damaged.mp4", 44)
    indices = [5, 20, 44, 52, 59]
    clip = VideoReader(damaged).read_clip(indices, pixels=False, window="frame")
    whole = VideoReader(path).read_clip(indices, pixels=False, window="frame")
    assert clip.info.damaged
    assert clip.stand_in.tolist() == [False, False, True, False, False]
    np.testing.assert_array_equal(clip.picture_types, whole.picture_types)
    kept = [0, 1, 3, 4] if codec != "libx264" else [0, 1]  # x264's refer to what was lost
    np.testing.assert_array_equal(clip.field.vectors[kept], whole.field.vectors[kept])
    assert not clip.field.valid[2].any()


def test_a_stand_in_is_the_nearest_good_frame_whatever_was_read(whole: Path, damaged: Path) -> None:
    lost = lost_frame(whole)
    clip = VideoReader(damaged).read_clip(range(FRAMES))
    true = VideoReader(whole).read_clip(range(FRAMES)).frames
    assert clip.frames is not None
    assert true is not None
    good = np.flatnonzero([np.array_equal(a, b) for a, b in zip(clip.frames, true, strict=True)])
    assert not clip.stand_in[:4].any()
    marked = np.flatnonzero(clip.stand_in)
    for index in marked.tolist():
        nearest = good[np.abs(good - index).argmin()]
        np.testing.assert_array_equal(clip.frames[index], clip.frames[nearest])
    for indices in ([lost], [lost - 4, lost, lost + 4], [lost, lost + 20], [lost + 1, lost]):
        alone = VideoReader(damaged).read_clip(indices)
        np.testing.assert_array_equal(alone.frames, clip.frames[indices])
        np.testing.assert_array_equal(alone.stand_in, clip.stand_in[indices])
        dark = VideoReader(damaged).read_clip(indices, pixels=False)
        np.testing.assert_array_equal(dark.stand_in, clip.stand_in[indices])


def test_what_stands_in_does_not_depend_on_what_was_read(
    encoded_clip: EncodedClip, tmp_path: Path
) -> None:
    path = encoded_clip("libx264", kind="object", size=SIZE, num_frames=FRAMES, g=6, bf=0)
    for lost in range(9, 42):
        path = broken(path, tmp_path / f"{lost}.mp4", lost)
    clip = VideoReader(path).read_clip(range(FRAMES))
    assert clip.frames is not None
    assert clip.stand_in[9:42].all()
    assert not clip.stand_in[:9].any()
    for index in (9, 13, 24, 25, 26, 40):  # five key frames and more behind the last good frame
        alone = VideoReader(path).read_clip([index])
        np.testing.assert_array_equal(alone.frames, clip.frames[[8 if index < 26 else 42]])
        np.testing.assert_array_equal(alone.frames, clip.frames[[index]])
        assert alone.stand_in.all()


def test_strict_readers_raise(whole: Path, damaged: Path) -> None:
    lost = lost_frame(whole)
    for read in (
        lambda: VideoReader(damaged, strict=True).read_clip([lost]),
        lambda: VideoReader(damaged, strict=True, num_threads=2).read_clip(range(lost, lost + 3)),
        lambda: mgm_ext.read_motion_field(damaged, frame_indices=[lost], strict=True),
        lambda: mgm_ext.read_motion_field(damaged, strict=True),
        lambda: mgm_ext.read_motion_vectors(damaged, strict=True),
    ):
        with pytest.raises(mgm_ext.DecodeError, match=r"damaged.*strict=True"):
            read()
    assert not VideoReader(damaged, strict=True).read_clip([2, 5]).info.damaged
    whole_reader = VideoReader(whole, strict=True)
    whole_reader.read_clip(range(FRAMES))
    assert not whole_reader.info.damaged


def test_damage_is_not_forgotten_by_going_back(whole: Path, damaged: Path) -> None:
    reader = VideoReader(damaged)
    reader.read_clip([lost_frame(whole)])
    assert reader.info.damaged
    reader.read_clip([0, 1])
    assert reader.info.damaged


def test_a_clip_of_whole_frames_has_no_stand_in(whole: Path) -> None:
    clip = VideoReader(whole).read_clip([3, 9, 4])
    assert clip.stand_in.tolist() == [False] * 3
    copy = pickle.loads(pickle.dumps(clip))
    np.testing.assert_array_equal(copy.stand_in, clip.stand_in)
    assert "stand_in=bool[3]" in repr(clip)


@pytest.fixture
def cut(encoded_clip: EncodedClip, tmp_path: Path) -> tuple[Path, int]:
    """A file that ends half-way, its header whole; and the number of its packets that are whole."""
    base = encoded_clip(
        "libx264", kind="object", size=SIZE, num_frames=400, g=250, bf=2, container="mp4",
        x264_params="scenecut=0",
    )  # fmt: skip
    fast = remux(base, tmp_path / "fast.mp4", lambda _, packet: packet, movflags="faststart")
    data = fast.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")
    with av.open(str(fast)) as container:
        places = [(p.pos or 0) + p.size for p in container.demux(video=0) if p.size]
    path = tmp_path / "cut.mp4"
    path.write_bytes(data[: places[150] - 3])
    return path, 150


@pytest.mark.parametrize("first", [160, 240, 300])
def test_frames_behind_a_cut_cost_no_more_than_the_file(cut: tuple[Path, int], first: int) -> None:
    path, packets = cut
    data = Counted(path.read_bytes())
    reader = VideoReader(data)
    assert len(reader) == 400
    opened = data.count
    clip = reader.read_clip(range(first, first + 64, 4))
    assert data.count - opened <= 2 * path.stat().st_size
    assert clip.stand_in.all()
    assert clip.frames is not None
    last = VideoReader(path).read_clip(range(packets - 12, packets))
    assert last.frames is not None
    kept = np.flatnonzero(~last.stand_in)[-1]
    for frame in clip.frames:
        np.testing.assert_array_equal(frame, last.frames[kept])
    assert not clip.field.valid.any()
