"""Tokens ranked one by one, for a batch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..masks.options import chosen_preset
from ..score import GRID
from .batch import BatchScore, MotionBatch
from .boxed import checked_score, checked_seeds, score_of
from .checks import check, whole_grid
from .mask_ops import mask_op, numbers
from .plain import plain_mask
from .scores import checked_field

__all__ = [
    "boxes_mask",
    "frame_random_mask",
    "motion_topk_mask",
    "random_mask",
    "select",
    "tracked_mask",
    "tube_mask",
]


def select(
    keys: Tensor, num_masked: int, scope: str = "slot", *, seeds: Tensor | None = None
) -> Tensor:
    """Masks the tokens of lowest key, exactly `num_masked`.

    Args:
        keys: int64 [B, S, R, C].
        num_masked: K of each slot, of the clip, or of slot 0; clamped to [1, n - 1].
        scope: "slot", "clip" or "tube" (slot 0's tokens in every slot).
        seeds: int64 [B]: equal keys go by the Philox words of the seed, then by index; None: all
            seeds are 0.

    Returns:
        bool [B, S, R, C], True = masked.

    Raises:
        ValueError: an argument has another dtype, shape or device.
        RuntimeError: CUDA tensors without the CUDA module.
    """
    keys = check("keys", keys, dtype=torch.int64, shape=("B", "S", "R", "C"))
    grid = whole_grid(keys.shape[1:])
    if seeds is not None:
        seeds = checked_seeds(seeds, len(keys), keys)
    options = numbers("select", grid, 0.5, num_masked, "floor_masked", scope=scope)
    return mask_op("select", keys, None, None, None, seeds, grid, *options)


def random_mask(
    seeds: Tensor,
    *,
    grid: Sequence[int] = GRID,
    mask_ratio: float = 0.75,
    num_masked: int | None = None,
    count: str = "floor_masked",
) -> Tensor:
    """K random tokens of each clip, bool [B, S, R, C]; see `mgm_ext.random_mask`."""
    return plain_mask("random", seeds, grid, mask_ratio, num_masked, count, scope="clip")


def frame_random_mask(
    seeds: Tensor,
    *,
    grid: Sequence[int] = GRID,
    mask_ratio: float = 0.75,
    num_masked: int | None = None,
    count: str = "floor_masked",
) -> Tensor:
    """K random tokens of each slot, bool [B, S, R, C]; see `mgm_ext.frame_random_mask`."""
    return plain_mask("frame_random", seeds, grid, mask_ratio, num_masked, count)


def tube_mask(
    seeds: Tensor,
    *,
    grid: Sequence[int] = GRID,
    mask_ratio: float = 0.75,
    num_masked: int | None = None,
    count: str = "floor_masked",
) -> Tensor:
    """K random tokens, the same in every slot, bool [B, S, R, C]; see `mgm_ext.tube_mask`."""
    return plain_mask("tube", seeds, grid, mask_ratio, num_masked, count)


def motion_topk_mask(
    source: MotionBatch | BatchScore,
    seeds: Tensor,
    *,
    grid: Sequence[int] = GRID,
    mask_ratio: float = 0.75,
    num_masked: int | None = None,
    count: str = "floor_masked",
    scope: str = "slot",
    temperature: float = 0.0,
    visible_from_motion: float | None = None,
    camera: str | None = None,
    weight: Tensor | str | None = None,
    ignore: Tensor | None = None,
) -> Tensor:
    """The K tokens of most motion, bool [B, S, R, C]; see `mgm_ext.motion_topk_mask`."""
    score = score_of(
        source,
        grid=grid,
        preset=chosen_preset("robust"),
        camera=camera,
        weight=weight,
        ignore=ignore,
    )
    seeds = checked_seeds(seeds, len(score.values), score.values)
    sides = list(score.values.shape[1:])
    options = numbers(
        "motion_topk", sides, mask_ratio, num_masked, count,
        scope=scope, temperature=temperature, visible_from_motion=visible_from_motion,
    )  # fmt: skip
    return mask_op("motion_topk", *score, seeds, sides, *options)


def boxes_mask(
    boxes: Tensor,
    views: Tensor,
    seeds: Tensor,
    *,
    score: BatchScore | None = None,
    grid: Sequence[int] = GRID,
    mask_ratio: float = 0.75,
    num_masked: int | None = None,
    count: str = "floor_masked",
    scope: str = "slot",
) -> Tensor:
    """The tokens that boxes cover, bool [B, S, R, C]; see `mgm_ext.boxes_mask`.

    Args:
        boxes: float64 [B, S, n, 4], xyxy in source pixels; NaN: no box.
        views: float64 [B, 5], in source pixels; see `motion_score`.
        seeds: int64 [B].
        score: decides among tokens that are covered equally; it brings its own grid.
        grid: (S, R, C) tokens.
        mask_ratio: share of the tokens to mask, in (0, 1).
        num_masked: K, instead of `mask_ratio`.
        count: "floor_masked" or "floor_kept".
        scope: "slot", "clip" or "tube".
    """
    sides = whole_grid(grid if score is None else score.values.shape[1:])
    shape: tuple[int | str, ...] = ("B", sides[0], "n", 4)
    boxes = check("boxes", boxes, dtype=torch.float64, shape=shape)
    clips = boxes.shape[0]
    views = check("views", views, dtype=torch.float64, shape=(clips, 5), like=boxes)
    seeds = checked_seeds(seeds, clips, boxes)
    values = None
    if score is not None:
        values = checked_score(score).values
        check("score", values, dtype=torch.int64, shape=(clips, *sides), like=boxes)
    options = numbers("boxes", sides, mask_ratio, num_masked, count, scope=scope)
    return mask_op("boxes", boxes, views, values, seeds, sides, *options)


def tracked_mask(
    batch: MotionBatch,
    seeds: Tensor,
    *,
    grid: Sequence[int] = GRID,
    mask_ratio: float = 0.75,
    num_masked: int | None = None,
    count: str = "floor_masked",
    sigma: float = 16.0,
) -> Tensor:
    """Visible tokens that travel with the motion, bool [B, S, R, C]; see `mgm_ext.tracked_mask`."""
    motion = batch[:7]
    field = checked_field(*motion)
    row_frames = check(
        "row_frames", batch.row_frames, dtype=torch.int64, shape=batch.field.shape[:2],
        like=batch.field,
    )  # fmt: skip
    sides = whole_grid(grid, batch.offsets.shape[1] - 1)
    seeds = checked_seeds(seeds, len(batch.field), batch.field)
    options = numbers("tracked", sides, mask_ratio, num_masked, count, sigma=sigma)
    return mask_op("tracked", *field, row_frames, seeds, sides, *options)
