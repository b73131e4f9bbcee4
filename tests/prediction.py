"""The prediction oracle (FFMPEG.md 5.3): vectors against pixels, the same for every codec."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mgm_ext import _core

_CODED, _INTRA, _SECOND, _BLENDED = 16, 32, 64, 128  # MGM_BLOCK_* of csrc/taps/tap.h


def prediction(path: Path) -> tuple[int, int]:
    """Holds vectors against pixels, loop filters off in our decoder: a block of integer vector
    without residual is its displaced reference, bit for bit.

    Returns:
        Pixels compared, and pixels in all inter blocks of the clip. Blocks with two references,
        with residual, a fraction, a prediction that is no mere copy, or a source partly outside the
        picture are left out.

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
        plain &= ~second & ~np.append(second[1:], False)
        for axis in ("motion_x", "motion_y"):
            plain &= blocks[axis] % picture["motion_scale"] == 0
        for block in blocks[plain]:
            compared += _compare(block, picture, luma)
    return compared, total


def _compare(block: np.void, picture: dict[str, Any], luma: dict[int, NDArray[np.uint16]]) -> int:
    now, before = picture["luma"], luma.get(int(block["reference"]))
    if before is None or before.shape != now.shape:
        return 0
    height, width = now.shape
    x0, y0 = int(block["x"]) - int(block["w"]) // 2, int(block["y"]) - int(block["h"]) // 2
    x1, y1 = min(x0 + int(block["w"]), width), min(y0 + int(block["h"]), height)
    dx, dy = (int(block[axis]) // picture["motion_scale"] for axis in ("motion_x", "motion_y"))
    if x0 + dx < 0 or y0 + dy < 0 or x1 + dx > width or y1 + dy > height:
        return 0
    np.testing.assert_array_equal(
        now[y0:y1, x0:x1],
        before[y0 + dy : y1 + dy, x0 + dx : x1 + dx],
        f"picture {picture['serial']}, block {block}",
    )
    area: int = (x1 - x0) * (y1 - y0)
    return area
