"""One seed per sample, or per call in every process."""

from __future__ import annotations

import os
import sys

from .. import _core

__all__ = ["CallCount", "OwnSeeds", "drawn_seed", "seed_for"]


def seed_for(base: int, epoch: int, index: int, repeat: int = 0) -> int:
    """The seed of one sample: the same in every worker, rank and world size.

    Args:
        base: of the whole run, in [0, 2^64).
        epoch: in [0, 2^64).
        index: of the sample in the data set, in [0, 2^64).
        repeat: of repeated augmentation, in [0, 2^64).

    Returns:
        An integer in [0, 2^64), mixed with SplitMix64.

    Raises:
        ValueError: an argument is outside [0, 2^64).
    """
    return _core.seed_for(base, epoch, index, repeat)


class CallCount:
    """Numbers the calls of one process; a process that inherits the object begins anew."""

    def __init__(self) -> None:
        self._process, self._calls = os.getpid(), 0
        self.inherited = False
        """Whether another process made the object."""

    def next(self) -> int:
        """1 at the first call, then 2, ..."""
        if self._process != os.getpid():
            self._process, self._calls, self.inherited = os.getpid(), 0, True
        self._calls += 1
        return self._calls


class OwnSeeds:
    """An object's own seeds, different in every process; equal in every run when one is given.

    A worker of torch's loader mixes in the seed that the loader gave it, which is another in every
    epoch and the same in every run whose torch is seeded; another process draws from the system.

    Args:
        seed: in [0, 2^64); None: from the system.
        first: number of the first one.
    """

    def __init__(self, seed: int | None, *, first: int = 0) -> None:
        self.base = drawn_seed() if seed is None else _core.checked_seed(seed)
        self._first = first
        self._count = CallCount()

    def next(self) -> int:
        """The next one, in [0, 2^64)."""
        call = self._count.next()
        if call == 1 and self._count.inherited:
            worker = _loader_seed()
            self.base = seed_for(self.base, drawn_seed() if worker is None else worker, 0)
        return seed_for(self.base, 0, self._first + call - 1)


def _loader_seed() -> int | None:
    """The seed of this process as a worker of torch's loader; None in any other."""
    data = sys.modules.get("torch.utils.data")
    worker = None if data is None else data.get_worker_info()
    return None if worker is None else int(worker.seed)


def drawn_seed() -> int:
    """A seed in [0, 2^64) from the system."""
    return int.from_bytes(os.urandom(8), "little")
