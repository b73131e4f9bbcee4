"""Where a mask came from, and how many samples may have no motion."""

from __future__ import annotations

import warnings
from collections import Counter
from enum import IntEnum

from ..errors import MgmError
from .shared_counts import Kind, SharedCounts

__all__ = ["FallbackCount", "FallbackWarning", "MaskSource", "TooManyFallbacks"]


class MaskSource(IntEnum):
    """What a sample's mask was made from; `uint8` in a batch."""

    GUIDED = 0
    """The mask that was asked for."""
    SIMULATED = 1
    """Nothing moves, the camera apart: the mask walks as it does without motion, all its slots
    `SlotSource.SIMULATED`."""
    FALLBACK = 2
    """No motion could be read: the fallback mask."""
    DAMAGED = 3
    """Part of the stream could not be decoded: the mask follows what could."""


class TooManyFallbacks(MgmError, RuntimeError):
    """Too large a share of the samples has no motion: the run would not be what it is called."""


class FallbackWarning(UserWarning):
    """The first sample of a run without motion, and those of each epoch in one line."""


class FallbackCount:
    """Counts the samples without motion, warns at the first, and raises when they are too many.

    All workers of a loader count together, whether they persist from epoch to epoch or not.

    Args:
        max_fallback: largest share of fallbacks allowed, in [0, 1].
        samples: over how many first samples.

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
        self._counts = SharedCounts()

    @property
    def count(self) -> int:
        """Samples so far, up to `samples`."""
        return min(self.samples, self._counts.total(Kind.SAMPLES))

    @property
    def fallen(self) -> int:
        """Samples so far that had no motion."""
        return self._counts.total(Kind.FALLEN)

    @property
    def reasons(self) -> Counter[str]:
        """How often each was why a sample fell back, in all processes."""
        return Counter({why: one.samples for why, one in self._counts.reasons().items()})

    def begin_epoch(self, epoch: int) -> None:
        """Says that a sample of this epoch is made: the first of a later one ends those before.

        In whichever worker that is, what fell back since the last epoch's end is then said in one
        `FallbackWarning`. Nothing follows the last epoch: see `summary`.
        """
        latest = self._counts.latest_epoch()
        summary = self._summary_of(latest) if 0 <= latest < epoch else ""
        self._counts.begin_epoch(epoch)
        if summary:
            warnings.warn(f"mgm_ext: epoch {latest}: {summary}", FallbackWarning, stacklevel=3)

    def summary(self) -> str:
        """What fell back since the last epoch's end in all processes, why, and one file of each.

        One line; "" where nothing did.
        """
        return self._summary_of(self._counts.latest_epoch())

    def _summary_of(self, epoch: int) -> str:
        reasons = self._counts.reasons(epoch)
        if not reasons:
            return ""
        seen = self._counts.seen_in(epoch)
        fallen = sum(one.samples for one in reasons.values())
        parts = [
            f"{why}: {one.samples}{f' ({one.path})' if one.path else ''}"
            for why, one in reasons.items()
        ]
        return f"{fallen} of {seen} samples had no motion: {', '.join(parts)}"

    def record(self, source: MaskSource, reason: str = "", path: str = "") -> None:
        """Counts one sample.

        Args:
            source: of its mask.
            reason: why it fell back.
            path: of its file, where that is known.

        Raises:
            TooManyFallbacks: more than `max_fallback` of the first `samples` fell back.
        """
        self._counts.add(Kind.SEEN)
        judged = self.count < self.samples
        if judged:
            self._counts.add(Kind.SAMPLES)
        if source is not MaskSource.FALLBACK:
            return
        why = reason or "unknown"
        self._counts.add_reason(why, path)
        self._counts.add(Kind.FALLEN)
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
        if not self._counts.total(Kind.WARNED):
            self._counts.add(Kind.WARNED)
            fault = f"{path}: {why}" if path else why
            warnings.warn(
                f"mgm_ext: a sample has no motion ({fault}) and gets the fallback mask; the run "
                f"ends where more than {self.max_fallback:.0%} of the first {self.samples} samples "
                "do",
                FallbackWarning,
                stacklevel=3,
            )

    def _shares(self) -> str:
        reasons = self.reasons
        total = reasons.total()
        return ", ".join(f"{why}: {n / total:.0%}" for why, n in reasons.most_common())
