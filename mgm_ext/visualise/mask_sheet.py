"""Many masks of one clip in one picture, to see how they differ."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ..masks import Mask
from ..motion_field import Clip
from ..views import View
from .panels import GREY, Picture, tokens_to_pixels

__all__ = ["mask_sheet"]

_DARK: Final = (24, 24, 28)
_LIGHT: Final = (230, 230, 230)
_MARGIN: Final = 120  # for the names, pixels
_GAP: Final = 3
_HEAD: Final = 18


def mask_sheet(clip: Clip, masks: Mapping[str, Mask], *, width: int = 104) -> Picture:
    """The clip's slots in a row, and below them a row for each mask, named at its left.

    Args:
        clip: with frames of the whole picture.
        masks: bool [S, R, C] by name, True = masked, of tokens that divide the whole picture.
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
    rows = {"frames": pictures}
    for name, mask in masks.items():
        rows[name] = [_masked(*one, clip) for one in zip(pictures, mask, strict=True)]
    titles = [f"frame {clip.frame_indices[i]}" for i in first]
    return _laid_out(rows, titles)


def _small(frame: Picture, width: int) -> Picture:
    height = max(1, round(frame.shape[0] * width / frame.shape[1]))
    resized = Image.fromarray(frame).resize((width, height), Image.Resampling.LANCZOS)
    return np.asarray(resized)


def _masked(picture: Picture, slot: NDArray[np.bool_], clip: Clip) -> Picture:
    size = (clip.field.width, clip.field.height)
    view = View.full(*size, picture.shape[:2])
    hidden = tokens_to_pixels(slot.astype(np.float64), view, picture, size) > 0.5
    return np.where(hidden[..., None], np.uint8(GREY), picture)


def _laid_out(rows: Mapping[str, list[Picture]], titles: list[str]) -> Picture:
    high, wide = next(iter(rows.values()))[0].shape[:2]
    size = (_MARGIN + len(titles) * (wide + _GAP), _HEAD + len(rows) * (high + _GAP))
    page = Image.new("RGB", size, _DARK)
    pen = ImageDraw.Draw(page)
    for column, title in enumerate(titles):
        pen.text((_MARGIN + column * (wide + _GAP) + 2, 3), title, fill=_LIGHT)
    for row, (name, pictures) in enumerate(rows.items()):
        top = _HEAD + row * (high + _GAP)
        pen.text((6, top + high // 2 - 6), name.replace("_", " "), fill=_LIGHT)
        for column, picture in enumerate(pictures):
            page.paste(Image.fromarray(picture), (_MARGIN + column * (wide + _GAP), top))
    return np.asarray(page)
