"""Tokens ranked one by one: by motion, by given boxes."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _core
from ..score import GRID, Score, score_input
from ..views import View
from .generator import MotionMasking
from .options import Grid, Mask, Source, group_ids, mask_input

__all__ = ["MotionTopKMasking", "boxes_mask", "motion_topk_mask"]


def motion_topk_mask(
    source: Source,
    *,
    grid: Grid = GRID,
    mask_ratio: float = 0.75,
    num_masked: int | None = None,
    count: str = "floor_masked",
    seed: int = 0,
    scope: str = "slot",
    groups: ArrayLike | None = None,
    temperature: float = 0.0,
    visible_from_motion: float | None = None,
    view: View | None = None,
    camera: str | None = None,
    weight: str | ArrayLike | None = None,
    ignore: ArrayLike = (),
) -> Mask:
    """The K tokens of most motion.

    Args:
        source: the motion: a clip, a field or a ready score.
        grid: (S, R, C) tokens; a score brings its own.
        mask_ratio: share of the tokens to mask, in (0, 1).
        num_masked: K, instead of `mask_ratio`.
        count: how the ratio is rounded: "floor_masked" or "floor_kept".
        seed: in [0, 2^64).
        scope: "slot" (K of each slot), "clip" (K of the clip) or "tube" (slot 0's in every slot).
        groups: int [S, R, C], a group id per token: K of the clip, split over the groups by largest
            remainder; with `scope="clip"`.
        temperature: 0 takes the K first; above, in [0.0001, 10000], K tokens are drawn without
            replacement, with log-odds of the score over the clip's largest, over the temperature.
        visible_from_motion: in [0, 1]: this share of the visible tokens is drawn uniformly from the
            half of the positions that moves most over the clip, the rest from the other half, the
            same in every slot (TrackMAE). Excludes `temperature`, `groups` and `scope`.
        view: what the trainer sees; without it, the whole picture. Not with a score.
        camera: "none", "median" or "affine"; None: "affine". Not with a score.
        weight: "none", "texture", "coded" or an array; None: texture where the clip has frames,
            else coded. Not with a score.
        ignore: boxes (x0, y0, x1, y1) in source pixels whose motion is ignored. Not with a score.

    Returns:
        bool [S, R, C], True = masked, exactly K. Ties are drawn at random, so without motion this
        is a random mask of the same scope.

    Raises:
        ValueError: an argument is outside what is allowed.
        TypeError: `source` is none of the three.
    """
    given, grid = mask_input(
        source, grid=grid, view=view, camera=camera, weight=weight, ignore=ignore
    )
    return _core.masks["motion_topk"](
        grid,
        given,
        seed,
        mask_ratio=mask_ratio,
        num_masked=num_masked,
        count=count,
        scope=scope,
        groups=group_ids(groups),
        temperature=temperature,
        visible_from_motion=visible_from_motion,
    )


def set_boxes(given: _core.MaskInput, boxes: ArrayLike | Sequence[ArrayLike], slots: int) -> None:
    """Gives boxes to the core, ragged over the slots.

    Raises:
        ValueError: `boxes` is not one box, or one list of boxes, per slot.
    """
    corners, counts = ragged_boxes(boxes)
    if len(counts) != slots:
        raise ValueError(f"boxes must be one list per slot: {slots}, not {len(counts)}")
    offsets = np.zeros(slots + 1, np.int64)
    np.cumsum(counts, out=offsets[1:])
    known = ~np.isnan(corners).any(1)
    if not known.all():
        offsets = np.concatenate([[0], np.cumsum(known)])[offsets]
        corners = corners[known]
    given.set_boxes(corners, offsets)


def ragged_boxes(boxes: ArrayLike | Sequence[ArrayLike]) -> tuple[NDArray[np.float64], list[int]]:
    """All boxes [n, 4], slot after slot, and how many each slot has."""
    if isinstance(boxes, np.ndarray) and boxes.dtype.kind in "iuf" and boxes.shape[1:] == (4,):
        return np.ascontiguousarray(boxes, np.float64), [1] * len(boxes)
    lists = [np.asarray(one, dtype=np.float64).reshape(-1, 4) for one in per_slot(boxes)]
    return np.concatenate([np.empty((0, 4)), *lists]), [len(one) for one in lists]


def per_slot(boxes: ArrayLike | Sequence[ArrayLike]) -> list[ArrayLike]:
    """Boxes as one entry per slot, or ValueError for anything else."""
    try:
        items = list(boxes)  # type: ignore[arg-type]
        shapes = [np.asarray(item, dtype=np.float64).shape for item in items]
    except (TypeError, ValueError):
        raise ValueError(f"boxes must be numbers [S, 4] or lists of them, not {boxes!r}") from None
    if any(shape and shape != (0,) and (shape[-1] != 4 or len(shape) > 2) for shape in shapes):
        raise ValueError(f"boxes must be (x0, y0, x1, y1), [4] or [n, 4] per slot, not {shapes}")
    if any(not shape for shape in shapes):
        raise ValueError("boxes must be one box, or one list of boxes, per slot, not a single box")
    return items


def boxes_mask(
    boxes: ArrayLike | Sequence[ArrayLike],
    *,
    view: View | None = None,
    score: Score | None = None,
    grid: Grid = GRID,
    mask_ratio: float = 0.75,
    num_masked: int | None = None,
    count: str = "floor_masked",
    seed: int = 0,
    scope: str = "slot",
    groups: ArrayLike | None = None,
) -> Mask:
    """The tokens that boxes of the caller cover: a detector's, or annotations.

    Args:
        boxes: float (x0, y0, x1, y1) in source pixels, one per slot [S, 4] or several: [S, n, 4],
            or S lists of [n, 4]; rows with NaN are no boxes.
        view: what the trainer sees. Needed without a score, refused with one.
        score: motion per token, which decides among tokens that are covered equally; it brings its
            own grid and view.
        grid: (S, R, C) tokens.
        mask_ratio: share of the tokens to mask, in (0, 1).
        num_masked: K, instead of `mask_ratio`.
        count: how the ratio is rounded: "floor_masked" or "floor_kept".
        seed: in [0, 2^64).
        scope: "slot" (K of each slot), "clip" (K of the clip) or "tube" (slot 0's in every slot).
        groups: int [S, R, C], a group id per token: K of the clip, split over the groups by largest
            remainder; with `scope="clip"`.

    Returns:
        bool [S, R, C], True = masked, exactly K: ranked by the largest share of a token that one
        box covers, then by motion, then at random.

    Raises:
        ValueError: an argument is outside what is allowed.
    """
    if (view is None) == (score is None):
        raise ValueError(f"give either view or score, got view={view} and score={score}")
    if score is not None:
        given = score_input(score)
        slots, rows, columns = score.values.shape
        grid = (slots, rows, columns)
    else:
        assert view is not None
        given = _core.MaskInput.of_view(view.crop, view.hflip)
    set_boxes(given, boxes, grid[0])
    return _core.masks["boxes"](
        grid,
        given,
        seed,
        mask_ratio=mask_ratio,
        num_masked=num_masked,
        count=count,
        scope=scope,
        groups=group_ids(groups),
    )


class MotionTopKMasking(MotionMasking):
    """`motion_topk_mask` as a generator: `(input_size, mask_ratio, temperature=..., ...)`."""

    name = "motion_topk"
    function = staticmethod(motion_topk_mask)
