"""Indices of the tokens that stay visible, for a batch."""

from __future__ import annotations

import torch
from torch import Tensor

from .checks import address, check, device_of, module_for

__all__ = ["ids"]


def _new_ids(mask: Tensor, visible: int) -> tuple[Tensor, Tensor]:
    clips, n = mask.shape
    return (
        mask.new_empty((clips, visible), dtype=torch.int64),
        mask.new_empty((clips, n), dtype=torch.int64),
    )


@torch.library.custom_op(
    "mgm_ext::mask_ids",
    mutates_args=(),
    schema="(Tensor mask, int visible) -> (Tensor, Tensor)",
)
def mask_ids(mask: Tensor, visible: int) -> tuple[Tensor, Tensor]:
    """Indices of the visible tokens, and each token's place among visible, then masked ones."""
    keep, restore = _new_ids(mask, visible)
    module, where = module_for(mask)
    with device_of(mask):
        module.batch_ids(
            address(mask), *mask.shape, visible, address(keep), address(restore), where
        )
    return keep, restore


@mask_ids.register_fake
def _(mask: Tensor, visible: int) -> tuple[Tensor, Tensor]:
    return _new_ids(mask, visible)


def ids(mask: Tensor, *, num_visible: int | None = None) -> tuple[Tensor, Tensor]:
    """Indices for gathering what stays visible, and for putting everything back in order.

    Args:
        mask: bool [B, ...], True = masked, with one count of visible tokens per clip.
        num_visible: that count. None: taken from the first clip, which waits for the device and
            is therefore of no use in graphs and under `fullgraph=True`.

    Returns:
        ids_keep int64 [B, K'], the visible tokens in order; ids_restore int64 [B, N], each token's
        place among first the visible and then the masked ones. Where a clip has fewer visible
        tokens than K', the rest of its ids_keep is -1; further ones are left out.

    Raises:
        ValueError: `mask` is not bool or has no batch.
        RuntimeError: CUDA tensors without the CUDA module.
    """
    if mask.dtype != torch.bool or mask.dim() < 2 or mask.numel() == 0:
        raise ValueError(f"mask must be bool [B, ...], not {mask.dtype} {list(mask.shape)}")
    flat = check("mask", mask.flatten(1), dtype=torch.bool, shape=("B", "N"))
    visible = int((~flat[0]).sum()) if num_visible is None else num_visible
    if not 0 <= visible <= flat.shape[1]:
        raise ValueError(f"num_visible must be in [0, {flat.shape[1]}], not {visible}")
    keep, restore = mask_ids(flat, visible)
    return keep, restore
