"""Index lists of V-JEPA's encoder and predictor, from the motion of a batch."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from multiprocessing import Value
from typing import Any, Final, NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray

from ..masks import make_masking, seed_for
from ..masks.generator import MotionMasking
from ..score import Score
from .sources import MaskSource, Motion, SafeMasking, source_of_mask
from .vjepa_blocks import cover_of

__all__ = ["MaskLists", "SampleMotion", "SeededScore", "is_picture", "motion_in"]

Grid = tuple[int, int, int]


_KNOWN: Final = frozenset(
    [
        *("aspect_ratio", "fallback", "full_complement", "inv_block", "mask", "mask_ratio"),
        *("max_fallback", "max_keep", "max_temporal_keep", "num_blocks", "options"),
        *("pred_full_complement", "ratio", "spatial_scale", "temporal_scale"),
    ]
)


def _ratio(config: Mapping[str, Any]) -> float | None:
    """Share of the tokens to predict, where it is given."""
    for name in ("mask_ratio", "ratio"):
        if config.get(name) is not None:
            return float(config[name])
    if config.get("num_blocks") is None or config.get("spatial_scale") is None:
        raise ValueError(
            "a mask's settings must have mask_ratio, or num_blocks and spatial_scale, got "
            f"{dict(config)}"
        )
    return None


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

    def __init__(
        self, config: Mapping[str, Any], grid: Grid, number: int, seed: int, batch_size: int
    ) -> None:
        if unknown := sorted(config.keys() - _KNOWN):
            raise ValueError(f"a mask's settings are {sorted(_KNOWN)}, not {unknown}")
        self.grid, self.number, self.batch_size = grid, number, batch_size
        self._config = dict(config)
        self._span = max(1, int(grid[0] * config.get("max_temporal_keep", 1.0)))
        ratio, self.cover = _ratio(config), None
        if ratio is None:
            self.cover = cover_of(config, grid, self._span, batch_size)
            ratio = self.cover.share
        name = config.get("mask", "motion_guided")
        options = {"count": "floor_kept", **config.get("options", {})}
        masking = make_masking(name, input_size=grid, mask_ratio=ratio, **options)
        self._masks = SafeMasking(
            masking,
            fallback=config.get("fallback"),
            max_fallback=config.get("max_fallback", 0.2),
        )
        shortens = self.cover is not None and batch_size > 1
        limits = [config.get("max_keep"), self.cover.kept if self.cover and shortens else None]
        self._keep = min((limit for limit in limits if limit is not None), default=None)
        self._predict = self.cover.predicted if self.cover and shortens else None
        self._full = bool(config.get("full_complement"))
        self._pred_full = bool(config.get("pred_full_complement"))
        self._inverted = bool(config.get("inv_block"))
        self._base = seed_for(seed, 0, number)
        self._counter = Value("q", -1)

    @property
    def needs_motion(self) -> bool:
        """Its mask follows motion, and no share of fallbacks that is allowed is the whole."""
        return isinstance(self._masks.masking, MotionMasking) and self._masks.max_fallback < 1

    def said(self) -> str:
        """What replaces what, in one line."""
        enc, pred = self._sample(SampleMotion(None, 0, True), 0, counted=False)
        name, tokens = self._masks.masking.name, self.grid[0] * self.grid[1] * self.grid[2]
        line = f"mgm_ext: mask {self.number} of MaskCollator is replaced by {name}: the encoder "
        line += f"sees {len(enc)} and the predictor {len(pred)} of {tokens} tokens"
        if self.cover is None:
            return f"{line}, by mask_ratio={_ratio(self._config)}"
        share = f"{self.cover.share:.2f} of the tokens"
        return f"{line}; its blocks cover {share}, at batch_size={self.batch_size}"

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
        self, motion: SampleMotion, seed: int, counted: bool = True
    ) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        if motion.seed is not None:
            seed = seed_for(self._base, 0, motion.seed)
        mask = self._mask(motion, seed, counted)
        # As the original: what the context cannot span is predicted too.
        mask[self._span :] = True
        enc, pred = np.flatnonzero(~mask), np.flatnonzero(mask)
        whole, draw = np.arange(mask.size), np.random.default_rng(seed)
        if self._full or not self._pred_full:
            enc = _shortened(enc, self._keep, draw)
        pred = _shortened(pred, self._predict, draw)
        if self._full:
            pred = np.setdiff1d(whole, enc)
        elif self._pred_full:
            enc = np.setdiff1d(whole, pred)
        return enc, pred

    def _mask(self, motion: SampleMotion, seed: int, counted: bool) -> NDArray[np.bool_]:
        if motion.score is None and not motion.still:
            fallen = Motion(None, MaskSource.FALLBACK, "no score in the sample")
            return self._masks(fallen, seed=seed)[0].copy()
        mask, slots = self._masks.masking.with_sources(motion.score, seed=seed)
        moves = motion.score is not None
        source = source_of_mask(MaskSource.GUIDED if moves else MaskSource.SIMULATED, slots)
        if counted:
            self._masks.record(source)
        return mask.copy()


def _shortened(
    tokens: NDArray[np.int64], most: int | None, draw: np.random.Generator
) -> NDArray[np.int64]:
    """At most so many of them, drawn: a cut in raster order would starve the last slots."""
    if most is None or len(tokens) <= most:
        return tokens
    return tokens[np.sort(draw.permutation(len(tokens))[:most])]
