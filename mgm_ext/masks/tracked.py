"""Visible tokens that travel with the motion."""

from __future__ import annotations

from .. import _core
from ..motion_field import Clip, MotionField
from ..score import GRID, NO_BOXES, Score
from ..views import View
from .generator import MotionMasking
from .options import Grid, Mask, mask_input

__all__ = ["TrackedMasking", "tracked_mask"]


def tracked_mask(
    source: Clip | MotionField,
    *,
    grid: Grid = GRID,
    mask_ratio: float = 0.75,
    num_masked: int | None = None,
    count: str = "floor_masked",
    seed: int = 0,
    sigma: float = 16.0,
    view: View | None = None,
) -> Mask:
    """Visible tokens that travel with the motion, as MGMAE's do with optical flow.

    Gaussian bumps lie on R * C - K random tokens of the middle slot. Each token of another slot is
    followed to the middle one along the velocities of all coded frames between, and takes the
    bumps' value there (bilinear, in 1/256 token); where the way leaves the view or crosses a cut it
    keeps the value that the middle slot has at its own place. The K lowest tokens of each slot are
    masked.

    Args:
        source: a clip or a field; one made with `MotionField.from_flow` gives the published method.
        grid: (S, R, C) tokens.
        mask_ratio: share of each slot's tokens to mask, in (0, 1).
        num_masked: K per slot, instead of `mask_ratio`.
        count: how the ratio is rounded: "floor_masked" or "floor_kept".
        seed: in [0, 2^64).
        sigma: of a bump, in pixels of a view of 224 x 224, in [1, 1024].
        view: what the trainer sees; without it, the whole picture.

    Returns:
        bool [S, R, C], True = masked, exactly K per slot; without motion every slot is the same.

    Raises:
        ValueError: an argument is outside what is allowed.
        TypeError: `source` is neither a clip nor a field.

    Source: MGMAE (Huang et al., ICCV 2023), with codec vectors in place of RAFT.
    """
    if isinstance(source, Score):
        raise TypeError("tracked_mask follows a MotionField or a Clip, not a Score")
    given, grid = mask_input(source, grid=grid, view=view, camera="none", weight="none", ignore=())
    return _core.masks["tracked"](
        grid,
        given,
        seed,
        mask_ratio=mask_ratio,
        num_masked=num_masked,
        count=count,
        sigma=sigma,
    )


class TrackedMasking(MotionMasking):
    """`tracked_mask` as a generator: `(input_size, mask_ratio, sigma=...)`; takes no score."""

    name = "tracked"
    function = staticmethod(tracked_mask)

    def _score_settings(self) -> _core.ScoreSettings:
        return _core.ScoreSettings("none", None, NO_BOXES)
