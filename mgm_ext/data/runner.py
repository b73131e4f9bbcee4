"""Clips through worker processes, in order; a clip that kills two of them is given up."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from multiprocessing.connection import Connection, wait
from pathlib import Path
from typing import Any, Final, NamedTuple

from .clips import SourceClip

__all__ = ["QUARANTINED", "Failure", "Workers", "worker_count"]

_DEATHS: Final = 2
_CHUNK: Final = 8  # clips handed over at a time
_CHUNK_BYTES: Final = 4 << 20
_AHEAD: Final = 64  # clips per worker that may be done before the oldest is
QUARANTINED: Final = "Quarantined"
"""The error's class of a clip that was given up."""


class Failure(NamedTuple):
    """Instead of a result: the error's class and text."""

    error_class: str
    text: str


@dataclass(eq=False)
class _Task:
    token: Any
    clip: SourceClip | None  # None: nothing to do, kept in its place in the order
    result: Any = None
    done: bool = False
    deaths: list[str] = field(default_factory=list)

    def finish(self, result: Any) -> None:
        self.result, self.done, self.clip = result, True, None


class _Worker:
    """A process of its own, started from nothing: no fork beside the caller's threads."""

    def __init__(self, job: str, options: dict[str, Any], budget: float) -> None:
        self.budget = budget
        self.tasks: deque[_Task] = deque()
        here, there = socket.socketpair()
        with there:
            path = os.pathsep.join(folder or str(Path.cwd()) for folder in sys.path)
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-P", "-m", "mgm_ext.data.worker", str(there.fileno())],
                pass_fds=[there.fileno()],
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": path},
                start_new_session=True,  # Ctrl-C is the parent's
            )
        self.pipe = Connection(here.detach())
        self.ready = False
        self.pipe.send((job, options, budget))

    def give(self, tasks: list[_Task]) -> None:
        self.tasks.extend(tasks)
        self.pipe.send([task.clip for task in tasks])

    def take(self) -> None:
        """Reads one answer; EOFError or ConnectionError where the process has died."""
        answer = self.pipe.recv()
        if not self.ready:
            self.ready = True
            return
        good, value = answer
        self.tasks.popleft().finish(value if good else Failure(*value))

    def reason(self) -> str:
        """Why the process ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(timeout=30)  # it may be writing its core
        self.close()
        code = self._process.returncode
        if code == -signal.SIGALRM:
            return f"took more than {self.budget:g} seconds"
        if code < 0:
            name = signal.Signals(-code).name
            return name + (" (out of memory?)" if name == "SIGKILL" else "")
        return f"exit code {code}"

    def close(self) -> None:
        self.pipe.close()
        self._process.kill()
        self._process.wait()


def worker_count(workers: int | None) -> int:
    """How many worker processes; None: as many as this process may use processors."""
    if workers is None:
        return len(os.sched_getaffinity(0))
    if workers < 1:
        raise ValueError(f"workers must be at least 1, not {workers}")
    return workers


class Workers:
    """Runs one function on many clips, in child processes.

    Args:
        job: "module:function", called as function(clip, **options) in the workers.
        options: what the job takes beside the clip.
        workers: how many processes.
        budget: seconds that a clip may take.

    Raises:
        ValueError: an argument is not positive.
    """

    def __init__(self, job: str, options: dict[str, Any], *, workers: int, budget: float) -> None:
        if not budget > 0:
            raise ValueError(f"budget must be positive, got {budget}")
        self._start = job, options, budget
        self._count = worker_count(workers)
        self._workers: list[_Worker] = []
        self._again: deque[_Task] = deque()  # of processes that died

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        for worker in self._workers:
            worker.close()
        self._workers.clear()

    def run(self, items: Iterable[tuple[Any, SourceClip | None]]) -> Iterator[tuple[Any, Any]]:
        """Results in the order of the clips.

        Args:
            items: a token and a clip each; without a clip the token is passed on in its place.

        Yields:
            The token and the job's result (None without a clip), or a Failure: the job raised, or
            the clip killed two processes.

        Raises:
            RuntimeError: a worker process cannot be started.
        """
        self._feed = iter(items)
        self._more = True
        order: deque[_Task] = deque()
        while self._more or order:
            self._hand_out(order)
            while order and order[0].done:
                task = order.popleft()
                yield task.token, task.result
            if order:
                self._collect()

    def _hand_out(self, order: deque[_Task]) -> None:
        """Gives every idle worker something to do, while there is something."""
        while self._again or (self._more and len(order) < _AHEAD * self._count):
            worker = self._idle()
            if worker is None:
                return
            tasks = self._chunk(order)
            if tasks:
                self._give(worker, tasks)

    def _chunk(self, order: deque[_Task]) -> list[_Task]:
        tasks: list[_Task] = []
        size = 0
        while len(tasks) < _CHUNK and size < _CHUNK_BYTES:
            task = self._again.popleft() if self._again else self._fresh(order)
            if task is None:
                break
            if task.clip is not None:
                size += len(task.clip.data or b"")
                tasks.append(task)
        return tasks

    def _fresh(self, order: deque[_Task]) -> _Task | None:
        item = next(self._feed, None)
        if item is None:
            self._more = False
            return None
        task = _Task(*item, done=item[1] is None)
        order.append(task)
        return task

    def _idle(self) -> _Worker | None:
        for worker in self._workers:
            if not worker.tasks:
                return worker
        if len(self._workers) == self._count:
            return None
        self._workers.append(_Worker(*self._start))
        return self._workers[-1]

    def _give(self, worker: _Worker, tasks: list[_Task]) -> None:
        try:
            worker.give(tasks)
        except ConnectionError:
            self._bury(worker)

    def _collect(self) -> None:
        """Waits for answers, and buries who died."""
        pipes = {worker.pipe: worker for worker in self._workers if worker.tasks}
        for pipe in wait(list(pipes)):
            worker = pipes[pipe]  # type: ignore[index]
            try:
                worker.take()
            except (EOFError, ConnectionError):
                self._bury(worker)

    def _bury(self, worker: _Worker) -> None:
        reason = worker.reason()
        self._workers.remove(worker)
        if not worker.ready:
            raise RuntimeError(f"a worker process could not be started: {reason}")
        culprit = worker.tasks.popleft()
        self._again.extendleft(reversed(worker.tasks))
        culprit.deaths.append(reason)
        if len(culprit.deaths) < _DEATHS:
            self._again.append(culprit)
        else:
            deaths = ", then ".join(culprit.deaths)
            culprit.finish(Failure(QUARANTINED, f"killed its worker twice: {deaths}"))
