"""One reader or walk in several threads, and in its own file object's calls."""

from __future__ import annotations

import contextlib
import io
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgm_ext import VideoReader
from mgm_ext.adapters import decord
from mgm_ext.adapters.mvextractor import VideoCap
from tests.conftest import EncodedClip

FRAMES, THREADS = 60, 8


@pytest.fixture
def path(encoded_clip: EncodedClip) -> Path:
    return encoded_clip("libx264", kind="object", size=(96, 130), num_frames=FRAMES, bf=2, g=15)


@pytest.fixture
def long_path(encoded_clip: EncodedClip) -> Path:
    """Too long to be read at once."""
    return encoded_clip("libx264", kind="noise", size=(96, 130), num_frames=FRAMES, bf=2, g=15)


def in_threads(work: Callable[[int], Any]) -> list[Any]:
    """What `work(i)` returns in threads that start together."""
    together = threading.Barrier(THREADS)

    def start(number: int) -> Any:
        together.wait()
        return work(number)

    with ThreadPoolExecutor(THREADS) as pool:
        return list(pool.map(start, range(THREADS)))


@pytest.mark.parametrize("num_threads", [1, 2])
@pytest.mark.parametrize("kind", ["path", "bytes", "file"])
def test_threads_take_turns_in_a_reader(path: Path, kind: str, num_threads: int) -> None:
    source: Any = {"path": path, "bytes": path.read_bytes(), "file": io.BytesIO(path.read_bytes())}
    reader = VideoReader(source[kind], num_threads=num_threads)
    indices = [[(7 * i + 11 * k) % FRAMES for k in range(4)] for i in range(THREADS)]

    def work(i: int) -> Any:
        clips = [reader.read_clip(indices[i], pixels=pixels) for pixels in (True, False, True)]
        assert len(reader) == FRAMES
        assert len(reader.frame_seconds) == FRAMES
        assert not reader.info.damaged
        return clips

    fresh = VideoReader(path)
    for i, clips in enumerate(in_threads(work)):
        wanted = fresh.read_clip(indices[i])
        for clip in clips:
            np.testing.assert_array_equal(clip.field.vectors, wanted.field.vectors)
        np.testing.assert_array_equal(clips[2].frames, wanted.frames)


def test_threads_take_turns_in_a_walk(path: Path) -> None:
    cap = VideoCap()
    assert cap.open(path)

    def work(_: int) -> int:
        grabbed = 0
        while cap.grab():
            grabbed += 1
            cap.retrieve()  # of the last frame that any thread grabbed
        return grabbed

    assert sum(in_threads(work)) == FRAMES


def test_threads_take_turns_in_decords_reader(path: Path) -> None:
    reader, alone = decord.VideoReader(path), decord.VideoReader(path)
    batches = in_threads(lambda i: reader.get_batch([i, 5 * i, 59 - i]))
    for i, batch in enumerate(batches):
        np.testing.assert_array_equal(batch, alone.get_batch([i, 5 * i, 59 - i]))


class Calling(io.BytesIO):
    """A file object that makes a call of its own within read() or seek()."""

    call: Callable[[], object] | None = None

    def read(self, size: int | None = -1, /) -> bytes:
        self._do()
        return super().read(min(size or -1, 4096))

    def seek(self, offset: int, whence: int = 0, /) -> int:
        self._do()
        return super().seek(offset, whence)

    def _do(self) -> None:
        call, self.call = self.call, None
        if call:
            call()


@pytest.mark.parametrize(
    "call",
    [
        lambda reader: reader.read_clip([0]),
        len,
        lambda reader: reader.info,
        lambda reader: reader.frame_seconds,
    ],
)
def test_a_file_object_cannot_use_its_reader(
    long_path: Path, call: Callable[[VideoReader], object]
) -> None:
    file = Calling(long_path.read_bytes())
    reader = VideoReader(file)
    wanted = reader.read_clip([0, 40]).frames
    file.call = lambda: call(reader)
    with pytest.raises(RuntimeError, match="this thread is reading the video already"):
        reader.read_clip([55])
    np.testing.assert_array_equal(reader.read_clip([0, 40]).frames, wanted)


def test_a_file_object_may_use_other_readers(long_path: Path) -> None:
    file = Calling(long_path.read_bytes())
    reader, other = VideoReader(file), VideoReader(long_path)
    found: list[Any] = []
    file.call = lambda: found.append(other.read_clip([50]).frames)
    np.testing.assert_array_equal(reader.read_clip([50]).frames, found[0])


def test_a_file_object_cannot_use_its_walk(long_path: Path) -> None:
    file = Calling(long_path.read_bytes())
    cap = VideoCap()
    assert cap.open(file)
    file.call = cap.grab
    with pytest.raises(RuntimeError, match="this thread is reading the video already"):
        list(iter(cap.grab, False))


def test_a_reader_may_be_dropped_while_its_file_is_read(long_path: Path) -> None:
    file = Calling(long_path.read_bytes())
    readers = [VideoReader(file)]
    file.call = readers.clear
    assert readers[0].read_clip([55]).frames is not None


@contextlib.contextmanager
def interrupt_at(event: threading.Event) -> Iterator[None]:
    """Ctrl-C once the event has happened, also where a shell's background job ignores it."""

    def send() -> None:
        event.wait()
        signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    sender = threading.Thread(target=send)
    sender.start()
    try:
        yield
    finally:
        sender.join()
        signal.signal(signal.SIGINT, before)


def test_waiting_for_a_turn_ends_with_ctrl_c(long_path: Path) -> None:
    reading, over = threading.Event(), threading.Event()
    file = Calling(long_path.read_bytes())
    reader = VideoReader(file)

    def hold() -> None:
        reading.set()
        over.wait()

    file.call = hold
    other = threading.Thread(target=lambda: reader.read_clip([55]))
    other.start()
    with pytest.raises(KeyboardInterrupt), interrupt_at(reading):
        len(reader)
    over.set()
    other.join()
    assert len(reader) == FRAMES
