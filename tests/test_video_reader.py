"""Clips of open videos: frame numbers and pixels against PyAV, and the field with and without."""

from __future__ import annotations

import io
import pickle
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import mgm_ext
from mgm_ext import VideoReader
from tests.children import in_child
from tests.conftest import EncodedClip, RealClip


def decode_all(path: Path) -> NDArray[np.uint8]:
    """Every frame by PyAV: uint8 [N, H, W, 3]."""
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "NONE"
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return np.stack(frames)


def check(path: Path, indices: Sequence[int], theirs: NDArray[np.uint8]) -> None:
    reader = VideoReader(path)
    assert len(reader) == len(theirs)
    clip = reader.read_clip(indices)
    assert clip.frames is not None
    wanted = theirs[list(indices)].astype(np.int16)
    assert np.abs(clip.frames - wanted).max() <= 2
    alone = reader.read_clip(indices, pixels=False)
    assert alone.frames is None
    np.testing.assert_array_equal(alone.field.vectors, clip.field.vectors)
    np.testing.assert_array_equal(alone.field.coded, clip.field.coded)


@pytest.mark.parametrize(
    ("codec", "container", "options"),
    [
        ("libx264", "mp4", {"bf": 3}),
        ("libx264", "mkv", {"bf": 3, "g": 12, "x264-params": "open-gop=1"}),
        ("libx264", "mp4", {"pixel_format": "yuv444p"}),
        ("libx264", "ts", {"bf": 2}),
        ("libx264", "h264", {"bf": 2}),
        ("libx265", "mp4", {"bf": 3}),
        ("libvpx-vp9", "webm", {}),
        ("libvpx", "webm", {}),
        ("libsvtav1", "mp4", {}),
        ("mpeg4", "avi", {"bf": 2}),
        ("mpeg4", "mp4", {"bf": 0}),
    ],
    ids=lambda value: value if isinstance(value, str) else "-".join(map(str, value.values())),
)
def test_frames_and_numbers_are_pyavs(
    encoded_clip: EncodedClip, codec: str, container: str, options: dict[str, object]
) -> None:
    path = encoded_clip(
        codec, kind="object", container=container, size=(96, 130), num_frames=40, **options
    )
    theirs = decode_all(path)
    check(path, range(0, 40, 4), theirs)
    check(path, [39, 3, 3, 17, 0], theirs)


@pytest.mark.parametrize("name", ["arm_wrestling.mp4", "bikes.mp4", "carphone_pristine.mp4"])
def test_real_clips_match_pyav(real_clip: RealClip, name: str) -> None:
    theirs = decode_all(real_clip(name))
    check(real_clip(name), range(20, 84, 4), theirs)
    check(real_clip(name), range(len(theirs) - 8, len(theirs)), theirs)


@pytest.mark.parametrize(("name", "turns"), [("90", -1), ("180", 2), ("270", 1)])
def test_display_matrix_turns_pixels_and_field(real_clip: RealClip, name: str, turns: int) -> None:
    path = real_clip(f"rotated_{name}.mov")
    lying = decode_all(path)
    upright = np.rot90(lying, turns, axes=(1, 2))
    clip = VideoReader(path).read_clip([0, 1, 2])
    assert clip.frames is not None
    np.testing.assert_array_equal(clip.frames, upright)
    assert (clip.field.height, clip.field.width) == upright.shape[1:3]
    flat = VideoReader(path, rotate=False).read_clip([0, 1, 2])
    np.testing.assert_array_equal(flat.frames, lying)


