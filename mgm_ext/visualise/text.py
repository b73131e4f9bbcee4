"""Words in pictures: one font, one size, dark bars behind."""

from __future__ import annotations

from functools import cache
from typing import Any, Final, TypeAlias

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

__all__ = ["DARK", "FAINT", "LIGHT", "Picture", "bar", "fitted", "font"]

Picture: TypeAlias = NDArray[np.uint8]

DARK: Final = (24, 24, 28)
LIGHT: Final = (235, 235, 235)
FAINT: Final = (160, 160, 168)


@cache
def font(size: int) -> Any:
    """Pillow's own font, so that pictures are the same on every machine."""
    return ImageFont.load_default(size=size)


def fitted(text: str, width: int, size: int) -> str:
    """The text, or as much of it as a width in pixels holds."""
    if font(size).getlength(text) <= width:
        return text
    while text and font(size).getlength(f"{text}…") > width:
        text = text[:-1]
    return f"{text}…"


def bar(text: str, width: int, *, height: int = 22, size: int = 13) -> Picture:
    """A dark bar with words: uint8 [height, width, 3]."""
    image = Image.new("RGB", (width, height), DARK)
    place = (6, height // 2)
    ImageDraw.Draw(image).text(
        place, fitted(text, width - 12, size), fill=LIGHT, font=font(size), anchor="lm"
    )
    return np.asarray(image)
