"""One process against two, as a DataLoader's workers read."""

from __future__ import annotations

import gc
import hashlib
import multiprocessing
import resource
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path

import pytest

from benchmarks import rivals_decode as rival
from benchmarks.conftest import Record
from benchmarks.paired import ratio
from mgm_ext import VideoReader, read_motion_field, read_motion_vectors
from tests.conftest import RealClip

READS = 2


def read_fields(path: Path, times: int) -> list[bytes]:
    """Digests, so that what comes back through the pipe is small."""
    fields = [read_motion_field(path) for _ in range(times)]
    return [hashlib.sha256(field.vectors.tobytes()).digest() for field in fields]


def read_rows(path: Path, times: int) -> list[int]:
    counts = []
    for _ in range(times):
        counts.append(sum(len(r) for r in rival.pyav_rows(path) if r is not None))
        gc.collect()  # frames whose side data was read are in cycles, with all their pixels
    return counts


def hash_zeros(path: Path, times: int) -> list[bytes]:
    return [hashlib.sha256(bytes(8 << 20)).digest() for _ in range(2 * times)]


@pytest.fixture(scope="module")
def workers() -> Iterator[ProcessPoolExecutor]:
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(2, mp_context=context) as pool:
        list(pool.map(hash_zeros, [Path()] * 2, [1] * 2))  # both have started
        yield pool


@pytest.mark.parametrize("what", ["mgm_ext", "PyAV", "hashing alone"])
def test_two_processes(
    record: Record, workers: ProcessPoolExecutor, real_clip: RealClip, what: str
) -> None:
    path = real_clip("bigbuckbunny.mp4")
    tasks: dict[str, Callable[[Path, int], list[bytes] | list[int]]] = {
        "mgm_ext": read_fields,
        "PyAV": read_rows,
        "hashing alone": hash_zeros,
    }
    task = tasks[what]

    def one() -> list[object]:
        return list(workers.submit(task, path, 2 * READS).result())

    def two() -> list[object]:
        halves = [workers.submit(task, path, READS) for _ in range(2)]
        return [found for half in halves for found in half.result()]

    assert one() == two()
    if what == "mgm_ext":
        assert two()[0] == read_fields(path, 1)[0]
    if what == "PyAV":
        assert two()[0] == len(read_motion_vectors(path, blocks="libavcodec").source)
    timed = ratio(one, two, clock="wall", pairs=9, sample=0, budget=8)
    record("processes", f"two processes, {what}", timed, rival="one process, the same work")


def read_clips(path: Path, times: int) -> list[bytes]:
    """Each file is opened for its clip."""
    clips = [
        VideoReader(path, size=112).read_clip(range(start, start + 32, 2), window="frame")
        for start in range(times)
    ]
    return [hashlib.sha256(clip.field.vectors.tobytes()).digest() for clip in clips]


def test_clips_in_two_threads(
    record: Record, workers: ProcessPoolExecutor, real_clip: RealClip
) -> None:
    path, count = real_clip("bikes.mp4"), 12

    def both(pool: Executor) -> list[bytes]:
        halves = [pool.submit(read_clips, path, count) for _ in range(2)]
        return [found for half in halves for found in half.result()]

    with ThreadPoolExecutor(2) as threads:
        assert both(threads) == both(workers)
        timed = ratio(
            lambda: both(workers), lambda: both(threads), clock="wall", pairs=15, budget=12
        )
        before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
        both(threads)
        faults = (resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before) / (2 * count)
    record(
        "processes",
        "clips in two threads",
        timed,
        rival="two processes, the same work",
        note=f"{faults:.0f} page faults a clip",
    )
