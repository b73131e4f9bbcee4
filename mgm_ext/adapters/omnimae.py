"""OmniMAE: its data set of videos in its YAML, or the callable of `pred_shape` alone.

_target_: mgm_ext.adapters.omnimae.capture
dataset: {_target_: omnivision.data.path_dataset.VideoPathDataset, ...}

pred_shape: {_target_: mgm_ext.adapters.omnimae.PredShape, mask: motion_guided}
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..masks import Masking, make_masking
from ..masks.generator import MotionMasking
from ..masks.seeds import OwnSeeds
from ..motion_field import Clip, MotionField
from ..views import View
from .omnimae_capture import CapturedVideos
from .sources import MaskSource, Motion, source_of_mask

__all__ = ["PredShape", "capture"]


class PredShape:
    """`pred_shape(T, H, W, high)` of OmniMAE: exactly int(high) masked tokens.

    The trainer's transform hands no motion on, so it is set before each clip:
    `pred_shape.follow(field, view)`, with as many views as masks where the clip is replicated.
    Images (T = 1) get the fallback.

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
        self._next: list[tuple[Motion, View | None]] = []
        self._due: Callable[[], list[tuple[Motion, View | None]]] | None = None
        self._seed: Callable[[int], int] | None = None
        self._made_of_sample = 0
        self.source = MaskSource.GUIDED

    def follow(
        self,
        motion: Motion | Clip | MotionField,
        view: View | Sequence[View | None] | None = None,
    ) -> None:
        """Sets the motion of the next clip, for one mask of each view.

        Args:
            motion: the clip's.
            view: what the trainer sees, in source pixels, None for the whole picture; or a list.
        """
        given = motion if isinstance(motion, Motion) else Motion(motion, MaskSource.GUIDED)
        views = [view] if view is None or isinstance(view, View) else list(view)
        self._next = [(given, one) for one in views]

    def prepare(
        self,
        due: Callable[[], list[tuple[Motion, View | None]]] | None,
        seed: Callable[[int], int] | None,
    ) -> None:
        """Has the motion and views of the next sample's masks asked for when the first is made.

        Args:
            due: gives them; None: what `follow` says.
            seed: of the n-th mask of the sample; None: the object's own.
        """
        self._next, self._due, self._seed, self._made_of_sample = [], due, seed, 0

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
        seed = self._seeds.next() if self._seed is None else self._seed(self._made_of_sample)
        self._made_of_sample += 1
        if name in ("random", "block") or not 0 < masked // T < H * W - 1:
            clipwise = name if name in ("random", "block") else "random"
            own = self._options if clipwise == self._names[0] else {}
            return make_masking(clipwise, input_size=grid, num_masked=masked, **own)(seed=seed)
        # These count by slot: the remainder goes to the first slots, one token more in each.
        few, more = divmod(masked, T)
        made = self._made(name, grid, few)
        mask, slots = made.with_sources(motion.motion, view=view, seed=seed)
        self.source = source_of_mask(motion.source, slots)
        if more:
            richer = self._made(name, grid, few + 1)(motion.motion, view=view, seed=seed)
            mask = np.concatenate([richer[:more], mask[more:]])
        return mask

    def _made(self, name: str, grid: tuple[int, int, int], masked: int) -> Masking:
        own = self._options if name == self._names[0] else {}
        return make_masking(name, input_size=grid, num_masked=masked, **own)

    def _taken(self, frames: int) -> tuple[Motion, View | None]:
        if self._due is not None:
            self._next, self._due = self._due(), None
        if self._next:
            return self._next.pop(0)
        if frames > 1 and self._moves:
            raise RuntimeError(
                f"call follow(motion, view) before each clip, with a view for each mask: "
                f"{self._names[0]!r} follows motion, and the transform hands none on"
            )
        source = MaskSource.FALLBACK if self._moves else MaskSource.GUIDED
        return Motion(None, source, "image"), None


def capture(
    dataset: Any,
    *,
    mask: str = "motion_guided",
    seed: int | None = None,
    max_fallback: float = 0.2,
    quiet: bool = False,
    **options: Any,
) -> CapturedVideos:
    """OmniMAE's `VideoPathDataset`, whose masks follow what its transforms show of each clip.

    The pixels are its own; motion is read for the frames that it sampled, and transforms run twice
    (see `Followed`). Every replica has the mask of its own crop.

    Args:
        dataset: of omnivision, with a `MaskingTransform` among its transforms.
        mask: a name that `make_masking` takes.
        seed: of the masks, in [0, 2^64); None: torch's initial seed.
        max_fallback: largest share of videos without motion over the first 1,000 of all workers.
        quiet: do not print what replaces what.
        options: of `PredShape`.

    Raises:
        TypeError: the data set reads or masks in another way.
    """
    shape = PredShape(mask, **options)
    captured = CapturedVideos(dataset, shape, seed=seed, max_fallback=max_fallback)
    if not quiet:
        names = " and ".join(captured.replaced())
        print(  # noqa: T201
            f"mgm_ext: {names} of {type(dataset).__name__} is replaced by {mask}: as many tokens"
        )
    return captured
