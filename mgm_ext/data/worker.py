"""What a worker process runs: one clip after another, each within its time."""

from __future__ import annotations

import importlib
import signal
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

__all__ = ["main"]


def _function(name: str) -> Callable[..., Any]:
    module, _, function = name.partition(":")
    found: Callable[..., Any] = getattr(importlib.import_module(module), function)
    return found


def main(descriptor: int) -> None:
    """Answers its parent until that hangs up; a clip that takes too long kills the process.

    The alarm's default action ends the process wherever it is, in a decoder's loop or a stuck file
    system, and also when the parent is gone.
    """
    pipe = Connection(descriptor)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    try:
        job, options, budget = pipe.recv()
        work = _function(job)
        pipe.send("ready")
        while True:
            for clip in pipe.recv():
                signal.setitimer(signal.ITIMER_REAL, budget)
                try:
                    answer = True, work(clip, **options)
                except Exception as error:
                    answer = False, (type(error).__name__, str(error))
                signal.setitimer(signal.ITIMER_REAL, 0)
                pipe.send(answer)
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return


if __name__ == "__main__":
    main(int(sys.argv[1]))
