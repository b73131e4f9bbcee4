"""Vectors as arrows, coloured by direction; what hardly moves is a grey dot."""

from __future__ import annotations

import colorsys
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ..motion_field import MotionField
from .text import Picture

__all__ = ["STILL_DOT", "arrow", "arrow_gain", "direction_colour", "draw_vectors"]

STILL_DOT: Final = (150, 150, 150)
_EDGE: Final = (20, 20, 24)
_FINE: Final = 3  # drawn larger and scaled down, for smooth edges
_HUES: Final = 360


def _wheel() -> list[tuple[int, int, int]]:
    colours = (colorsys.hsv_to_rgb(i / _HUES, 0.9, 1.0) for i in range(_HUES))
    return [(int(255 * r), int(255 * g), int(255 * b)) for r, g, b in colours]


_COLOURS: Final = _wheel()


def direction_colour(dx: float, dy: float) -> tuple[int, int, int]:
    """The colour of a direction, y downwards."""
    turn = np.arctan2(dy, dx) / (2 * np.pi)
    return _COLOURS[int(turn % 1.0 * _HUES) % _HUES]


def arrow_gain(field: MotionField, *, length: float) -> float:
    """The gain of `draw_vectors` that makes a fast cell's arrow of `length` source pixels.

    Args:
        field: of the clip.
        length: of the arrow of the cell that 95 of 100 moving ones do not outrun.
    """
    speeds = np.hypot(*np.moveaxis(field.velocity[field.valid], -1, 0))
    moving = speeds[speeds >= 0.25]
    if not moving.size:
        return 1.0
    return float(length / np.percentile(moving, 95))


def arrow(pen: Any, start: NDArray[np.float64], end: NDArray[np.float64], width: int) -> None:
    """An arrow with a head, in the colour of its direction, edged so that any ground shows it."""
    along = end - start
    length = float(np.hypot(*along))
    unit = along / max(length, 1e-9)
    across = np.array([-unit[1], unit[0]])
    head = min(max(3.5 * width, 0.35 * length), 6.0 * width, length)
    neck = end - unit * head
    for colour, more in ((_EDGE, width // 2), (direction_colour(*along), 0)):
        pen.line([*(start - unit * more), *neck], fill=colour, width=width + 2 * more)
        wide = across * (head * 0.45 + 1.5 * more)
        corners = (end + unit * 2 * more, neck - unit * more + wide, neck - unit * more - wide)
        pen.polygon([tuple(corner) for corner in corners], fill=colour)


def draw_vectors(
    frame: Picture, field: MotionField, row: int, *, gain: float = 3.0, spacing: int = 16
) -> Picture:
    """Arrows where cells move, coloured by direction, and grey dots where they hardly do.

    Args:
        frame: uint8 [H, W, 3] RGB, the whole picture at any size.
        field: its motion.
        row: which row of the field.
        gain: length of an arrow in frames of motion.
        spacing: source pixels between arrows.

    Returns:
        uint8 [H, W, 3], a copy. Cells slower than a quarter pixel per frame, or whose arrow would
        be shorter than 3 pixels, are dots; those without a vector are left bare.
    """
    high, wide = frame.shape[:2]
    picture = Image.fromarray(frame).resize((wide * _FINE, high * _FINE), Image.Resampling.BICUBIC)
    pen = ImageDraw.Draw(picture)
    scale = _FINE * np.array([wide / field.width, high / field.height])
    step = max(1, round(spacing / field.cell))
    velocity, valid = np.nan_to_num(field.velocity[row]), field.valid[row]
    for r in range(step // 2, velocity.shape[0], step):
        for c in range(step // 2, velocity.shape[1], step):
            if not valid[r, c]:
                continue
            start = (np.array([c, r]) + 0.5) * field.cell * scale
            drawn = gain * velocity[r, c] * scale
            if np.hypot(*velocity[r, c]) < 0.25 or np.hypot(*drawn) < 3 * _FINE:
                pen.ellipse([*(start - _FINE), *(start + _FINE)], fill=STILL_DOT)
            else:
                arrow(pen, start, start + drawn, width=_FINE + 1)
    return np.asarray(picture.resize((wide, high), Image.Resampling.BOX))
