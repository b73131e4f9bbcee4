"""From a score to what other trainers draw from: noise to sort, and three-state splits."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..score import Score

__all__ = ["DROPPED", "TARGET", "VISIBLE", "noise_from_score", "three_state_mask"]

VISIBLE: Final = 0
TARGET: Final = 1
DROPPED: Final = 2


def noise_from_score(score: Score, *, strength: float, seed: int) -> NDArray[np.float32]:
    """Noise for trainers that sort it in the model and keep the lowest tokens visible.

    Its order is that of Gumbel keys: sorting it draws tokens without replacement, with log-odds of
    `strength` between the clip's most moving token and one that is still.

    Args:
        score: motion per token.
        strength: in [0, 64]; 0 gives uniform noise, whatever the score.
        seed: in [0, 2^64).

    Returns:
        float32 [S, R, C] in [0, 1), in units of 2^-24; more motion, more noise: it is masked.

    Raises:
        ValueError: an argument is outside what is allowed.

    Source: in-model masking of MAE-ST, SlowFast and lightly; the Gumbel top-k trick.
    """
    return _core.noise_from_score(
        score.values, score.motion, score.valid, score.cuts, strength, seed
    )


def three_state_mask(
    score: Score, *, keep_ratio: float = 0.4, mask_ratio: float = 0.9, seed: int = 0
) -> NDArray[np.uint8]:
    """Visible, target and dropped tokens: only what moves is encoded or reconstructed.

    Of all tokens of the clip, the int(keep_ratio * n) of most motion are kept. Of those,
    n - int(mask_ratio * n), drawn at random, are visible to the encoder; the rest are the decoder's
    targets. All others are dropped.

    Args:
        score: motion per token.
        keep_ratio: share of the clip's tokens that are not dropped, in (0, 1].
        mask_ratio: share of the clip's tokens that the encoder does not see, in (0, 1); its visible
            tokens must be fewer than those kept.
        seed: in [0, 2^64).

    Returns:
        uint8 [S, R, C]: 0 (`VISIBLE`), 1 (`TARGET`) or 2 (`DROPPED`).

    Raises:
        ValueError: an argument is outside what is allowed.

    Source: EVEREST's split, with motion in place of its embedding distance.
    """
    tokens = score.values.size
    for name, ratio in (("keep_ratio", keep_ratio), ("mask_ratio", mask_ratio)):
        if not 0 < ratio <= 1:
            raise ValueError(f"{name} must be in (0, 1], not {ratio}")
    keep, visible = int(keep_ratio * tokens), tokens - int(mask_ratio * tokens)
    return _core.split_states(
        score.values, score.motion, score.valid, score.cuts, keep, visible, seed
    )
