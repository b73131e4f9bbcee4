"""Which pass over the data a sample belongs to, known to every worker of a loader."""

from __future__ import annotations

import os
from typing import Any

import torch

from ..masks import seed_for

__all__ = ["SampleSeeds", "shared"]


def shared(tensor: torch.Tensor) -> torch.Tensor:
    """The tensor, in memory that the workers of a loader share; a copy's share one of their own."""
    if not tensor.is_shared():  # type: ignore[no-untyped-call]
        tensor.share_memory_()  # type: ignore[no-untyped-call]
    return tensor


class SampleSeeds:
    """A seed for each visit of each sample: other masks in every epoch, whoever makes them.

    How often each sample was asked for is counted in memory that the loader's workers share, forked
    or spawned, persistent or not; so seeds do not depend on their number. `set_epoch` fixes the
    epoch instead: then they do not depend on the number of ranks either, and a run that resumes
    goes on with the masks it would have had.

    Args:
        length: number of samples; names that were hashed to integers may share a count.
        seed: in [0, 2^64); None: torch's, so that a trainer that seeds torch repeats its masks too.
    """

    def __init__(self, length: int, seed: int | None = None) -> None:
        self.base = torch.initial_seed() % (1 << 64) if seed is None else seed
        self._rank = _rank()
        self._visits = shared(torch.zeros(length + 1, dtype=torch.int64))

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._visits = shared(self._visits)

    @property
    def epoch(self) -> int | None:
        """What `set_epoch` said; None: visits are counted."""
        return int(self._visits[0]) - 1 if self._visits[0] else None

    def set_epoch(self, epoch: int) -> None:
        """Fixes the epoch, for running workers too, until it is set again.

        Raises:
            ValueError: the epoch is negative.
        """
        if epoch < 0:
            raise ValueError(f"epoch must be at least 0, not {epoch}")
        self._visits[0] = epoch + 1

    def visit(self, index: int) -> tuple[int, int]:
        """Counts one visit: (base, epoch), for `seed_for(base, epoch, index, repeat)`.

        Without a fixed epoch ranks have bases of their own: each counts its own visits alone.
        """
        if self.epoch is not None:
            return self.base, self.epoch
        place = 1 + index % (len(self._visits) - 1)
        epoch = int(self._visits[place])
        self._visits[place] += 1
        base = self.base if self._rank == 0 else seed_for(self.base, self._rank, 0)
        return base, epoch


def _rank() -> int:
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        return int(torch.distributed.get_rank())
    return int(os.environ.get("RANK", 0))
