"""A whole decode laid open: every block with all its flags, and the luma it was predicted from.

For what the public vectors do not show: intra areas, and which blocks carry coefficients.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mgm_ext._core import _testing
from mgm_ext.decode import read_options

BLOCK_FIELDS = ("offsets", "x", "y", "w", "h", "flags", "motion_x", "motion_y", "distance")


@dataclass(frozen=True)
class Inspection:
    """M frames in display order, N blocks; rows [offsets[i], offsets[i + 1]) belong to frame i.

    Attributes:
        frames: M.
        luma: [M, H, W] of the coded picture, uint8 or uint16; [0, H, W] unless asked for.
        chroma: [M, 2, h, w], likewise.
        offsets: int64 [M + 1].
        serial: int64 [M], when the decoder began the frame's picture; a repeated one has it again.
        x, y: int16 [N], centre of the block in pixels; w, h: uint8 [N], its size.
        flags: uint8 [N], MGM_BLOCK_* of csrc/taps/blocks.h.
        motion_x, motion_y: int32 [N], from the block to its source in 1 / motion_scale pixel.
        motion_scale: uint16 [N].
        reference: int64 [N], serial of the picture referred to; -1 unknown or intra.
        distance: float32 [N], display frames to the reference; NaN unknown or intra.
    """

    frames: int
    luma: NDArray[Any]
    chroma: NDArray[Any]
    offsets: NDArray[np.int64]
    serial: NDArray[np.int64]
    x: NDArray[np.int16]
    y: NDArray[np.int16]
    w: NDArray[np.uint8]
    h: NDArray[np.uint8]
    flags: NDArray[np.uint8]
    motion_x: NDArray[np.int32]
    motion_y: NDArray[np.int32]
    motion_scale: NDArray[np.uint16]
    reference: NDArray[np.int64]
    distance: NDArray[np.float32]

    @cached_property
    def frame(self) -> NDArray[np.int64]:
        """int64 [N]: the frame of each block."""
        return np.repeat(np.arange(self.frames), np.diff(self.offsets))


def inspect(
    path: Path,
    *,
    vectors: bool = True,
    vectors_only: bool = False,
    loop_filters: bool = True,
    luma: bool = False,
) -> Inspection:
    """Decodes a whole file; without `loop_filters` pictures are as predictions saw them."""
    options = read_options(vectors_only=vectors_only)
    found = _testing.inspect(
        str(path), options, vectors=vectors, loop_filters=loop_filters, luma=luma
    )
    return Inspection(**found)


def assert_seam_hides_nothing(path: Path) -> Inspection:
    """Every block is the same without pixels, what only the core sees of it included."""
    fast, full = (inspect(path, vectors_only=v) for v in (True, False))
    for name in BLOCK_FIELDS:
        np.testing.assert_array_equal(getattr(fast, name), getattr(full, name), err_msg=name)
    return fast
