"""The box around the most motion in each slot, and what it follows."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

from . import _core
from .score import Score, score_input

__all__ = ["SlotSource", "motion_boxes", "slot_sources"]


class SlotSource(IntEnum):
    """What the box of a slot follows; `uint8` in arrays."""

    GUIDED = 0
    """The slot's own motion."""
    HELD = 1
    """Nothing moves: it walks on from the last box that followed motion."""
    SIMULATED = 2
    """Nothing moves, and nothing did since the clip's start or its last cut: it walks from a random
    start, as `simulated_motion_mask`'s does."""


def motion_boxes(
    score: Score,
    *,
    mask_ratio: float = 0.75,
    aspect: float | tuple[float, float] = 1.0,
    peak: str = "path",
    first: str = "motion",
    still: float = 0.02,
    step: float = 1.0,
    seed: int = 0,
) -> NDArray[np.float32]:
    """Box around the most motion in each slot, as `motion_guided_mask` places it.

    The box has h x w whole tokens, about `mask_ratio` of the grid, and is centred on the middle of
    the peak's token, then slid inside the view. The mask of the same arguments grows around the
    same centres, but for its jitter of at most half a token.

    Args:
        score: motion per token.
        mask_ratio: share of the token grid that the box covers, in (0, 1).
        aspect: width over height in tokens, in [1/1024, 1024]; (low, high) is drawn
            log-uniformly, once per clip.
        peak: what the box is centred on: "smooth" (the largest 3x3 sum), "block" (the largest
            token), "box" (the window of the box's size with the largest sum), "path" (the smoothed
            peaks that move at most 2 tokens per slot and have the largest sum).
        first: "motion", or "random": slot 0 has a random centre.
        still: source pixels per frame below which a slot is still, in [0, 1024].
        step: how far a still slot's box walks from the last one, in tokens per axis, in [0, 1024].
        seed: of ties, random starts and the walk, in [0, 2^64).

    Returns:
        float32 [S, 4], (x0, y0, x1, y1) in source pixels, inside the picture, x1 and y1 exclusive.
        A still slot walks on from the last box; without any motion all do, from a random start.

    Raises:
        ValueError: an argument is outside what is allowed.

    Source: MGM (ICCV 2023), one rectangle around each frame's highest motion; the rules for
    stillness, cuts and ties are ours.
    """
    return _core.motion_boxes(
        score_input(score),
        score.width,
        score.height,
        seed,
        mask_ratio=mask_ratio,
        aspect=aspect,
        peak=peak,
        first=first,
        still=still,
        step=step,
    )


def slot_sources(score: Score, *, first: str = "motion", still: float = 0.02) -> NDArray[np.uint8]:
    """What the box of each slot follows in `motion_guided_mask` and `motion_boxes`.

    Args:
        score: motion per token.
        first: "motion", or "random": slot 0 has a random centre, whatever moves.
        still: source pixels per frame below which a slot is still, in [0, 1024].

    Returns:
        uint8 [S], values of `SlotSource`. Where all are `SIMULATED` the mask is
        `simulated_motion_mask`'s, bit for bit.

    Raises:
        ValueError: an argument is outside what is allowed.
    """
    return _core.slot_sources(score_input(score), first=first, still=still)
