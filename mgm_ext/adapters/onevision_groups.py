"""Scores of 2x2 patches and the groups of frames that codec-video-prep 0.2.5 makes of them.

Sums are taken in float32 in the order of NumPy's own reductions there, and the best blocks with
`numpy.argpartition`: its choice among equal scores is part of what is reproduced.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

__all__ = ["BINS", "best_blocks", "block_scores", "fixed_groups", "readiness_groups"]

BINS = 3  # parts of a group's time that its chosen blocks must come from
_PERCENTILE, _LOW_GAIN, _FEWEST = 99.0, 0.05, 4


def block_scores(
    units: NDArray[np.int64],
    rows: NDArray[np.int64],
    columns: NDArray[np.int64],
    *,
    patch: int,
) -> NDArray[np.float32]:
    """Scores of the 2x2 patches of one frame.

    Args:
        units: [R, C], bits of each unit.
        rows, columns: [H] and [W], the unit's row and column of each row and column of pixels.
        patch: side of a patch in pixels; twice it divides H and W.

    Returns:
        float32 [H / 2 patch, W / 2 patch], sums over pixels of log(1 + bits), divided by its 99th
        percentile over the units, at most 1.
    """
    logs = np.log1p(np.maximum(units.astype(np.float32), np.float32(0)))
    most = max(float(np.percentile(logs, _PERCENTILE)), 1e-6)
    shares = np.clip(logs / most, 0.0, 1.0).astype(np.float32)
    pixels = np.ascontiguousarray(shares[np.ix_(rows, columns)])  # sums follow the layout
    down, across = len(rows) // patch, len(columns) // patch
    patches = pixels.reshape(down, patch, across, patch).sum(axis=(1, 3))
    blocks: NDArray[np.float32] = patches.reshape(down // 2, 2, across // 2, 2).sum(axis=(1, 3))
    return blocks


def best_blocks(scores: NDArray[np.float32], k: int) -> NDArray[np.intp]:
    """Places of the k best of scores [n], best first; all, in their own order, of k or fewer."""
    if k >= len(scores):
        return np.arange(len(scores))
    best = np.argpartition(-scores, kth=k - 1)[:k]
    return best[np.argsort(-scores[best])]


def fixed_groups(count: int, size: int) -> list[range]:
    """Groups of `size` frames; those under 4 at the end are left out."""
    groups = [range(start, min(count, start + size)) for start in range(0, count, size)]
    return [group for group in groups if len(group) >= _FEWEST]


def readiness_groups(
    scores: NDArray[np.float32], budget: int, *, size: int, fewest: int, most: int, bins: int
) -> list[range]:
    """Groups that grow until the best blocks of their frames, the first apart, score enough.

    Enough is the mean over groups of `size`. A group ends where another frame adds under 5 % to
    its sum, at the last length that was enough, or at `most` where none was. Frames at the end that
    are fewer than `fewest` are left out.

    Args:
        scores: float32 [T, h, w] of `block_scores`.
        budget: blocks that a group may choose, those of its first frame apart.
        size, fewest, most: frames.
        bins: of `BINS`, how many parts of the group's time must be among those chosen.
    """
    flat = scores.reshape(len(scores), -1)
    usual = [
        _ready(flat[group.start : group.stop], budget)[0]
        for group in fixed_groups(len(flat), size)
        if len(group) >= max(_FEWEST, BINS + 1)
    ]
    enough = float(np.mean(np.asarray(usual))) if usual else 0.0
    fewest = max(_FEWEST, fewest)
    groups: list[range] = []
    start = 0
    while len(flat) - start >= fewest:
        ends = range(start + fewest, min(len(flat), start + max(fewest, most)) + 1)
        sums = (_ready(flat[start:end], budget) for end in ends)
        stop = _end(ends, sums, enough, bins)
        groups.append(range(start, stop))
        start = stop
    return groups


def _end(ends: range, sums: Iterator[tuple[float, int]], enough: float, bins: int) -> int:
    chosen, before = ends[-1], None
    for end, (total, covered) in zip(ends, sums, strict=True):
        if total >= enough and covered >= bins:
            chosen = end
            if before is not None and (total - before) / max(abs(before), 1e-6) < _LOW_GAIN:
                break
        before = total
    return chosen


def _ready(group: NDArray[np.float32], budget: int) -> tuple[float, int]:
    """What the best blocks after the first frame score, and of how many parts in time they are."""
    flat = group[1:].reshape(-1)
    if not len(flat) or budget <= 0:
        return 0.0, 0
    best = best_blocks(flat, budget)
    frames = np.unique(best // group.shape[1]) + 1
    edges = np.linspace(1, max(2, len(group)), BINS + 1, dtype=np.int32)
    covered = np.unique(np.searchsorted(edges[1:-1], frames, side="right"))
    return float(flat[best].sum()), len(covered)
