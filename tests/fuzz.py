"""Damaged files, read in child processes of bounded memory and time: no crash, no hang, only the
documented errors, and the same from readings that must agree.

    python -m tests.fuzz --mutants 300 --seed 0 [--codecs h264 vp9] [--save FOLDER]

Exits with 1 when a mutant fails; its bytes are then in FOLDER, its name says what went wrong.
"""

from __future__ import annotations

import argparse
import math
import multiprocessing
import multiprocessing.connection
import os
import resource
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from multiprocessing.context import SpawnProcess
from pathlib import Path

import numpy as np

from tests import fuzz_mutants, fuzz_readings
from tests.fuzz_readings import PAIRS


@dataclass(frozen=True)
class Verdict:
    """What became of one mutant; `failure` is empty when all is well."""

    index: int
    outcome: str = ""  # "vectors", or the class of the documented error
    failure: str = ""
    damaged: bool = False


def judge(data: bytes, index: int, seed: int = 0) -> Verdict:
    """Two pairs of readings, and at times what nothing is compared with."""
    rng = np.random.default_rng((seed, index, 1))
    others = [name for name in fuzz_readings.PAIRS if name != "coded"]
    first = None
    name = ""
    try:
        for name in ("coded", others[int(rng.integers(len(others)))]):
            one, two = (fuzz_readings.outcome_of(partial(r, data)) for r in PAIRS[name])
            if one != two:
                return Verdict(index, failure=f"{name}-differs: {one} {two}")
            first = first or one
        if rng.random() < 0.3:
            name = "rest"
            fuzz_readings.read_rest(data)
        if rng.random() < 0.3:
            name = "hostile"
            fuzz_readings.read_hostile(data, rng)
    except Exception as error:
        return Verdict(index, failure=f"{name}-{type(error).__name__}: {error}")
    assert first is not None
    return Verdict(index, outcome=first.kind, damaged=first.damaged)


@dataclass(frozen=True)
class Limits:
    """Of one mutant; `memory` is what the child may take beyond its imports, 0 for no limit."""

    seconds: float = 5  # of the processor
    memory: int = 1 << 30
    wall_seconds: float = 300  # when it hangs that takes no time of the processor


def limit_memory(limits: Limits) -> None:
    status = Path("/proc/self/status").read_text()
    size = 1024 * int(status.split("VmSize:")[1].split()[0])
    if limits.memory:
        resource.setrlimit(resource.RLIMIT_AS, (size + limits.memory,) * 2)


def limit_time(limits: Limits) -> None:
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = math.ceil(used.ru_utime + used.ru_stime + limits.seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.RLIM_INFINITY))


def work(
    pipe: multiprocessing.connection.Connection, seeds: dict[str, bytes], seed: int, limits: Limits
) -> None:
    """A child: takes indices, gives verdicts, until None."""
    limit_memory(limits)
    pipe.send("ready")
    while (index := pipe.recv()) is not None:
        limit_time(limits)
        pipe.send(judge(fuzz_mutants.mutant(seeds, seed, index).data, index, seed))


class Worker:
    """A child process, replaced when a mutant kills or holds it."""

    def __init__(
        self,
        seeds: dict[str, bytes],
        seed: int,
        limits: Limits,
        *,
        target: Callable[..., None] = work,
    ) -> None:
        self._target, self._arguments = target, (seeds, seed, limits)
        self._limits = limits
        self._index: int | None = None
        self._since = 0.0
        self._start()

    def _start(self) -> None:
        context = multiprocessing.get_context("spawn")
        self.pipe, theirs = context.Pipe()
        self._process: SpawnProcess = context.Process(
            target=self._target, args=(theirs, *self._arguments), daemon=True
        )
        self._process.start()
        theirs.close()
        self.pipe.recv()  # it has imported what it needs

    def give(self, index: int | None) -> None:
        self._index, self._since = index, time.monotonic()
        self.pipe.send(index)

    def take(self) -> Verdict:
        """The verdict, once the pipe is ready or the time is up."""
        assert self._index is not None
        if self.pipe.poll():
            try:
                verdict: Verdict = self.pipe.recv()
            except (EOFError, ConnectionResetError):
                self._process.join()
                verdict = Verdict(self._index, failure=self._end())
                self._start()
        else:
            self._process.kill()
            self._process.join()
            verdict = Verdict(self._index, failure=f"hang-over-{self._limits.wall_seconds:g}s")
            self._start()
        self._index = None
        return verdict

    def is_late(self) -> bool:
        return (
            self._index is not None and time.monotonic() - self._since > self._limits.wall_seconds
        )

    def _end(self) -> str:
        if self._process.exitcode == -signal.SIGXCPU:
            return f"over-{self._limits.seconds:g}s-of-the-processor"
        return f"crash-{self._process.exitcode}"


