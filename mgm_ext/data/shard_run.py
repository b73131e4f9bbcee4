"""Shards one after another through worker processes: what is missing is made, whole."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol, Self, TypeAlias

from .clips import Shard, ShardError, SourceClip
from .runner import QUARANTINED, Workers, worker_count
from .shard_files import whole_file

__all__ = ["BUDGET", "Progress", "RunReport", "Sink", "run_shards"]

BUDGET: Final = 120.0
"""Seconds that a clip may take before its process is killed."""


Progress: TypeAlias = Callable[[int, int | None], None]
"""Called when clips are done: how many now, and how many there will be, if that is known."""


@dataclass
class RunReport:
    """What a run did.

    Attributes:
        shards: written now.
        skipped: shards that were there already.
        clips: in the shards written now.
        errors: clips without a result, by class, of those.
        quarantined: keys of clips that killed two workers.
        unreadable: shards that could not be listed to their end, with the reason; nothing was
            written for them.
    """

    shards: int = 0
    skipped: int = 0
    clips: int = 0
    errors: Counter[str] = field(default_factory=Counter)
    quarantined: list[str] = field(default_factory=list)
    unreadable: dict[str, str] = field(default_factory=dict)


class Sink(Protocol):
    """Writes the results of one shard; leaving it without an error means that all is there."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *error: Any) -> None: ...

    def add(self, clip: SourceClip, result: Any) -> str | None:
        """Takes a job's result, or a Failure; the class of the clip's error, if it has one."""


class _Mark(NamedTuple):
    """A token of the run: a clip of a shard, its end, or the reason why there is none."""

    shard: Shard
    clip: SourceClip | None
    failure: str | None = None


def _marks(shards: Sequence[Shard]) -> Iterator[tuple[_Mark, SourceClip | None]]:
    for shard in shards:
        failure = None
        try:
            for clip in shard.clips():
                # The bytes go to the worker alone.
                facts = SourceClip(clip.key, size=clip.size, mtime_ns=clip.mtime_ns)
                yield _Mark(shard, facts), clip
        except (ShardError, OSError) as error:
            failure = str(error)
        yield _Mark(shard, None, failure), None


def run_shards(
    shards: Sequence[Shard],
    job: str,
    options: dict[str, Any],
    *,
    path_of: Callable[[Shard], Path],
    sink: Callable[[Path, Shard], Sink],
    done: Callable[[Path, Shard], bool],
    workers: int | None = None,
    budget: float = BUDGET,
    progress: Progress | None = None,
) -> RunReport:
    """Runs a job on every clip of the shards whose output is missing.

    Args:
        shards: in the order in which they are written.
        job, options: see `Workers`.
        path_of: a shard's output.
        sink: opens it for writing, under another name.
        done: whether the output that is there is this shard's.
        workers: processes; None: one per processor.
        budget: seconds that a clip may take.
        progress: called when clips are done.
    """
    report = RunReport()
    missing = _missing(shards, path_of, done, report)
    estimate = _Estimate(missing, report)
    count = worker_count(workers)
    with Workers(job, options, workers=count, budget=budget) as pool:
        results = pool.run(_marks(missing))
        for shard in missing:
            written = _Counted(report, progress, estimate)
            try:
                with whole_file(path_of(shard)) as partial, sink(partial, shard) as out:
                    written.write(results, out)
            except ShardError as error:
                report.unreadable[shard.name] = str(error)
            else:
                written.keep()
    return report


def _missing(
    shards: Sequence[Shard],
    path_of: Callable[[Shard], Path],
    done: Callable[[Path, Shard], bool],
    report: RunReport,
) -> list[Shard]:
    missing = []
    for shard in shards:
        path = path_of(shard)
        try:
            there = path.exists() and done(path, shard)
        except OSError as error:
            report.unreadable[shard.name] = str(error)
            continue
        if there:
            report.skipped += 1
        else:
            missing.append(shard)
    return missing


class _Estimate:
    """How many clips there will be: counted, or from the shards that are written."""

    def __init__(self, shards: Sequence[Shard], report: RunReport) -> None:
        self._shards = len(shards)
        self._report = report
        try:
            counts = [shard.count() for shard in shards]
        except (OSError, ValueError):
            counts = [None]
        self._counted = None if None in counts else sum(count or 0 for count in counts)

    def total(self) -> int | None:
        if self._counted is not None:
            return self._counted
        if self._report.shards == 0:
            return None
        return round(self._report.clips * self._shards / self._report.shards)


class _Counted:
    """Results of one shard on their way into its sink, counted once the shard is whole."""

    def __init__(self, report: RunReport, progress: Progress | None, estimate: _Estimate) -> None:
        self._report = report
        self._progress = progress
        self._estimate = estimate
        self._clips = 0
        self._errors: list[tuple[str, str]] = []

    def write(self, results: Iterator[tuple[_Mark, Any]], out: Sink) -> None:
        for mark, result in results:
            if mark.failure is not None:
                raise ShardError(mark.failure)
            if mark.clip is None:
                return
            error = out.add(mark.clip, result)
            self._clips += 1
            if error is not None:
                self._errors.append((error, mark.clip.key))
            if self._progress is not None:
                self._progress(1, self._estimate.total())

    def keep(self) -> None:
        self._report.shards += 1
        self._report.clips += self._clips
        self._report.errors.update(name for name, _ in self._errors)
        self._report.quarantined += [key for name, key in self._errors if name == QUARANTINED]
