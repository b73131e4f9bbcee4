"""Prototypes of better guided masks: what is done to a mask, and when in a training.

What wins here becomes an option of the package; what does not stays in this file.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

Bools = NDArray[np.bool_]
Floats = NDArray[np.float32]


@dataclass(frozen=True)
class Recipe:
    """How a guided mask changes; without anything given it does not.

    Attributes:
        hints: share of the masked tokens of each slot that are shown after all, others being
            masked for them, so that no object is hidden as a whole.
        guided: share of the masked tokens that the guided mask chooses, at the first epoch and
            at the last; the rest is drawn, the same places in every slot.
        tube_from: share of the epochs after which a tube of the same ratio takes over.
        loss: "weighted": a token's error counts by its motion; "vectors": its motion is predicted
            as well as its pixels.
    """

    hints: float = 0.0
    guided: tuple[float, float] = (1.0, 1.0)
    tube_from: float = 1.0
    loss: str = ""

    def guided_share(self, progress: float) -> float:
        """Of the masked tokens, at `progress` in [0, 1] of the training."""
        first, last = self.guided
        return first + (last - first) * progress


PLAIN: Final = Recipe()


def with_hints(mask: Bools, keys: Floats, share: float) -> Bools:
    """The mask with `share` of each slot's masked tokens shown and as many others masked.

    Args:
        mask: [B, S, N].
        keys: uniform, of the same shape: those of the smallest keys change places.
        share: rounded to whole tokens; no more than the slot has visible ones.
    """
    masked = mask.sum(2, keepdims=True)
    visible = mask.shape[2] - masked
    moved = np.minimum(np.round(share * masked), visible)
    shown = mask & (_places(np.where(mask, keys, 2)) < moved)
    hidden = ~mask & (_places(np.where(mask, 2, keys)) < moved)
    out: Bools = (mask & ~shown) | hidden
    return out


def filled(mask: Bools, keys: Floats, count: int) -> Bools:
    """The mask with more tokens, so that each slot has `count`.

    Args:
        mask: [B, S, N], at most `count` of a slot.
        keys: uniform [B, N]: one order of places for the whole clip, as a tube has.
        count: masked tokens of each slot.
    """
    order = np.where(mask, -1, np.broadcast_to(keys[:, None], mask.shape))
    out: Bools = _places(order) < count
    return out


def _places(keys: NDArray[np.floating]) -> NDArray[np.int64]:
    """Of each key among its slot's, from the smallest."""
    return keys.argsort(-1, kind="stable").argsort(-1, kind="stable")
