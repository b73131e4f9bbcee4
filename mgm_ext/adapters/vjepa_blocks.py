"""How many tokens V-JEPA's random blocks leave to the encoder and to the predictor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Cover", "cover_of"]

Grid = tuple[int, int, int]
_SAMPLES: Final = 12288
_BATCHES: Final = (128, 4096)


class Cover(NamedTuple):
    """What blocks cover on average.

    Attributes:
        share: of the tokens of the slots that the encoder may see, in a sample.
        kept: tokens of the encoder, which a batch cuts to those of its fullest sample.
        predicted: tokens of the predictor, which it cuts to those of its emptiest.
    """

    share: float
    kept: int
    predicted: int


def cover_of(config: Mapping[str, Any], grid: Grid, span: int, batch_size: int) -> Cover:
    """Measured on blocks that are drawn as V-JEPA's `MaskCollator` draws them.

    Blocks lie inside the grid, so that the middle is covered more often than the edge and they
    cover less than 1 - (1 - scale)^num_blocks; all samples of a batch have blocks of one size.

    Args:
        config: "num_blocks", "spatial_scale", "temporal_scale", "aspect_ratio".
        grid: (S, R, C) tokens of a clip.
        span: slots that the encoder may see; those after it are predicted whole.
        batch_size: samples that are cut to one length.
    """
    rng = np.random.default_rng(0)
    left = grid[1] * grid[2] * (grid[0] - span)
    covers: list[NDArray[np.int64]] = []
    fewest, most = _BATCHES
    for _ in range(max(fewest, min(most, _SAMPLES // batch_size))):
        size = _block_size(config, grid, rng)
        covered = _covered(size, grid, (batch_size, int(config["num_blocks"])), rng)
        counts = covered[:, :span].sum((1, 2, 3))
        covers.append(counts[counts < covered[0, :span].size])  # it draws again where none is left
    whole = grid[1] * grid[2] * span
    some = [counts for counts in covers if len(counts)]
    if not some:
        raise ValueError(f"blocks of {dict(config)} leave the encoder no token of {grid}")
    return Cover(
        float(np.concatenate(some).mean()) / whole,
        whole - round(float(np.mean([counts.max() for counts in some]))),
        left + round(float(np.mean([counts.min() for counts in some]))),
    )


def _block_size(config: Mapping[str, Any], grid: Grid, rng: np.random.Generator) -> Grid:
    slots, rows, columns = grid
    time = config.get("temporal_scale") or (1.0, 1.0)
    deep = max(1, int(slots * rng.uniform(*time)))
    tokens = int(rows * columns * rng.uniform(*config["spatial_scale"]))
    aspect = rng.uniform(*(config.get("aspect_ratio") or (0.3, 3.0)))
    high, wide = round((tokens * aspect) ** 0.5), round((tokens / aspect) ** 0.5)
    return deep, min(high, rows), min(wide, columns)


def _covered(
    size: Grid, grid: Grid, count: tuple[int, int], rng: np.random.Generator
) -> NDArray[np.bool_]:
    """Which tokens the blocks of each sample cover, bool [B, S, R, C]."""
    inside = []
    for side, whole in zip(size, grid, strict=True):
        first = rng.integers(0, whole - side + 1, (*count, 1))
        places = np.arange(whole)
        inside.append((places >= first) & (places < first + side))
    s, r, c = inside
    hit = np.zeros((count[0], *grid), np.bool_)
    for block in range(count[1]):
        hit |= s[:, block, :, None, None] & r[:, block, None, :, None] & c[:, block, None, None, :]
    return hit
