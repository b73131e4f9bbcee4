"""Boxes of tokens, for a batch: around the motion, and against it."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..masks.options import Aspect, Preset, chosen_preset, chosen_weight
from ..score import GRID
from .batch import BatchScore, MotionBatch
from .checks import check, whole_grid
from .mask_ops import guided_of_field, mask_op, numbers
from .score_ops import corners, sources
from .scores import checked_field, checked_request, motion_score, token_texture

__all__ = [
    "checked_score",
    "checked_seeds",
    "inverse_motion_mask",
    "motion_boxes",
    "motion_guided_mask",
    "score_of",
    "slot_sources",
]


def checked_seeds(seeds: Tensor, clips: int, like: Tensor | None = None) -> Tensor:
    """int64 [B], each the 64 bits of a seed."""
    return check("seeds", seeds, dtype=torch.int64, shape=(clips,), like=like)


def checked_score(score: BatchScore) -> BatchScore:
    """The score's tensors, contiguous and on one device, or ValueError."""
    shape: tuple[int | str, ...] = ("B", "S", "R", "C")
    values = check("values", score.values, dtype=torch.int64, shape=shape)
    motion = check("motion", score.motion, dtype=torch.int64, shape=values.shape, like=values)
    valid = check("valid", score.valid, dtype=torch.bool, shape=values.shape, like=values)
    cuts = check("cuts", score.cuts, dtype=torch.bool, shape=values.shape[:2], like=values)
    whole_grid(values.shape[1:])
    return BatchScore(values, motion, valid, cuts)


def _weight(
    weight: Tensor | str | None, preset: Preset, batch: MotionBatch, grid: Sequence[int]
) -> Tensor | str:
    """The weight, or the preset's; texture is made into one."""
    chosen: Tensor | str = chosen_weight(weight, preset, frames=batch.frames is not None)
    if not isinstance(chosen, str) or chosen != "texture":
        return chosen
    if batch.frames is None:
        raise ValueError('weight="texture" needs frames; without them "coded" is the choice')
    return token_texture(batch.frames, batch.sizes, batch.views, grid=grid)


def score_of(
    source: MotionBatch | BatchScore,
    *,
    grid: Sequence[int],
    preset: Preset,
    camera: str | None,
    weight: Tensor | str | None,
    ignore: Tensor | None,
) -> BatchScore:
    """The score given, or that of the batch with the preset's choices where there is none."""
    if isinstance(source, BatchScore):
        if camera is not None or weight is not None or ignore is not None:
            raise ValueError("camera, weight and ignore belong to motion_score, not to a score")
        if tuple(grid) not in (GRID, tuple(source.values.shape[1:])):
            raise ValueError(
                f"grid must be the score's {tuple(source.values.shape[1:])}, not {tuple(grid)}"
            )
        return checked_score(source)
    chosen = _weight(weight, preset, source, grid)
    motion = source[:7]
    return motion_score(
        *motion,
        weight=chosen,
        grid=grid,
        camera=preset.camera if camera is None else camera,
        ignore=ignore,
    )


