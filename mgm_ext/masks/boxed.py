"""Boxes that know no motion: walking, fixed, jumping."""

from __future__ import annotations

from .. import _core
from ..score import GRID
from .generator import Masking
from .options import Aspect, Grid, Mask

__all__ = [
    "FixedBoxMasking",
    "JumpingBoxMasking",
    "SimulatedMotionMasking",
    "fixed_box_mask",
    "jumping_box_mask",
    "simulated_motion_mask",
]


def simulated_motion_mask(
    *,
    grid: Grid = GRID,
    mask_ratio: float = 0.75,
    num_masked: int | None = None,
    count: str = "floor_masked",
    seed: int = 0,
    step: float = 1.0,
    aspect: Aspect = 1.0,
) -> Mask:
    """Simulated-motion masking: a box that wanders over the grid without motion data.

    The box of `motion_guided_mask` starts anywhere inside the grid and moves by a uniform step in
    [-step, step] on each axis per slot; its centre is reflected where the box would leave the grid.

    Args:
        grid: (S, R, C) tokens.
        mask_ratio: share of each slot's tokens to mask, in (0, 1).
        num_masked: K per slot, instead of `mask_ratio`.
        count: how the ratio is rounded: "floor_masked" or "floor_kept".
        seed: in [0, 2^64).
        step: tokens per slot and axis, fractions allowed, in [0, 1024].
        aspect: width over height of the box in tokens, in [1/1024, 1024]; (low, high) is drawn
            log-uniformly, once per clip.

    Returns:
        bool [S, R, C], True = masked, exactly K per slot.

    Raises:
        ValueError: an argument is outside what is allowed.

    Source: MGM (ICCV 2023), its proof of concept.
    """
    return _core.masks["simulated_motion"](
        grid,
        None,
        seed,
        mask_ratio=mask_ratio,
        num_masked=num_masked,
        count=count,
        step=step,
        aspect=aspect,
    )


def fixed_box_mask(
    *,
    grid: Grid = GRID,
    mask_ratio: float = 0.75,
    num_masked: int | None = None,
    count: str = "floor_masked",
    seed: int = 0,
    aspect: Aspect = 1.0,
) -> Mask:
    """The box of `motion_guided_mask` at one random place for the whole clip.

    Args:
        grid: (S, R, C) tokens.
        mask_ratio: share of each slot's tokens to mask, in (0, 1).
        num_masked: K per slot, instead of `mask_ratio`.
        count: how the ratio is rounded: "floor_masked" or "floor_kept".
        seed: in [0, 2^64).
        aspect: see `simulated_motion_mask`.

    Returns:
        bool [S, R, C], True = masked, exactly K per slot, every slot the same.

    Raises:
        ValueError: an argument is outside what is allowed.
    """
    return _core.masks["fixed_box"](
        grid,
        None,
        seed,
        mask_ratio=mask_ratio,
        num_masked=num_masked,
        count=count,
        aspect=aspect,
    )


def jumping_box_mask(
    *,
    grid: Grid = GRID,
    mask_ratio: float = 0.75,
    num_masked: int | None = None,
    count: str = "floor_masked",
    seed: int = 0,
    aspect: Aspect = 1.0,
) -> Mask:
    """The box of `motion_guided_mask` at an independent random place in every slot.

    Args:
        grid: (S, R, C) tokens.
        mask_ratio: share of each slot's tokens to mask, in (0, 1).
        num_masked: K per slot, instead of `mask_ratio`.
        count: how the ratio is rounded: "floor_masked" or "floor_kept".
        seed: in [0, 2^64).
        aspect: see `simulated_motion_mask`.

    Returns:
        bool [S, R, C], True = masked, exactly K per slot.

    Raises:
        ValueError: an argument is outside what is allowed.
    """
    return _core.masks["jumping_box"](
        grid,
        None,
        seed,
        mask_ratio=mask_ratio,
        num_masked=num_masked,
        count=count,
        aspect=aspect,
    )


class SimulatedMotionMasking(Masking):
    """`simulated_motion_mask` as a generator: `(input_size, mask_ratio, step=..., aspect=...)`."""

    name = "simulated_motion"
    function = staticmethod(simulated_motion_mask)


class FixedBoxMasking(Masking):
    """`fixed_box_mask` as a generator: `(input_size, mask_ratio, aspect=...)`."""

    name = "fixed_box"
    function = staticmethod(fixed_box_mask)


class JumpingBoxMasking(Masking):
    """`jumping_box_mask` as a generator: `(input_size, mask_ratio, aspect=...)`."""

    name = "jumping_box"
    function = staticmethod(jumping_box_mask)
