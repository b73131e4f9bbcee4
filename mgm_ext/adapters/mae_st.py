"""MAE-ST, SlowFast's MAE, lightly, timm's PatchDropout: masks as noise that the model sorts.

    class MotionMAE(NoiseMasking, MaskedAutoencoderViT): ...
    model.noise = noise_of_masks(masks, seeds)  # or noise_of_scores(scores, ...), before forward

The model keeps the int(N * (1 - mask_ratio)) tokens of lowest noise: `count="floor_kept"`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from .._arrays import check_count
from ..masks import Mask, noise_from_score
from ..score import Score

__all__ = ["NoiseMasking", "keep_lowest", "noise_of_masks", "noise_of_scores"]


def noise_of_scores(
    scores: Sequence[Score], *, strength: float = 4.0, seeds: Sequence[int]
) -> torch.Tensor:
    """Noise that masks what moves with higher probability.

    Args:
        scores: motion per token, one of each clip.
        strength: in [0, 64]; see `noise_from_score`. 0 is the trainer's own uniform noise.
        seeds: one per clip, in [0, 2^64).

    Returns:
        float32 [B, N] in [0, 1).

    Raises:
        ValueError: the lengths differ, or an argument is outside what is allowed.
    """
    check_count("seeds", seeds, len(scores), per="score")
    rows = [
        noise_from_score(score, strength=strength, seed=seed).reshape(-1)
        for score, seed in zip(scores, seeds, strict=True)
    ]
    return torch.from_numpy(np.stack(rows))


def noise_of_masks(masks: Sequence[Mask], *, seeds: Sequence[int]) -> torch.Tensor:
    """Noise whose lowest tokens are a mask's visible ones, in random order among themselves.

    Args:
        masks: bool [S, R, C], True = masked, one of each clip, all with the same count; it must be
            the model's own, `count="floor_kept"`.
        seeds: one per clip, in [0, 2^64).

    Returns:
        float32 [B, N]: visible tokens in [0, 0.5), masked ones in [0.5, 1).

    Raises:
        ValueError: the lengths or the counts differ.
    """
    if len(masks) != len(seeds) or len({int(mask.sum()) for mask in masks}) != 1:
        raise ValueError(
            f"masks and seeds must be as many, and all masks of one count, got {len(masks)} masks "
            f"of {[int(mask.sum()) for mask in masks]} tokens and {len(seeds)} seeds"
        )
    rows = []
    for mask, seed in zip(masks, seeds, strict=True):
        order = np.random.default_rng(seed).permutation(mask.size) / mask.size  # no ties
        rows.append((order + mask.reshape(-1)).astype(np.float32) / 2)
    return torch.from_numpy(np.stack(rows))


def keep_lowest(
    x: torch.Tensor, mask_ratio: float, noise: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """What the trainers' `random_masking` does, with noise that is given.

    Args:
        x: [B, N, D] tokens.
        mask_ratio: share of the tokens to mask, in (0, 1).
        noise: float [B, N].

    Returns:
        The visible tokens [B, K, D], the mask float [B, N] (1 = masked), ids_restore and ids_keep
        int64 [B, N] and [B, K].

    Raises:
        ValueError: the noise is not float [B, N] of these tokens.
    """
    batch, tokens, width = x.shape
    if tuple(noise.shape) != (batch, tokens) or not noise.is_floating_point():
        raise ValueError(
            f"noise must be floats ({batch}, {tokens}), one per token, not {noise.dtype} "
            f"{tuple(noise.shape)}"
        )
    keep = int(tokens * (1 - mask_ratio))
    shuffle = torch.argsort(noise.to(x.device), dim=1, stable=True)
    restore = torch.argsort(shuffle, dim=1)
    ids_keep = shuffle[:, :keep]
    visible = torch.gather(x, 1, ids_keep.unsqueeze(-1).expand(-1, -1, width))
    mask = (restore >= keep).to(x.dtype)
    return visible, mask, restore, ids_keep


class NoiseMasking:
    """Mix-in before a model whose `random_masking(x, mask_ratio)` draws its own noise.

    Attributes:
        noise: float [B, N] of the next forward, set before each; used once, so that no batch is
            masked by the noise of another.
    """

    noise: torch.Tensor | None = None

    def random_masking(self, x: torch.Tensor, mask_ratio: float, *_: Any) -> tuple[Any, ...]:
        """As MAE-ST's: (visible tokens, mask, ids_restore, ids_keep).

        Raises:
            RuntimeError: no noise was set since the last forward.
            ValueError: the noise is of another batch.
        """
        noise, self.noise = self.noise, None
        if noise is None:
            raise RuntimeError("set model.noise before each forward; nothing is drawn in its place")
        return keep_lowest(x, mask_ratio, noise)
