"""Random tokens: of the clip, of each slot, of a tube."""

from __future__ import annotations

from numpy.typing import ArrayLike

from .. import _core
from ..score import GRID
from .generator import Masking
from .options import Grid, Mask, group_ids

__all__ = [
    "FrameRandomMasking",
    "RandomMasking",
    "TubeMasking",
    "frame_random_mask",
    "random_mask",
    "tube_mask",
]


def random_mask(
    *,
    grid: Grid = GRID,
    mask_ratio: float = 0.75,
    num_masked: int | None = None,
    count: str = "floor_masked",
    seed: int = 0,
    groups: ArrayLike | None = None,
) -> Mask:
    """K random tokens of the whole clip.

    Args:
        grid: (S, R, C) tokens.
        mask_ratio: share of the clip's tokens to mask, in (0, 1).
        num_masked: K per clip, instead of `mask_ratio`.
        count: how the ratio is rounded: "floor_masked" or "floor_kept".
        seed: in [0, 2^64).
        groups: int [S, R, C], a group id per token: K is split over the groups in proportion to
            their sizes, by largest remainder (at equal remainders the lower id).

    Returns:
        bool [S, R, C], True = masked, exactly K.

    Raises:
        ValueError: an argument is outside what is allowed.

    Source: MAE-ST, OmniMAE.
    """
    return _core.masks["random"](
        grid,
        None,
        seed,
        mask_ratio=mask_ratio,
        num_masked=num_masked,
        count=count,
        groups=group_ids(groups),
    )


def frame_random_mask(
    *,
    grid: Grid = GRID,
    mask_ratio: float = 0.75,
    num_masked: int | None = None,
    count: str = "floor_masked",
    seed: int = 0,
) -> Mask:
    """K random tokens of each slot, independent between slots.

    Args:
        grid: (S, R, C) tokens.
        mask_ratio: share of each slot's tokens to mask, in (0, 1).
        num_masked: K per slot, instead of `mask_ratio`.
        count: how the ratio is rounded: "floor_masked" or "floor_kept".
        seed: in [0, 2^64).

    Returns:
        bool [S, R, C], True = masked, exactly K per slot.

    Raises:
        ValueError: an argument is outside what is allowed.
    """
    return _core.masks["frame_random"](
        grid, None, seed, mask_ratio=mask_ratio, num_masked=num_masked, count=count
    )


def tube_mask(
    *,
    grid: Grid = GRID,
    mask_ratio: float = 0.75,
    num_masked: int | None = None,
    count: str = "floor_masked",
    seed: int = 0,
) -> Mask:
    """K random tokens, the same in every slot.

    Args:
        grid: (S, R, C) tokens.
        mask_ratio: share of each slot's tokens to mask, in (0, 1).
        num_masked: K per slot, instead of `mask_ratio`.
        count: how the ratio is rounded: "floor_masked" or "floor_kept".
        seed: in [0, 2^64).

    Returns:
        bool [S, R, C], True = masked, exactly K per slot, every slot the same.

    Raises:
        ValueError: an argument is outside what is allowed.

    Source: VideoMAE.
    """
    return _core.masks["tube"](
        grid, None, seed, mask_ratio=mask_ratio, num_masked=num_masked, count=count
    )


class RandomMasking(Masking):
    """`random_mask` as a generator: `(input_size, mask_ratio, groups=...)`."""

    name = "random"
    function = staticmethod(random_mask)


class FrameRandomMasking(Masking):
    """`frame_random_mask` as a generator: `(input_size, mask_ratio)`."""

    name = "frame_random"
    function = staticmethod(frame_random_mask)


class TubeMasking(Masking):
    """`tube_mask` as a generator: `(input_size, mask_ratio)`."""

    name = "tube"
    function = staticmethod(tube_mask)
