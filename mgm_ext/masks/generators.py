"""A generator class for each mask, by name for configuration files."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..score import NO_BOXES
from ..views import View
from .boxed import fixed_box_mask, jumping_box_mask, simulated_motion_mask
from .boxes_generator import BoxesMasking
from .generator import Masking, MotionMasking
from .guided import inverse_motion_mask, motion_guided_mask
from .options import Grid, Mask, Source, chosen_preset
from .patterns import block_mask, running_cell_mask
from .ranked import motion_topk_mask, tracked_mask
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


class MotionTopKMasking(MotionMasking):
    """`motion_topk_mask` as a generator: `(input_size, mask_ratio, temperature=..., ...)`."""

    name = "motion_topk"
    function = staticmethod(motion_topk_mask)


class TrackedMasking(MotionMasking):
    """`tracked_mask` as a generator: `(input_size, mask_ratio, sigma=...)`; takes no score."""

    name = "tracked"
    function = staticmethod(tracked_mask)

    def _score_settings(self) -> _core.ScoreSettings:
        return _core.ScoreSettings("none", None, NO_BOXES)


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
