"""The operators that torch knows, `torch.ops.mgm_ext.*`: scores, and the boxes around their motion.

Arguments have been checked by the functions of this package.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import torch
from torch import Tensor

from .arguments import (
    FIELD,
    SCORE,
    field_arguments,
    new_mask,
    new_score,
    request,
    score_addresses,
    score_arguments,
    tokens,
)
from .checks import address, device_of, module_for

__all__ = ["batch_score", "batch_texture", "corners", "sources"]

_BOXES: Final = ("mask_ratio", "aspect", "peak", "first", "still", "step")


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
    "mgm_ext::motion_boxes",
    mutates_args=(),
    schema=(
        "(Tensor values, Tensor motion, Tensor valid, Tensor cuts, Tensor views, Tensor sizes, "
        "Tensor seeds, float mask_ratio, float[] aspect, str peak, str first, float still, "
        "float step) -> Tensor"
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
            dict(zip(_BOXES, given[7:], strict=True)),
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


@torch.library.custom_op(
    "mgm_ext::slot_sources",
    mutates_args=(),
    schema=(
        "(Tensor values, Tensor motion, Tensor valid, Tensor cuts, str first, float still) "
        "-> Tensor"
    ),
)
def sources(*given: Any) -> Tensor:
    """What the box of each slot follows, uint8 [B, S]."""
    values, first, still = given[0], given[4], given[5]
    result: Tensor = values.new_empty(values.shape[:2], dtype=torch.uint8)
    score = score_arguments(given[:4], len(values), values.shape[1:])
    module, where = module_for(values)
    with device_of(values):
        module.batch_sources(score, {"first": first, "still": still}, address(result), where)
    return result


@sources.register_fake
def _(*given: Any) -> Tensor:
    result: Tensor = given[0].new_empty(given[0].shape[:2], dtype=torch.uint8)
    return result
