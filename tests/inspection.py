"""A whole decode laid open: every block with all its flags, and the luma it was predicted from.

Oracles for every tap that the public vectors cannot answer (FFMPEG.md 5.2 and 5.3).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mgm_ext import _core

SKIP, DIRECT, LIST1, FIELD, CODED, INTRA, SECOND = 1, 2, 4, 8, 16, 32, 64

BLOCK_FIELDS = ("offsets", "x", "y", "w", "h", "flags", "motion_x", "motion_y", "distance")


@dataclass(frozen=True)
class Inspection:
    """M frames in display order, N blocks; rows [offsets[i], offsets[i + 1]) belong to frame i.

    Attributes:
        frames: M.
        luma: [M, H, W] of the coded picture, uint8 or uint16; [0, H, W] unless asked for.
        offsets: int64 [M + 1].
        x, y: int16 [N], centre of the block in pixels; w, h: uint8 [N], its size.
        flags: uint8 [N], of the constants above.
        motion_x, motion_y: int32 [N], from the block to its source in 1 / motion_scale pixel.
        motion_scale: uint16 [N].
        distance: float32 [N], display frames to the reference; NaN unknown or intra.
    """

    frames: int
    luma: NDArray[Any]
    offsets: NDArray[np.int64]
    x: NDArray[np.int16]
    y: NDArray[np.int16]
    w: NDArray[np.uint8]
    h: NDArray[np.uint8]
    flags: NDArray[np.uint8]
    motion_x: NDArray[np.int32]
    motion_y: NDArray[np.int32]
    motion_scale: NDArray[np.uint16]
    distance: NDArray[np.float32]

    @property
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
    options = _core.ReadOptions(
        stream=None,
        rotate=True,
        strict=False,
        max_pixels=1 << 26,
        max_seconds=None,
        vectors_only=vectors_only,
    )
    found = _core.inspect(str(path), options, vectors=vectors, loop_filters=loop_filters, luma=luma)
    return Inspection(**found)


def assert_seam_hides_nothing(path: Path) -> Inspection:
    """Every block is the same without pixels, what only the core sees of it included."""
    fast, full = (inspect(path, vectors_only=v) for v in (True, False))
    for name in BLOCK_FIELDS:
        np.testing.assert_array_equal(getattr(fast, name), getattr(full, name), err_msg=name)
    return fast


def known_motion(found: Inspection, motion: tuple[float, float]) -> tuple[float, float, float, int]:
    """How well the blocks of a scrolled texture tell its motion.

    Only vectors whose block and true source both lie inside the picture count, by area; a vector is
    right within 1/4 pixel divided by its distance.

    Returns:
        share that is right, median velocity x and y in pixels per frame, number of vectors.
    """
    height, width = found.luma.shape[1:]
    motion_ = np.array(motion, dtype=np.float64)
    size = np.stack([found.w, found.h], axis=1).astype(np.float64)
    centre = np.stack([found.x, found.y], axis=1).astype(np.float64)
    inter = (found.flags & INTRA) == 0
    distance = np.where(inter, found.distance, 0).astype(np.float64)[:, None]
    source = centre + motion_ * distance
    limit = np.array([width, height])
    inner = ((source >= size / 2) & (source <= limit - size / 2)).all(axis=1) & inter
    assert not np.isnan(found.distance[inter]).any()
    vectors = np.stack([found.motion_x, found.motion_y], axis=1) / found.motion_scale[:, None]
    velocity = vectors[inner] / distance[inner]
    right = (np.abs(velocity - motion_) <= 0.25 / np.abs(distance[inner]) + 1e-6).all(axis=1)
    area = size[inner].prod(axis=1)
    median = [float(weighted_median(velocity[:, axis], area)) for axis in (0, 1)]
    return float((area * right).sum() / area.sum()), median[0], median[1], int(inner.sum())


def weighted_median(values: NDArray[np.float64], weights: NDArray[np.float64]) -> np.float64:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return np.float64(values[order][np.searchsorted(total, total[-1] / 2)])


def displaced(picture: NDArray[Any], x: int, y: int, w: int, h: int) -> NDArray[Any]:
    """The block at (x, y), pixels outside the picture repeating its edge."""
    rows = np.clip(np.arange(y, y + h), 0, picture.shape[0] - 1)
    columns = np.clip(np.arange(x, x + w), 0, picture.shape[1] - 1)
    return np.asarray(picture[np.ix_(rows, columns)])


def predictions(found: Inspection, *, shift: int = 0) -> tuple[int, int, int]:
    """Compares every block that is nothing but a copy with the place it was copied from.

    Blocks without residual and with whole-pixel vectors are equal to their source bit for bit,
    those with two vectors to the rounded mean of both. `shift` moves all sources, to show that the
    comparison can fail.

    Returns:
        blocks compared, blocks that differ, and the area of all inter blocks per 1000 that was
        compared.
    """
    frame = found.frame
    scale = found.motion_scale.astype(np.int64)
    dx, rest_x = np.divmod(found.motion_x, scale)
    dy, rest_y = np.divmod(found.motion_y, scale)
    target = np.nan_to_num(frame + found.distance.astype(np.float64), nan=-1)
    known = (target >= 0) & (target < found.frames) & (target == np.rint(target))
    copied = (rest_x == 0) & (rest_y == 0) & known & ((found.flags & (CODED | INTRA)) == 0)
    first = (found.flags & (SECOND | INTRA)) == 0
    area = found.w.astype(np.int64) * found.h
    compared = differ = covered = 0
    for i in np.flatnonzero(first):
        double = i + 1 < len(first) and bool(found.flags[i + 1] & SECOND)
        rows = [i, i + 1] if double else [i]
        if not copied[rows].all():
            continue
        w, h = int(found.w[i]), int(found.h[i])
        x, y = int(found.x[i]) - w // 2, int(found.y[i]) - h // 2
        sources = [
            displaced(
                found.luma[int(target[r])], x + int(dx[r]) + shift, y + int(dy[r]), w, h
            ).astype(np.int64)
            for r in rows
        ]
        expected = (sources[0] + sources[-1] + 1) >> 1 if double else sources[0]
        compared += 1
        covered += int(area[i])
        differ += not np.array_equal(found.luma[frame[i], y : y + h, x : x + w], expected)
    return compared, differ, int(1000 * covered / max(int(area[first].sum()), 1))
