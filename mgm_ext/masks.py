"""Masks over a grid of tokens: motion-guided ones and the baselines beside them.

Every mask is bool [S, R, C], True = masked, a pure function of its inputs and the seed, with
exactly K masked tokens: `count="floor_masked"` masks int(mask_ratio * n), `"floor_kept"` leaves
int(n * (1 - mask_ratio)) visible, `num_masked` says K itself; K is clamped to [1, n - 1].
"""

from __future__ import annotations

from typing import Final, NamedTuple, TypeAlias

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from .motion_field import Clip, MotionField
from .score import GRID, Score, score_arrays
from .views import View

__all__ = [
    "PRESETS",
    "Mask",
    "Preset",
    "fixed_box_mask",
    "frame_random_mask",
    "jumping_box_mask",
    "motion_guided_mask",
    "random_mask",
    "seed_for",
    "simulated_motion_mask",
    "tube_mask",
]

Mask: TypeAlias = NDArray[np.bool_]
Source: TypeAlias = Clip | MotionField | Score
Grid: TypeAlias = tuple[int, int, int]
Aspect: TypeAlias = float | tuple[float, float]


class Preset(NamedTuple):
    """Choices of `motion_guided_mask` that belong together; weight "auto": texture or coded."""

    camera: str
    weight: str
    peak: str
    first: str


PRESETS: Final = {
    "literal": Preset(camera="none", weight="none", peak="block", first="random"),
    "smooth": Preset(camera="none", weight="none", peak="smooth", first="motion"),
    "robust": Preset(camera="affine", weight="auto", peak="path", first="motion"),
}


def _frames_and_field(source: Clip | MotionField) -> tuple[NDArray[np.uint8] | None, MotionField]:
    if isinstance(source, Clip):
        return source.frames, source.field
    if isinstance(source, MotionField):
        return None, source
    raise TypeError(f"the motion must be a Clip, a MotionField or a Score, not {type(source)}")


