"""A generator class for each mask, by name for configuration files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _core
from ..views import View
from .boxed import fixed_box_mask, jumping_box_mask, simulated_motion_mask
from .generator import Masking, MotionMasking
from .guided import inverse_motion_mask, motion_guided_mask
from .options import Grid, Mask, Source, chosen_preset
from .patterns import block_mask, cell_masked, running_cell_mask
from .ranked import boxes_mask, checked_scope, motion_topk_mask, per_slot, set_boxes, tracked_mask
from .uniform import frame_random_mask, random_mask, tube_mask

__all__ = [
    "MASKINGS",
    "BlockMasking",
    "BoxesMasking",
    "FixedBoxMasking",
    "FrameRandomMasking",
    "InverseMotionMasking",
    "JumpingBoxMasking",
    "MotionGuidedMasking",
    "MotionTopKMasking",
    "RandomMasking",
    "RunningCellMasking",
    "SimulatedMotionMasking",
    "TrackedMasking",
    "TubeMasking",
    "make_masking",
]


class RandomMasking(Masking):
    """`random_mask` as a generator: `(input_size, mask_ratio, groups=...)`."""

    name = "random"
    function = staticmethod(random_mask)


class FrameRandomMasking(Masking):
    """`frame_random_mask` as a generator: `(input_size, mask_ratio)`."""

    name = "frame_random"
    function = staticmethod(frame_random_mask)


class TubeMasking(Masking):
    """`tube_mask` as a generator: `(input_size, mask_ratio)`."""

    name = "tube"
    function = staticmethod(tube_mask)


class RunningCellMasking(Masking):
    """`running_cell_mask` as a generator: `(input_size, mask_ratio)` of 1/4, 1/2 or 3/4."""

    name = "running_cell"
    function = staticmethod(running_cell_mask)

    def _rule_options(self) -> dict[str, Any]:
        masked = cell_masked(self.input_size, self.mask_ratio, self.settings["num_masked"])
        return {**super()._rule_options(), "cell_masked": masked}


class BlockMasking(Masking):
    """`block_mask` as a generator: `(input_size, mask_ratio, num_blocks=..., scale=..., ...)`."""

    name = "block"
    function = staticmethod(block_mask)


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


class MotionGuidedMasking(MotionMasking):
    """`motion_guided_mask` as a generator: `(input_size, mask_ratio, preset=..., fit=..., ...)`.

    `recipe()` spells the preset's choices out.
    """

    name = "motion_guided"
    function = staticmethod(motion_guided_mask)

    def _rule_options(self) -> dict[str, Any]:
        chosen = chosen_preset(self.settings["preset"])._asdict()
        for name, choice in chosen.items():
            if self.settings[name] is None:
                self.settings[name] = choice
        return super()._rule_options()


class InverseMotionMasking(MotionMasking):
    """`inverse_motion_mask` as a generator: `(input_size, mask_ratio, aspect=..., ...)`."""

    name = "inverse_motion"
    function = staticmethod(inverse_motion_mask)


class MotionTopKMasking(MotionMasking):
    """`motion_topk_mask` as a generator: `(input_size, mask_ratio, temperature=..., ...)`."""

    name = "motion_topk"
    function = staticmethod(motion_topk_mask)

    def _rule_options(self) -> dict[str, Any]:
        options = super()._rule_options()
        checked_scope(options["scope"], options["groups"])
        return options


class TrackedMasking(MotionMasking):
    """`tracked_mask` as a generator: `(input_size, mask_ratio, sigma=...)`; takes no score."""

    name = "tracked"
    function = staticmethod(tracked_mask)

    def _score_options(self) -> dict[str, Any]:
        return {"camera": "none", "weight": "none", "ignore": ()}


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
            given = _core.MaskInput()
            given.set_view(view.crop, view.hflip)
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

    def _score_options(self) -> dict[str, Any]:
        return {"camera": None, "weight": None, "ignore": ()}

    def _trial(self) -> _core.MaskInput:
        nothing = [np.empty((0, 4))] * self.input_size[0]
        return self.input_of(None, None, View.full(32, 32), nothing)


MASKINGS: Final[Mapping[str, type[Masking]]] = MappingProxyType(
    {
        kind.name: kind
        for kind in (
            RandomMasking,
            FrameRandomMasking,
            TubeMasking,
            RunningCellMasking,
            BlockMasking,
            SimulatedMotionMasking,
            FixedBoxMasking,
            JumpingBoxMasking,
            MotionGuidedMasking,
            InverseMotionMasking,
            MotionTopKMasking,
            BoxesMasking,
            TrackedMasking,
        )
    }
)
"""Generator classes by the name that `make_masking`, `batch_masks` and recipes use."""


def make_masking(
    name: str, *, input_size: Grid, mask_ratio: float = 0.75, **options: Any
) -> Masking:
    """A generator by name, for configuration files.

    Args:
        name: a key of `MASKINGS`: "motion_guided", "simulated_motion", "tube", ...
        input_size: (T, H, W) in tokens; what the functions call grid.
        mask_ratio: share of the tokens to mask, in (0, 1).
        options: the keyword arguments of the function of that name, and `seed`, `window`, `cell`
            as the classes take them.

    Raises:
        ValueError: there is no such name, or an option is unknown or outside what is allowed.
    """
    if name not in MASKINGS:
        raise ValueError(f"name must be one of {tuple(MASKINGS)}, not {name!r}")
    return MASKINGS[name](input_size, mask_ratio, **options)
