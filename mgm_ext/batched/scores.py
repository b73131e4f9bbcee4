"""Motion and texture per token, for a batch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..score import GRID
from .batch import BatchScore
from .checks import check, whole_grid
from .score_ops import batch_score, batch_texture

__all__ = ["checked_field", "checked_request", "motion_score", "token_texture"]

_CAMERAS = ("none", "median", "affine")


def checked_field(
    field: Tensor,
    sizes: Tensor,
    cells: Tensor,
    offsets: Tensor,
    views: Tensor,
    cuts: Tensor,
    coded: Tensor | None,
) -> list[Tensor | None]:
    """The tensors of a field, contiguous and on one device, or ValueError."""
    field = check("field", field, dtype=torch.int16, shape=("B", "M", "R", "C", 2))
    clips, rows, high, wide, _ = field.shape
    shapes: dict[str, tuple[Tensor, torch.dtype, tuple[int | str, ...]]] = {
        "sizes": (sizes, torch.int64, (clips, 2)),
        "cells": (cells, torch.int64, (clips,)),
        "offsets": (offsets, torch.int64, (clips, "T + 1")),
        "views": (views, torch.float64, (clips, 5)),
        "cuts": (cuts, torch.bool, (clips, rows)),
    }
    given: list[Tensor | None] = [field]
    for name, (tensor, dtype, shape) in shapes.items():
        given.append(check(name, tensor, dtype=dtype, shape=shape, like=field))
    if coded is not None:
        coded = check("coded", coded, dtype=torch.bool, shape=(clips, rows, high, wide), like=field)
    if high < 1 or wide < 1 or offsets.shape[1] < 2:
        raise ValueError(
            f"field must have cells and sampled frames, not {list(field.shape)} with offsets "
            f"{list(offsets.shape)}"
        )
    return [*given, coded]


def checked_request(
    field: Sequence[Tensor | None],
    weight: Tensor | str | None,
    ignore: Tensor | None,
    grid: Sequence[int],
    camera: str,
) -> tuple[Tensor | None, Tensor | None, list[int], str, bool]:
    """What the operators take after the field: weight, ignore, grid, camera, by_coded."""
    first, offsets = field[0], field[3]
    assert first is not None
    assert offsets is not None
    sides = whole_grid(grid, offsets.shape[1] - 1)
    if camera not in _CAMERAS:
        raise ValueError(f"camera must be one of {_CAMERAS}, not {camera!r}")
    by_coded = isinstance(weight, str) and weight == "coded"
    if by_coded and field[6] is None:
        raise ValueError('weight="coded" needs coded, not None')
    if isinstance(weight, str):
        if weight not in ("none", "coded"):
            raise ValueError(f'weight must be "none", "coded" or a tensor, not {weight!r}')
        weight = None
    clips = first.shape[0]
    if weight is not None:
        weight = check("weight", weight, dtype=torch.int32, shape=(clips, *sides), like=first)
    if ignore is not None:
        ignore = check("ignore", ignore, dtype=torch.float64, shape=(clips, "n", 4), like=first)
    return weight, ignore, sides, camera, by_coded


def motion_score(
    field: Tensor,
    sizes: Tensor,
    cells: Tensor,
    offsets: Tensor,
    views: Tensor,
    cuts: Tensor,
    coded: Tensor | None = None,
    weight: Tensor | str | None = None,
    *,
    grid: Sequence[int] = GRID,
    camera: str = "affine",
    ignore: Tensor | None = None,
) -> BatchScore:
    """Mean speed of each token over the coded frames of its slot; see `mgm_ext.motion_score`.

    Args:
        field: int16 [B, M, R, C, 2], (dx, dy) in 1/64 source pixel per frame; dx = -32768: none.
            A `MotionBatch` begins with these seven: `motion_score(*batch[:7])`.
        sizes: int64 [B, 2], width and height of each picture in source pixels.
        cells: int64 [B], each field's cell in source pixels.
        offsets: int64 [B, T + 1], rising from 0 to at most M.
        views: float64 [B, 5]: x, y, w, h in source pixels, and 1 where mirrored.
        cuts: bool [B, M].
        coded: bool [B, M, R, C], or None where it is not the weight.
        weight: int32 [B, S, R, C] in [0, 65536], "coded", or None.
        grid: (S, R, C) tokens; S divides T.
        camera: "none", "median" or "affine".
        ignore: float64 [B, n, 4] boxes in source pixels whose tokens score 0; NaN: no box.

    Returns:
        The scores of all clips, on the field's device.

    Raises:
        ValueError: an argument has another dtype, shape or device. What a CPU tensor holds is
            checked too; on a GPU sizes and offsets are kept inside the field.
        RuntimeError: CUDA tensors without the CUDA module.
    """
    given = checked_field(field, sizes, cells, offsets, views, cuts, coded)
    request = checked_request(given, weight, ignore, grid, camera)
    return BatchScore(*batch_score(*given, *request))


def token_texture(
    frames: Tensor, sizes: Tensor, views: Tensor, *, grid: Sequence[int] = GRID
) -> Tensor:
    """How much texture each token has: a weight; see `mgm_ext.token_texture`.

    Args:
        frames: uint8 [B, T, H, W, 3], RGB of the whole pictures at any scale.
        sizes: int64 [B, 2], width and height of each picture in source pixels.
        views: float64 [B, 5], in source pixels; see `motion_score`.
        grid: (S, R, C) tokens; S divides T.

    Returns:
        int32 [B, S, R, C] in [0, 65536).

    Raises:
        ValueError: an argument has another dtype, shape or device.
        RuntimeError: CUDA tensors without the CUDA module.
    """
    frames = check("frames", frames, dtype=torch.uint8, shape=("B", "T", "H", "W", 3))
    if min(frames.shape[1:]) < 1:
        raise ValueError(f"frames must not be empty, not {list(frames.shape)}")
    clips = frames.shape[0]
    sizes = check("sizes", sizes, dtype=torch.int64, shape=(clips, 2), like=frames)
    views = check("views", views, dtype=torch.float64, shape=(clips, 5), like=frames)
    result: Tensor = batch_texture(frames, sizes, views, whole_grid(grid, frames.shape[1]))
    return result
