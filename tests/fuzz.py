"""Damaged files, read in child processes: no crash, no hang, only the documented errors, and the
same vectors with and without pixels.

    python -m tests.fuzz --mutants 300 --seed 0 [--codecs h264 vp9] [--save FOLDER]

Exits with 1 when a mutant fails; its bytes are then in FOLDER, its name says what went wrong.
"""

from __future__ import annotations

import argparse
import hashlib
import multiprocessing
import multiprocessing.connection
import os
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from multiprocessing.context import SpawnProcess
from pathlib import Path
from typing import Any

import numpy as np

import mgm_ext
from mgm_ext import MotionVectors
from tests import fuzz_mutants, oracles

# IndexError: a clip was asked for frames that the mutant has no longer.
DOCUMENTED = (mgm_ext.DecodeError, mgm_ext.NoMotionVectors, IndexError)


@dataclass(frozen=True)
class Verdict:
    """What became of one mutant; `failure` is empty when all is well."""

    index: int
    outcome: str = ""  # "vectors", or the class of the documented error
    failure: str = ""
    damaged: bool = False


def _digest(values: Any) -> str:
    total = hashlib.sha256()
    for field in fields(values):
        value = getattr(values, field.name)
        if isinstance(value, np.ndarray):
            total.update(value.tobytes())
    return total.hexdigest()


def _outcome(read: Callable[[], Any]) -> tuple[str, str, bool]:
    """(outcome, digest, damaged); what is not documented is raised."""
    try:
        values = read()
    except DOCUMENTED as error:
        return type(error).__name__, "", True
    damaged = isinstance(values, MotionVectors) and values.info.damaged
    return "vectors", _digest(values), damaged


def _pairs(data: bytes) -> Iterator[tuple[str, Callable[[], Any], Callable[[], Any]]]:
    """Readings that must agree."""

    def vectors(only: bool, exported: bool = False) -> Callable[[], Any]:
        blocks: Any = "libavcodec" if exported else "coded"
        return lambda: oracles.read(data, vectors_only=only, blocks=blocks)

    def field(pixels: bool) -> Callable[[], Any]:
        wanted = [0, 3, 4]
        return lambda: mgm_ext.VideoReader(data).read_clip(wanted, pixels=pixels).field

    yield "coded", vectors(True), vectors(False)
    yield "libavcodec", vectors(True, exported=True), vectors(False, exported=True)
    yield "clip", field(False), field(True)


def judge(data: bytes, index: int) -> Verdict:
    first = None
    for name, read, other in _pairs(data):
        try:
            one, two = _outcome(read), _outcome(other)
        except Exception as error:
            return Verdict(index, failure=f"{name}-{type(error).__name__}: {error}")
        if one != two:
            return Verdict(index, failure=f"{name}-differs: {one} {two}")
        first = first or one
    assert first is not None
    return Verdict(index, outcome=first[0], damaged=first[2])


def work(pipe: multiprocessing.connection.Connection, seeds: dict[str, bytes], seed: int) -> None:
    """A child: takes indices, gives verdicts, until None."""
    pipe.send("ready")
    while (index := pipe.recv()) is not None:
        pipe.send(judge(fuzz_mutants.mutant(seeds, seed, index)[1], index))


class Worker:
    """A child process, replaced when a mutant kills or holds it."""

    def __init__(
        self,
        seeds: dict[str, bytes],
        seed: int,
        limit: float,
        *,
        target: Callable[..., None] = work,
    ) -> None:
        self._target, self._arguments = target, (seeds, seed)
        self._limit = limit
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
                verdict = Verdict(self._index, failure=f"crash-{self._process.exitcode}")
                self._start()
        else:
            self._process.kill()
            self._process.join()
            verdict = Verdict(self._index, failure=f"hang-over-{self._limit:g}s")
            self._start()
        self._index = None
        return verdict

    def is_late(self) -> bool:
        return self._index is not None and time.monotonic() - self._since > self._limit


def run(
    seeds: dict[str, bytes],
    *,
    seed: int,
    count: int,
    limit: float,
    target: Callable[..., None] = work,
) -> Iterator[Verdict]:
    """Verdicts in the order in which they come."""
    workers = [
        Worker(seeds, seed, limit, target=target) for _ in range(min(os.cpu_count() or 1, count))
    ]
    indices = iter(range(count))
    busy = dict(zip(workers, indices, strict=False))
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
    for worker in workers:
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
        f"{len(verdicts)} mutants: {reached} reached the decoder, {len(verdicts) - failed} agreed "
        f"with and without pixels, {failed} failed"
    )


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--mutants", "--count", type=int, default=300, dest="count")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--codecs", nargs="*", default=[], help="such as h264 mpeg4; default all")
    parser.add_argument("--limit", type=float, default=5.0, help="seconds for one mutant")
    parser.add_argument("--save", type=Path, default=Path("build/fuzz"), help="for what fails")
    options = parser.parse_args()
    seeds = fuzz_mutants.make_seeds(options.codecs)
    if not seeds:
        parser.error(f"no clip can be made for --codecs {' '.join(options.codecs)}")
    start = time.monotonic()
    verdicts = []
    for verdict in run(seeds, seed=options.seed, count=options.count, limit=options.limit):
        verdicts.append(verdict)
        if verdict.failure:
            name, data = fuzz_mutants.mutant(seeds, options.seed, verdict.index)
            options.save.mkdir(parents=True, exist_ok=True)
            path = options.save / f"{options.seed}-{verdict.index}-{name}"
            path.write_bytes(data)
            print(f"{path}: {verdict.failure}", flush=True)
    report(seeds, verdicts)
    print(f"{time.monotonic() - start:.1f} s")
    return int(any(v.failure for v in verdicts))


if __name__ == "__main__":
    sys.exit(main())
