"""What the operators hand to the native modules: addresses and options as dicts of plain values.

The keys are those that `_core` and `_cuda` read, so each of them has one spelling.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .checks import address

__all__ = [
    "FIELD",
    "SCORE",
    "field_arguments",
    "new_mask",
    "new_score",
    "request",
    "score_addresses",
    "score_arguments",
    "tokens",
]

FIELD = (
    "Tensor field, Tensor sizes, Tensor cells, Tensor offsets, Tensor views, Tensor cuts, "
    "Tensor? coded"
)
SCORE = "Tensor? weight, Tensor? ignore, int[] grid, str camera, bool by_coded"


def tokens(grid: Sequence[int]) -> dict[str, int]:
    """The token grid."""
    return {"slots": grid[0], "token_rows": grid[1], "token_columns": grid[2]}


def field_arguments(
    tensors: Sequence[Tensor | None], row_frames: Tensor | None = None
) -> dict[str, int]:
    """The seven tensors of a batch of fields, and the frames of their rows."""
    field, offsets = tensors[0], tensors[3]
    assert field is not None
    assert offsets is not None
    names = ("field", "sizes", "cells", "offsets", "views", "cuts", "coded")
    clips, rows, high, wide, _ = field.shape
    return {
        "clips": clips,
        "rows": rows,
        "high": high,
        "wide": wide,
        "samples": offsets.shape[1] - 1,
        "row_frames": address(row_frames),
        **{name: address(tensor) for name, tensor in zip(names, tensors, strict=True)},
    }


def request(
    weight: Tensor | None, ignore: Tensor | None, grid: Sequence[int], camera: str, by_coded: bool
) -> dict[str, Any]:
    """How a score is made of a field."""
    return {
        **tokens(grid),
        "camera": camera,
        "weight": address(weight),
        "by_coded": by_coded,
        "ignore": address(ignore),
        "ignored": 0 if ignore is None else ignore.shape[1],
    }


def score_addresses(tensors: Sequence[Tensor | None]) -> dict[str, int]:
    """Where the four tensors of a score are; 0 for None."""
    names = ("values", "motion", "valid", "cuts")
    return {name: address(tensor) for name, tensor in zip(names, tensors, strict=True)}


def score_arguments(
    tensors: Sequence[Tensor | None], clips: int, grid: Sequence[int]
) -> dict[str, int]:
    """The four tensors of a score, or none of them."""
    return {"clips": clips, **tokens(grid), **score_addresses(tensors)}


def new_mask(like: Tensor, clips: int, grid: Sequence[int]) -> Tensor:
    """A mask, bool [clips, S, R, C], on the device of `like`."""
    return like.new_empty((clips, *grid), dtype=torch.bool)


def new_score(field: Tensor, grid: Sequence[int]) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Values, motion, valid and cuts on the device of `field`."""
    shape = (field.shape[0], *grid)
    return (
        field.new_empty(shape, dtype=torch.int64),
        field.new_empty(shape, dtype=torch.int64),
        field.new_empty(shape, dtype=torch.bool),
        field.new_empty(shape[:2], dtype=torch.bool),
    )
