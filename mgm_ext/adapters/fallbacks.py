"""Where a mask came from, and how many samples may have no motion."""

from __future__ import annotations

import os
import warnings
from collections import Counter
from enum import IntEnum
from multiprocessing.context import get_spawning_popen
from multiprocessing.sharedctypes import RawArray
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..errors import MgmError

__all__ = ["FallbackCount", "FallbackWarning", "MaskSource", "TooManyFallbacks"]

_PLACES: Final = 256


class MaskSource(IntEnum):
    """What a sample's mask was made from; `uint8` in a batch."""

    GUIDED = 0
    """The mask that was asked for."""
    HELD = 1
    """Nothing moves, the camera apart: the mask walks as it does without motion."""
    FALLBACK = 2
    """No motion could be read: the fallback mask."""
    DAMAGED = 3
    """Part of the stream could not be decoded: the mask follows what could."""


class TooManyFallbacks(MgmError, RuntimeError):
    """Too large a share of the samples has no motion: the run would not be what it is called."""


class FallbackWarning(UserWarning):
    """The first sample of a run without motion."""


class _Kind(IntEnum):
    SAMPLES = 0
    FALLEN = 1
    WARNED = 2


class SharedCounts:
    """Counts in memory that forked and spawned processes share; any other copy has its own.

    Each process adds to a place of its own, so that nothing is lost and nothing locked: a worker
    that is killed must not hold up the others. Processes share a place only where their numbers
    are _PLACES apart.

    Args:
        values: of another one's copy.
    """

    def __init__(self, values: bytes | None = None) -> None:
        self._memory: Any = RawArray("q", len(_Kind) * _PLACES)
        if values is not None:
            self._array()[:] = np.frombuffer(values, np.int64).reshape(len(_Kind), _PLACES)

    def __reduce__(self) -> tuple[Any, ...]:
        if get_spawning_popen() is None:
            return SharedCounts, (self._array().tobytes(),)
        return _shared, (self._memory,)

    def _array(self) -> NDArray[np.int64]:
        return np.frombuffer(self._memory, np.int64).reshape(len(_Kind), _PLACES)

    def add(self, kind: _Kind) -> None:
        """Counts one."""
        self._memory[kind * _PLACES + os.getpid() % _PLACES] += 1

    def total(self, kind: _Kind) -> int:
        """Over all processes."""
        return int(self._array()[kind].sum())


def _shared(memory: Any) -> SharedCounts:
    made = SharedCounts()
    made._memory = memory
    return made


class FallbackCount:
    """Counts the samples without motion, warns at the first, and raises when they are too many.

    All workers of a loader count together, whether they persist from epoch to epoch or not.

    Args:
        max_fallback: largest share of fallbacks allowed, in [0, 1].
        samples: over how many first samples.

    Attributes:
        reasons: how often each was why, in this process.

    Raises:
        ValueError: an argument is outside what is allowed.
    """

    def __init__(self, max_fallback: float = 0.2, samples: int = 1000) -> None:
        if not 0 <= max_fallback <= 1 or samples < 1:
            raise ValueError(
                f"max_fallback must be in [0, 1] and samples at least 1, got {max_fallback}, "
                f"{samples}"
            )
        self.max_fallback = max_fallback
        self.samples = samples
        self.reasons: Counter[str] = Counter()
        self._counts = SharedCounts()

    @property
    def count(self) -> int:
        """Samples so far, up to `samples`."""
        return min(self.samples, self._counts.total(_Kind.SAMPLES))

    @property
    def fallen(self) -> int:
        """Samples so far that had no motion."""
        return self._counts.total(_Kind.FALLEN)

    def note(self, source: MaskSource, reason: str = "") -> None:
        """Counts one sample.

        Raises:
            TooManyFallbacks: more than `max_fallback` of the first `samples` fell back.
        """
        judged = self.count < self.samples
        if judged:
            self._counts.add(_Kind.SAMPLES)
        if source is not MaskSource.FALLBACK:
            return
        self.reasons[reason or "unknown"] += 1
        self._counts.add(_Kind.FALLEN)
        # Workers count without a lock. Several may add their sample before any of them reads the
        # totals, so that the fallbacks can exceed the samples by a few.
        fallen = min(self.fallen, self.count)
        if judged and fallen > self.max_fallback * self.samples:
            raise TooManyFallbacks(
                f"{fallen} of the first {self.count} samples have no motion "
                f"({self._shares()}), more than max_fallback={self.max_fallback} of "
                f"{self.samples}; convert these files, or set max_fallback=1.0 to train on with "
                "the fallback mask"
            )
        if not self._counts.total(_Kind.WARNED):
            self._counts.add(_Kind.WARNED)
            warnings.warn(
                f"mgm_ext: a sample has no motion ({reason or 'unknown'}) and gets the fallback "
                f"mask; the run ends where more than {self.max_fallback:.0%} of the first "
                f"{self.samples} samples do",
                FallbackWarning,
                stacklevel=3,
            )

    def _shares(self) -> str:
        total = self.reasons.total()
        return ", ".join(f"{why}: {n / total:.0%}" for why, n in self.reasons.most_common())
