"""The generator around boxes that the caller gives, with the settings or with each call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _core
from ..views import View
from .generator import MotionMasking
from .options import PRESETS, Grid, Mask, Source, score_settings
from .ranked import boxes_mask, per_slot, set_boxes

__all__ = ["BoxesMasking"]


class BoxesMasking(MotionMasking):
    """`boxes_mask` as a generator: `(input_size, mask_ratio, boxes=..., scope=...)`.

    The boxes come with the settings, or with each call.
    """

    name = "boxes"
    function = staticmethod(boxes_mask)

    def __init__(
        self,
        input_size: Grid,
        mask_ratio: float = 0.75,
        *,
        boxes: ArrayLike | Sequence[ArrayLike] | None = None,
        **options: Any,
    ) -> None:
        self._boxes = boxes
        super().__init__(input_size, mask_ratio, **options)

    def __call__(
        self,
        field: Source | None = None,
        frames: NDArray[np.uint8] | None = None,
        view: View | None = None,
        seed: int | None = None,
        *,
        boxes: ArrayLike | Sequence[ArrayLike] | None = None,
    ) -> Mask:
        """One mask; see `Masking`. Without a field a view is needed.

        Args:
            field: motion, which decides among tokens that are covered equally.
            frames: uint8 [T, H, W, 3] of the whole picture, for texture.
            view: what the trainer sees.
            seed: in [0, 2^64); None: the object's own next one.
            boxes: as `boxes_mask` takes them; None: those of the settings.
        """
        return self._make(self.input_of(field, frames, view, boxes), seed)

    def input_of(
        self,
        field: Source | None,
        frames: NDArray[np.uint8] | None,
        view: View | None,
        boxes: ArrayLike | Sequence[ArrayLike] | None,
    ) -> _core.MaskInput:
        """The core's input with boxes, or ValueError without boxes or without any view."""
        boxes = self._boxes if boxes is None else boxes
        if boxes is None:
            raise ValueError("boxes must be given, with the settings or with the call, not None")
        if field is not None:
            given = super().input_of(field, frames, view, None)
        elif view is not None:
            given = _core.MaskInput.of_view(view.crop, view.hflip)
        else:
            raise ValueError("boxes need a field or a view, got neither")
        set_boxes(given, boxes, self.input_size[0])
        return given

    def recipe(self) -> dict[str, Any]:
        """Every setting; boxes that came with the settings included."""
        boxes = (
            None if self._boxes is None else [np.asarray(b).tolist() for b in per_slot(self._boxes)]
        )
        return {**super().recipe(), "boxes": boxes}

    def _score_settings(self) -> _core.ScoreSettings:
        return score_settings(
            PRESETS["robust"], self.input_size, camera=None, weight=None, ignore=()
        )
