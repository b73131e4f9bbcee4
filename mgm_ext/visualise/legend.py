"""What arrows and colours mean, above the columns of a sheet."""

from __future__ import annotations

from typing import Final

import numpy as np
from PIL import Image, ImageDraw

from .layers import heat_colours
from .text import DARK, FAINT, LIGHT, Picture, fitted, font
from .vectors import STILL_DOT, direction_colour

__all__ = ["HEAD", "heat_head", "plain_head", "vector_head"]

HEAD: Final = 58
"""Height of a column's head in pixels."""
_FINE: Final = 3


def plain_head(title: str, text: str, width: int) -> Picture:
    """A title and a line below it."""
    return np.asarray(_titled(title, text, width))


def _titled(title: str, text: str, width: int) -> Image.Image:
    image = Image.new("RGB", (width, HEAD), DARK)
    pen = ImageDraw.Draw(image)
    pen.text((6, 6), fitted(title, width - 10, 15), fill=LIGHT, font=font(15))
    pen.text((6, 40), fitted(text, width - 10, 12), fill=FAINT, font=font(12), anchor="lm")
    return image


def vector_head(title: str, pixels_per_speed: float, width: int) -> Picture:
    """The wheel of directions, and the speed of an arrow of some length.

    Args:
        title: of the column.
        pixels_per_speed: length of an arrow of 1 source pixel per frame, in pixels of the panel.
        width: of the column.
    """
    image = _titled(title, "", width)
    side = HEAD - 10
    image.paste(_wheel(side), (width - side - 6, 5))
    speed = _round_speed(30 / max(pixels_per_speed, 1e-9))
    long = max(2, round(speed * pixels_per_speed))
    pen = ImageDraw.Draw(image)
    pen.line([6, 40, 6 + long, 40], fill=LIGHT, width=2)
    pen.polygon([(6 + long, 40), (max(6, long - 2), 36), (max(6, long - 2), 44)], fill=LIGHT)
    text = f"{speed:g} px/frame"
    pen.text((14 + long, 40), text, fill=FAINT, font=font(12), anchor="lm")
    dot = 14 + long + round(font(12).getlength(text)) + 14
    pen.ellipse([dot - 2, 38, dot + 2, 42], fill=STILL_DOT)
    rest = width - side - 12 - (dot + 8)
    pen.text(
        (dot + 8, 40), fitted("hardly moves", rest, 12), fill=FAINT, font=font(12), anchor="lm"
    )
    return np.asarray(image)


def _round_speed(speed: float) -> float:
    """The 1, 2 or 5 times a power of ten below a speed."""
    power = 10.0 ** np.floor(np.log10(speed))
    return float(max(step * power for step in (1, 2, 5) if step * power <= speed))


def _wheel(side: int) -> Image.Image:
    """A disc whose every place has the colour of the direction to it from the middle."""
    large = side * _FINE
    ys, xs = np.indices((large, large)) + 0.5 - large / 2
    pixels = np.full((large, large, 3), DARK, np.uint8)
    far = np.hypot(xs, ys)
    for y, x in zip(*np.nonzero((far < large / 2) & (far > large / 6)), strict=True):
        pixels[y, x] = direction_colour(xs[y, x], ys[y, x])
    return Image.fromarray(pixels).resize((side, side), Image.Resampling.BOX)


def heat_head(title: str, top: float, width: int) -> Picture:
    """The scale of the heat.

    Args:
        title: of the column.
        top: its brightest value in source pixels per frame.
        width: of the column.
    """
    image = _titled(title, "", width)
    text = f"{top:.1f} px/frame"
    room = round(font(12).getlength(text)) + 12
    long = max(20, min(140, width - 26 - room))
    scale = heat_colours(np.linspace(0, 1, long))[None].repeat(10, 0).astype(np.uint8)
    image.paste(Image.fromarray(scale), (20, 35))
    pen = ImageDraw.Draw(image)
    pen.rectangle([19, 34, 20 + long, 45], outline=FAINT)
    pen.text((6, 40), "0", fill=FAINT, font=font(12), anchor="lm")
    pen.text((26 + long, 40), text, fill=FAINT, font=font(12), anchor="lm")
    return np.asarray(image)
