"""What lies over a frame: the heat of the score, the box, the masked patches."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ..masks import Mask
from ..score import Score
from ..views import View
from .text import Picture

__all__ = [
    "GREY",
    "draw_box",
    "draw_heat",
    "draw_mask",
    "heat_colours",
    "heat_top",
    "tokens_to_pixels",
]

GREY: Final = 118


def heat_colours(share: NDArray[np.float64]) -> NDArray[np.float64]:
    """Black, purple, orange, yellow: dark where still, bright where it moves."""
    stops = np.array([[0, 0, 10], [90, 15, 110], [220, 60, 60], [250, 160, 20], [250, 250, 160]])
    return np.stack(
        [np.interp(share, np.linspace(0, 1, len(stops)), stops[:, i]) for i in range(3)], axis=-1
    )


def tokens_to_pixels(
    values: NDArray[np.float64], view: View, frame: Picture, size: tuple[int, int]
) -> NDArray[np.float64]:
    """One value per pixel of the frame: that of its token; NaN outside the view."""
    width, height = size
    x, y, w, h = view.crop
    columns = ((np.arange(frame.shape[1]) + 0.5) * width / frame.shape[1] - x) / w
    rows = ((np.arange(frame.shape[0]) + 0.5) * height / frame.shape[0] - y) / h
    if view.hflip:
        columns = 1 - columns
    inside = ((rows >= 0) & (rows < 1))[:, None] & ((columns >= 0) & (columns < 1))[None, :]
    r = np.clip((rows * values.shape[0]).astype(int), 0, values.shape[0] - 1)
    c = np.clip((columns * values.shape[1]).astype(int), 0, values.shape[1] - 1)
    return np.where(inside, values[r[:, None], c[None, :]], np.nan)


def heat_top(score: Score) -> float:
    """The brightest value of `draw_heat`, in source pixels per frame: all but 1 in 100 are below.

    At least a quarter pixel, so that what stands still is dark.
    """
    return max(0.25, float(np.percentile(score.pixels_per_frame, 99)))


def draw_heat(frame: Picture, score: Score, slot: int) -> Picture:
    """The score of a slot over the greyed frame, as bright as its share of `heat_top`.

    Args:
        frame: uint8 [H, W, 3] RGB, the whole picture at any size.
        score: of the clip.
        slot: which slot.

    Returns:
        uint8 [H, W, 3].
    """
    share = np.clip(score.pixels_per_frame[slot].astype(np.float64) / heat_top(score), 0.0, 1.0)
    pixels = tokens_to_pixels(share, score.view, frame, (score.width, score.height))
    grey = frame.mean(axis=-1, keepdims=True) * np.ones(3)
    heat = heat_colours(np.nan_to_num(pixels))
    blended: Picture = (0.45 * grey + 0.55 * heat).astype(np.uint8)
    return blended


def draw_box(frame: Picture, box: NDArray[np.float32], size: tuple[int, int]) -> Picture:
    """A box as a green outline.

    Args:
        frame: uint8 [H, W, 3] RGB, the whole picture at any size.
        box: (x0, y0, x1, y1) in source pixels.
        size: (width, height) of the picture in source pixels.

    Returns:
        uint8 [H, W, 3], a copy.
    """
    picture = Image.fromarray(frame)
    scale = np.array([frame.shape[1] / size[0], frame.shape[0] / size[1]] * 2)
    x0, y0, x1, y1 = box * scale
    outline = (x0, y0, max(x0, x1 - 1), max(y0, y1 - 1))
    ImageDraw.Draw(picture).rectangle(outline, outline=(60, 255, 90), width=2)
    return np.asarray(picture)


def draw_mask(frame: Picture, mask: Mask, score: Score, slot: int) -> Picture:
    """The frame with masked tokens greyed out, as the model will not see them.

    Args:
        frame: uint8 [H, W, 3] RGB, the whole picture at any size.
        mask: bool [S, R, C], True = masked.
        score: whose view the tokens divide.
        slot: which slot.

    Returns:
        uint8 [H, W, 3].
    """
    size = (score.width, score.height)
    pixels = tokens_to_pixels(mask[slot].astype(np.float64), score.view, frame, size)
    return np.where((pixels > 0.5)[..., None], np.uint8(GREY), frame)
