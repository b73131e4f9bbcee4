"""Where a mask came from, and how many samples may have no motion."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Sequence
from enum import IntEnum
from multiprocessing.context import get_spawning_popen
from multiprocessing.sharedctypes import RawArray
from typing import Any

from ..errors import MgmError

__all__ = ["FallbackCount", "FallbackWarning", "MaskSource", "TooManyFallbacks"]


class MaskSource(IntEnum):
    """What a sample's mask was made from; `uint8` in a batch."""

    GUIDED = 0
    """The mask that was asked for."""
    HELD = 1
    """The clip stands still: the mask walks as it does without motion."""
    FALLBACK = 2
    """No motion could be read: the fallback mask."""
    DAMAGED = 3
    """Part of the stream could not be decoded: the mask follows what could."""


class TooManyFallbacks(MgmError, RuntimeError):
    """Too large a share of the samples has no motion: the run would not be what it is called."""


class FallbackWarning(UserWarning):
    """The first sample of a run without motion."""


class SharedCounts:
    """Integers in memory that forked and spawned processes share; any other copy has its own.

    Nothing locks them: a worker that is killed must not hold up the others, and one count lost
    between two of them decides nothing.
    """

    def __init__(self, values: Sequence[int]) -> None:
        self.values: Any = RawArray("q", list(values))

    def __reduce__(self) -> tuple[Any, ...]:
        if get_spawning_popen() is None:
            return SharedCounts, (list(self.values),)
        return _shared, (self.values,)


def _shared(values: Any) -> SharedCounts:
    made = SharedCounts([])
    made.values = values
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
        self._counts = SharedCounts([0, 0])

    @property
    def count(self) -> int:
        """Samples so far, up to `samples`."""
        return int(self._counts.values[0])

    @property
    def fallen(self) -> int:
        """Samples so far that had no motion."""
        return int(self._counts.values[1])

    def note(self, source: MaskSource, reason: str = "") -> None:
        """Counts one sample.

        Raises:
            TooManyFallbacks: more than `max_fallback` of the first `samples` fell back.
        """
        counts = self._counts.values
        judged = self.count < self.samples
        counts[0] += judged
        if source is not MaskSource.FALLBACK:
            return
        self.reasons[reason or "unknown"] += 1
        counts[1] += 1
        if judged and self.fallen > self.max_fallback * self.samples:
            raise TooManyFallbacks(
                f"{self.fallen} of the first {self.count} samples have no motion "
                f"({self._shares()}), more than max_fallback={self.max_fallback} of "
                f"{self.samples}; convert these files, or set max_fallback=1.0 to train on with "
                "the fallback mask"
            )
        if self.fallen == 1:
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
