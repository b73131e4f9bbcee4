"""What a mask is like, in numbers, and as lists of tokens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .._arrays import read_only, summary
from ..score import Score
from ..views import View
from .options import Mask
from .ranked import ragged_boxes

__all__ = ["MaskDescription", "TokenIndices", "box_coverage", "describe", "token_indices"]

_GLIMPSE: Final = 0.05
"""Share of an object that a slot may leave on visible tokens and still hide it: its rim."""


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
        object_hidden: float64 [S], share of the boxes' area in the view that lies on masked tokens;
            NaN where a slot has none; None without boxes.
        never_visible: whether every slot that holds some of the boxes leaves at most a twentieth of
            it on visible tokens: a model then never sees the object; None without boxes, or where
            none lies in the view.
    """

    ratio: float
    slot_ratios: NDArray[np.float64]
    overlap: NDArray[np.float64]
    parts: NDArray[np.int64]
    motion_covered: float | None
    object_hidden: NDArray[np.float64] | None = None
    never_visible: bool | None = None

    def __repr__(self) -> str:
        return summary(self)


def describe(
    mask: Mask,
    *,
    score: Score | None = None,
    boxes: ArrayLike | Sequence[ArrayLike] | None = None,
    view: View | None = None,
) -> MaskDescription:
    """Ratio, continuity and connectedness; with a score or boxes, what the mask covers of them.

    Args:
        mask: bool [S, R, C], True = masked.
        score: motion of the same tokens.
        boxes: of objects, as `boxes_mask` takes them: in source pixels, one or a list per slot;
            rows with NaN are no boxes.
        view: what the trainer sees; needed with boxes, unless a score brings its own.

    Raises:
        ValueError: the mask is not bool [S, R, C], is empty, the score has another shape, or boxes
            come without a view, or not one list per slot.
    """
    tokens = read_only("mask", mask, dtype=np.bool_, shape=("S", "R", "C"))
    if tokens.size == 0:
        raise ValueError(f"mask must not be empty, not {tokens.shape}")
    if score is not None and score.values.shape != tokens.shape:
        raise ValueError(f"score must be of {tokens.shape} tokens, not {score.values.shape}")
    hidden, never = _objects(tokens, score, boxes, view)
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
        object_hidden=hidden,
        never_visible=never,
    )


def _objects(
    tokens: Mask,
    score: Score | None,
    boxes: ArrayLike | Sequence[ArrayLike] | None,
    view: View | None,
) -> tuple[NDArray[np.float64] | None, bool | None]:
    """`object_hidden` and `never_visible`."""
    if boxes is None:
        if view is not None:
            raise ValueError(f"view is for boxes, got view={view} and boxes=None")
        return None, None
    seen = view if view is not None or score is None else score.view
    if seen is None:
        raise ValueError("boxes need a view, or a score that has one, got neither")
    slots, rows, columns = tokens.shape
    covered = box_coverage(boxes, grid=(slots, rows, columns), view=seen)
    area = covered.sum((1, 2))
    present = area > 0
    visible = np.full(slots, np.nan)
    np.divide((covered * ~tokens).sum((1, 2)), area, out=visible, where=present)
    if not present.any():
        return 1 - visible, None
    return 1 - visible, bool((visible[present] <= _GLIMPSE).all())


def box_coverage(
    boxes: ArrayLike | Sequence[ArrayLike], *, grid: tuple[int, int, int], view: View
) -> NDArray[np.float64]:
    """How much of each token boxes cover.

    Args:
        boxes: (x0, y0, x1, y1) in source pixels, as `boxes_mask` takes them.
        grid: (S, R, C) tokens of the view.
        view: what the trainer sees.

    Returns:
        float64 [S, R, C] in [0, 1], the largest share of the token that one box covers.

    Raises:
        ValueError: `boxes` is not one box, or one list of boxes, per slot.
    """
    slots, rows, columns = grid
    corners, counts = ragged_boxes(boxes)
    if len(counts) != slots:
        raise ValueError(f"boxes must be one list per slot: {slots}, not {len(counts)}")
    x, y, width, height = view.crop
    across = _overlap(corners[:, 0], corners[:, 2], x, width, columns)
    down = _overlap(corners[:, 1], corners[:, 3], y, height, rows)
    if view.hflip:
        across = across[:, ::-1]
    shares = down[:, :, None] * across[:, None]
    covered = np.zeros(grid)
    for slot, share in zip(np.repeat(np.arange(slots), counts), np.nan_to_num(shares), strict=True):
        np.maximum(covered[slot], share, out=covered[slot])
    return covered


def _overlap(
    low: NDArray[np.float64], high: NDArray[np.float64], start: float, length: float, parts: int
) -> NDArray[np.float64]:
    """Share of each of `parts` equal parts of an axis that [low, high] covers, [n, parts]."""
    edges = start + length * np.arange(parts + 1) / parts
    inside = np.minimum(high[:, None], edges[1:]) - np.maximum(low[:, None], edges[:-1])
    share: NDArray[np.float64] = np.clip(inside * parts / length, 0, 1)
    return share


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
