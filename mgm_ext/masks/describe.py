"""What a mask is like, in numbers, and as lists of tokens."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .._arrays import read_only, summary
from ..score import Score
from .options import Mask

__all__ = ["MaskDescription", "TokenIndices", "describe", "token_indices"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MaskDescription:
    """Numbers about a mask [S, R, C].

    Attributes:
        ratio: share of the clip's tokens that are masked.
        slot_ratios: float64 [S], the same of each slot.
        overlap: float64 [S - 1], share of slot s's masked tokens that slot s + 1 masks too; NaN
            where slot s masks none.
        parts: int64 [S], connected parts of each slot's masked tokens (neighbours share a side).
        motion_covered: share of the score's weighted motion that lies on masked tokens; NaN where
            nothing moves; None without a score.
    """

    ratio: float
    slot_ratios: NDArray[np.float64]
    overlap: NDArray[np.float64]
    parts: NDArray[np.int64]
    motion_covered: float | None

    def __repr__(self) -> str:
        return summary(self)


def describe(mask: Mask, *, score: Score | None = None) -> MaskDescription:
    """Ratio, continuity in time, connectedness and, with a score, motion covered.

    Args:
        mask: bool [S, R, C], True = masked.
        score: motion of the same tokens.

    Raises:
        ValueError: the mask is not bool [S, R, C], is empty, or the score has another shape.
    """
    tokens = read_only("mask", mask, dtype=np.bool_, shape=("S", "R", "C"))
    if tokens.size == 0:
        raise ValueError(f"mask must not be empty, not {tokens.shape}")
    if score is not None and score.values.shape != tokens.shape:
        raise ValueError(f"score must be of {tokens.shape} tokens, not {score.values.shape}")
    sizes = tokens.sum((1, 2))
    shared = (tokens[1:] & tokens[:-1]).sum((1, 2))
    covered = None
    if score is not None:
        total = int(score.values.sum())
        covered = int(score.values[tokens].sum()) / total if total else float("nan")
    return MaskDescription(
        ratio=float(tokens.mean()),
        slot_ratios=tokens.mean((1, 2)),
        overlap=np.where(sizes[:-1] > 0, shared / np.maximum(sizes[:-1], 1), np.nan),
        parts=np.array([_parts(slot) for slot in tokens], np.int64),
        motion_covered=covered,
    )


def _parts(slot: Mask) -> int:
    left = slot.copy()
    parts = 0
    while left.any():
        part = np.zeros_like(left)
        part.flat[int(left.argmax())] = True
        while True:
            grown = part.copy()
            grown[1:] |= part[:-1]
            grown[:-1] |= part[1:]
            grown[:, 1:] |= part[:, :-1]
            grown[:, :-1] |= part[:, 1:]
            grown &= left
            if (grown == part).all():
                break
            part = grown
        left &= ~part
        parts += 1
    return parts


class TokenIndices(NamedTuple):
    """A mask as lists of flat token indices, for trainers that gather.

    Attributes:
        ids_keep: int64, the visible tokens, ascending.
        ids_masked: int64, the masked tokens, ascending.
        ids_restore: int64 [S * R * C], where each token is in ids_keep followed by ids_masked.
    """

    ids_keep: NDArray[np.int64]
    ids_masked: NDArray[np.int64]
    ids_restore: NDArray[np.int64]


def token_indices(mask: Mask) -> TokenIndices:
    """Index lists of a mask, time-major and row-major.

    Their lengths are those of the mask's exact count: unlike collators that cut every list to the
    batch's shortest in raster order, no token is favoured.

    Args:
        mask: bool [S, R, C], True = masked.

    Raises:
        ValueError: the mask is not bool [S, R, C].
    """
    flat = read_only("mask", mask, dtype=np.bool_, shape=("S", "R", "C")).reshape(-1)
    keep, masked = np.flatnonzero(~flat), np.flatnonzero(flat)
    restore = np.empty(flat.size, np.int64)
    restore[np.concatenate([keep, masked])] = np.arange(flat.size)
    return TokenIndices(keep, masked, restore)
