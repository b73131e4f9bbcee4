"""A trainer's data set whose masks are ours, and everything else its own."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

from .fallbacks import MaskSource
from .sample_seeds import SampleSeeds, shared

__all__ = ["WrappedDataset"]

_NONE: Final = 255


class WrappedDataset:
    """Attributes, length and epoch of the trainer's data set, and the seeds of our masks.

    Args:
        dataset: the trainer's.
        seed: of the masks, in [0, 2^64); None: torch's initial seed.
    """

    def __init__(self, dataset: Any, *, seed: int | None = None) -> None:
        self.dataset = dataset
        self.seeds = SampleSeeds(len(dataset), seed)
        self._sources = shared(torch.full((len(dataset),), _NONE, dtype=torch.uint8))

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._sources = shared(self._sources)

    def __len__(self) -> int:
        return len(self.dataset)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "dataset":
            raise AttributeError(name)
        return getattr(self.dataset, name)

    def set_epoch(self, epoch: int) -> None:
        """Fixes the epoch of the masks; see `SampleSeeds`. Without it every visit has another."""
        self.seeds.set_epoch(epoch)
        if hasattr(self.dataset, "set_epoch"):
            self.dataset.set_epoch(epoch)

    @property
    def mask_source(self) -> NDArray[np.uint8]:
        """Where the last mask of each sample came from, whichever worker made it.

        uint8 [len], values of `MaskSource`; 255 where none was made yet.
        """
        return self._sources.numpy().copy()

    def _made_from(self, number: int, source: MaskSource) -> None:
        self._sources[number % len(self._sources)] = int(source)
