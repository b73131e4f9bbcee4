"""A function in a child process, as a loader's worker calls it."""

from __future__ import annotations

import contextlib
import multiprocessing
import warnings
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from typing import Any, Literal, TypeVar

T = TypeVar("T")


def in_child(function: Callable[[], T], method: Literal["fork", "spawn"] = "fork") -> T:
    """What `function` returns in a child; EOFError where it returns nothing.

    Under "fork" it need not be picklable. The child is gone afterwards, even one that hangs and is
    given up by a test that ran out of time.
    """
    here, there = multiprocessing.Pipe(duplex=False)
    with child(_send, function, there, method=method):
        there.close()  # so that the end of the child ends the wait for its word
        result: T = here.recv()
        return result


@contextlib.contextmanager
def child(
    target: Callable[..., None], *arguments: object, method: Literal["fork", "spawn"] = "fork"
) -> Iterator[None]:
    """A child process that is gone at the end."""
    context: Any = multiprocessing.get_context(method)
    process = context.Process(target=target, args=arguments)
    with warnings.catch_warnings():
        # What Python 3.12 says of a fork beside torch's threads is the trainer's case, too.
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        process.start()
    try:
        yield
    finally:
        process.kill()
        process.join()


def _send(function: Callable[[], T], pipe: Connection) -> None:
    pipe.send(function())
