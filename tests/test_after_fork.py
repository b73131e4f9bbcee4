"""Open videos in forked children: nothing that the parent's threads or file positions break."""

from __future__ import annotations

import functools
import gc
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from torch.utils.data import DataLoader, Dataset

from mgm_ext import VideoReader
from mgm_ext.adapters import decord
from mgm_ext.adapters.mvextractor import VideoCap
from tests.children import in_child
from tests.conftest import EncodedClip

FRAMES = 60
THREADS = [1, 2, 3]


@pytest.fixture
def path(encoded_clip: EncodedClip) -> Path:
    return encoded_clip("libx264", kind="object", size=(96, 130), num_frames=FRAMES, bf=2, g=15)


@pytest.mark.parametrize("num_threads", THREADS)
@pytest.mark.parametrize(
    "use",
    [
        lambda reader: reader.read_clip([2, 30]).frames,
        lambda reader: reader.read_clip([2, 30], pixels=False).field.vectors,
        len,
        lambda reader: reader.info.num_frames,
        lambda reader: reader.frame_seconds,
    ],
)
def test_a_child_uses_a_reader(
    path: Path, use: Callable[[VideoReader], Any], num_threads: int
) -> None:
    reader = VideoReader(path, num_threads=num_threads)
    wanted = use(reader)
    np.testing.assert_array_equal(in_child(lambda: use(reader)), wanted)
    np.testing.assert_array_equal(use(reader), wanted)


@pytest.mark.parametrize("num_threads", THREADS)
@pytest.mark.parametrize("of_bytes", [False, True])
def test_a_child_drops_a_reader(path: Path, num_threads: int, of_bytes: bool) -> None:
    readers = [VideoReader(path.read_bytes() if of_bytes else path, num_threads=num_threads)]
    readers[0].read_clip([2, 30])

    def drop() -> bool:
        readers.clear()
        gc.collect()
        return True

    assert in_child(drop)
    assert readers[0].read_clip([4]).frames is not None


def frames_of(reader: VideoReader, index: int) -> Any:
    return reader.read_clip([index]).frames


def test_childrens_reads_leave_the_parents_place(path: Path) -> None:
    reader = VideoReader(path, num_threads=2)
    for index in range(0, FRAMES, 7):
        wanted = VideoReader(path).read_clip([index]).frames
        got = in_child(functools.partial(frames_of, reader, index))
        np.testing.assert_array_equal(got, wanted)
        np.testing.assert_array_equal(reader.read_clip([index]).frames, wanted)


@pytest.mark.parametrize("num_threads", [0, 2])
def test_a_child_uses_decords_reader(path: Path, num_threads: int) -> None:
    reader = decord.VideoReader(path, num_threads=num_threads)
    wanted = reader.get_batch([1, 50])
    np.testing.assert_array_equal(in_child(lambda: reader.get_batch([1, 50])), wanted)
    assert in_child(lambda: len(reader)) == FRAMES


class Clips(Dataset[Any]):
    """A data set that opened its readers before the workers forked."""

    def __init__(self, path: Path) -> None:
        self.readers: list[Any] = [
            VideoReader(path, num_threads=2),
            decord.VideoReader(path, num_threads=2),
        ]

    def __len__(self) -> int:
        return 8

    def __getitem__(self, item: int) -> Any:
        if item % 2:
            return self.readers[1].get_batch([item, 40]).asnumpy()
        return self.readers[0].read_clip([item, 40]).frames.copy()


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_workers_use_what_the_data_set_opened(path: Path) -> None:
    clips = Clips(path)
    for reader in clips.readers:
        assert len(reader) == FRAMES
    loader = DataLoader(
        clips, batch_size=None, num_workers=2, multiprocessing_context="fork", timeout=250
    )
    for item, frames in enumerate(loader):
        wanted = VideoReader(path).read_clip([item, 40]).frames
        np.testing.assert_array_equal(frames, wanted)


@pytest.mark.parametrize("decode_frames", [False, True])
def test_a_child_goes_on_with_a_walk(path: Path, decode_frames: bool) -> None:
    cap, alone = VideoCap(), VideoCap()
    for one in (cap, alone):
        one.set_decode_frames(decode_frames)
        assert one.open(path)
        for _ in range(20):
            assert one.grab()

    def go_on() -> Any:
        return [cap.read() for _ in range(5)]

    there, here, wanted = in_child(go_on), go_on(), [alone.read() for _ in range(5)]
    for got in (there, here):
        for (ok, frame, vectors, kind), expected in zip(got, wanted, strict=True):
            assert (ok, kind) == (True, expected[3])
            np.testing.assert_array_equal(vectors, expected[2])
            if decode_frames:
                np.testing.assert_array_equal(frame, expected[1])


def error_of(work: Callable[[], object]) -> str:
    try:
        work()
    except RuntimeError as error:
        return str(error)
    return "none"


def test_a_child_does_not_move_the_parents_file_object(path: Path) -> None:
    with path.open("rb") as file:
        reader, cap = VideoReader(file), VideoCap()
        assert cap.open(file)
        assert cap.grab()
        for use in (
            lambda: len(reader),
            lambda: reader.read_clip([3]),
            cap.grab,
            cap.retrieve,
        ):
            text = in_child(functools.partial(error_of, use))
            assert "a file object cannot be read after a fork" in text
        assert reader.read_clip([3]).frames is not None
        assert cap.grab()
