"""The prediction oracle: vectors against pixels, the same for every codec."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.inspection import Inspection, inspect

_CODED, _INTRA, _SECOND, _BLENDED = 16, 32, 64, 128  # MGM_BLOCK_* of csrc/taps/blocks.h


def prediction(path: Path, *, averaged: bool = False) -> tuple[int, int]:
    """Holds vectors against pixels, loop filters off in our decoder: a block of integer vector
    without residual is its displaced reference, bit for bit.

    Args:
        path: the clip.
        averaged: blocks with two references count too, as the rounded mean of both.

    Returns:
        Pixels compared, and pixels in all inter blocks of the clip. Blocks with residual, a
        fraction, a prediction that is no mere copy, or a source partly outside the picture are left
        out, and those with two references unless `averaged`.

    Raises:
        AssertionError: a block differs.
    """
    found = inspect(path, loop_filters=False, luma=True)
    luma = dict(zip(found.serial.tolist(), found.luma, strict=True))
    inter = (found.flags & _INTRA) == 0
    second = (found.flags & _SECOND) != 0
    area = found.w.astype(np.int64) * found.h
    plain = inter & ((found.flags & (_CODED | _BLENDED)) == 0)
    for motion in (found.motion_x, found.motion_y):
        plain &= motion % found.motion_scale == 0
    double = np.append(second[1:], False)
    rows = [[i] for i in np.flatnonzero(plain & ~second & ~double).tolist()]
    if averaged:
        pairs = np.flatnonzero(plain & double & np.append(plain[1:], False)).tolist()
        rows += [[i, i + 1] for i in pairs]
    compared = sum(_compare(found, block, luma) for block in rows)
    return compared, int(area[inter & ~second].sum())


def _compare(found: Inspection, rows: list[int], luma: dict[int, NDArray[Any]]) -> int:
    """The block of one row, or of two whose mean it is: its pixels, or 0 when it is left out."""
    i = rows[0]
    frame = int(found.frame[i])
    now = found.luma[frame]
    height, width = now.shape
    w, h = int(found.w[i]), int(found.h[i])
    x0, y0 = int(found.x[i]) - w // 2, int(found.y[i]) - h // 2
    x1, y1 = min(x0 + w, width), min(y0 + h, height)
    sources = []
    for row in rows:
        before = luma.get(int(found.reference[row]))
        scale = int(found.motion_scale[row])
        dx, dy = int(found.motion_x[row]) // scale, int(found.motion_y[row]) // scale
        if before is None:
            return 0
        if x0 + dx < 0 or y0 + dy < 0 or x1 + dx > width or y1 + dy > height:
            return 0
        sources.append(before[y0 + dy : y1 + dy, x0 + dx : x1 + dx].astype(np.int64))
    np.testing.assert_array_equal(
        now[y0:y1, x0:x1],
        (sources[0] + sources[-1] + 1) >> 1,  # of one source: itself
        f"frame {frame}, block {i}: {w}x{h} at {x0}, {y0}",
    )
    area: int = (x1 - x0) * (y1 - y0)
    return area
