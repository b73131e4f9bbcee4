"""What the masks share: types, presets, and the way from a source of motion to the core."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final, NamedTuple, TypeAlias, TypeVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _core
from ..motion_field import Clip, MotionField
from ..score import GRID, Score, box_array, field_input, score_input, weight_array
from ..views import View

__all__ = [
    "PRESETS",
    "Aspect",
    "Grid",
    "Mask",
    "Preset",
    "Source",
    "chosen_preset",
    "chosen_weight",
    "group_ids",
    "mask_input",
    "refuse_field_options",
    "score_settings",
    "split_source",
]

Mask: TypeAlias = NDArray[np.bool_]
Source: TypeAlias = Clip | MotionField | Score
Grid: TypeAlias = tuple[int, int, int]
Aspect: TypeAlias = float | tuple[float, float]
T = TypeVar("T")


class Preset(NamedTuple):
    """Choices of `motion_guided_mask` that belong together; weight "auto": texture or coded."""

    camera: str
    weight: str
    peak: str
    first: str


PRESETS: Final[Mapping[str, Preset]] = MappingProxyType(
    {
        "literal": Preset(camera="none", weight="none", peak="block", first="random"),
        "smooth": Preset(camera="none", weight="none", peak="smooth", first="motion"),
        "robust": Preset(camera="affine", weight="auto", peak="path", first="motion"),
    }
)


def chosen_preset(name: str) -> Preset:
    """The preset of that name, or ValueError."""
    if name not in PRESETS:
        raise ValueError(f"preset must be one of {tuple(PRESETS)}, not {name!r}")
    return PRESETS[name]


def chosen_weight(weight: T | None, preset: Preset, *, frames: bool) -> T | str:
    """The weight, or the preset's; "auto" is texture where there are `frames`, else coded."""
    chosen = preset.weight if weight is None else weight
    if isinstance(chosen, str) and chosen == "auto":
        return "texture" if frames else "coded"
    return chosen


def split_source(source: Clip | MotionField) -> tuple[NDArray[np.uint8] | None, MotionField]:
    """The frames, where there are any, and the field."""
    if isinstance(source, Clip):
        return source.frames, source.field
    if isinstance(source, MotionField):
        return None, source
    raise TypeError(
        f"the motion must be a Clip, a MotionField or a Score, not {type(source).__name__}"
    )


def refuse_field_options(
    score: Score,
    grid: Grid,
    view: View | None,
    camera: str | None,
    weight: str | ArrayLike | None,
    ignore: ArrayLike,
) -> None:
    """ValueError where a score comes with options that only its making could have used."""
    if grid is not GRID and tuple(grid) != score.values.shape:
        raise ValueError(f"grid must be the score's {score.values.shape}, not {grid}")
    unset = ignore == () if isinstance(ignore, tuple) else np.size(ignore) == 0
    if unset and view is None and camera is None and weight is None:
        return
    raise ValueError(
        "view, camera, weight and ignore belong to motion_score; a Score has them already, got "
        f"view={view}, camera={camera!r}, weight={weight!r}, ignore={ignore!r}"
    )


def score_settings(
    preset: Preset,
    grid: Grid,
    *,
    camera: str | None,
    weight: str | ArrayLike | None,
    ignore: ArrayLike,
) -> _core.ScoreSettings:
    """How a score is made of fields; what is None is the preset's.

    Raises:
        ValueError: an option is not among what is allowed.
    """
    chosen = preset.weight if weight is None else weight
    auto = isinstance(chosen, str) and chosen == "auto"
    return _core.ScoreSettings(
        preset.camera if camera is None else camera,
        "auto" if auto else weight_array(chosen, grid),
        box_array(ignore),
    )


def mask_input(
    source: Source,
    *,
    grid: Grid,
    view: View | None,
    camera: str | None,
    weight: str | ArrayLike | None,
    ignore: ArrayLike,
    preset: Preset = PRESETS["robust"],
) -> tuple[_core.MaskInput, Grid]:
    """The source as the core takes it, and the tokens; nothing is computed yet.

    Args:
        source: a clip, a field or a score.
        grid: (S, R, C) tokens; a score brings its own.
        view: what the trainer sees; None: the whole picture.
        camera: None: the preset's.
        weight: None: the preset's; "none", "texture", "coded" or an array.
        ignore: boxes in source pixels.
        preset: gives what is None.

    Raises:
        ValueError: an option is not among what is allowed, or does not go with a score.
        TypeError: `source` is none of the three.
    """
    if isinstance(source, Score):
        refuse_field_options(source, grid, view, camera, weight, ignore)
        slots, rows, columns = source.values.shape
        return score_input(source), (slots, rows, columns)
    frames, field = split_source(source)
    settings = score_settings(preset, grid, camera=camera, weight=weight, ignore=ignore)
    return field_input(field, frames, view, settings), grid


def group_ids(groups: ArrayLike | None) -> NDArray[np.int64] | None:
    """Group ids as the selector takes them."""
    if groups is None:
        return None
    ids = np.asarray(groups)
    if ids.dtype.kind not in "iu":
        raise ValueError(f"groups must be integers, not {ids.dtype}")
    return np.ascontiguousarray(ids, dtype=np.int64)
