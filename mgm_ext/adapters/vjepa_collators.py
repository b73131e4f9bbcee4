"""V-JEPA's collators: index lists of constant length, from the scores that samples carry."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch.utils.data import default_collate

from ..score import Score
from .vjepa_masks import MaskLists, SampleMotion, SeededScore, motion_in

__all__ = ["Collator", "VJEPA2MaskCollator", "VJEPAMaskCollator"]

Collated = tuple[Any, list[torch.Tensor], list[torch.Tensor]]


def _pair(size: int | Sequence[int]) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))


class Collator:
    """What both have in common."""

    generators: dict[int, list[MaskLists]]
    _moved = False

    def expect_motion(self) -> None:
        """Says that samples carry motion; where none does in the first batch, that is refused."""
        self._moved = True

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
        self._check_followed(motions, frames)
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

    def _check_followed(self, motions: Sequence[SampleMotion], frames: int) -> None:
        self._moved = self._moved or any(motion.score is not None for motion in motions)
        needed = any(generator.needs_motion for generator in self.generators[frames])
        if self._moved or not needed or all(motion.still for motion in motions):
            return
        raise ValueError(
            "no sample of this batch carries motion: dataset = capture(dataset, collator) in "
            "make_videodataset puts it there, or give each sample a Score; max_fallback: 1.0 in "
            "cfgs_mask trains on with masks that follow nothing"
        )


def _generators(
    configs: Sequence[Mapping[str, Any]],
    frames: int,
    crop_size: int | Sequence[int],
    patch_size: int | Sequence[int],
    tubelet_size: int,
    seed: int,
    batch_size: int,
) -> list[MaskLists]:
    if batch_size < 1:
        raise ValueError(f"batch_size must be at least 1, not {batch_size}")
    (high, wide), (down, across) = _pair(crop_size), _pair(patch_size)
    grid = frames // tubelet_size, high // down, wide // across
    return [MaskLists(config, grid, i, seed, batch_size) for i, config in enumerate(configs)]


class VJEPAMaskCollator(Collator):
    """`MaskCollator(cfgs_mask, crop_size, num_frames, patch_size, tubelet_size)` of V-JEPA.

    Every list has the same length in every batch, and no token is favoured: the original cuts to
    the batch's shortest in raster order, which leaves the last slots almost no encoder tokens.
    With `capture` masks are the same for any number of workers; otherwise they depend on the order
    in which workers take batches, as the original's do.

    Args:
        cfgs_mask: one mapping per mask: "mask_ratio" (or "ratio", or "num_blocks" with
            "spatial_scale", "temporal_scale" and "aspect_ratio", of which the mean cover is
            measured), "max_temporal_keep", "max_keep", "full_complement", "pred_full_complement",
            "inv_block"; and "mask", "options", "fallback", "max_fallback" as `SafeMasking` has
            them.
        crop_size: (H, W) of the clip in pixels.
        num_frames: of the clip.
        patch_size: side of a token in pixels.
        tubelet_size: frames per token.
        batch_size: of the loader. The original cuts the lists of a batch to its shortest; with
            blocks, lists are cut to the mean lengths that this leaves. 1: every token is in one.
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
        batch_size: int = 1,
        seed: int = 0,
    ) -> None:
        self._frames = num_frames
        sizes = crop_size, patch_size, tubelet_size
        made = _generators(cfgs_mask, num_frames, *sizes, seed, batch_size)
        self.generators = {num_frames: made}

    def __call__(self, batch: Sequence[Any]) -> Collated:
        """(collated batch, masks_enc, masks_pred): per mask int64 [B, K], disjoint, ascending.

        Raises:
            ValueError: a score is of another grid, counts would differ, or no sample of the first
            batch carries motion.
        """
        return self._collate(batch, self._frames)


class VJEPA2MaskCollator(Collator):
    """`MaskCollator(cfgs_mask, dataset_fpcs, crop_size, patch_size, tubelet_size)` of V-JEPA 2.

    Args:
        cfgs_mask: see `VJEPAMaskCollator`.
        dataset_fpcs: frames per clip of each data set.
        crop_size: (H, W) of the clip in pixels.
        patch_size: side of a token in pixels.
        tubelet_size: frames per token.
        batch_size: see `VJEPAMaskCollator`.
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
        batch_size: int = 1,
        seed: int = 0,
    ) -> None:
        sizes = crop_size, patch_size, tubelet_size
        self.generators = {
            frames: _generators(cfgs_mask, frames, *sizes, seed, batch_size)
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