def motion_guided_mask(
    source: MotionBatch | BatchScore,
    seeds: Tensor,
    *,
    grid: Sequence[int] = GRID,
    mask_ratio: float = 0.75,
    preset: str = "robust",
    camera: str | None = None,
    weight: Tensor | str | None = None,
    peak: str | None = None,
    first: str | None = None,
    fit: str = "grow",
    aspect: Aspect = 1.0,
    num_masked: int | None = None,
    count: str = "floor_masked",
    still: float = 0.02,
    step: float = 1.0,
    ignore: Tensor | None = None,
) -> Tensor:
    """Motion-guided masks of a batch; see `mgm_ext.motion_guided_mask`.

    With `peak` other than "path" and no texture it is one launch on a GPU, from field to mask.

    Args:
        source: a batch of fields, or their score.
        seeds: int64 [B], the 64 bits of each clip's seed.
        grid: (S, R, C) tokens; S divides the number of sampled frames. A score brings its own.
        mask_ratio: share of each slot's tokens to mask, in (0, 1).
        preset: "robust", "smooth" or "literal".
        camera: None: the preset's. Not with a score.
        weight: "none", "texture" (of the batch's frames), "coded" or int32 [B, S, R, C]; None: the
            preset's. Not with a score.
        peak: "smooth", "block", "box" or "path"; None: the preset's.
        first: "motion" or "random"; None: the preset's.
        fit: "grow", "shift" or "clip".
        aspect: width over height in tokens, or (low, high), drawn once per clip.
        num_masked: K per slot, instead of `mask_ratio`.
        count: "floor_masked" or "floor_kept".
        still: source pixels per frame below which a slot is still.
        step: tokens per slot and axis that a still slot's box walks.
        ignore: float64 [B, n, 4] boxes whose motion is ignored; NaN: no box. Not with a score.

    Returns:
        bool [B, S, R, C], True = masked, on the source's device.

    Raises:
        ValueError: an argument is outside what is allowed, or has another dtype, shape or device.
        RuntimeError: CUDA tensors without the CUDA module.
    """
    chosen = chosen_preset(preset)
    peak = chosen.peak if peak is None else peak
    first = chosen.first if first is None else first
    sides = whole_grid(source.values.shape[1:] if isinstance(source, BatchScore) else grid)
    options = numbers(
        "motion_guided", sides, mask_ratio, num_masked, count,
        aspect=aspect, fit=fit, peak=peak, first=first, still=still, step=step,
    )  # fmt: skip
    if isinstance(source, MotionBatch) and peak != "path":
        motion = source[:7]
        field = checked_field(*motion)
        weight = _weight(weight, chosen, source, grid)
        camera = chosen.camera if camera is None else camera
        request = checked_request(field, weight, ignore, grid, camera)
        seeds = checked_seeds(seeds, len(source.field), source.field)
        result: Tensor = guided_of_field(*field, *request, seeds, *options)
        return result
    score = score_of(source, grid=grid, preset=chosen, camera=camera, weight=weight, ignore=ignore)
    seeds = checked_seeds(seeds, len(score.values), score.values)
    return mask_op("motion_guided", *score, seeds, sides, *options)


def inverse_motion_mask(
    source: MotionBatch | BatchScore,
    seeds: Tensor,
    *,
    grid: Sequence[int] = GRID,
    mask_ratio: float = 0.75,
    num_masked: int | None = None,
    count: str = "floor_masked",
    aspect: Aspect = 1.0,
    camera: str | None = None,
    weight: Tensor | str | None = None,
    ignore: Tensor | None = None,
) -> Tensor:
    """Boxes around the least motion, bool [B, S, R, C]; see `mgm_ext.inverse_motion_mask`."""
    score = score_of(
        source,
        grid=grid,
        preset=chosen_preset("robust"),
        camera=camera,
        weight=weight,
        ignore=ignore,
    )
    sides = list(score.values.shape[1:])
    seeds = checked_seeds(seeds, len(score.values), score.values)
    options = numbers("inverse_motion", sides, mask_ratio, num_masked, count, aspect=aspect)
    return mask_op("inverse_motion", *score, seeds, sides, *options)


def motion_boxes(
    score: BatchScore,
    seeds: Tensor,
    views: Tensor,
    sizes: Tensor,
    *,
    mask_ratio: float = 0.75,
    aspect: Aspect = 1.0,
    peak: str = "path",
    first: str = "motion",
    still: float = 0.02,
    step: float = 1.0,
) -> Tensor:
    """Boxes around the most motion, float32 [B, S, 4] xyxy; see `mgm_ext.motion_boxes`.

    `views` and `sizes` are those that the score was made with.
    """
    score = checked_score(score)
    clips = len(score.values)
    views = check("views", views, dtype=torch.float64, shape=(clips, 5), like=score.values)
    sizes = check("sizes", sizes, dtype=torch.int64, shape=(clips, 2), like=score.values)
    seeds = checked_seeds(seeds, clips, score.values)
    ends = [float(end) for end in (aspect if isinstance(aspect, tuple | list) else (aspect,) * 2)]
    result: Tensor = corners(
        *score, views, sizes, seeds,
        float(mask_ratio), ends, peak, first, float(still), float(step),
    )  # fmt: skip
    return result


def slot_sources(score: BatchScore, *, first: str = "motion", still: float = 0.02) -> Tensor:
    """What the box of each slot follows, uint8 [B, S]; see `mgm_ext.slot_sources`."""
    result: Tensor = sources(*checked_score(score), first, float(still))
    return result
