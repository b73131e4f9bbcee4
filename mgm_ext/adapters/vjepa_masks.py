"""Index lists of V-JEPA's encoder and predictor, from the motion of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from multiprocessing import Value
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ..masks import make_masking, seed_for
from ..score import Score
from .sources import MaskSource, Motion, SafeMasking

__all__ = ["MaskLists", "SampleMotion", "SeededScore", "is_picture", "motion_in"]

Grid = tuple[int, int, int]


_KNOWN: Final = frozenset(
    [
        *("aspect_ratio", "fallback", "full_complement", "inv_block", "mask", "mask_ratio"),
        *("max_fallback", "max_keep", "max_temporal_keep", "num_blocks", "options"),
        *("pred_full_complement", "ratio", "spatial_scale", "temporal_scale"),
    ]
)


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


class SeededScore(NamedTuple):
    """A score with the seed of its mask, so that masks do not depend on who collates.

    Attributes:
        score: motion per token.
        seed: in [0, 2^64).
    """

    score: Score
    seed: int


class SampleMotion(NamedTuple):
    """What is known of a sample's motion."""

    score: Score | None
    seed: int | None
    still: bool


def motion_in(sample: Sequence[Any]) -> SampleMotion:
    """The motion that a sample carries, or whether it is a picture."""
    for item in sample:
        if isinstance(item, SeededScore):
            return SampleMotion(item.score, item.seed, False)
        if isinstance(item, Score):
            return SampleMotion(item, None, False)
    return SampleMotion(None, None, is_picture(sample[0]))


def is_picture(clips: Any) -> bool:
    """Whether a clip [3, T, H, W] is one picture, repeated."""
    clip = clips[0] if isinstance(clips, list | tuple) and len(clips) else clips
    if not isinstance(clip, torch.Tensor) or clip.ndim != 4 or clip.shape[1] < 2:
        return False
    return bool((clip[:, :1] == clip).all())


class MaskLists:
    """Index lists of one entry of `cfgs_mask`, of constant length."""

    def __init__(self, config: Mapping[str, Any], grid: Grid, number: int, seed: int) -> None:
        if unknown := sorted(config.keys() - _KNOWN):
            raise ValueError(f"a mask's settings are {sorted(_KNOWN)}, not {unknown}")
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
        self._full = bool(config.get("full_complement"))
        self._pred_full = bool(config.get("pred_full_complement"))
        self._inverted = bool(config.get("inv_block"))
        self._base = seed_for(seed, 0, number)
        self._counter = Value("q", -1)

    def step(self) -> int:
        """Counts a batch, in any worker; its number, from 0."""
        with self._counter.get_lock():
            self._counter.value += 1
            return int(self._counter.value)

    def __call__(self, motions: Sequence[SampleMotion]) -> tuple[torch.Tensor, torch.Tensor]:
        """The encoder's and the predictor's tokens of each sample, int64 [B, K] and [B, P].

        Raises:
            ValueError: samples would have different numbers of tokens.
            TooManyFallbacks: too many samples have no motion.
        """
        batch = self.step()
        rows = [
            self._sample(motion, seed_for(self._base, batch, i)) for i, motion in enumerate(motions)
        ]
        counts = sorted({(len(enc), len(pred)) for enc, pred in rows})
        if len(counts) > 1:
            raise ValueError(
                "every sample must have the same number of tokens, got (encoder, predictor) "
                f"{counts}: with max_temporal_keep only masks that count by slot do"
            )
        enc, pred = (torch.from_numpy(np.stack(side)) for side in zip(*rows, strict=True))
        return (pred, enc) if self._inverted else (enc, pred)

    def _sample(
        self, motion: SampleMotion, seed: int
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        if motion.seed is not None:
            seed = seed_for(self._base, 0, motion.seed)
        if motion.score is not None:
            self._masks.note(MaskSource.GUIDED)
            mask = self._masks.masking(motion.score, seed=seed).copy()
        elif motion.still:
            self._masks.note(MaskSource.HELD)
            mask = self._masks.masking(seed=seed).copy()
        else:
            fallen = Motion(None, MaskSource.FALLBACK, "no score in the sample")
            mask = self._masks(fallen, seed=seed)[0].copy()
        # As the original: what the context cannot span is predicted too.
        mask[self._span :] = True
        enc, pred = np.flatnonzero(~mask), np.flatnonzero(mask)
        if self._max_keep is not None and len(enc) > self._max_keep and not self._pred_full:
            # A cut in raster order would starve the last slots.
            chosen = np.random.default_rng(seed).permutation(len(enc))[: self._max_keep]
            enc = enc[np.sort(chosen)]
        if self._full:
            pred = np.setdiff1d(np.arange(mask.size), enc)
        return enc, pred
