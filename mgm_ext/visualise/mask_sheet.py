"""Many masks of one clip in one picture, to see how they differ."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ..masks import MASKINGS, Mask
from ..motion_field import Clip
from ..views import View
from .layers import GREY, tokens_to_pixels
from .text import DARK, FAINT, LIGHT, Picture, font

__all__ = ["GROUPS", "mask_sheet"]

_BOXES: Final = ("simulated_motion", "fixed_box", "jumping_box", "boxes")
_MOTION: Final = ("motion_guided", "motion_topk", "tracked", "inverse_motion")

GROUPS: Final[Mapping[str, tuple[str, ...]]] = MappingProxyType(
    {
        "random": tuple(name for name in MASKINGS if name not in _BOXES + _MOTION),
        "boxes": _BOXES,
        "motion": _MOTION,
    }
)
"""What the masks of `MASKINGS` follow: nothing, a box that knows no motion, the motion."""

_MARGIN: Final = 150  # for the names, pixels
_GAP: Final = 3
_HEAD: Final = 24


def mask_sheet(clip: Clip, masks: Mapping[str, Mask], *, width: int = 128) -> Picture:
    """The clip's slots in a row, and below them a row for each mask, named at its left.

    Args:
        clip: with frames of the whole picture.
        masks: bool [S, R, C] by name, True = masked, of tokens that divide the whole picture. Rows
            are grouped as `GROUPS` says, other names at the end.
        width: of one picture of a slot, in pixels.

    Returns:
        uint8 [H, W, 3]; masked tokens are grey.

    Raises:
        ValueError: the clip has no frames, there is no mask, or they differ in slots.
    """
    if clip.frames is None:
        raise ValueError("the clip must have frames, read it with pixels=True")
    slots = {len(mask) for mask in masks.values()}
    if len(slots) != 1:
        raise ValueError(f"masks must be at least one and of as many slots, not {sorted(slots)}")
    (count,) = slots
    first = np.arange(count) * (len(clip.frames) // count)
    pictures = [_small(clip.frames[i], width) for i in first]
    known = {name for names in GROUPS.values() for name in names}
    grouped = {**GROUPS, "others": tuple(name for name in masks if name not in known)}
    blocks: dict[str, dict[str, list[Picture]]] = {"": {"frames": pictures}}
    for title, names in grouped.items():
        rows = {
            name: [_masked(*one, clip) for one in zip(pictures, masks[name], strict=True)]
            for name in names
            if name in masks
        }
        if rows:
            blocks[title] = rows
    return _laid_out(blocks, [f"frame {clip.frame_indices[i]}" for i in first])


def _small(frame: Picture, width: int) -> Picture:
    height = max(1, round(frame.shape[0] * width / frame.shape[1]))
    resized = Image.fromarray(frame).resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(resized)


def _masked(picture: Picture, slot: NDArray[np.bool_], clip: Clip) -> Picture:
    size = (clip.field.width, clip.field.height)
    view = View.full(*size, picture.shape[:2])
    hidden = tokens_to_pixels(slot.astype(np.float64), view, picture, size) > 0.5
    return np.where(hidden[..., None], np.uint8(GREY), picture)


def _laid_out(blocks: Mapping[str, Mapping[str, list[Picture]]], titles: list[str]) -> Picture:
    """Blocks of rows; the first has the titles of the columns for its own."""
    high, wide = next(iter(next(iter(blocks.values())).values()))[0].shape[:2]
    rows = sum(len(block) for block in blocks.values())
    size = (
        _MARGIN + len(titles) * (wide + _GAP),
        len(blocks) * _HEAD + rows * (high + _GAP),
    )
    page = Image.new("RGB", size, DARK)
    pen = ImageDraw.Draw(page)
    top = 0
    for number, (title, block) in enumerate(blocks.items()):
        middle = top + _HEAD // 2
        pen.text((6, middle), title, fill=LIGHT, font=font(15), anchor="lm")
        if number == 0:
            for column, text in enumerate(titles):
                place = (_MARGIN + column * (wide + _GAP) + 2, middle)
                pen.text(place, text, fill=FAINT, font=font(12), anchor="lm")
        else:
            pen.line([_MARGIN, middle, size[0] - _GAP, middle], fill=(70, 70, 78))
        top += _HEAD
        for name, pictures in block.items():
            text = name.replace("_", " ")
            pen.text((14, top + high // 2), text, fill=LIGHT, font=font(13), anchor="lm")
            for column, picture in enumerate(pictures):
                page.paste(Image.fromarray(picture), (_MARGIN + column * (wide + _GAP), top))
            top += high + _GAP
    return np.asarray(page)
