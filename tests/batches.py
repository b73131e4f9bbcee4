"""Random batches: fields of several sizes with views, weights and frames, for both devices."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from mgm_ext import MotionField, View
from mgm_ext.batched import MotionBatch
from tests.fields import random_field


@dataclass(frozen=True)
class Drawn:
    """A batch and what it was made of."""

    batch: MotionBatch
    fields: list[MotionField]
    views: list[View]
    seeds: torch.Tensor
    grid: tuple[int, int, int]
    weight: torch.Tensor
    ignore: torch.Tensor
    frames: list[np.ndarray] | None

    def seed(self, i: int) -> int:
        return int(self.seeds[i]) % (1 << 64)


def random_view(random: np.random.Generator, field: MotionField) -> View:
    """The whole picture, a crop, or one that reaches beyond the picture."""
    w, h = field.width, field.height
    if random.random() < 0.3:
        return View((0, 0, w, h), (224, 224), bool(random.random() < 0.5))
    x, y = random.uniform(-0.25, 0.6, 2)
    across, down = random.uniform(0.25, 1.1, 2)
    crop = (float(x * w), float(y * h), float(across * w), float(down * h))
    return View(crop, (224, 224), bool(random.random() < 0.5))


def drawn_field(
    random: np.random.Generator, slots: int, tubelet: int, most_cells: int
) -> MotionField:
    field = random_field(
        int(random.integers(1 << 32)),
        slots=slots,
        tubelet=tubelet,
        high=int(random.integers(1, most_cells)),
        wide=int(random.integers(1, most_cells)),
        cell=int(random.choice([8, 16, 32])),
        strength=int(random.choice([0, 3, 60, 300, 8000])),
        invalid=float(random.choice([0.0, 0.1, 0.5, 0.95, 1.0], p=[0.3, 0.3, 0.2, 0.15, 0.05])),
        rows_per_frame=int(random.integers(1, 5)),
    )
    return MotionField(
        vectors=field.vectors,
        coded=field.coded,
        cuts=field.cuts,
        row_frames=np.cumsum(random.integers(1, 4, len(field.cuts))),
        sample_offsets=field.sample_offsets,
        cell=field.cell,
        width=field.width - int(random.integers(min(field.cell, field.width))),
        height=field.height - int(random.integers(min(field.cell, field.height))),
    )


def random_batch(
    seed: int, *, clips: int | None = None, most_cells: int = 24, frames: bool = False
) -> Drawn:
    random = np.random.default_rng(seed)
    count = int(random.integers(1, 5)) if clips is None else clips
    slots, tubelet = int(random.integers(1, 7)), int(random.integers(1, 3))
    rows, columns = int(random.integers(1, 17)), int(random.integers(2, 17))
    grid = (slots, rows, columns)
    fields = [drawn_field(random, slots, tubelet, most_cells) for _ in range(count)]
    views = [random_view(random, field) for field in fields]
    batch = MotionBatch.collate(fields, views=views, pinned=False)
    pixels = None
    if frames:
        shape = (
            count,
            slots * tubelet,
            int(random.integers(3, 60)),
            int(random.integers(3, 60)),
            3,
        )
        pixels = random.integers(0, 256, shape, dtype=np.uint8)
        pixels[:, :, : shape[2] // 2] //= 16
        batch = batch._replace(frames=torch.from_numpy(pixels))
    weight = torch.from_numpy(random.integers(0, 65537, (count, *grid), dtype=np.int32))
    corners = random.uniform(-20, 200, (count, 2, 2, 2))
    ignore = np.concatenate([corners.min(2), corners.max(2)], -1)
    ignore[random.random((count, 2)) < 0.3] = np.nan
    return Drawn(
        batch,
        fields,
        views,
        torch.from_numpy(random.integers(-(1 << 63), 1 << 63, count, dtype=np.int64)),
        grid,
        weight,
        torch.from_numpy(ignore),
        None if pixels is None else list(pixels),
    )
