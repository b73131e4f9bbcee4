"""mv-extractor's documented interface on our decoder, beside the real one where it is installed."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

import mgm_ext
from mgm_ext.adapters import mvextractor
from mgm_ext.adapters.mvextractor import COLUMNS, VideoCap
from tests import clips
from tests.conftest import EncodedClip

FRAMES = 24


def read_all(cap: Any) -> list[tuple[Any, Any, str]]:
    """(frame, motion vectors, frame type) of each frame to come."""
    frames: list[tuple[Any, Any, str]] = []
    while True:
        ok, *rest = cap.read()
        if not ok:
            return frames
        frames.append((rest[0], rest[1], rest[2]))


def rows_of(vectors: mgm_ext.MotionVectors, frame: int) -> NDArray[np.int32]:
    columns = [getattr(vectors, name)[vectors.frame(frame)] for name in COLUMNS]
    return np.stack([column.astype(np.int32) for column in columns], axis=1)


@pytest.fixture
def path(encoded_clip: EncodedClip) -> Path:
    return encoded_clip("libx264", kind="object", size=(96, 130), num_frames=FRAMES, bf=2, g=12)


@pytest.mark.parametrize("blocks", ["coded", "libavcodec"])
def test_every_frame_with_its_vectors_and_type(path: Path, blocks: Any) -> None:
    cap = VideoCap(blocks=blocks)
    assert cap.open(str(path))
    assert cap.decode_frames
    vectors = mgm_ext.read_motion_vectors(path, blocks=blocks)
    rgb = mgm_ext.VideoReader(path).read_clip(range(FRAMES)).frames
    assert rgb is not None
    frames = read_all(cap)
    assert len(frames) == FRAMES
    assert [kind for _, _, kind in frames] == vectors.picture_types.tolist()
    for i, (frame, rows, _) in enumerate(frames):
        assert (rows.dtype, rows.shape[1]) == (np.int32, 10)
        np.testing.assert_array_equal(rows, rows_of(vectors, i))
        np.testing.assert_array_equal(frame[..., ::-1], rgb[i])
    assert not cap.grab()


def test_grab_and_retrieve_are_read(path: Path) -> None:
    cap = VideoCap()
    cap.open(str(path))
    assert cap.grab()
    assert cap.grab()
    ok, frame, rows, kind = cap.retrieve()
    again = cap.retrieve()
    assert ok
    assert again[3] == kind
    np.testing.assert_array_equal(again[1], frame)
    np.testing.assert_array_equal(again[2], rows)
    assert frame is not None
    frame[:] = 0  # a caller draws into it
    cap.open(str(path))
    cap.read()
    np.testing.assert_array_equal(cap.read()[2], rows)


def test_frames_are_left_out_and_come_back(path: Path) -> None:
    cap = VideoCap()
    cap.open(str(path))
    wanted = read_all(cap)
    cap.open(str(path))
    frames: list[Any] = []
    for enable in (True, False, True, False):
        cap.set_decode_frames(enable)
        assert cap.decode_frames is enable
        for _ in range(5):
            ok, frame, rows, kind = cap.read()
            assert ok
            at = len(frames)
            frames.append(frame)
            assert kind == wanted[at][2]
            np.testing.assert_array_equal(rows, wanted[at][1])
            if enable:
                np.testing.assert_array_equal(frame, wanted[at][0])
            else:
                assert frame is None


def test_without_a_video_there_is_nothing(path: Path, tmp_path: Path) -> None:
    cap = VideoCap()
    (tmp_path / "text.mp4").write_text("no video")
    for url in (tmp_path / "none.mp4", tmp_path / "text.mp4"):
        assert not cap.open(str(url))
        assert not cap.grab()
        ok, frame, rows, kind = cap.read()
        assert (ok, frame, kind) == (False, None, "?")
        assert (rows.shape, rows.dtype.name) == ((0, 10), "int32")
    assert cap.open(str(path))
    assert cap.read()[0]
    cap.release()
    assert not cap.read()[0]
    with pytest.raises(TypeError, match="source must be a path, bytes or a seekable"):
        cap.open(3)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"blocks must be .*, got 'all'"):
        VideoCap(blocks="all")  # type: ignore[arg-type]


def test_damaged_stream_ends_and_an_intra_codec_has_no_rows(encoded_clip: EncodedClip) -> None:
    cap = VideoCap()
    cap.open(str(encoded_clip("mjpeg", kind="object", size=(96, 128), num_frames=3)))
    frames = read_all(cap)
    assert [frame.shape for frame, _, _ in frames] == [(96, 128, 3)] * 3
    assert {rows.shape for _, rows, _ in frames} == {(0, 10)}


def test_audio_first_file_gives_all_its_frames(tmp_path: Path) -> None:
    path = tmp_path / "audio_first.mkv"
    with av.open(str(path), "w") as container:
        sound = container.add_stream("pcm_s16le", rate=8000, layout="mono")
        video = container.add_stream("libx264", rate=Fraction(25), options={"bf": "0"})
        video.width, video.height, video.pix_fmt = 128, 96, "yuv420p"
        silence = av.AudioFrame.from_ndarray(np.zeros((1, 32000), np.int16), layout="mono")
        silence.sample_rate = 8000
        container.mux(sound.encode(silence))
        for pixels in clips.scroll(size=(96, 128), num_frames=FRAMES):
            container.mux(video.encode(av.VideoFrame.from_ndarray(pixels)))
        container.mux(video.encode())
    cap = VideoCap()
    assert cap.open(str(path))
    assert len(read_all(cap)) == FRAMES


@pytest.mark.parametrize(
    ("codec", "container", "options"),
    [("libx264", "mp4", {"bf": 0}), ("mpeg4", "avi", {"flags": "+mv4"})],
)
def test_mv_extractor_itself_gives_the_same_without_b_frames(
    encoded_clip: EncodedClip, codec: str, container: str, options: dict[str, Any]
) -> None:
    videocap = pytest.importorskip("mvextractor.videocap")
    path = encoded_clip(codec, kind="object", container=container, num_frames=FRAMES, **options)
    theirs, ours = videocap.VideoCap(), mvextractor.VideoCap()
    assert theirs.open(str(path))
    assert ours.open(str(path))
    wanted, got = read_all(theirs), read_all(ours)
    assert len(got) == len(wanted) == FRAMES
    for one, other in zip(got, wanted, strict=True):
        np.testing.assert_array_equal(one[1], other[1])
        assert one[1].dtype == other[1].dtype
        assert one[2] == other[2]
        assert np.abs(one[0].astype(int) - other[0]).max() <= 2
