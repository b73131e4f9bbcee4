"""Patterns that know no motion: a running cell, unions of blocks, whole slots."""

from __future__ import annotations

from numpy.typing import ArrayLike

from .. import _core
from ..score import GRID
from .generator import Masking
from .options import Aspect, Grid, Mask, group_ids

__all__ = [
    "BlockMasking",
    "RunningCellMasking",
    "TimeMasking",
    "block_mask",
    "running_cell_mask",
    "time_mask",
]


def running_cell_mask(
    *,
    grid: Grid = GRID,
    mask_ratio: float = 0.75,
    num_masked: int | None = None,
    count: str = "floor_masked",
    seed: int = 0,
) -> Mask:
    """A cell of 2 x 2 tokens, tiled over the slot, whose pointer advances by one each slot.

    Args:
        grid: (S, R, C) tokens.
        mask_ratio: 1/4, 1/2 or 3/4.
        num_masked: K per slot, instead of `mask_ratio`; a quarter, half or three quarters of R * C.
        count: how the ratio is rounded where R * C is no multiple of 4: "floor_masked" or
            "floor_kept".
        seed: of the first pointer, in [0, 2^64).

    Returns:
        bool [S, R, C], True = masked, exactly K per slot. Where R or C is odd the pattern is
        trimmed or topped up to K at random.

    Raises:
        ValueError: an argument is outside what is allowed.

    Source: VideoMAEv2's decoder mask; MAR.
    """
    return _core.masks["running_cell"](
        grid, None, seed, mask_ratio=mask_ratio, num_masked=num_masked, count=count
    )


def block_mask(
    *,
    grid: Grid = GRID,
    mask_ratio: float = 0.75,
    num_masked: int | None = None,
    count: str = "floor_masked",
    seed: int = 0,
    num_blocks: int = 8,
    scale: float | tuple[float, float] = 0.15,
    aspect: Aspect = (0.75, 1.5),
    span: float | tuple[float, float] = 1.0,
    groups: ArrayLike | None = None,
) -> Mask:
    """The union of random blocks in space and time, trimmed or topped up to exactly K tokens.

    Args:
        grid: (S, R, C) tokens.
        mask_ratio: share of the clip's tokens to mask, in (0, 1).
        num_masked: K per clip, instead of `mask_ratio`.
        count: how the ratio is rounded: "floor_masked" or "floor_kept".
        seed: in [0, 2^64).
        num_blocks: how many blocks are laid, each of its own size and place, in [1, 65536].
        scale: share of a slot's tokens that a block covers, in (0, 1]; (low, high) is drawn
            uniformly for each block.
        aspect: width over height of a block in tokens, in [1/1024, 1024]; (low, high) is drawn
            log-uniformly for each block.
        span: share of the slots that a block lasts, in (0, 1]; (low, high) is drawn uniformly for
            each block.
        groups: int [S, R, C], a group id per token: K is split over the groups by largest
            remainder.

    Returns:
        bool [S, R, C], True = masked, exactly K: covered tokens first, a random choice among them
        where there are more than K, random others where there are fewer.

    Raises:
        ValueError: an argument is outside what is allowed.

    Source: V-JEPA's multi-block masks and the cubes of BEiT and MaskFeat, both with an exact count.
    """
    return _core.masks["block"](
        grid,
        None,
        seed,
        mask_ratio=mask_ratio,
        num_masked=num_masked,
        count=count,
        num_blocks=num_blocks,
        scale=scale,
        aspect=aspect,
        span=span,
        groups=group_ids(groups),
    )


def time_mask(
    *,
    grid: Grid = GRID,
    mask_ratio: float = 0.75,
    num_masked: int | None = None,
    count: str = "floor_masked",
    seed: int = 0,
) -> Mask:
    """Whole slots at random, and of one more as many tokens as are left.

    Args:
        grid: (S, R, C) tokens.
        mask_ratio: share of the clip's tokens to mask, in (0, 1).
        num_masked: K per clip, instead of `mask_ratio`.
        count: how the ratio is rounded: "floor_masked" or "floor_kept".
        seed: in [0, 2^64).

    Returns:
        bool [S, R, C], True = masked, exactly K.

    Raises:
        ValueError: an argument is outside what is allowed.

    Source: MAE-ST's time-only and VideoMAE's frame masking, with an exact count.
    """
    return _core.masks["time"](
        grid, None, seed, mask_ratio=mask_ratio, num_masked=num_masked, count=count
    )


class RunningCellMasking(Masking):
    """`running_cell_mask` as a generator: `(input_size, mask_ratio)` of 1/4, 1/2 or 3/4."""

    name = "running_cell"
    function = staticmethod(running_cell_mask)


class BlockMasking(Masking):
    """`block_mask` as a generator: `(input_size, mask_ratio, num_blocks=..., scale=..., ...)`."""

    name = "block"
    function = staticmethod(block_mask)


class TimeMasking(Masking):
    """`time_mask` as a generator: `(input_size, mask_ratio)`."""

    name = "time"
    function = staticmethod(time_mask)