@settings(max_examples=25, deadline=None)
@given(lists=st.lists(st.lists(st.integers(-40, 39), min_size=1, max_size=8), max_size=5))
def test_any_order_of_clips_equals_a_whole_decode(
    encoded_clip: EncodedClip, lists: list[list[int]]
) -> None:
    path = encoded_clip("libx264", kind="object", size=(96, 130), num_frames=40, bf=3, g=13)
    theirs = decode_all(path)
    reader = VideoReader(path)
    for number, indices in enumerate(lists):
        clip = reader.read_clip(indices, pixels=number % 3 != 2)
        fresh = mgm_ext.read_motion_field(path, frame_indices=indices)
        np.testing.assert_array_equal(clip.field.vectors, fresh.vectors)
        if clip.frames is not None:
            np.testing.assert_array_equal(clip.frames, theirs[indices])


def test_size_scales_the_frames_and_leaves_the_field(encoded_clip: EncodedClip) -> None:
    path = encoded_clip("libx264", kind="object", size=(96, 130), num_frames=20)
    plain = VideoReader(path).read_clip([3, 9])
    short = VideoReader(path, size=48).read_clip([3, 9])
    both = VideoReader(path, size=(50, 60)).read_clip([3, 9])
    assert short.frames is not None
    assert short.frames.shape == (2, 48, 65, 3)
    assert both.frames is not None
    assert both.frames.shape == (2, 50, 60, 3)
    np.testing.assert_array_equal(short.field.vectors, plain.field.vectors)


def test_bytes_and_file_objects_read_as_paths_do(encoded_clip: EncodedClip) -> None:
    path = encoded_clip("libx264", kind="object", size=(96, 130), num_frames=20)
    data = path.read_bytes()
    wanted = VideoReader(path).read_clip([1, 15]).frames
    np.testing.assert_array_equal(VideoReader(data).read_clip([1, 15]).frames, wanted)
    with io.BytesIO(data) as file:
        np.testing.assert_array_equal(VideoReader(file).read_clip([1, 15]).frames, wanted)


def test_index_beyond_the_end_says_the_length(encoded_clip: EncodedClip) -> None:
    reader = VideoReader(encoded_clip("libx264", kind="object", size=(96, 130), num_frames=20))
    with pytest.raises(IndexError, match=r"frame index 20 is out of range: .* has 20 frames"):
        reader.read_clip([20])
    with pytest.raises(IndexError, match="frame index -21 is out of range"):
        reader.read_clip([-21])
    assert reader.read_clip([-1]).frame_indices.tolist() == [19]


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"size": 0}, r"size must be a short side or \(H, W\)"),
        ({"num_threads": 0}, "num_threads must be at least 1, got 0"),
        ({"max_pixels": 0}, "max_pixels must be positive, got 0"),
        ({"max_seconds": 0.0}, "max_seconds must be positive or None, got 0.0"),
        ({"stream": 3}, "stream must name a video stream of .*, got 3"),
    ],
)
def test_bad_arguments_are_refused(
    encoded_clip: EncodedClip, options: dict[str, object], text: str
) -> None:
    path = encoded_clip("libx264", kind="object", size=(96, 130), num_frames=20)
    with pytest.raises(ValueError, match=text):
        VideoReader(path, **options)  # type: ignore[arg-type]


def test_a_pickled_reader_reads_the_same(encoded_clip: EncodedClip) -> None:
    path = encoded_clip("libx264", kind="object", size=(96, 130), num_frames=20)
    reader = VideoReader(path, size=48)
    copy = pickle.loads(pickle.dumps(reader))
    np.testing.assert_array_equal(copy.read_clip([7]).frames, reader.read_clip([7]).frames)
    with path.open("rb") as file, pytest.raises(TypeError, match="file object cannot be pickled"):
        pickle.dumps(VideoReader(file))


def test_a_forked_child_opens_the_file_anew(encoded_clip: EncodedClip) -> None:
    path = encoded_clip("libx264", kind="object", size=(96, 130), num_frames=20)
    reader = VideoReader(path)
    wanted = reader.read_clip([2, 12]).frames
    np.testing.assert_array_equal(in_child(lambda: reader.read_clip([2, 12]).frames), wanted)
    np.testing.assert_array_equal(reader.read_clip([2, 12]).frames, wanted)


