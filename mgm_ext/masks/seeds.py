"""One seed per sample."""

from __future__ import annotations

from .. import _core

__all__ = ["seed_for"]


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
