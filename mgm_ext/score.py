"""Motion per token: what a field says of each token of a view."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import _core
from ._arrays import read_only, rebuilt, summary
from ._collate import collate_as_list
from .motion_field import Clip, MotionField
from .views import View, crop_and_flip

__all__ = [
    "GRID",
    "NO_BOXES",
    "Score",
    "box_array",
    "field_input",
    "motion_score",
    "score_input",
    "weight_array",
]

GRID: Final = (8, 14, 14)
"""Slots, rows and columns of the usual 16 frames of 224 x 224 pixels."""

_LARGEST: Final = 1 << 40
_UNIT: Final = 64 * 65536
NO_BOXES: Final = np.empty((0, 4))


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Score:
    """Motion of each token, S slots of R x C tokens. Arrays are read-only.

    Attributes:
        values: int64 [S, R, C], weighted motion in 2^-16 of 1/64 source pixel per frame, in
            [0, 2^40].
        motion: int64 [S, R, C], the motion before weighting, same unit and range.
        valid: bool [S, R, C], the token has a valid cell of its own; elsewhere its motion is the
            mean of its valid neighbours, or 0.
        cuts: bool [S], a row of the slot is a scene cut.
        view: the part of the picture that the tokens divide.
        width: of the turned picture, in source pixels.
        height: of the turned picture, in source pixels.

    Raises:
        ValueError: an array has another dtype or shape, or a value is out of range.
    """

    values: NDArray[np.int64]
    motion: NDArray[np.int64]
    valid: NDArray[np.bool_]
    cuts: NDArray[np.bool_]
    view: View
    width: int
    height: int

    def __post_init__(self) -> None:
        values = read_only("values", self.values, dtype=np.int64, shape=("S", "R", "C"))
        shape = values.shape
        motion = read_only("motion", self.motion, dtype=np.int64, shape=shape)
        for name, array in (("values", values), ("motion", motion)):
            if array.size == 0 or array.min() < 0 or array.max() > _LARGEST:
                raise ValueError(f"{name} must be in [0, 2^40] and not empty, got shape {shape}")
            object.__setattr__(self, name, array)
        valid = read_only("valid", self.valid, dtype=np.bool_, shape=shape)
        cuts = read_only("cuts", self.cuts, dtype=np.bool_, shape=shape[:1])
        object.__setattr__(self, "valid", valid)
        object.__setattr__(self, "cuts", cuts)
        if self.width < 1 or self.height < 1:
            raise ValueError(f"width and height must be at least 1, not {self.width}x{self.height}")
        collate_as_list(Score)

    def __repr__(self) -> str:
        return summary(self)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return rebuilt(self)

    @property
    def pixels_per_frame(self) -> NDArray[np.float32]:
        """float32 [S, R, C], the weighted values in source pixels per frame."""
        result: NDArray[np.float32] = np.divide(self.values, _UNIT, dtype=np.float64).astype(
            np.float32
        )
        return result


def box_array(ignore: ArrayLike) -> NDArray[np.float64]:
    """Boxes to ignore as float64 [n, 4], or ValueError."""
    boxes = np.asarray(ignore, dtype=np.float64)
    if boxes.size == 0:
        return NO_BOXES
    if boxes.shape[-1] != 4 or boxes.ndim > 2:
        raise ValueError(f"ignore must be boxes (x0, y0, x1, y1), not an array {boxes.shape}")
    return np.ascontiguousarray(boxes)


def _weights(weight: ArrayLike, grid: Sequence[int]) -> NDArray[np.int32]:
    array = np.asarray(weight)
    if array.shape != tuple(grid):
        raise ValueError(f"weight must have the grid's shape {tuple(grid)}, not {array.shape}")
    if array.dtype.kind == "f":
        if not (array >= 0).all() or not (array <= 1).all():
            raise ValueError("a weight of floats must be in [0, 1]; integers are in 1/65536")
        array = array.astype(np.float64) * 65536
    elif array.dtype.kind not in "iu":
        raise ValueError(f"weight must be integers or floats, not {array.dtype}")
    elif array.size and (array.min() < 0 or array.max() > 65536):
        raise ValueError(f"weight must be in [0, 65536], not {array.min()} to {array.max()}")
    return np.ascontiguousarray(array, dtype=np.int32)


def weight_array(weight: str | ArrayLike, grid: Sequence[int]) -> NDArray[np.int32] | str | None:
    """A weight as the core takes it: int32 [S, R, C], "coded", "texture" or None.

    Raises:
        ValueError: an unknown word, or an array of another shape, dtype or range.
    """
    if not isinstance(weight, str):
        return _weights(weight, grid)
    if weight not in ("none", "coded", "texture"):
        raise ValueError(f'weight must be "none", "texture", "coded" or an array, not {weight!r}')
    return None if weight == "none" else weight


def field_input(
    field: MotionField,
    frames: NDArray[np.uint8] | None,
    view: View | None,
    settings: _core.ScoreSettings,
) -> _core.MaskInput:
    """A field as the core takes it; nothing is computed yet.

    Args:
        field: the motion of the clip.
        frames: uint8 [T, H, W, 3] of the whole picture, for texture; or None.
        view: what the trainer sees; None: the whole picture.
        settings: how its score is made.
    """
    return _core.MaskInput.of_field(
        field.vectors,
        field.coded,
        field.cuts,
        field.sample_offsets,
        field.row_frames,
        field.cell,
        field.width,
        field.height,
        *crop_and_flip(view, field.width, field.height),
        settings,
        frames,
    )


def score_input(score: Score) -> _core.MaskInput:
    """A score as the core takes it."""
    return _core.MaskInput.of_score(
        score.values, score.motion, score.valid, score.cuts, score.view.crop, score.view.hflip
    )


def motion_score(
    field: MotionField | Clip,
    *,
    grid: tuple[int, int, int] = GRID,
    view: View | None = None,
    camera: str = "affine",
    weight: str | ArrayLike | None = None,
    ignore: ArrayLike = (),
) -> Score:
    """Mean speed of each token over the coded frames of its slot.

    The score of a token is the sum of area times speed over the sum of area, over all valid cells
    that overlap it and all rows of its slot; one ratio, in integers. Speed is in source pixels per
    frame after the camera is subtracted; the view's scale is not applied. A token without a valid
    cell takes the mean of its valid neighbours.

    Args:
        field: motion of T sampled frames; of a clip, its field.
        grid: (S, R, C) tokens; S divides T.
        view: what the trainer sees; without it, the whole picture.
        camera: what is subtracted from each row: "none", "median" (the lower median velocity) or
            "affine" (a 6-parameter motion, fitted in three rounds).
        weight: multiplies the score after the mean: None or "none", "coded" (the field's share of
            coded cells), "texture" (of a clip with frames), or an array [S, R, C], int in
            [0, 65536] or float in [0, 1].
        ignore: boxes (x0, y0, x1, y1) in source pixels; a token whose centre lies in one scores 0.

    Returns:
        The score. Slots without any valid cell are 0 and invalid.

    Raises:
        ValueError: an argument is outside what is allowed, or `weight="texture"` without frames.

    Source: ours; the published method neither subtracts the camera nor weighs.
    """
    frames = None
    if isinstance(field, Clip):
        frames, field = field.frames, field.field
    given = None if weight is None else weight_array(weight, grid)
    settings = _core.ScoreSettings(camera, given, box_array(ignore))
    arrays = _core.motion_score(field_input(field, frames, view, settings), grid)
    seen = View.full(field.width, field.height) if view is None else view
    return Score(*arrays, seen, field.width, field.height)
