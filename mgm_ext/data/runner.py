"""Clips through worker processes, in order; a clip that kills two of them is given up."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Iterable, Iterator
from multiprocessing.connection import wait
from typing import Any, Final

from .clips import SourceClip
from .process import Failure, Process, Task

__all__ = ["QUARANTINED", "Failure", "Workers", "worker_count"]

_DEATHS: Final = 2
_AHEAD: Final = 64  # clips per worker that may be done before the oldest is
QUARANTINED: Final = "Quarantined"
"""The error's class of a clip that was given up."""


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
        self._workers: list[Process] = []
        self._waiting: deque[Task] = deque()  # listed, or left by a process that died

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
        order: deque[Task] = deque()
        while self._more or order:
            self._hand_out(order)
            while order and order[0].done:
                task = order.popleft()
                yield task.token, task.result
            if order:
                self._collect()

    def _hand_out(self, order: deque[Task]) -> None:
        """Gives every worker that has too little to do some more, while there is something."""
        while len(self._workers) < self._count and self._next(order) is not None:
            self._workers.append(Process(*self._start))
            self._top_up(self._workers[-1], order)
        for worker in list(self._workers):
            self._top_up(worker, order)

    def _top_up(self, worker: Process, order: deque[Task]) -> None:
        wanted, room = worker.wants(), worker.room()
        tasks: list[Task] = []
        while len(tasks) < wanted:
            task = self._next(order)
            if task is None or (task.size > room and (worker.tasks or tasks)):
                break
            room -= task.size
            tasks.append(self._waiting.popleft())
        if tasks:
            self._give(worker, tasks)

    def _next(self, order: deque[Task]) -> Task | None:
        """The next clip to hand out, left where it is."""
        while not self._waiting and self._more and len(order) < _AHEAD * self._count:
            task = self._fresh(order)
            if task is not None and task.clip is not None:
                self._waiting.append(task)
        return self._waiting[0] if self._waiting else None

    def _fresh(self, order: deque[Task]) -> Task | None:
        item = next(self._feed, None)
        if item is None:
            self._more = False
            return None
        task = Task(*item, done=item[1] is None)
        order.append(task)
        return task

    def _give(self, worker: Process, tasks: list[Task]) -> None:
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

    def _bury(self, worker: Process) -> None:
        reason = worker.reason()
        self._workers.remove(worker)
        if not worker.ready:
            raise RuntimeError(f"a worker process could not be started: {reason}")
        culprit = worker.tasks.popleft()
        self._waiting.extendleft(reversed(worker.tasks))
        culprit.deaths.append(reason)
        if len(culprit.deaths) < _DEATHS:
            self._waiting.append(culprit)
        else:
            deaths = ", then ".join(culprit.deaths)
            culprit.finish(Failure(QUARANTINED, f"killed its worker twice: {deaths}"))
