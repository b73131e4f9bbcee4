"""InternVideo2, UMT, AdaMAE, EVEREST: motion where they take attention or learned probabilities.

attn = attention_of_scores(scores)             # UMT, InternVideo2: in place of CLIP's attention
mask = with_class_token(mask)                  # InternVideo2: (B, 1 + N)
p_x = attention_of_scores(scores).view(B, -1)  # AdaMAE: probability of being visible
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import torch

from .._arrays import check_count
from ..masks import three_state_mask
from ..masks.noise import TARGET, VISIBLE
from ..score import Score

__all__ = ["VisibleAndTargets", "attention_of_scores", "visible_and_targets", "with_class_token"]


def attention_of_scores(
    scores: Sequence[Score], *, visible: str = "still", floor: float = 0.05
) -> torch.Tensor:
    """Probabilities by which trainers draw the visible tokens of each slot.

    Args:
        scores: motion per token, one of each clip.
        visible: "still": what moves is masked, as MGM does; "moving": it is shown, as attention
            shows the foreground.
        floor: in (0, 1]; smallest probability over the largest of a slot. A still slot's zeros
            would end `torch.multinomial`.

    Returns:
        float32 [B * S, R * C], positive, rows sum to 1; uniform where nothing moves.

    Raises:
        ValueError: an argument is outside what is allowed.
    """
    if visible not in ("still", "moving"):
        raise ValueError(f'visible must be "still" or "moving", not {visible!r}')
    if not 0 < floor <= 1:
        raise ValueError(f"floor must be in (0, 1], not {floor}")
    values = np.stack([score.values for score in scores]).astype(np.float64)
    rows = values.reshape(-1, values.shape[2] * values.shape[3])
    share = rows / np.maximum(rows.max(1, keepdims=True), 1)
    if visible == "still":
        share = 1 - share
    weights = floor + (1 - floor) * share
    return torch.from_numpy((weights / weights.sum(1, keepdims=True)).astype(np.float32))


def with_class_token(mask: torch.Tensor) -> torch.Tensor:
    """The mask behind a class token that stays visible.

    Args:
        mask: bool [B, N], True = masked.

    Returns:
        bool [B, 1 + N].

    Raises:
        ValueError: the mask is not bool [B, N].
    """
    if mask.dtype != torch.bool or mask.ndim != 2:
        raise ValueError(f"mask must be bool (B, N), not {mask.dtype} {tuple(mask.shape)}")
    return torch.cat([mask.new_zeros(len(mask), 1), mask], dim=1)


class VisibleAndTargets(NamedTuple):
    """EVEREST's split, as index lists of constant length; the other tokens are dropped.

    Attributes:
        visible: int64 [B, V], tokens of the encoder, ascending.
        targets: int64 [B, K], tokens to reconstruct, ascending.
    """

    visible: torch.Tensor
    targets: torch.Tensor


def visible_and_targets(
    scores: Sequence[Score],
    *,
    keep_ratio: float = 0.4,
    mask_ratio: float = 0.9,
    seeds: Sequence[int],
) -> VisibleAndTargets:
    """Of what moves most, a few tokens to see and the rest to reconstruct; see `three_state_mask`.

    Args:
        scores: motion per token, one of each clip.
        keep_ratio: share of the tokens that are not dropped.
        mask_ratio: share of the tokens that the encoder does not see.
        seeds: one per clip, in [0, 2^64).

    Raises:
        ValueError: the lengths differ, or an argument is outside what is allowed.
    """
    check_count("seeds", seeds, len(scores), per="score")
    states = [
        three_state_mask(score, keep_ratio=keep_ratio, mask_ratio=mask_ratio, seed=seed).reshape(-1)
        for score, seed in zip(scores, seeds, strict=True)
    ]
    lists = [
        np.stack([np.flatnonzero(one == kind) for one in states]) for kind in (VISIBLE, TARGET)
    ]
    return VisibleAndTargets(torch.from_numpy(lists[0]), torch.from_numpy(lists[1]))
