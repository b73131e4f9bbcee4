"""Boxes of tokens that know no motion, for a batch: walking, fixed, jumping."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from ..masks.options import Aspect
from ..score import GRID
from .checks import check, whole_grid
from .mask_ops import mask_op, numbers

__all__ = ["fixed_box_mask", "jumping_box_mask", "plain_mask", "simulated_motion_mask"]


def plain_mask(
    name: str, seeds: Tensor, grid: Sequence[int], *given: Any, **options: Any
) -> Tensor:
    """The masks of a name in the table that are made from nothing but seeds."""
    sides = whole_grid(grid)
    seeds = check("seeds", seeds, dtype=torch.int64, shape=("B",))
    return mask_op(name, seeds, sides, *numbers(name, sides, *given, **options))


def simulated_motion_mask(
    seeds: Tensor,
    *,
    grid: Sequence[int] = GRID,
    mask_ratio: float = 0.75,
    num_masked: int | None = None,
    count: str = "floor_masked",
    step: float = 1.0,
    aspect: Aspect = 1.0,
) -> Tensor:
    """Boxes that wander, bool [B, S, R, C]; see `mgm_ext.simulated_motion_mask`."""
    return plain_mask(
        "simulated_motion", seeds, grid, mask_ratio, num_masked, count, step=step, aspect=aspect
    )


def fixed_box_mask(
    seeds: Tensor,
    *,
    grid: Sequence[int] = GRID,
    mask_ratio: float = 0.75,
    num_masked: int | None = None,
    count: str = "floor_masked",
    aspect: Aspect = 1.0,
) -> Tensor:
    """Boxes at one place per clip, bool [B, S, R, C]; see `mgm_ext.fixed_box_mask`."""
    return plain_mask("fixed_box", seeds, grid, mask_ratio, num_masked, count, aspect=aspect)


def jumping_box_mask(
    seeds: Tensor,
    *,
    grid: Sequence[int] = GRID,
    mask_ratio: float = 0.75,
    num_masked: int | None = None,
    count: str = "floor_masked",
    aspect: Aspect = 1.0,
) -> Tensor:
    """Boxes at one place per slot, bool [B, S, R, C]; see `mgm_ext.jumping_box_mask`."""
    return plain_mask("jumping_box", seeds, grid, mask_ratio, num_masked, count, aspect=aspect)
