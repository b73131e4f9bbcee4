"""V-JEPA and V-JEPA 2: their data set and their collators, with masks that follow the motion.

    dataset = capture(dataset, collator)  # in make_videodataset
    mask_collator = VJEPAMaskCollator(cfgs_mask=..., batch_size=...)  # in place of MaskCollator

Where the data set is another, it puts a `Score` into each sample (`motion_score(field, grid=...,
view=...)`), anywhere before the frame numbers; the collator takes it out again. Without one the
mask is the fallback, except for pictures that were repeated to a clip: those stand still. A first
batch without any is refused.
"""

from __future__ import annotations

from typing import Any

from ..masks import seed_for
from .capture import FollowedDataset
from .followed import Followed
from .scored import MotionScoreGenerator, still_score
from .sources import FallbackCount, MaskSource
from .vjepa_collators import Collator, VJEPA2MaskCollator, VJEPAMaskCollator
from .vjepa_masks import SeededScore, is_picture

__all__ = ["SeededScore", "VJEPA2MaskCollator", "VJEPAMaskCollator", "capture"]


class CapturedClips(FollowedDataset):
    """V-JEPA's data set; see `capture`.

    Attributes:
        fallbacks: how many videos had no motion, and why; `fallbacks.summary()` says it.
    """

    def __init__(
        self, dataset: Any, collator: Collator, *, seed: int | None, max_fallback: float
    ) -> None:
        super().__init__(dataset, seed=seed)
        if getattr(dataset, "num_clips", 1) != 1:
            raise TypeError(
                f"num_clips={dataset.num_clips} would share one mask between clips of different "
                "motion; set num_clips to 1"
            )
        if getattr(dataset, "shared_transform", None) is not None:
            raise TypeError("shared_transform is not followed; give transform alone")
        scores = {
            frames: MotionScoreGenerator(generators[0].grid, capture=self._capture)
            for frames, generators in collator.generators.items()
        }
        self._scores = scores
        self.fallbacks = FallbackCount(max_fallback)
        for score in scores.values():
            score.fallbacks = self.fallbacks

    def __getitem__(self, index: int) -> Any:
        """The data set's sample, with the clip's `SeededScore` before the frame numbers.

        Raises:
            ValueError: the transform cannot be followed.
            TooManyFallbacks: too many clips have no motion.
        """
        base, epoch, number = self._begin(index)
        self.fallbacks.begin_epoch(epoch)
        theirs = self.dataset.transform
        with self._followed(transform=lambda clip: self._transformed(theirs, clip)):
            sample = self.dataset[index]
        frames = len(sample[-1][-1])
        if frames not in self._scores:
            raise ValueError(f"clips of {sorted(self._scores)} frames are due, not of {frames}")
        made = self._scores[frames]
        picture = self._capture.motion is None and is_picture(sample[0])
        score = still_score((made.frames, made.height, made.width)) if picture else made()
        self._capture.begin()
        self._made_from(number, MaskSource.SIMULATED if picture else made.source)
        seeded = SeededScore(score, seed_for(base, epoch, number) >> 1)
        return type(sample)((*sample[:-1], seeded, sample[-1]))

    def _transformed(self, transform: Any, clip: Any) -> Any:
        self._capture.transform(clip)
        if self._capture.motion is None:
            self._capture.ready()
            return transform(clip)
        followed = Followed(transform)
        result = followed(clip)
        view, size = followed.view, followed.frames
        assert view is not None
        assert size is not None
        self._capture.crop(size, view.crop, view.hflip)
        return result


def capture(
    dataset: Any,
    collator: Any,
    *,
    seed: int | None = None,
    max_fallback: float = 0.2,
    quiet: bool = False,
) -> Any:
    """V-JEPA's `VideoDataset` whose samples carry the motion that their transform shows.

    Its clips are read by `mgm_ext.adapters.decord` while a sample is made, and its transform runs
    twice (see `Followed`), with the random numbers of one run. Pictures stand still.

    Args:
        dataset: V-JEPA's or V-JEPA 2's, of one clip per video.
        collator: makes the masks; it knows the grid. None, as in V-JEPA's evaluations: nothing is
            masked, and the data set is returned as it is.
        seed: of the masks, in [0, 2^64); None: torch's initial seed.
        max_fallback: largest share of videos without motion over the first 1,000 of all workers.
        quiet: do not print what replaces what.

    Raises:
        TypeError: the collator draws masks of its own, or the data set has several clips per video,
            a shared transform, or no reader that can be followed.
    """
    if collator is None:
        return dataset
    if not isinstance(collator, Collator):
        raise TypeError(
            f"collator must be VJEPAMaskCollator or VJEPA2MaskCollator, not "
            f"{type(collator).__module__}.{type(collator).__name__}, which draws masks of its own"
        )
    captured = CapturedClips(dataset, collator, seed=seed, max_fallback=max_fallback)
    collator.expect_motion()
    if not quiet:
        for generators in collator.generators.values():
            for generator in generators:
                print(generator.said())  # noqa: T201
    return captured
