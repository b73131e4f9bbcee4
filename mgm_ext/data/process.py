"""A worker process as its parent sees it: what it has to do, how it answers, how it ended."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any, Final, NamedTuple

from .clips import SourceClip

__all__ = ["Failure", "Process", "Task"]

_QUEUE_SECONDS: Final = 0.05  # of work that a worker should have at hand
_QUEUE: Final = 32  # clips that it may have
_IDLE_BYTES: Final = 4 << 20  # handed to a worker that waits
_BUSY_BYTES: Final = 16 << 10  # and to one that works: less than a socket holds, so nobody blocks


class Failure(NamedTuple):
    """Instead of a result: the error's class and text."""

    error_class: str
    text: str


@dataclass(eq=False)
class Task:
    """A clip on its way to a worker and back."""

    token: Any
    clip: SourceClip | None  # None: nothing to do, kept in its place in the order
    result: Any = None
    done: bool = False
    deaths: list[str] = field(default_factory=list)

    @property
    def size(self) -> int:
        """Bytes that are sent to a worker, but for some tens."""
        clip = self.clip
        if clip is None:
            return 0
        return len(clip.key) + len(clip.path or "") + len(clip.data or b"")

    def finish(self, result: Any) -> None:
        """Keeps the result, and lets the clip's bytes go."""
        self.result, self.done, self.clip = result, True, None


class Process:
    """A process of its own, started from nothing: no fork beside the caller's threads."""

    def __init__(self, job: str, options: dict[str, Any], budget: float) -> None:
        self.budget = budget
        self.tasks: deque[Task] = deque()
        here, there = socket.socketpair()
        with there:
            path = os.pathsep.join(folder or str(Path.cwd()) for folder in sys.path)
            self._child = subprocess.Popen(  # noqa: S603
                [sys.executable, "-P", "-m", "mgm_ext.data.worker", str(there.fileno())],
                pass_fds=[there.fileno()],
                stdin=subprocess.DEVNULL,
                env={**os.environ, "PYTHONPATH": path},
                start_new_session=True,  # Ctrl-C is the parent's
            )
        self.pipe = Connection(here.detach())
        self.ready = False
        self._pace: float | None = None  # seconds a clip
        self._since = 0.0
        self.pipe.send((job, options, budget))

    def wants(self) -> int:
        """How many clips more it should be given now, so that it never waits for its parent.

        Few of those that take long: what one worker has, another cannot take at the end.
        """
        wanted = 2
        if self._pace is not None:
            wanted = min(max(2, int(_QUEUE_SECONDS / max(self._pace, 1e-9))), _QUEUE)
        return wanted - len(self.tasks) if 2 * len(self.tasks) <= wanted else 0

    def room(self) -> int:
        """Bytes that it may be sent now."""
        if not self.tasks:
            return _IDLE_BYTES
        return _BUSY_BYTES - sum(task.size for task in self.tasks)

    def give(self, tasks: list[Task]) -> None:
        """Sends it more to do; ConnectionError where the process has died."""
        if not self.tasks:
            self._since = time.perf_counter()
        self.tasks.extend(tasks)
        self.pipe.send([task.clip for task in tasks])

    def take(self) -> None:
        """Reads one answer; EOFError or ConnectionError where the process has died."""
        answer = self.pipe.recv()
        if not self.ready:
            self.ready, self._since = True, time.perf_counter()
            return
        now = time.perf_counter()
        spent, self._since = now - self._since, now
        self._pace = spent if self._pace is None else 0.75 * self._pace + 0.25 * spent
        good, value = answer
        self.tasks.popleft().finish(value if good else Failure(*value))

    def reason(self) -> str:
        """Why the process ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._child.wait(timeout=30)  # it may be writing its core
        self.close()
        code = self._child.returncode
        if code == -signal.SIGALRM:
            return f"took more than {self.budget:g} seconds"
        if code < 0:
            name = signal.Signals(-code).name
            return name + (" (out of memory?)" if name == "SIGKILL" else "")
        return f"exit code {code}"

    def close(self) -> None:
        """Ends the process."""
        self.pipe.close()
        self._child.kill()
        self._child.wait()
