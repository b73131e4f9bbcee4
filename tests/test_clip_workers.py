"""Readers in loaders and threads: the same clips everywhere, and a stop when asked to stop."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from mgm_ext import VideoReader
from tests.conftest import ROOT, EncodedClip, RealClip
from tests.openings import different_files, open_each

FRAMES = 40


class Clips(Dataset[dict[str, Any]]):
    """Clips at places that epoch and number decide; the readers stay open between them."""

    def __init__(self, paths: list[str]) -> None:
        self.readers = [VideoReader(path, size=(48, 64)) for path in paths]

    def __len__(self) -> int:
        return 6

    def __getitem__(self, index: int) -> dict[str, Any]:
        start = np.random.default_rng(index).integers(0, FRAMES - 12)
        clip = self.readers[index % len(self.readers)].read_clip(start + 3 * np.arange(4))
        assert clip.frames is not None
        return {"frames": clip.frames.copy(), "field": clip.field.vectors.copy(), "index": index}


def cpu_seconds(pid: int) -> float:
    """What a process has spent: the clock would count its neighbours too."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def epochs(data: Clips, **options: Any) -> list[torch.Tensor]:
    """All that a loader gives in 3 epochs."""
    loader = DataLoader(data, batch_size=None, **options)
    return [batch[name] for _ in range(3) for batch in loader for name in ("frames", "field")]


@pytest.fixture
def paths(encoded_clip: EncodedClip) -> list[str]:
    return [
        str(encoded_clip("libx264", kind=kind, size=(96, 128), num_frames=FRAMES, bf=2, g=15))
        for kind in ("object", "scroll")
    ]


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_give_what_no_workers_give(paths: list[str], method: str) -> None:
    data = Clips(paths)
    wanted = epochs(data)
    got = epochs(data, num_workers=2, multiprocessing_context=method)
    assert len(got) == len(wanted) == 36
    for one, other in zip(got, wanted, strict=True):
        assert torch.equal(one, other)


@pytest.mark.parametrize(
    ("codec", "container"),
    [
        ("libx264", "mp4"),
        ("libx264", "h264"),
        ("libx265", "mkv"),
        ("libvpx-vp9", "webm"),
        ("libsvtav1", "mp4"),
        ("mpeg4", "avi"),
    ],
)
def test_threads_change_nothing(encoded_clip: EncodedClip, codec: str, container: str) -> None:
    options: dict[str, Any] = {"bf": 2} if codec in ("libx264", "mpeg4") else {}
    path = encoded_clip(
        codec, kind="object", size=(96, 130), num_frames=FRAMES, container=container, **options
    )
    one, many = VideoReader(path), VideoReader(path, num_threads=3)
    for indices in (range(FRAMES), [30, 2, 2, -1], range(5, 25, 2), range(25, 35)):
        wanted, got = one.read_clip(indices), many.read_clip(indices)
        np.testing.assert_array_equal(got.frames, wanted.frames)
        np.testing.assert_array_equal(got.field.vectors, wanted.field.vectors)
        np.testing.assert_array_equal(got.field.coded, wanted.field.coded)
        np.testing.assert_array_equal(got.seconds, wanted.seconds)
        assert got.picture_types.tolist() == wanted.picture_types.tolist()
    np.testing.assert_array_equal(
        many.read_clip([3, 9], pixels=False).field.vectors, one.read_clip([3, 9]).field.vectors
    )


def test_threads_read_bytes_and_file_objects(paths: list[str]) -> None:
    data = Path(paths[0]).read_bytes()
    wanted = VideoReader(data).read_clip(range(FRAMES)).frames
    got = VideoReader(data, num_threads=2).read_clip(range(FRAMES)).frames
    np.testing.assert_array_equal(got, wanted)
    with Path(paths[0]).open("rb") as file:
        got = VideoReader(file, num_threads=2).read_clip(range(FRAMES)).frames
        np.testing.assert_array_equal(got, wanted)


class EndlessRead(Dataset[None]):
    """One item: a whole clip read again and again, after a line that names the process."""

    def __init__(self, path: str, num_threads: int = 1) -> None:
        self.reader = VideoReader(path, num_threads=num_threads)

    def __len__(self) -> int:
        return 2

    def __getitem__(self, index: int) -> None:
        indices = list(range(len(self.reader)))
        os.write(1, f"{os.getpid()}\n".encode())  # in one write, as workers share the pipe
        while True:
            self.reader.read_clip(indices)


# Where the tests themselves run in a shell's background, Ctrl-C is ignored unless asked for. The
# last line tells what the program and the children it waited for have spent.
INTERRUPTED = """
import os, signal, sys
from torch.utils.data import DataLoader
from tests.test_clip_workers import EndlessRead
signal.signal(signal.SIGINT, signal.default_int_handler)
{read}
print("stopped", sum(os.times()[:4]), flush=True)
"""
IN_THE_PROGRAM = """
try:
    EndlessRead(sys.argv[1], num_threads=int(sys.argv[2]))[0]
except KeyboardInterrupt:
    pass
"""
# The interrupt must find the loader waiting: while it starts or ends workers, torch may lose it.
IN_WORKERS = """
items = iter(DataLoader(EndlessRead(sys.argv[1]), batch_size=None, num_workers=int(sys.argv[2])))
try:
    next(items)
except KeyboardInterrupt:
    pass
del items
"""


def seconds_to_stop(read: str, path: Path, count: int, *, readers: int) -> float:
    """Processor time from Ctrl-C, when all `readers` are in the midst of decoding, to the end."""
    with subprocess.Popen(
        [sys.executable, "-c", INTERRUPTED.format(read=read), str(path), str(count)],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None
            reading = {int(process.stdout.readline()) for _ in range(readers)}
            for pid in reading:
                start = cpu_seconds(pid)
                while cpu_seconds(pid) < start + 0.2:
                    os.sched_yield()
            spent = sum(cpu_seconds(pid) for pid in reading | {process.pid})
            os.killpg(process.pid, signal.SIGINT)
            word, total = process.stdout.read().split()  # ends once the workers are gone, too
            assert word == "stopped"
            assert process.wait() == 0
            return float(total) - spent
        finally:
            # Otherwise a reader that does not stop would hold up the tests for ever.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)


@pytest.mark.parametrize("threads", [1, 2])
def test_ctrl_c_stops_a_long_read(real_clip: RealClip, threads: int) -> None:
    path = real_clip("bigbuckbunny.mp4")
    assert seconds_to_stop(IN_THE_PROGRAM, path, threads, readers=1) <= 0.1 * (threads + 1)


def test_ctrl_c_stops_the_workers_of_a_loader(real_clip: RealClip) -> None:
    path = real_clip("bigbuckbunny.mp4")
    assert seconds_to_stop(IN_WORKERS, path, 2, readers=2) <= 0.1 * (2 + 1)


@pytest.mark.slow
def test_a_thousand_files_cost_no_more_at_the_end(paths: list[str], tmp_path: Path) -> None:
    found = open_each(different_files(Path(paths[0]), tmp_path, 1000))
    assert found.last_over_first <= 1.1
    assert found.growth < 8 << 20
    assert len(list(Path("/proc/self/fd").iterdir())) < 100
