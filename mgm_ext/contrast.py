"""Does the foreground move more than the background? The premise of motion-guided masking."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._arrays import read_only, summary
from .motion_field import MotionField

__all__ = ["MotionContrast", "motion_contrast"]


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MotionContrast:
    """Mean speed inside and outside given boxes, in source pixels per frame.

    NaN where no cell with motion lies on that side.

    Attributes:
        inside: float64 [T], of each sampled frame.
        outside: float64 [T], of each sampled frame.
        clip_inside: over the whole clip, each cell weighted by its area.
        clip_outside: over the whole clip.
    """

    inside: NDArray[np.float64]
    outside: NDArray[np.float64]
    clip_inside: float
    clip_outside: float

    def __post_init__(self) -> None:
        inside = read_only("inside", self.inside, dtype=np.float64, shape=("T",))
        outside = read_only("outside", self.outside, dtype=np.float64, shape=(len(inside),))
        object.__setattr__(self, "inside", inside)
        object.__setattr__(self, "outside", outside)

    def __repr__(self) -> str:
        return summary(self)


def _overlap(edges: NDArray[np.float64], cell: int, length: int) -> NDArray[np.float64]:
    """Pixels that each cell of an axis shares with each span between edges, [cells, spans]."""
    starts = np.arange(0, length, cell)[:, None]
    ends = np.minimum(starts + cell, length)
    shared: NDArray[np.float64] = np.minimum(ends, edges[1:]) - np.maximum(starts, edges[:-1])
    return shared.clip(0)


def _covered(boxes: NDArray[np.float64], field: MotionField) -> NDArray[np.float64]:
    """Pixels of each cell that at least one of the boxes [B, 4] covers, [R, C]."""
    x0, y0, x1, y1 = boxes.T
    across, down = np.unique([x0, x1]), np.unique([y0, y1])
    in_x = (x0 <= across[:-1, None]) & (across[1:, None] <= x1)
    in_y = (y0 <= down[:-1, None]) & (down[1:, None] <= y1)
    # Between neighbouring edges a box covers all or nothing.
    inside = (in_y[:, None] & in_x[None]).any(-1).astype(np.float64)
    rows = _overlap(down, field.cell, field.height)
    columns = _overlap(across, field.cell, field.width)
    covered: NDArray[np.float64] = rows @ inside @ columns.T
    return covered


def _checked(boxes: ArrayLike, samples: int) -> NDArray[np.float64]:
    given = np.asarray(boxes)
    if given.dtype.kind not in "iuf" or given.ndim not in (2, 3) or given.shape[-1] != 4:
        raise ValueError(
            f"boxes must be numbers [S, 4] or [S, B, 4], not {given.dtype} {list(given.shape)}"
        )
    if len(given) == 0 or samples % len(given):
        raise ValueError(f"boxes must divide {samples} sampled frames, not {len(given)} rows")
    values: NDArray[np.float64] = given.astype(np.float64).reshape(len(given), -1, 4)
    unknown = np.isnan(values).all(-1)
    good = np.isfinite(values).all(-1) & (values[..., :2] <= values[..., 2:]).all(-1)
    if not (good | unknown).all():
        wrong = values[~(good | unknown)][0].tolist()
        raise ValueError(f"boxes must be finite x0 <= x1, y0 <= y1, or all NaN, not {wrong}")
    return values


def motion_contrast(field: MotionField, boxes: ArrayLike) -> MotionContrast:
    """Mean speed inside and outside of boxes, per sampled frame and over the clip.

    Args:
        field: motion of T sampled frames; camera motion is part of it.
        boxes: float [S, 4] or [S, B, 4] xyxy in source pixels; S divides T, and a row is for T / S
            sampled frames, so that `motion_boxes` fits. A box of NaN is none; of several, what at
            least one covers is inside.

    Returns:
        Means over the cells with motion of all rows of a frame, each weighted by the pixels of it
        that lie inside or outside.

    Raises:
        ValueError: boxes have another shape, S does not divide T, or an edge is not finite or out
            of order.

    Source: MGM (ICCV 2023), the premise that foregrounds move more than backgrounds.
    """
    given = _checked(boxes, field.num_samples)
    repeats = field.num_samples // len(given)
    high = np.minimum(field.cell, field.height - np.arange(0, field.height, field.cell))
    wide = np.minimum(field.cell, field.width - np.arange(0, field.width, field.cell))
    area = (high[:, None] * wide).astype(np.float64)
    # Weighted speed and weight, inside and outside.
    sums = np.zeros((field.num_samples, 2, 2))
    for sample, (start, stop) in enumerate(
        zip(field.sample_offsets[:-1], field.sample_offsets[1:], strict=True)
    ):
        here = given[sample // repeats]
        covered = _covered(here[~np.isnan(here[:, 0])], field)
        vectors = field.vectors[start:stop].astype(np.float64)
        valid = field.valid[start:stop]
        speed = np.where(valid, np.hypot(vectors[..., 0], vectors[..., 1]) / 64, 0).sum(0)
        for side, weight in enumerate((covered, area - covered)):
            sums[sample, side] = (weight * speed).sum(), (weight * valid.sum(0)).sum()
    with np.errstate(invalid="ignore"):
        means = sums[..., 0] / sums[..., 1]
        clip = sums[..., 0].sum(0) / sums[..., 1].sum(0)
    return MotionContrast(means[:, 0].copy(), means[:, 1].copy(), float(clip[0]), float(clip[1]))
