"""The operators that torch knows, `torch.ops.mgm_ext.*`: rankings of tokens, and indices.

Arguments have been checked by the functions of this package.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .arguments import FIELD, field_arguments, new_mask, tokens
from .checks import address, device_of, module_for

__all__ = ["mask_ids", "ranked", "tracked"]


@torch.library.custom_op(
    "mgm_ext::ranked_mask",
    mutates_args=(),
    schema=(
        "(Tensor like, Tensor? values, Tensor? seeds, Tensor? boxes, Tensor? views, int[] grid, "
        "str rule, str scope, int num_masked, float temperature, float share) -> Tensor"
    ),
)
def ranked(
    like: Tensor,
    values: Tensor | None,
    seeds: Tensor | None,
    boxes: Tensor | None,
    views: Tensor | None,
    grid: Sequence[int],
    rule: str,
    scope: str,
    num_masked: int,
    temperature: float,
    share: float,
) -> Tensor:
    """Exactly K tokens of lowest rank; `like` has the batch's length and device."""
    clips = len(like)
    mask = new_mask(like, clips, grid)
    given = {
        "clips": clips,
        **tokens(grid),
        "rule": rule,
        "scope": scope,
        "num_masked": num_masked,
        "values": address(values),
        "temperature": temperature,
        "share": share,
        "boxes": address(boxes),
        "boxes_per_slot": 0 if boxes is None else boxes.shape[2],
        "views": address(views),
    }
    module, where = module_for(like)
    with device_of(like):
        module.batch_ranks(given, address(seeds), address(mask), where)
    return mask


@ranked.register_fake
def _(like: Tensor, *given: Any) -> Tensor:
    return new_mask(like, like.shape[0], given[4])


@torch.library.custom_op(
    "mgm_ext::tracked_mask",
    mutates_args=(),
    schema=(
        f"({FIELD}, Tensor row_frames, Tensor seeds, int[] grid, int num_masked, float sigma) "
        "-> Tensor"
    ),
)
def tracked(*given: Any) -> Tensor:
    """Visible tokens that travel with the motion of fields."""
    field, row_frames, seeds, grid = given[0], given[7], given[8], given[9]
    mask = new_mask(field, len(field), grid)
    request = {**tokens(grid), "num_masked": given[10], "sigma": given[11]}
    module, where = module_for(field)
    with device_of(field):
        module.batch_tracked(
            field_arguments(given[:7], row_frames), request, address(seeds), address(mask), where
        )
    return mask


@tracked.register_fake
def _(*given: Any) -> Tensor:
    return new_mask(given[0], given[0].shape[0], given[9])


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
