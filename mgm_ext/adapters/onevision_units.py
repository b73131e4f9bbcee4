"""Bits per unit as codec-video-prep 0.2.5 has them, and where its canvases see them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ..block_costs import BlockCosts

__all__ = ["unit_maps"]

_SUPERBLOCK = 64
_BY_SUPERBLOCK = ("vp9", "av1")


def unit_maps(
    costs: BlockCosts, size: tuple[int, int], *, as_shown: bool
) -> tuple[NDArray[np.int64], NDArray[np.intp], NDArray[np.intp]]:
    """Bits of macroblocks, coding tree units or 64x64 superblocks, and the unit of each pixel.

    Args:
        costs: of the sampled frames.
        size: (H, W) of the canvas.
        as_shown: each unit where it is shown. Otherwise, and only for pictures that are not turned,
            the coded picture over all of the canvas; H.264's with a column without bits on the
            right of it, and with bits as CABAC's reader has them, which advances by bytes.

    Returns:
        int64 [T, R, C], and the row [H] and column [W] of the unit under each pixel.
    """
    bits, down, across = costs._turned()
    if costs.info.codec in _BY_SUPERBLOCK:
        count = _SUPERBLOCK // costs.unit
        bits, down, across = _merged(bits, down, across, count)
    if as_shown or costs.rotation or costs.hflip:
        return bits, _under(down, size[0]), _under(across, size[1])
    if costs.info.codec == "h264":
        bits = np.pad(_whole_bytes(costs), ((0, 0), (0, 0), (0, 1)))
    return bits, _nearest(bits.shape[1], size[0]), _nearest(bits.shape[2], size[1])


def _whole_bytes(costs: BlockCosts) -> NDArray[np.int64]:
    """Bits of H.264's macroblocks, in order of decoding, by the byte in which each ends."""
    if "baseline" in costs.info.profile.lower():  # never CABAC; other profiles seldom without
        return costs.bits
    ends = np.cumsum(costs.bits.reshape(len(costs.bits), -1), axis=1) // 8 * 8
    whole: NDArray[np.int64] = np.diff(ends, axis=1, prepend=0).reshape(costs.bits.shape)
    return whole


def _merged(
    bits: NDArray[np.int64], down: NDArray[np.float64], across: NDArray[np.float64], count: int
) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
    """Units of count x count; from the upper left, also of a picture that was turned."""
    rows, columns = (np.arange(0, side, count) for side in bits.shape[1:])
    merged: NDArray[np.int64] = np.add.reduceat(np.add.reduceat(bits, rows, 1), columns, 2)
    return merged, np.append(down[rows], down[-1]), np.append(across[columns], across[-1])


def _under(edges: NDArray[np.float64], length: int) -> NDArray[np.intp]:
    """The unit under the middle of each of `length` pixels over what is shown."""
    middles = edges[0] + (edges[-1] - edges[0]) * (np.arange(length) + 0.5) / length
    found: NDArray[np.intp] = np.searchsorted(edges, middles, side="right") - 1
    return found.clip(0, len(edges) - 2)


def _nearest(units: int, length: int) -> NDArray[np.intp]:
    """The unit that OpenCV's INTER_NEAREST takes for each of `length` pixels."""
    scale = 1.0 / (length / units)
    found: NDArray[np.intp] = np.floor(np.arange(length) * scale).astype(np.intp)
    return found.clip(0, units - 1)
