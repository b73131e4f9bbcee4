"""The motion itself in place of a mask, for trainers that draw their masks in the model."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from ..boxes import slot_sources
from ..motion_field import Clip
from ..score import Score, motion_score
from ..views import View
from .record import Capture
from .sources import FallbackCount, MaskSource, source_of_mask

__all__ = ["MotionScoreGenerator", "still_score"]


class MotionScoreGenerator:
    """Where UMT, InternVideo2, AdaMAE and EVEREST have no mask to make: the clip's `Score`.

    torch's default collation leaves scores a list, in the order of the batch.

    Args:
        input_size: (T, H, W) in tokens.
        capture: where clip and crop are recorded.
        replaces: what stood here; called each time, where it can be.
        max_fallback: largest share of clips without motion over the first 1,000 of all workers;
            such a clip's score is 0 everywhere.
        camera: see `motion_score`.

    Attributes:
        source: `MaskSource` of the last score: guided where something in its view moves on its own.
    """

    def __init__(
        self,
        input_size: tuple[int, int, int],
        *,
        capture: Capture,
        replaces: Callable[[], Any] | None = None,
        max_fallback: float = 0.2,
        camera: str = "affine",
    ) -> None:
        self.frames, self.height, self.width = (operator.index(size) for size in input_size)
        self.capture = capture
        self.replaces = replaces
        self.camera = camera
        self.fallbacks = FallbackCount(max_fallback)
        self.source = MaskSource.GUIDED

    def __repr__(self) -> str:
        return f"motion score of {(self.frames, self.height, self.width)} tokens"

    def __call__(self) -> Score:
        """The score of what was captured.

        Raises:
            TooManyFallbacks: too many clips have no motion.
        """
        motion, view, _ = self.capture.take()
        if self.replaces is not None:
            self.replaces()
        self.source = motion.source
        self.fallbacks.record(motion.source, motion.reason, motion.path)
        grid = (self.frames, self.height, self.width)
        if motion.motion is None:
            return still_score(grid)
        clip = motion.motion
        textured = isinstance(clip, Clip) and clip.frames is not None
        field = clip.field if isinstance(clip, Clip) else clip
        weight = "texture" if textured else field.coded_share(grid=grid, view=view)
        score = motion_score(clip, grid=grid, view=view, camera=self.camera, weight=weight)
        self.source = source_of_mask(motion.source, slot_sources(score))
        return score


def still_score(grid: tuple[int, int, int]) -> Score:
    """The score of (S, R, C) tokens without motion."""
    zeros = np.zeros(grid, np.int64)
    valid, cuts = np.zeros(grid, np.bool_), np.zeros(grid[0], np.bool_)
    width, height = grid[2] * 16, grid[1] * 16
    return Score(zeros, zeros, valid, cuts, View.full(width, height), width, height)
