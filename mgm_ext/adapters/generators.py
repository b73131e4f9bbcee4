"""The VideoMAE family's mask generators, following the motion."""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..masks import make_masking
from ..motion_field import Clip, MotionField
from ..views import View
from .record import Capture, Taken
from .sources import FallbackCount, MaskSource, Motion, SafeMasking

__all__ = [
    "MGMAEMaskingGenerator",
    "RunningCellMaskingGenerator",
    "VideoMAEMaskingGenerator",
    "VideoMAEv2MaskingGenerator",
]


class VideoMAEMaskingGenerator:
    """`TubeMaskingGenerator(input_size, mask_ratio)` of VideoMAE, for any mask.

    Returns NumPy: the trainers compute `1 - mask`. Draws nothing from `random` or `np.random`
    itself; `replaces` is drawn from, so that offsets and crops stay those of the replaced class.

    Args:
        input_size: (T, H, W) in tokens: `args.window_size`.
        mask_ratio: share of each slot's tokens to mask, in (0, 1), rounded as VideoMAE does.
        mask: a name that `make_masking` takes.
        capture: where clip and crop are recorded; without it, each call is given the clip.
        replaces: the generator that stood here; called each time, its mask thrown away.
        fallback: name of the mask for clips without motion; None: see `SafeMasking`.
        max_fallback: largest share of them over the first 1,000 samples of all workers.
        options: the mask's own, and `seed`.

    Attributes:
        source: `MaskSource` of the last mask.

    Raises:
        ValueError: an argument is outside what is allowed.
    """

    flat: ClassVar[bool] = True
    count: ClassVar[str] = "floor_masked"

    def __init__(
        self,
        input_size: tuple[int, int, int],
        mask_ratio: float,
        *,
        mask: str = "motion_guided",
        capture: Capture | None = None,
        replaces: Callable[[], Any] | None = None,
        fallback: str | None = None,
        max_fallback: float = 0.2,
        **options: Any,
    ) -> None:
        frames, height, width = (operator.index(size) for size in input_size)
        self.frames, self.height, self.width = frames, height, width
        options = {"count": self.count, **options}
        masking = make_masking(
            mask, input_size=(frames, height, width), mask_ratio=mask_ratio, **options
        )
        self.masks = SafeMasking(masking, fallback=fallback, max_fallback=max_fallback)
        self.total_patches = frames * height * width
        self.total_masks = self.masks.num_masked
        self.capture = capture
        self.replaces = replaces
        self.source = MaskSource.GUIDED

    @property
    def fallbacks(self) -> FallbackCount:
        """How many clips had no motion, and why."""
        return self.masks

    def __repr__(self) -> str:
        return (
            f"{type(self).__name__}: total patches {self.total_patches}, mask patches "
            f"{self.total_masks}, {self.masks.masking!r}"
        )

    def __call__(
        self, clip: Clip | MotionField | Motion | None = None, view: View | None = None
    ) -> NDArray[np.float64]:
        """One mask.

        Args:
            clip: its motion; None: what was captured.
            view: what the trainer sees, in source pixels; None: the whole picture, or what was
                captured.

        Returns:
            float64 (N,) for VideoMAE, (S, R * C) for VideoMAEv2 and MGMAE; 1 = masked.

        Raises:
            RuntimeError: nothing is given and nothing was captured.
        """
        motion, view, seed = self._taken(clip, view)
        if self.replaces is not None:
            self.replaces()
        mask, self.source = self.masks(motion, view=view, seed=seed)
        values = mask.astype(np.float64)
        return values.reshape(-1) if self.flat else values.reshape(self.frames, -1)

    def _taken(self, clip: Clip | MotionField | Motion | None, view: View | None) -> Taken:
        if clip is not None:
            given = clip if isinstance(clip, Motion) else Motion(clip, MaskSource.GUIDED)
            return Taken(given, view, None)
        if self.capture is None:
            raise RuntimeError("give the clip, or a capture when the generator is made")
        return self.capture.take()


class VideoMAEv2MaskingGenerator(VideoMAEMaskingGenerator):
    """The same for VideoMAEv2, whose masks are (S, R * C)."""

    flat = False


class MGMAEMaskingGenerator(VideoMAEv2MaskingGenerator):
    """MGMAE's mask volume: visible tokens that travel with the motion, rounded down.

    Args:
        input_size: (T, H, W) in tokens.
        mask_ratio: share of each slot's tokens to mask, in (0, 1).
        mask: "tracked", their method with the file's vectors for RAFT's flow; or any other.
        options: of `VideoMAEMaskingGenerator`.
    """

    count = "floor_kept"

    def __init__(
        self,
        input_size: tuple[int, int, int],
        mask_ratio: float,
        *,
        mask: str = "tracked",
        **options: Any,
    ) -> None:
        super().__init__(input_size, mask_ratio, mask=mask, **options)


class RunningCellMaskingGenerator(VideoMAEv2MaskingGenerator):
    """VideoMAEv2's decoder mask, (S, R * C), 1 = not decoded; draws no global random number.

    Args:
        input_size: (T, H, W) in tokens.
        mask_ratio: 1/4, 1/2 or 3/4.
        options: of `VideoMAEMaskingGenerator`.
    """

    def __init__(
        self, input_size: tuple[int, int, int], mask_ratio: float = 0.5, **options: Any
    ) -> None:
        super().__init__(input_size, mask_ratio, mask="running_cell", **options)

    def __call__(
        self, clip: Clip | MotionField | Motion | None = None, view: View | None = None
    ) -> NDArray[np.float64]:
        """One mask; the clip is ignored."""
        return super().__call__(Motion(None, MaskSource.GUIDED), view)
