"""What importing the package and opening many files take, for the tests and the benchmarks."""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mgm_ext import VideoReader
from tests.children import child

# Time of the processor, which -X importtime does not tell apart from that of its neighbours, and of
# this thread alone: those that NumPy starts still spin.
IMPORT = """
import numpy, time
start = time.thread_time()
import mgm_ext
print(time.thread_time() - start)
"""


def own_import_seconds() -> float:
    """The least of five imports, each in an interpreter of its own."""
    # With its bytecode cached, as pip leaves an installed package.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}

    def once() -> float:
        command = [sys.executable, "-c", IMPORT]
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
        return float(done.stdout)

    return min(once() for _ in range(5))


def different_files(path: Path, folder: Path, count: int) -> list[Path]:
    """Copies of an mp4 file, each of other bytes: a box that readers pass over tells them apart."""
    data = path.read_bytes()
    files = [folder / f"{number}.mp4" for number in range(count)]
    for number, file in enumerate(files):
        file.write_bytes(data + b"\0\0\0\x0cfree" + number.to_bytes(4, "big"))
    return files


@dataclass(frozen=True)
class Openings:
    """Of files opened one after the other.

    Attributes:
        last_over_first: time of each of the last hundred over its time in a process that opened
            none before it but the last hundred, by turns with this one; the median.
        growth: bytes of memory gained, after the first fifth.
    """

    last_over_first: float
    growth: int


def open_each(files: Sequence[Path]) -> Openings:
    """Opens each file and reads its first clip."""
    ratios, pages = [], []
    with reader_in_child() as read_there:
        for number, file in enumerate(files):
            seconds = read_first_clip(file)
            if number >= len(files) - 100:
                ratios.append(seconds / read_there(file))
            pages.append(int(Path("/proc/self/statm").read_text().split()[1]))
    growth = (pages[-1] - pages[len(files) // 5]) * os.sysconf("SC_PAGE_SIZE")
    return Openings(last_over_first=float(np.median(ratios)), growth=growth)


def read_first_clip(file: Path) -> float:
    """Processor time of opening a file and reading its first clip."""
    start = time.thread_time()
    VideoReader(file).read_clip(range(0, 32, 4))
    return time.thread_time() - start


@contextlib.contextmanager
def reader_in_child() -> Iterator[Callable[[Path], float]]:
    """`read_first_clip` in a process forked now, both on one core: two may differ in speed."""
    here, there = multiprocessing.Pipe()

    def serve() -> None:
        while True:
            there.send(read_first_clip(there.recv()))

    def ask(file: Path) -> float:
        here.send(file)
        return float(here.recv())

    cores = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(cores)})
    try:
        with child(serve):
            yield ask
    finally:
        os.sched_setaffinity(0, cores)
