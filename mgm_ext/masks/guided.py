"""Masks that follow the motion with a box, and the box that avoids it."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _core
from ..score import GRID
from ..views import View
from .generator import MotionMasking
from .options import Aspect, Grid, Mask, Source, chosen_preset, mask_input

__all__ = [
    "InverseMotionMasking",
    "MotionGuidedMasking",
    "inverse_motion_mask",
    "motion_guided_mask",
]


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

    A box that hides a small object in every slot trained worse than a tube in our first runs: the
    preset "robust" came to 66.9 % against 90.1 % at 0.75 (one seed, rendered clips, no claim:
    docs/pretraining.md).

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
    and the exact count open; the rules above are ours.
    """
    chosen = chosen_preset(preset)
    given, grid = mask_input(
        source, grid=grid, view=view, camera=camera, weight=weight, ignore=ignore, preset=chosen
    )
    return _core.masks["motion_guided"](
        grid,
        given,
        seed,
        mask_ratio=mask_ratio,
        num_masked=num_masked,
        count=count,
        aspect=aspect,
        fit=fit,
        peak=chosen.peak if peak is None else peak,
        first=chosen.first if first is None else first,
        still=still,
        step=step,
    )


def inverse_motion_mask(
    source: Source,
    *,
    grid: Grid = GRID,
    mask_ratio: float = 0.75,
    num_masked: int | None = None,
    count: str = "floor_masked",
    seed: int = 0,
    aspect: Aspect = 1.0,
    view: View | None = None,
    camera: str | None = None,
    weight: str | ArrayLike | None = None,
    ignore: ArrayLike = (),
) -> Mask:
    """The box of `motion_guided_mask` around the least motion of each slot.

    Args:
        source: the motion: a clip, a field or a ready score.
        grid: (S, R, C) tokens; a score brings its own.
        mask_ratio: share of each slot's tokens to mask, in (0, 1).
        num_masked: K per slot, instead of `mask_ratio`.
        count: how the ratio is rounded: "floor_masked" or "floor_kept".
        seed: in [0, 2^64).
        aspect: width over height of the box in tokens, in [1/1024, 1024]; (low, high) is drawn
            log-uniformly, once per clip.
        view: what the trainer sees; without it, the whole picture. Not with a score.
        camera: "none", "median" or "affine"; None: "affine". Not with a score.
        weight: "none", "texture", "coded" or an array; None: texture where the clip has frames,
            else coded. Not with a score.
        ignore: boxes (x0, y0, x1, y1) in source pixels whose motion is ignored. Not with a score.

    Returns:
        bool [S, R, C], True = masked, exactly K per slot. The box lies around the window of its
        size with the smallest sum; of equal windows one is drawn for each slot, so without any
        motion the box jumps.

    Raises:
        ValueError: an argument is outside what is allowed.
        TypeError: `source` is none of the three.
    """
    given, grid = mask_input(
        source, grid=grid, view=view, camera=camera, weight=weight, ignore=ignore
    )
    return _core.masks["inverse_motion"](
        grid,
        given,
        seed,
        mask_ratio=mask_ratio,
        num_masked=num_masked,
        count=count,
        aspect=aspect,
    )


class MotionGuidedMasking(MotionMasking):
    """`motion_guided_mask` as a generator: `(input_size, mask_ratio, preset=..., fit=..., ...)`.

    `recipe()` spells the preset's choices out.
    """

    name = "motion_guided"
    function = staticmethod(motion_guided_mask)

    def _bind(self) -> None:
        for name, choice in chosen_preset(self.settings["preset"])._asdict().items():
            if self.settings[name] is None:
                self.settings[name] = choice
        super()._bind()

    def with_sources(
        self,
        field: Source | None = None,
        frames: NDArray[np.uint8] | None = None,
        view: View | None = None,
        seed: int | None = None,
    ) -> tuple[Mask, NDArray[np.uint8]]:
        """The mask, and what each slot's box follows; the score is computed once for both."""
        given = self.input_of(field, frames, view, None)
        given.keep_score(self.input_size)
        mask = self._make(given, seed)
        first, still = self.settings["first"], self.settings["still"]
        return mask, _core.slot_sources(given, first=first, still=still)


class InverseMotionMasking(MotionMasking):
    """`inverse_motion_mask` as a generator: `(input_size, mask_ratio, aspect=..., ...)`."""

    name = "inverse_motion"
    function = staticmethod(inverse_motion_mask)
