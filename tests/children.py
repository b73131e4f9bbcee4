"""A function in a child process, as a loader's worker calls it."""

from __future__ import annotations

import multiprocessing
import warnings
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any, Literal, TypeVar

T = TypeVar("T")


def in_child(function: Callable[[], T], method: Literal["fork", "spawn"] = "fork") -> T:
    """What `function` returns in a child; EOFError where it returns nothing.

    Under "fork" it need not be picklable. The child is gone afterwards, even one that hangs and is
    given up by a test that ran out of time.
    """
    context: Any = multiprocessing.get_context(method)
    here, there = context.Pipe(duplex=False)
    child = context.Process(target=_send, args=(function, there))
    with warnings.catch_warnings():
        # What Python 3.12 says of a fork beside torch's threads is the trainer's case, too.
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        child.start()
    there.close()  # so that the end of the child ends the wait for its word
    try:
        result: T = here.recv()
        return result
    finally:
        child.kill()
        child.join()


def _send(function: Callable[[], T], pipe: Connection) -> None:
    pipe.send(function())
