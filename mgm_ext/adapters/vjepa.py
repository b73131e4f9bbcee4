"""V-JEPA and V-JEPA 2: their collators, with masks that follow the motion.

The data set puts a `Score` into each sample (`motion_score(field, grid=..., view=...)`), anywhere
before the frame numbers; the collator takes it out again. Without one the mask is the fallback.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from multiprocessing import Value
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.utils.data import default_collate

from ..masks import make_masking, seed_for
from ..score import Score
from .sources import MaskSource, Motion, SafeMasking

__all__ = ["VJEPA2MaskCollator", "VJEPAMaskCollator"]

Grid = tuple[int, int, int]
Collated = tuple[Any, list[torch.Tensor], list[torch.Tensor]]


def _pair(size: int | Sequence[int]) -> tuple[int, int]:
    return (size, size) if isinstance(size, int) else (int(size[0]), int(size[1]))


def _predicted(config: Mapping[str, Any]) -> float:
    """Share of the tokens to predict: given, or what the blocks cover on average."""
    for name in ("mask_ratio", "ratio"):
        if config.get(name) is not None:
            return float(config[name])
    blocks, space = config.get("num_blocks"), config.get("spatial_scale")
    if blocks is None or space is None:
        raise ValueError(
            "a mask's settings must have mask_ratio, or num_blocks and spatial_scale, got "
            f"{dict(config)}"
        )
    time = config.get("temporal_scale") or (1.0, 1.0)
    return float(1 - (1 - sum(space) / 2 * sum(time) / 2) ** int(blocks))


class _MaskGenerator:
    """Index lists of one entry of `cfgs_mask`, of constant length."""

    def __init__(self, config: Mapping[str, Any], grid: Grid, number: int, seed: int) -> None:
        name = config.get("mask", "motion_guided")
        options = {"count": "floor_kept", **config.get("options", {})}
        masking = make_masking(name, input_size=grid, mask_ratio=_predicted(config), **options)
        self._masks = SafeMasking(
            masking,
            fallback=config.get("fallback"),
            max_fallback=config.get("max_fallback", 0.2),
        )
        self.grid = grid
        self._span = max(1, int(grid[0] * config.get("max_temporal_keep", 1.0)))
        self._max_keep = config.get("max_keep")
        self._base = seed_for(seed, 0, number)
        self._counter = Value("q", -1)

    def step(self) -> int:
        with self._counter.get_lock():
            self._counter.value += 1
            return int(self._counter.value)

    def __call__(self, scores: Sequence[Score | None]) -> tuple[torch.Tensor, torch.Tensor]:
        batch = self.step()
        rows = [
            self._sample(score, seed_for(self._base, batch, i)) for i, score in enumerate(scores)
        ]
        counts = sorted({(len(enc), len(pred)) for enc, pred in rows})
        if len(counts) > 1:
            raise ValueError(
                "every sample must have the same number of tokens, got (encoder, predictor) "
                f"{counts}: with max_temporal_keep only masks that count by slot do"
            )
        return tuple(torch.from_numpy(np.stack(side)) for side in zip(*rows, strict=True))  # type: ignore[return-value]

    def _sample(
        self, score: Score | None, seed: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        if score is None:
            motion = Motion(None, MaskSource.FALLBACK, "no score in the sample")
            mask = self._masks(motion, seed=seed)[0].copy()
        else:
            self._masks.note(MaskSource.GUIDED)
            mask = self._masks.masking(score, seed=seed).copy()
        # As the original: what the context cannot span is predicted too.
        mask[self._span :] = True
        enc, pred = np.flatnonzero(~mask), np.flatnonzero(mask)
        if self._max_keep is not None and len(enc) > self._max_keep:
            # A cut in raster order would starve the last slots.
            chosen = np.random.default_rng(seed).permutation(len(enc))[: self._max_keep]
            enc = enc[np.sort(chosen)]
        return enc, pred


class _Collator:
    generators: dict[int, list[_MaskGenerator]]

    def step(self) -> None:
        """Skips the masks of one batch, as trainers do when they resume."""
        for generators in self.generators.values():
            for generator in generators:
                generator.step()

    def _collate(self, batch: Sequence[Any], frames: int) -> Collated:
        scores, samples = [], []
        for sample in batch:
            found = [item for item in sample if isinstance(item, Score)]
            scores.append(found[0] if found else None)
            samples.append(type(sample)(i for i in sample if not isinstance(i, Score)))
        grid = self.generators[frames][0].grid
        wrong = {s.values.shape for s in scores if s is not None and s.values.shape != grid}
        if wrong:
            raise ValueError(f"scores must be of the model's {grid} tokens, not {sorted(wrong)}")
        masks = [generator(scores) for generator in self.generators[frames]]
        return default_collate(samples), [enc for enc, _ in masks], [pred for _, pred in masks]


def _generators(
    configs: Sequence[Mapping[str, Any]],
    frames: int,
    crop_size: int | Sequence[int],
    patch_size: int | Sequence[int],
    tubelet_size: int,
    seed: int,
) -> list[_MaskGenerator]:
    (high, wide), (down, across) = _pair(crop_size), _pair(patch_size)
    grid = frames // tubelet_size, high // down, wide // across
    return [_MaskGenerator(config, grid, i, seed) for i, config in enumerate(configs)]


class VJEPAMaskCollator(_Collator):
    """`MaskCollator(cfgs_mask, crop_size, num_frames, patch_size, tubelet_size)` of V-JEPA.

    Every list has the same length in every batch, and no token is favoured: the original cuts to
    the batch's shortest in raster order, which leaves the last slots almost no encoder tokens.
    Masks depend on the order in which workers take batches, as the original's do.

    Args:
        cfgs_mask: one mapping per mask: "mask_ratio" (or "ratio", or "num_blocks" with
            "spatial_scale" and "temporal_scale", whose mean cover it becomes), "max_temporal_keep",
            "max_keep"; and "mask", "options", "fallback", "max_fallback" as `SafeMasking` has them.
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
