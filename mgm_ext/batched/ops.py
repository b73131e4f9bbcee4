"""The operators that torch knows, `torch.ops.mgm_ext.*`: scores, and masks with boxes.

Arguments have been checked by the functions of this package.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from .arguments import (
    BOX,
    FIELD,
    SCORE,
    box,
    field_arguments,
    new_mask,
    new_score,
    request,
    score_addresses,
    score_arguments,
    tokens,
)
from .checks import address, device_of, module_for

__all__ = ["batch_score", "batch_texture", "corners", "field_boxes", "plain_boxes", "score_boxes"]


@torch.library.custom_op(
    "mgm_ext::motion_score",
    mutates_args=(),
    schema=f"({FIELD}, {SCORE}) -> (Tensor, Tensor, Tensor, Tensor)",
)
def batch_score(*given: Any) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """Values, motion, valid and cuts of a batch of fields."""
    field, grid = given[0], given[9]
    out = new_score(field, grid)
    module, where = module_for(field)
    arguments = field_arguments(given[:7]), request(*given[7:]), score_addresses(out)
    with device_of(field):
        module.batch_score(*arguments, where)
    return out


@batch_score.register_fake
def _(*given: Any) -> tuple[Tensor, Tensor, Tensor, Tensor]:
    return new_score(given[0], given[9])


@torch.library.custom_op(
    "mgm_ext::token_texture",
    mutates_args=(),
    schema="(Tensor frames, Tensor sizes, Tensor views, int[] grid) -> Tensor",
)
def batch_texture(frames: Tensor, sizes: Tensor, views: Tensor, grid: Sequence[int]) -> Tensor:
    """Texture weights of a batch of frames."""
    clips, count, height, width, _ = frames.shape
    weight = frames.new_empty((clips, *grid), dtype=torch.int32)
    given = {
        "clips": clips,
        "frames": count,
        "height": height,
        "width": width,
        "pixels": address(frames),
        "sizes": address(sizes),
        "views": address(views),
    }
    module, where = module_for(frames)
    with device_of(frames):
        module.batch_texture(given, tokens(grid), address(weight), where)
    return weight


@batch_texture.register_fake
def _(frames: Tensor, sizes: Tensor, views: Tensor, grid: Sequence[int]) -> Tensor:
    return frames.new_empty((frames.shape[0], *grid), dtype=torch.int32)


@torch.library.custom_op(
    "mgm_ext::field_boxes",
    mutates_args=(),
    schema=f"({FIELD}, {SCORE}, Tensor seeds, {BOX}) -> Tensor",
)
def field_boxes(*given: Any) -> Tensor:
    """Masks around the motion of fields; the scores stay inside."""
    field, grid, seeds = given[0], given[9], given[12]
    mask = new_mask(field, field.shape[0], grid)
    module, where = module_for(field)
    with device_of(field):
        module.batch_field_boxes(
            field_arguments(given[:7]),
            request(*given[7:12]),
            box(*given[13:]),
            address(seeds),
            address(mask),
            where,
        )
    return mask


@field_boxes.register_fake
def _(*given: Any) -> Tensor:
    return new_mask(given[0], given[0].shape[0], given[9])


@torch.library.custom_op(
    "mgm_ext::score_boxes",
    mutates_args=(),
    schema=(
        f"(Tensor values, Tensor motion, Tensor valid, Tensor cuts, Tensor seeds, {BOX}) -> Tensor"
    ),
)
def score_boxes(*given: Any) -> Tensor:
    """Masks around the motion of scores."""
    values, seeds = given[0], given[4]
    grid = values.shape[1:]
    mask = new_mask(values, len(values), grid)
    score = score_arguments(given[:4], len(values), grid)
    module, where = module_for(values)
    with device_of(values):
        module.batch_score_boxes(score, box(*given[5:]), address(seeds), address(mask), where)
    return mask


@score_boxes.register_fake
def _(*given: Any) -> Tensor:
    return new_mask(given[0], given[0].shape[0], given[0].shape[1:])


@torch.library.custom_op(
    "mgm_ext::plain_boxes",
    mutates_args=(),
    schema=f"(Tensor seeds, int[] grid, {BOX}) -> Tensor",
)
def plain_boxes(seeds: Tensor, grid: Sequence[int], *options: Any) -> Tensor:
    """Masks with a box that knows no motion."""
    mask = new_mask(seeds, len(seeds), grid)
    score = score_arguments((None,) * 4, len(seeds), grid)
    module, where = module_for(seeds)
    with device_of(seeds):
        module.batch_score_boxes(score, box(*options), address(seeds), address(mask), where)
    return mask


@plain_boxes.register_fake
def _(seeds: Tensor, grid: Sequence[int], *options: Any) -> Tensor:
    return new_mask(seeds, seeds.shape[0], grid)


@torch.library.custom_op(
    "mgm_ext::motion_boxes",
    mutates_args=(),
    schema=(
        "(Tensor values, Tensor motion, Tensor valid, Tensor cuts, Tensor views, Tensor sizes, "
        f"Tensor seeds, {BOX}) -> Tensor"
    ),
)
def corners(*given: Any) -> Tensor:
    """The boxes themselves, float32 [B, S, 4] in source pixels."""
    values, views, sizes, seeds = given[0], *given[4:7]
    result: Tensor = values.new_empty((*values.shape[:2], 4), dtype=torch.float32)
    scratch = new_mask(values, len(values), values.shape[1:]) if values.is_cuda else None
    module, where = module_for(values)
    with device_of(values):
        module.batch_corners(
            score_arguments(given[:4], len(values), values.shape[1:]),
            box(*given[7:]),
            address(views),
            address(sizes),
            address(seeds),
            address(result),
            address(scratch),
            where,
        )
    return result


@corners.register_fake
def _(*given: Any) -> Tensor:
    result: Tensor = given[0].new_empty((*given[0].shape[:2], 4), dtype=torch.float32)
    return result