@pytest.mark.parametrize(
    ("codec", "container"),
    [
        ("mpeg4", "mp4"),
        ("mpeg2video", "mkv"),
        ("h263", "avi"),
        ("flv", "flv"),
        ("msmpeg4", "avi"),
        ("wmv2", "wmv"),
    ],
)
def test_vectors_after_pixels(encoded_clip: EncodedClip, codec: str, container: str) -> None:
    path = encoded_clip(
        codec, kind="object", size=(96, 128), num_frames=30, container=container, g=12
    )
    reader = VideoReader(path)
    reader.read_clip([2, 7])
    for index in (15, 17, 28):
        got, wanted = (r.read_clip([index], pixels=False) for r in (reader, VideoReader(path)))
        np.testing.assert_array_equal(got.field.vectors, wanted.field.vectors)
    assert not reader.info.damaged


class Interrupted(io.BytesIO):
    """Raises once, at the read after so many."""

    left = -1

    def read(self, size: int | None = -1, /) -> bytes:
        self.left -= 1
        if self.left == -1:
            raise KeyboardInterrupt
        return super().read(min(size or -1, 4096))


@pytest.mark.parametrize("container", ["mp4", "mkv", "ts", "h264"])
@pytest.mark.parametrize("before", [[], [1], [13, 15]])
def test_an_interrupted_reader_goes_on(
    encoded_clip: EncodedClip, container: str, before: list[int]
) -> None:
    path = encoded_clip(
        "libx264", kind="noise", size=(96, 130), num_frames=20, container=container, g=7
    )
    wanted = VideoReader(path).read_clip([0, 9, 18])
    interrupts = 0
    for reads in (0, 1, 2, 4, 7, 11, 16, 24, 40, 60, 90):
        file = Interrupted(path.read_bytes())
        reader = VideoReader(file)
        if before:
            reader.read_clip(before)
        file.left = reads
        try:
            reader.read_clip([0, 9, 18])
        except KeyboardInterrupt:
            interrupts += 1
        file.left = -1
        got = reader.read_clip([0, 9, 18])
        np.testing.assert_array_equal(got.frames, wanted.frames)
        np.testing.assert_array_equal(got.field.vectors, wanted.field.vectors)
        assert not reader.info.damaged
    assert interrupts > 3


def test_a_reader_whose_file_went_away_stays_whole(
    encoded_clip: EncodedClip, tmp_path: Path
) -> None:
    whole = encoded_clip("libx264", kind="object", size=(96, 130), num_frames=20)
    path = tmp_path / "clip.mp4"
    path.write_bytes(whole.read_bytes())
    reader = VideoReader(path)
    reader.read_clip([9])
    path.unlink()
    for _ in range(2):
        with pytest.raises(FileNotFoundError, match=r"clip\.mp4"):
            reader.read_clip([0])
    path.write_bytes(whole.read_bytes())
    np.testing.assert_array_equal(
        reader.read_clip([0]).frames, VideoReader(path).read_clip([0]).frames
    )


def test_values_that_hold_arrays_are_compared_by_identity(encoded_clip: EncodedClip) -> None:
    path = encoded_clip("libx264", kind="object", size=(96, 130), num_frames=20)
    one, other = mgm_ext.read_motion_vectors(path), mgm_ext.read_motion_vectors(path)
    assert one != other
    assert len({one, other, one.info, other.info}) == 4


def test_missing_files_and_folders_are_the_systems_errors(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"none\.mp4"):
        VideoReader(tmp_path / "none.mp4")
    with pytest.raises(IsADirectoryError, match="Is a directory"):
        VideoReader(tmp_path)


def test_budget_stops_a_read(encoded_clip: EncodedClip) -> None:
    path = encoded_clip("libx264", kind="object", size=(96, 130), num_frames=20)
    with pytest.raises(mgm_ext.TimeLimitExceeded, match="took longer than max_seconds"):
        mgm_ext.read_motion_vectors(path, max_seconds=1e-9)
