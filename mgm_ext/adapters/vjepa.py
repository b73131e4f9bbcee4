"""V-JEPA and V-JEPA 2: their data set and their collators, with masks that follow the motion.

    dataset = capture(dataset, collator)  # in make_videodataset
    mask_collator = VJEPAMaskCollator(cfgs_mask, crop_size, ...)  # in place of MaskCollator

Where the data set is another, it puts a `Score` into each sample (`motion_score(field, grid=...,
view=...)`), anywhere before the frame numbers; the collator takes it out again. Without one the
mask is the fallback, except for pictures that were repeated to a clip: those stand still.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.utils.data import default_collate

from ..masks import seed_for
from ..score import Score
from .capture import FollowedDataset
from .followed import Followed
from .scored import MotionScoreGenerator, still_score
from .vjepa_masks import MaskLists, SeededScore, is_picture, motion_in

__all__ = ["SeededScore", "VJEPA2MaskCollator", "VJEPAMaskCollator", "capture"]

Collated = tuple[Any, list[torch.Tensor], list[torch.Tensor]]


def _pair(size: int | Sequence[int]) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))


class _Collator:
    generators: dict[int, list[MaskLists]]

    def step(self) -> None:
        """Skips the masks of one batch, as trainers do when they resume."""
        for generators in self.generators.values():
            for generator in generators:
                generator.step()

    def _collate(self, batch: Sequence[Any], frames: int) -> Collated:
        for sample in batch:
            clips = sample[0]
            if isinstance(clips, list | tuple) and len(clips) > 1:
                raise ValueError(
                    f"num_clips={len(clips)} would share one mask between clips of different "
                    "motion; set num_clips to 1"
                )
        motions = [motion_in(sample) for sample in batch]
        samples = [
            type(sample)(i for i in sample if not isinstance(i, Score | SeededScore))
            for sample in batch
        ]
        grid = self.generators[frames][0].grid
        shapes = {motion.score.values.shape for motion in motions if motion.score is not None}
        if wrong := shapes - {grid}:
            raise ValueError(f"scores must be of the model's {grid} tokens, not {sorted(wrong)}")
        masks = [generator(motions) for generator in self.generators[frames]]
        return default_collate(samples), [enc for enc, _ in masks], [pred for _, pred in masks]


def _generators(
    configs: Sequence[Mapping[str, Any]],
    frames: int,
    crop_size: int | Sequence[int],
    patch_size: int | Sequence[int],
    tubelet_size: int,
    seed: int,
) -> list[MaskLists]:
    (high, wide), (down, across) = _pair(crop_size), _pair(patch_size)
    grid = frames // tubelet_size, high // down, wide // across
    return [MaskLists(config, grid, i, seed) for i, config in enumerate(configs)]


class VJEPAMaskCollator(_Collator):
    """`MaskCollator(cfgs_mask, crop_size, num_frames, patch_size, tubelet_size)` of V-JEPA.

    Every list has the same length in every batch, and no token is favoured: the original cuts to
    the batch's shortest in raster order, which leaves the last slots almost no encoder tokens.
    With `capture` masks are the same for any number of workers; otherwise they depend on the order
    in which workers take batches, as the original's do.

    Args:
        cfgs_mask: one mapping per mask: "mask_ratio" (or "ratio", or "num_blocks" with
            "spatial_scale" and "temporal_scale", whose mean cover it becomes), "max_temporal_keep",
            "max_keep", "full_complement", "pred_full_complement", "inv_block"; and "mask",
            "options", "fallback", "max_fallback" as `SafeMasking` has them. "aspect_ratio" is the
            blocks' alone.
        crop_size: (H, W) of the clip in pixels.
        num_frames: of the clip.
        patch_size: side of a token in pixels.
        tubelet_size: frames per token.
        seed: in [0, 2^64).

    Raises:
        ValueError: settings are missing or outside what is allowed.
    """

    def __init__(
        self,
        cfgs_mask: Sequence[Mapping[str, Any]],
        crop_size: int | Sequence[int] = (224, 224),
        num_frames: int = 16,
        patch_size: int | Sequence[int] = (16, 16),
        tubelet_size: int = 2,
        *,
        seed: int = 0,
    ) -> None:
        self._frames = num_frames
        made = _generators(cfgs_mask, num_frames, crop_size, patch_size, tubelet_size, seed)
        self.generators = {num_frames: made}

    def __call__(self, batch: Sequence[Any]) -> Collated:
        """(collated batch, masks_enc, masks_pred): per mask int64 [B, K], disjoint, ascending.

        Raises:
            ValueError: a score is of another grid, or counts would differ.
        """
        return self._collate(batch, self._frames)


class VJEPA2MaskCollator(_Collator):
    """`MaskCollator(cfgs_mask, dataset_fpcs, crop_size, patch_size, tubelet_size)` of V-JEPA 2.

    Args:
        cfgs_mask: see `VJEPAMaskCollator`.
        dataset_fpcs: frames per clip of each data set.
        crop_size: (H, W) of the clip in pixels.
        patch_size: side of a token in pixels.
        tubelet_size: frames per token.
        seed: in [0, 2^64).
    """

    def __init__(
        self,
        cfgs_mask: Sequence[Mapping[str, Any]],
        dataset_fpcs: Sequence[int],
        crop_size: int | Sequence[int] = (224, 224),
        patch_size: int | Sequence[int] = (16, 16),
        tubelet_size: int = 2,
        *,
        seed: int = 0,
    ) -> None:
        self.generators = {
            frames: _generators(cfgs_mask, frames, crop_size, patch_size, tubelet_size, seed)
            for frames in dataset_fpcs
        }

    def __call__(self, batch: Sequence[Any]) -> list[Collated]:
        """One (collated batch, masks_enc, masks_pred) per number of frames in the batch.

        Raises:
            ValueError: a sample does not end with its frame numbers.
        """
        kinds: dict[int, list[Any]] = {frames: [] for frames in self.generators}
        for sample in batch:
            try:
                frames = len(sample[-1][-1])
            except TypeError:
                frames = -1
            if frames not in kinds:
                raise ValueError(
                    f"the last of a sample must be its frame numbers, {sorted(kinds)} of them per "
                    f"clip; got {type(sample[-1]).__name__}"
                )
            kinds[frames].append(sample)
        return [self._collate(samples, frames) for frames, samples in kinds.items() if samples]


class CapturedClips(FollowedDataset):
    """V-JEPA's data set; see `capture`."""

    def __init__(
        self, dataset: Any, collator: _Collator, *, seed: int | None, max_fallback: float
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
            frames: MotionScoreGenerator(
                generators[0].grid, capture=self._capture, max_fallback=max_fallback
            )
            for frames, generators in collator.generators.items()
        }
        self._scores = scores

    def __getitem__(self, index: int) -> Any:
        """The data set's sample, with the clip's `SeededScore` before the frame numbers.

        Raises:
            ValueError: the transform cannot be followed.
            TooManyFallbacks: too many clips have no motion.
        """
        base, epoch, number = self._begin(index)
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
    dataset: Any, collator: _Collator, *, seed: int | None = None, max_fallback: float = 0.2
) -> CapturedClips:
    """V-JEPA's `VideoDataset` whose samples carry the motion that their transform shows.

    Its clips are read by `mgm_ext.adapters.decord` while a sample is made, and its transform runs
    twice (see `Followed`), with the random numbers of one run. Pictures stand still.

    Args:
        dataset: V-JEPA's or V-JEPA 2's, of one clip per video.
        collator: makes the masks; it knows the grid.
        seed: of the masks, in [0, 2^64); None: from the system.
        max_fallback: largest share of videos without motion over the first 1,000 of each process.

    Raises:
        TypeError: the data set has several clips per video, a shared transform, or no reader that
            can be followed.
    """
    return CapturedClips(dataset, collator, seed=seed, max_fallback=max_fallback)