def run(
    seeds: dict[str, bytes],
    *,
    seed: int,
    count: int,
    limits: Limits = Limits(),
    workers: int | None = None,
    target: Callable[..., None] = work,
) -> Iterator[Verdict]:
    """Verdicts in the order in which they come."""
    processes = [
        Worker(seeds, seed, limits, target=target)
        for _ in range(min(workers or os.cpu_count() or 1, count))
    ]
    indices = iter(range(count))
    busy = dict(zip(processes, indices, strict=False))
    for worker, index in busy.items():
        worker.give(index)
    while busy:
        ready = multiprocessing.connection.wait([w.pipe for w in busy], timeout=0.25)
        for worker in [w for w in busy if w.pipe in ready or w.is_late()]:
            yield worker.take()
            del busy[worker]
            if (following := next(indices, None)) is not None:
                busy[worker] = following
                worker.give(following)
    for worker in processes:
        worker.give(None)


def report(seeds: dict[str, bytes], verdicts: list[Verdict]) -> None:
    names = list(seeds)
    print(f"{'seed':24}{'mutants':>9}{'vectors':>9}{'damaged':>9}  errors")
    for position, name in enumerate(names):
        own = [v for v in verdicts if v.index % len(names) == position]
        errors = Counter(v.outcome for v in own if v.outcome not in ("", "vectors"))
        text = ", ".join(f"{kind} {number}" for kind, number in sorted(errors.items()))
        reached = sum(v.outcome == "vectors" for v in own)
        print(f"{name:24}{len(own):9}{reached:9}{sum(v.damaged for v in own):9}  {text}")
    reached = sum(v.outcome == "vectors" for v in verdicts)
    failed = sum(bool(v.failure) for v in verdicts)
    print(
        f"{len(verdicts)} mutants: {reached} reached the decoder, {len(verdicts) - failed} agreed, "
        f"{failed} failed"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--mutants", "--count", type=int, default=300, dest="count")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--codecs", nargs="*", default=[], help="such as h264 mpeg4; default all")
    parser.add_argument("--limit", type=float, default=5.0, help="processor seconds of a mutant")
    parser.add_argument("--memory", type=int, default=1024, help="MiB of a mutant; 0: any")
    parser.add_argument("--workers", type=int, default=None, help="processes; default all cores")
    parser.add_argument("--save", type=Path, default=Path("build/fuzz"), help="for what fails")
    options = parser.parse_args()
    seeds = fuzz_mutants.make_seeds(options.codecs)
    if not seeds:
        parser.error(f"no clip can be made for --codecs {' '.join(options.codecs)}")
    start = time.monotonic()
    verdicts = []
    limits = Limits(options.limit, options.memory << 20)
    for verdict in run(
        seeds, seed=options.seed, count=options.count, limits=limits, workers=options.workers
    ):
        verdicts.append(verdict)
        if verdict.failure:
            name, kind, data = fuzz_mutants.mutant(seeds, options.seed, verdict.index)
            options.save.mkdir(parents=True, exist_ok=True)
            path = options.save / f"{options.seed}-{verdict.index}-{kind}-{name}"
            path.write_bytes(data)
            print(f"{path}: {verdict.failure}", flush=True)
    report(seeds, verdicts)
    print(f"{time.monotonic() - start:.1f} s")
    return int(any(v.failure for v in verdicts))


if __name__ == "__main__":
    sys.exit(main())
