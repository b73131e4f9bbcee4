"""The order of training samples: endless, the same on any number of ranks, resumable anywhere."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import torch
from torch.utils.data import Sampler

__all__ = ["EpochSampler"]


class EpochSampler(Sampler[tuple[int, int]]):
    """(epoch, index) pairs without end, each epoch in its own order, dealt out to the ranks.

    `ClipDataset` takes the pairs, so that workers may persist over epochs.

    Args:
        length: number of videos.
        seed: of the orders.
        rank: of this process.
        world: number of processes.
        start: samples that this rank has had; where a resumed run goes on.

    Raises:
        ValueError: an argument is outside what is allowed.
    """

    def __init__(
        self, length: int, *, seed: int = 0, rank: int = 0, world: int = 1, start: int = 0
    ) -> None:
        if length < 1 or start < 0 or not 0 <= rank < world:
            raise ValueError(
                "length must be at least 1, start at least 0 and rank in [0, world), got "
                f"{length}, {start}, {rank} of {world}"
            )
        self.length, self.seed, self.rank, self.world, self.start = length, seed, rank, world, start

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """This rank's pairs from `start` on."""
        epoch, skipped = divmod(self.start * self.world + self.rank, self.length)
        return itertools.islice(self._from(epoch), skipped, None, self.world)

    def _from(self, epoch: int) -> Iterator[tuple[int, int]]:
        for number in itertools.count(epoch):
            draw = torch.Generator().manual_seed(self.seed + number)
            for index in torch.randperm(self.length, generator=draw).tolist():
                yield number, index
