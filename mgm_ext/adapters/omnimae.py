"""OmniMAE: the callable of `pred_shape`, for its YAML.

pred_shape:
  _target_: mgm_ext.adapters.omnimae.PredShape
  mask: motion_guided
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..masks import Masking, make_masking
from ..masks.generator import MotionMasking
from ..masks.seeds import OwnSeeds
from ..motion_field import Clip, MotionField
from ..views import View
from .sources import MaskSource, Motion

__all__ = ["PredShape"]


class PredShape:
    """`pred_shape(T, H, W, high)` of OmniMAE: exactly int(high) masked tokens.

    The trainer's transform hands no motion on, so it is set before each clip:
    `pred_shape.follow(field, view)`. Images (T = 1) get the fallback.

    Args:
        mask: a name that `make_masking` takes.
        fallback: name of the mask for images and for clips without motion.
        seed: of the object's own sequence, in [0, 2^64); None: from the system.
        options: the mask's own.

    Attributes:
        source: `MaskSource` of the last mask.
    """

    def __init__(
        self,
        mask: str = "motion_guided",
        *,
        fallback: str = "frame_random",
        seed: int | None = None,
        **options: Any,
    ) -> None:
        trial = make_masking(mask, input_size=(2, 4, 4), **options)
        self._moves = isinstance(trial, MotionMasking)
        self._names = mask, fallback
        self._options = options
        self._seeds = OwnSeeds(seed, first=1)
        self._next: tuple[Motion, View | None] | None = None
        self.source = MaskSource.GUIDED

    def follow(self, motion: Motion | Clip | MotionField, view: View | None = None) -> None:
        """Sets the motion of the next clip, for one mask.

        Args:
            motion: the clip's.
            view: what the trainer sees, in source pixels; None: the whole picture.
        """
        given = motion if isinstance(motion, Motion) else Motion(motion, MaskSource.GUIDED)
        self._next = given, view

    def __call__(self, T: int, H: int, W: int, high: float) -> NDArray[np.bool_]:  # noqa: N803
        """Bool [T, H, W], True = masked, int(high) of them.

        Raises:
            RuntimeError: the mask follows motion, and none was set for this clip.
            ValueError: high is not in [0, T * H * W].
        """
        masked, grid = int(high), (T, H, W)
        if not 0 <= masked <= T * H * W:
            raise ValueError(f"high must be in [0, {T * H * W}], not {high}")
        motion, view = self._taken(T)
        if masked in (0, T * H * W):
            return np.full(grid, masked > 0)
        name = self._names[0 if motion.motion is not None or not self._moves else 1]
        self.source = motion.source
        seed = self._seeds.next()
        if name in ("random", "block") or not 0 < masked // T < H * W - 1:
            clipwise = name if name in ("random", "block") else "random"
            own = self._options if clipwise == self._names[0] else {}
            return make_masking(clipwise, input_size=grid, num_masked=masked, **own)(seed=seed)
        # These count by slot: the remainder goes to the first slots, one token more in each.
        few, more = divmod(masked, T)
        mask = self._made(name, grid, few)(motion.motion, view=view, seed=seed)
        if more:
            richer = self._made(name, grid, few + 1)(motion.motion, view=view, seed=seed)
            mask = np.concatenate([richer[:more], mask[more:]])
        return mask

    def _made(self, name: str, grid: tuple[int, int, int], masked: int) -> Masking:
        own = self._options if name == self._names[0] else {}
        return make_masking(name, input_size=grid, num_masked=masked, **own)

    def _taken(self, frames: int) -> tuple[Motion, View | None]:
        taken, self._next = self._next, None
        if taken is not None:
            return taken
        if frames > 1 and self._moves:
            raise RuntimeError(
                f"call follow(motion, view) before each clip: {self._names[0]!r} follows motion, "
                "and the transform hands none on"
            )
        source = MaskSource.FALLBACK if self._moves else MaskSource.GUIDED
        return Motion(None, source, "image"), None