def motion_guided_mask(
    source: Source,
    *,
    grid: Grid = GRID,
    mask_ratio: float = 0.75,
    view: View | None = None,
    preset: str = "robust",
    camera: str | None = None,
    weight: str | ArrayLike | None = None,
    peak: str | None = None,
    first: str | None = None,
    fit: str = "grow",
    aspect: Aspect = 1.0,
    num_masked: int | None = None,
    count: str = "floor_masked",
    still: float = 0.02,
    step: float = 1.0,
    ignore: ArrayLike = (),
    seed: int = 0,
) -> Mask:
    """Motion-guided masking: in each slot a box of tokens around the most motion.

    How much guidance the geometry leaves: on a grid of 14 x 14 at 0.75, 147 of 196 tokens are
    masked. No whole rectangle inside the grid has 147 tokens, so one side of the box is partial. A
    12 x 12 box kept inside the grid has only 9 places; a centred box that is clipped and grown to
    exactly 147 tokens (`fit="grow"`) has 36 distinct shapes, about 140 with the partial side, and
    always covers the central 7 x 7 by area, the central 6 x 6 by whole tokens. Clipped without
    refill (`fit="clip"`) the ratio runs from 0.18 to 0.73. At ratios of 0.4 to 0.6 the motion has
    far more say.

    Args:
        source: the motion: a clip, a field or a ready score.
        grid: (S, R, C) tokens; S divides the number of sampled frames. A score brings its own.
        mask_ratio: share of each slot's tokens to mask, in (0, 1).
        view: what the trainer sees; without it, the whole picture. Not with a score.
        preset: "robust", "smooth" or "literal": names the choices of `camera`, `weight`, `peak` and
            `first`. "literal" is the published method as far as it is known; read its field with
            `window="frame"`.
        camera: "none", "median" or "affine"; None: the preset's. Not with a score.
        weight: "none", "texture", "coded" or an array as `motion_score` takes it; None: the
            preset's ("robust": texture where the clip has frames, else coded). Not with a score.
        peak: "smooth" (largest 3x3 sum), "block" (largest token), "box" (window of the box's size
            with the largest sum) or "path" (smoothed peaks that move at most 2 tokens per slot and
            axis, with the largest sum; free across cuts); None: the preset's.
        first: "motion", or "random": slot 0 has a random centre; None: the preset's.
        fit: "grow" (exactly K tokens around the peak plus a jitter of half a token, drawn once per
            clip), "shift" (the whole box slid inside the grid, then topped up or trimmed to K) or
            "clip" (the whole box clipped by the grid: the count varies).
        aspect: width over height of the box in tokens, in [1/1024, 1024]; (low, high) is drawn
            log-uniformly, once per clip.
        num_masked: K per slot, instead of `mask_ratio`.
        count: how the ratio is rounded: "floor_masked" or "floor_kept".
        still: source pixels per frame below which a slot is still, in [0, 1024].
        step: how far a still slot's box walks from the last one, in tokens per axis, in [0, 1024].
        ignore: boxes (x0, y0, x1, y1) in source pixels whose motion is ignored. Not with a score.
        seed: in [0, 2^64).

    Returns:
        bool [S, R, C], True = masked, exactly K per slot (but for `fit="clip"`). Slots without
        motion walk on from the last box, so a clip without motion is `simulated_motion_mask`'s.

    Raises:
        ValueError: an argument is outside what is allowed.
        TypeError: `source` is none of the three.

    Source: MGM (Fan et al., ICCV 2023, arXiv 2308.12962). The paper leaves stillness, cuts, borders
    and the exact count open; MASKS.md 2 has ours.
    """
    if preset not in PRESETS:
        raise ValueError(f"preset must be one of {tuple(PRESETS)}, not {preset!r}")
    chosen = PRESETS[preset]
    if isinstance(source, Score):
        _refuse_field_options(source, grid, view, camera, weight, ignore)
        values, motion, valid, cuts = source.values, source.motion, source.valid, source.cuts
    else:
        frames, field = _frames_and_field(source)
        if weight is None:
            weight = chosen.weight
            if weight == "auto":
                weight = "coded" if frames is None else "texture"
        values, motion, valid, cuts = score_arrays(
            field,
            frames,
            grid=grid,
            view=view,
            camera=chosen.camera if camera is None else camera,
            weight=weight,
            ignore=ignore,
        )
    return _core.motion_guided_mask(
        values,
        motion,
        valid,
        cuts,
        mask_ratio,
        num_masked,
        count,
        aspect,
        fit,
        chosen.peak if peak is None else peak,
        chosen.first if first is None else first,
        still,
        step,
        seed,
    )


def _refuse_field_options(
    score: Score,
    grid: Grid,
    view: View | None,
    camera: str | None,
    weight: str | ArrayLike | None,
    ignore: ArrayLike,
) -> None:
    if grid is not GRID and tuple(grid) != score.values.shape:
        raise ValueError(f"grid must be the score's {score.values.shape}, not {grid}")
    if view is None and camera is None and weight is None and ignore == ():
        return
    raise ValueError(
        "view, camera, weight and ignore belong to motion_score; a Score has them already, got "
        f"view={view}, camera={camera!r}, weight={weight!r}, ignore={ignore!r}"
    )


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
    return _core.simulated_motion_mask(grid, mask_ratio, num_masked, count, aspect, step, seed)


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
    return _core.fixed_box_mask(grid, mask_ratio, num_masked, count, aspect, 0.0, seed)


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
    return _core.jumping_box_mask(grid, mask_ratio, num_masked, count, aspect, 0.0, seed)


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
    ids = None if groups is None else np.ascontiguousarray(groups, dtype=np.int64)
    return _core.random_mask(grid, "clip", ids, mask_ratio, num_masked, count, seed)


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
    return _core.random_mask(grid, "slot", None, mask_ratio, num_masked, count, seed)


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
    return _core.random_mask(grid, "tube", None, mask_ratio, num_masked, count, seed)


def seed_for(base: int, epoch: int, index: int, repeat: int = 0) -> int:
    """The seed of one sample: the same in every worker, rank and world size.

    Args:
        base: of the whole run, in [0, 2^64).
        epoch: in [0, 2^64).
        index: of the sample in the data set, in [0, 2^64).
        repeat: of repeated augmentation, in [0, 2^64).

    Returns:
        An integer in [0, 2^64), mixed with SplitMix64.

    Raises:
        ValueError: an argument is outside [0, 2^64).
    """
    return _core.seed_for(base, epoch, index, repeat)
