"""Test doubles of trainers that cannot be installed: they take masks as the real ones do.

Each draws from the same generators, in the same order, and consumes masks by the same operations
as the trainer it is named after; none of their learning is here.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch


def random_states() -> tuple[Any, ...]:
    """What the global generators would draw next; equal states compare equal."""
    legacy: Any = np.random.get_state()  # noqa: NPY002
    torch_state = torch.get_rng_state().numpy().tobytes()
    return random.getstate(), legacy[1].tobytes(), legacy[2:], torch_state


def split(x: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Visible and masked tokens as the VideoMAE family takes them: indexed, then reshaped."""
    batch, _, width = x.shape
    return x[~mask].reshape(batch, -1, width), x[mask].reshape(batch, -1, width)


def sort_noise(
    x: torch.Tensor, noise: torch.Tensor, mask_ratio: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """MAE-ST's: the lowest noise stays; (visible, mask, ids_restore)."""
    keep = int(x.shape[1] * (1 - mask_ratio))
    order = noise.argsort(dim=1)
    restore = order.argsort(dim=1)
    mask = torch.ones_like(noise)
    mask[:, :keep] = 0
    kept = order[:, :keep, None].expand(-1, -1, x.shape[2])
    return x.gather(1, kept), mask.gather(1, restore), restore


def attention_mask(attention: torch.Tensor, batch: int, mask_ratio: float) -> torch.Tensor:
    """UMT's: the visible tokens of each slot are drawn by attention; bool [B, N]."""
    rows, tokens = attention.shape
    drawn = torch.multinomial(attention, tokens)
    mask = torch.ones(rows, tokens, dtype=torch.bool)
    mask.scatter_(1, drawn[:, : tokens - int(tokens * mask_ratio)], False)
    return mask.view(batch, -1)


def gather_tokens(x: torch.Tensor, indices: list[torch.Tensor]) -> torch.Tensor:
    """V-JEPA's: each list picks its tokens of every clip; the lists' picks are concatenated."""
    return torch.cat([x.gather(1, i[..., None].expand(-1, -1, x.shape[2])) for i in indices])


def random_token_mask(
    size: tuple[int, int], mask_ratio: float, class_token: bool = True
) -> tuple[torch.Tensor, torch.Tensor]:
    """lightly's: indices to keep and to mask; a class token at the front is kept."""
    keep = int((size[1] - class_token) * (1 - mask_ratio))
    noise = torch.rand(size)
    if class_token:
        noise[:, 0] = -1
        keep = max(1, keep + 1)
    order = noise.argsort(1)
    return order[:, :keep], order[:, keep:]


class PretrainEncoder(torch.nn.Module):
    """EVEREST's, as far as masks go: the second argument is the mask unless `mcm`."""

    def __init__(self, mcm: bool) -> None:
        super().__init__()
        self.mcm, self.mcm_ratio, self.masking_ratio = mcm, 0.7, 0.9

    def mcm_step(self, x: torch.Tensor, n: int, per_slot: int, slots: int, width: int) -> Any:
        raise NotImplementedError

    def forward(self, x: torch.Tensor, mask: Any) -> Any:
        batch, tokens, width = x.shape
        masks = (None, None)
        if self.mcm:
            masks = self.mcm_step(x, batch, tokens // 8, 8, width)
            mask = masks[0]
        return x[~mask].reshape(batch, -1, width), masks
