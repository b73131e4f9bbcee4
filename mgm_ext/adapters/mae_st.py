"""MAE-ST, SlowFast's MAE, lightly, timm's PatchDropout: masks as noise that the model sorts.

    class Model(NoiseMasking, MaskedAutoencoderViT): ...    # SlowFast: MaskMViT
    masking = ExactMasking("motion_guided", grid, masked_by(grid, mask_ratio))
    model.masks = masks  # before each forward; or model.noise = noise_of_scores(...)

    idx_keep, idx_mask = keep_and_mask(masks)  # lightly: in place of utils.random_token_mask

The model keeps the int(N * (1 - mask_ratio)) tokens of lowest noise, over the whole clip.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from .._arrays import check_count
from ..masks import Mask, noise_from_score
from ..score import Score
from .check_mask import check_mask
from .exact_masking import ExactMasking, masked_by

__all__ = [
    "ExactMasking",
    "NoiseMasking",
    "keep_and_mask",
    "keep_lowest",
    "masked_by",
    "noise_of_masks",
    "noise_of_scores",
]


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
            the model's own: `ExactMasking(..., num_masked=masked_by(grid, mask_ratio))`.
        seeds: one per clip, in [0, 2^64).

    Returns:
        float32 [B, N]: visible tokens in [-1, 0), masked ones in [0, 1); `keep_lowest` checks by
        the sign that the model keeps just the visible ones.

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
        rows.append((order - ~mask.reshape(-1)).astype(np.float32))
    return torch.from_numpy(np.stack(rows))


def keep_lowest(
    x: torch.Tensor, mask_ratio: float, noise: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    """What the trainers' `random_masking` does, with noise that is given.

    Args:
        x: [B, N, D] tokens.
        mask_ratio: share of the tokens to mask, in (0, 1).
        noise: float [B, N]; below 0 where a mask leaves the token visible.

    Returns:
        The visible tokens [B, K, D], the mask float [B, N] (1 = masked), ids_restore and ids_keep
        int64 [B, N] and [B, K].

    Raises:
        ValueError: the noise is not float [B, N] of these tokens, or its mask leaves another number
            visible than the model keeps.
    """
    batch, tokens, width = x.shape
    if tuple(noise.shape) != (batch, tokens) or not noise.is_floating_point():
        raise ValueError(
            f"noise must be floats ({batch}, {tokens}), one per token, not {noise.dtype} "
            f"{tuple(noise.shape)}"
        )
    keep = int(tokens * (1 - mask_ratio))
    noise = noise.to(x.device)
    visible = set((noise < 0).sum(1).tolist())
    if visible not in ({0}, {keep}):
        raise ValueError(
            f"the model keeps {keep} of {tokens} tokens at mask_ratio={mask_ratio}, the masks "
            f"leave {sorted(visible)} visible: make them with num_masked={tokens - keep}"
        )
    shuffle = torch.argsort(noise, dim=1, stable=True)
    restore = torch.argsort(shuffle, dim=1)
    ids_keep = shuffle[:, :keep]
    shown = torch.gather(x, 1, ids_keep.unsqueeze(-1).expand(-1, -1, width))
    mask = (restore >= keep).to(x.dtype)
    return shown, mask, restore, ids_keep


def keep_and_mask(
    masks: torch.Tensor, *, class_token: bool = True
) -> tuple[torch.Tensor, torch.Tensor]:
    """What lightly's `utils.random_token_mask` returns, from masks.

    Args:
        masks: bool [B, N], True = masked, all with the same count.
        class_token: the sequence begins with a class token, which is kept.

    Returns:
        idx_keep and idx_mask, int64 [B, K] and [B, M] in ascending order, in the sequence.

    Raises:
        ValueError: the masks are not bool [B, N] of one count.
    """
    check_mask(masks, style="transformers", mask_ratio=float(masks.float().mean()))
    order = torch.argsort(masks.to(torch.uint8), dim=1, stable=True)
    keep = int((~masks[0]).sum())
    idx_keep, idx_mask = order[:, :keep], order[:, keep:]
    if not class_token:
        return idx_keep, idx_mask
    first = idx_keep.new_zeros(len(masks), 1)
    return torch.cat([first, idx_keep + 1], dim=1), idx_mask + 1


class NoiseMasking:
    """Mix-in before a model that sorts noise of its own: MAE-ST's, SlowFast's.

    Its `random_masking` (MAE-ST) or `_mae_random_masking` (SlowFast) takes what was set instead.

    Attributes:
        noise: float [B, N] of the next forward, set before each; used once, so that no batch is
            masked by the noise of another. Noise that the forward pass did not use raises.
        masks: bool [B, N] or [B, S, R, C], True = masked, in its place.
    """

    noise: torch.Tensor | None = None
    masks: torch.Tensor | None = None

    def __call__(self, *args: Any, **options: Any) -> Any:
        """The model's own forward.

        Raises:
            RuntimeError: noise or masks were set, and it used none.
        """
        result = super().__call__(*args, **options)  # type: ignore[misc]
        if self.noise is not None or self.masks is not None:
            self.noise = self.masks = None
            raise RuntimeError(
                f"{type(self).__name__} has not used the noise or the masks that were set: its "
                "forward calls neither random_masking nor _mae_random_masking"
            )
        return result

    def random_masking(self, x: torch.Tensor, mask_ratio: float, *_: Any) -> tuple[Any, ...]:
        """As MAE-ST's: (visible tokens, mask, ids_restore, ids_keep).

        Raises:
            RuntimeError: no noise was set since the last forward.
            ValueError: the noise is of another batch, or its masks of another count.
        """
        noise, masks, self.noise, self.masks = self.noise, self.masks, None, None
        if (noise is None) == (masks is None):
            raise RuntimeError(
                "set model.noise or model.masks before each forward; nothing is drawn in its place"
            )
        if noise is None:
            noise = _noise_of(masks)
        if noise.numel() == x.shape[0] * x.shape[1]:
            noise = noise.reshape(x.shape[:2])  # SlowFast may count each slot as a sample
        return keep_lowest(x, mask_ratio, noise)

    def _mae_random_masking(
        self, x: torch.Tensor, mask_ratio: float, mask_in: torch.Tensor | None = None
    ) -> tuple[Any, ...]:
        """As SlowFast's.

        Raises:
            ValueError: the loader has made a mask as well (MASK.MAE_RND_MASK is off).
        """
        if mask_in is not None:
            raise ValueError(
                "the loader gives a mask too: set MASK.MAE_RND_MASK True, so that the model takes "
                "what was set here"
            )
        return self.random_masking(x, mask_ratio)


def _noise_of(masks: Any) -> torch.Tensor:
    """Noise of masks, in an order that torch draws."""
    check_mask(masks.flatten(1), style="transformers", mask_ratio=float(masks.float().mean()))
    noise: torch.Tensor = torch.rand(masks.flatten(1).shape, device=masks.device)
    noise -= (~masks.flatten(1)).to(noise.dtype)
    return noise
