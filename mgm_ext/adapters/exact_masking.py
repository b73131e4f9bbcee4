"""Exactly as many masked tokens in a clip as a trainer's model counts, with any mask."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from ..masks import Mask, Masking, make_masking
from ..masks.generators import PER_CLIP
from ..masks.options import Grid, Source
from ..masks.seeds import OwnSeeds
from ..views import View

__all__ = ["ExactMasking", "masked_by"]


def masked_by(grid: Grid, mask_ratio: float) -> int:
    """Masked tokens of a clip in MAE-ST, SlowFast and AdaMAE: all but int(n * (1 - mask_ratio)).

    Args:
        grid: (S, R, C) tokens of a clip.
        mask_ratio: the model's, in (0, 1).
    """
    tokens = math.prod(grid)
    return tokens - int(tokens * (1 - mask_ratio))


class ExactMasking:
    """A mask of exactly so many tokens of the clip.

    Masks that count by slot give one token more to the first slots where the number does not divide
    by them.

    Args:
        mask: a name that `make_masking` takes.
        input_size: (T, H, W) in tokens.
        num_masked: of a clip, with at least one token visible and one masked in each slot.
        seed: of the object's own sequence, in [0, 2^64); None: from the system.
        options: the mask's own.

    Raises:
        ValueError: an argument is outside what is allowed.
    """

    def __init__(
        self,
        mask: str,
        input_size: Grid,
        num_masked: int,
        *,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        slots, rows, columns = input_size
        self.input_size = slots, rows, columns
        self.num_masked = num_masked
        self._seeds = OwnSeeds(seed)
        whole = mask in PER_CLIP or options.get("scope") == "clip"
        few, more = (num_masked, 0) if whole else divmod(num_masked, slots)
        if not whole and not 0 < few < rows * columns - (more > 0):
            raise ValueError(
                f"num_masked must leave a visible and a masked token in each of {slots} slots of "
                f"{rows * columns}, not {num_masked}"
            )
        self._more = more
        counts = (few, few + 1) if more else (few,)
        self.maskings: list[Masking] = [
            make_masking(mask, input_size=input_size, num_masked=count, **options)
            for count in counts
        ]

    def __call__(
        self, field: Source | None = None, view: View | None = None, seed: int | None = None
    ) -> Mask:
        """One mask, bool [S, R, C], True = masked; arguments as `Masking` has them."""
        number = self._seeds.next() if seed is None else seed
        mask = self.maskings[0](field, view=view, seed=number)
        if self._more:
            richer = self.maskings[1](field, view=view, seed=number)
            mask = np.concatenate([richer[: self._more], mask[self._more :]])
        return mask
