"""VideoMAE, VideoMAEv2 and MGMAE: their mask generators, following the motion.

Two lines, in the script that builds the data set:

    from mgm_ext.adapters.videomae import capture
    dataset_train = capture(build_pretraining_dataset(args), mask_ratio=0.75)

Or explicitly: the data set reads with `import mgm_ext.adapters.decord as decord` and hands
`ClipContext(decord_vr.field)` to its transform, in the spare slot of the `Group*` transforms:

    self.train_augmentation = FollowedCrop(GroupMultiScaleCrop(args.input_size, scales))
    self.masked_position_generator = VideoMAEMaskingGenerator(args.window_size, args.mask_ratio)
    ...
    process_data, context = self.transform(images)
    return process_data, self.masked_position_generator(context.clip, context.view)
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..masks import make_masking
from ..motion_field import Clip, MotionField
from ..views import View
from .capture import Capture, CapturedDataset, ClipContext, FollowedCrop
from .sources import MaskSource, Motion, SafeMasking

__all__ = [
    "Capture",
    "CapturedDataset",
    "ClipContext",
    "FollowedCrop",
    "MGMAEMaskingGenerator",
    "RunningCellMaskingGenerator",
    "VideoMAEMaskingGenerator",
    "VideoMAEv2MaskingGenerator",
    "capture",
]


class VideoMAEMaskingGenerator:
    """`TubeMaskingGenerator(input_size, mask_ratio)` of VideoMAE, for any mask.

    Returns NumPy: the trainers compute `1 - mask`. Draws nothing from `random` or `np.random`
    itself; `replaces` is drawn from, so that offsets and crops stay those of the replaced class.

    Args:
        input_size: (T, H, W) in tokens: `args.window_size`.
        mask_ratio: share of each slot's tokens to mask, in (0, 1), rounded as VideoMAE does.
        mask: a name that `make_masking` takes.
        capture: where clip and crop are noted; without it, each call is given the clip.
        replaces: the generator that stood here; called each time, its mask thrown away.
        fallback: name of the mask for clips without motion; None: see `SafeMasking`.
        max_fallback: largest share of them over the first 1,000 samples of each process.
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
        if clip is None:
            if self.capture is None:
                raise RuntimeError("give the clip, or a capture when the generator is made")
            motion, view = self.capture.take()
        elif isinstance(clip, Motion):
            motion = clip
        else:
            motion = Motion(clip, MaskSource.GUIDED)
        if self.replaces is not None:
            self.replaces()
        mask, self.source = self.masks(motion, view=view)
        values = mask.astype(np.float64)
        return values.reshape(-1) if self.flat else values.reshape(self.frames, -1)


class VideoMAEv2MaskingGenerator(VideoMAEMaskingGenerator):
    """The same for VideoMAEv2, whose masks are (S, R * C)."""

    flat = False


class MGMAEMaskingGenerator(VideoMAEv2MaskingGenerator):
    """The same for MGMAE, which rounds the visible tokens down instead of the masked ones."""

    count = "floor_kept"


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


def capture(
    dataset: Any,
    *,
    mask: str = "motion_guided",
    mask_ratio: float | None = None,
    keep_draws: bool = True,
    **options: Any,
) -> CapturedDataset:
    """A VideoMAE or VideoMAEv2 data set whose masks follow the motion of what it reads.

    Its clips are read by `mgm_ext.adapters.decord`, frames and motion from one decode; its crop's
    box is noted; its mask generator is replaced. All three only while a sample is made: the data
    set itself stays as it is.

    Args:
        dataset: with `transform.masked_position_generator` (or `encoder_mask_map_generator`),
            `transform.train_augmentation`, and `decord` in its module (or `video_loader`).
        mask: a name that `make_masking` takes.
        mask_ratio: None: as many tokens as the replaced generator masks.
        keep_draws: go on drawing what the replaced generator drew from `np.random`, so that the
            data set's offsets stay the same.
        options: of `VideoMAEMaskingGenerator`.

    Raises:
        TypeError: the data set has no such parts; use the explicit form.
    """
    noted = Capture()
    name = next(
        (
            name
            for name in ("masked_position_generator", "encoder_mask_map_generator")
            if hasattr(getattr(dataset, "transform", None), name)
        ),
        None,
    )
    if name is None:
        raise TypeError(
            f"{type(dataset).__name__} has no transform with a mask generator of VideoMAE's; use "
            "VideoMAEMaskingGenerator with the clip"
        )
    theirs = getattr(dataset.transform, name)
    grid = (theirs.frames, theirs.height, theirs.width)
    kind = VideoMAEMaskingGenerator if name.startswith("masked") else VideoMAEv2MaskingGenerator
    if mask_ratio is None:
        options = {"num_masked": int(theirs.total_masks) // theirs.frames, **options}
    made = kind(
        grid,
        0.75 if mask_ratio is None else mask_ratio,
        mask=mask,
        capture=noted,
        replaces=theirs if keep_draws else None,
        **options,
    )
    return CapturedDataset(dataset, name, made, noted)
