"""The prediction oracle: vectors against pixels, the same for every codec."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mgm_ext import _core

_CODED, _INTRA, _SECOND, _BLENDED = 16, 32, 64, 128  # MGM_BLOCK_* of csrc/taps/tap.h


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
    options = _core.ReadOptions(
        stream=None,
        rotate=True,
        strict=False,
        max_pixels=1 << 26,
        max_seconds=None,
        vectors_only=False,
    )
    pictures = _core.decode_unfiltered(str(path), options)
    luma = {picture["serial"]: picture["luma"] for picture in pictures}
    compared = total = 0
    for picture in pictures:
        blocks = picture["blocks"]
        inter = (blocks["flags"] & _INTRA) == 0
        second = (blocks["flags"] & _SECOND) != 0
        total += int((blocks["w"].astype(int) * blocks["h"])[inter & ~second].sum())
        plain = inter & ((blocks["flags"] & (_CODED | _BLENDED)) == 0)
        for axis in ("motion_x", "motion_y"):
            plain &= blocks[axis] % picture["motion_scale"] == 0
        double = np.append(second[1:], False)
        for i in np.flatnonzero(plain & ~second & ~double):
            compared += _compare(blocks[i : i + 1], picture, luma)
        for i in np.flatnonzero(plain & double & np.append(plain[1:], False) & averaged):
            compared += _compare(blocks[i : i + 2], picture, luma)
    return compared, total


def _compare(
    rows: NDArray[np.void], picture: dict[str, Any], luma: dict[int, NDArray[np.uint16]]
) -> int:
    block, now = rows[0], picture["luma"]
    height, width = now.shape
    x0, y0 = int(block["x"]) - int(block["w"]) // 2, int(block["y"]) - int(block["h"]) // 2
    x1, y1 = min(x0 + int(block["w"]), width), min(y0 + int(block["h"]), height)
    sources = []
    for row in rows:
        before = luma.get(int(row["reference"]))
        dx, dy = (int(row[axis]) // picture["motion_scale"] for axis in ("motion_x", "motion_y"))
        if before is None or before.shape != now.shape:
            return 0
        if x0 + dx < 0 or y0 + dy < 0 or x1 + dx > width or y1 + dy > height:
            return 0
        sources.append(before[y0 + dy : y1 + dy, x0 + dx : x1 + dx].astype(np.int64))
    np.testing.assert_array_equal(
        now[y0:y1, x0:x1],
        (sources[0] + sources[-1] + 1) >> 1,  # of one source: itself
        f"picture {picture['serial']}, block {block}",
    )
    area: int = (x1 - x0) * (y1 - y0)
    return area
