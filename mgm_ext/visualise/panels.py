"""Strips of a clip: vectors as arrows, the heat of the score with the box, masked patches."""

from __future__ import annotations

import colorsys
from collections.abc import Iterable, Iterator
from fractions import Fraction
from os import PathLike
from typing import Final

import av
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from ..masks import Mask
from ..motion_field import Clip, MotionField
from ..score import Score
from ..views import View

__all__ = [
    "GREY",
    "Picture",
    "clip_panels",
    "draw_box",
    "draw_heat",
    "draw_mask",
    "draw_vectors",
    "sheet",
    "tokens_to_pixels",
    "write_mp4",
    "write_png",
]

Picture = NDArray[np.uint8]

GREY: Final = 118
_HUES: Final = 64


def _wheel() -> list[tuple[int, int, int]]:
    colours = (colorsys.hsv_to_rgb(i / _HUES, 1.0, 1.0) for i in range(_HUES))
    return [(int(255 * r), int(255 * g), int(255 * b)) for r, g, b in colours]


def draw_vectors(
    frame: Picture, field: MotionField, row: int, *, gain: float = 3.0, spacing: int = 16
) -> Picture:
    """Arrows where cells move, coloured by direction.

    Args:
        frame: uint8 [H, W, 3] RGB, the whole picture at any size.
        field: its motion.
        row: which row of the field.
        gain: length of an arrow in frames of motion.
        spacing: source pixels between arrows.

    Returns:
        uint8 [H, W, 3], a copy. Cells slower than a quarter pixel per frame have no arrow.
    """
    picture = Image.fromarray(frame)
    pen = ImageDraw.Draw(picture)
    scale = np.array([frame.shape[1] / field.width, frame.shape[0] / field.height])
    step = max(1, spacing // field.cell)
    colours = _wheel()
    velocity = np.nan_to_num(field.velocity[row])
    for r in range(step // 2, velocity.shape[0], step):
        for c in range(step // 2, velocity.shape[1], step):
            speed = velocity[r, c]
            if np.hypot(*speed) < 0.25:
                continue
            start = (np.array([c, r]) + 0.5) * field.cell * scale
            end = start + gain * speed * scale
            angle = np.arctan2(speed[1], speed[0]) / (2 * np.pi)
            colour = colours[int(angle % 1.0 * _HUES) % _HUES]
            pen.line([*start, *end], fill=colour, width=1)
            pen.ellipse([*(end - 1.5), *(end + 1.5)], fill=colour)
    return np.asarray(picture)


def _inferno(share: NDArray[np.float64]) -> NDArray[np.float64]:
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


def draw_heat(frame: Picture, score: Score, slot: int) -> Picture:
    """The score of a slot over the greyed frame, as bright as its share of the clip's largest.

    Args:
        frame: uint8 [H, W, 3] RGB, the whole picture at any size.
        score: of the clip.
        slot: which slot.

    Returns:
        uint8 [H, W, 3].
    """
    values = score.values.astype(np.float64)
    top = max(1.0, float(np.percentile(values, 99)))
    share = np.clip(values[slot] / top, 0.0, 1.0)
    pixels = tokens_to_pixels(share, score.view, frame, (score.width, score.height))
    grey = frame.mean(axis=-1, keepdims=True) * np.ones(3)
    heat = _inferno(np.nan_to_num(pixels))
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


def clip_panels(
    clip: Clip, score: Score, mask: Mask, boxes: NDArray[np.float32]
) -> Iterator[Picture]:
    """One strip per sampled frame: arrows, heat with the box, masked patches.

    Args:
        clip: with frames of the whole picture.
        score: of the clip.
        mask: bool [S, R, C] made from the score.
        boxes: float32 [S, 4], of `motion_boxes`.

    Yields:
        uint8 [H, 3 W, 3], T of them.

    Raises:
        ValueError: the clip has no frames.
    """
    if clip.frames is None:
        raise ValueError("the clip must have frames, read it with pixels=True")
    per_slot = len(clip.frames) // len(mask)
    for sample, frame in enumerate(clip.frames):
        slot = sample // per_slot
        rows = np.arange(*clip.field.sample_offsets[sample : sample + 2])
        near = rows[np.argmin(np.abs(clip.field.row_frames[rows] - clip.frame_indices[sample]))]
        heat = draw_box(
            draw_heat(frame, score, slot), boxes[slot], (clip.field.width, clip.field.height)
        )
        yield np.concatenate(
            [draw_vectors(frame, clip.field, int(near)), heat, draw_mask(frame, mask, score, slot)],
            axis=1,
        )


def sheet(strips: Iterable[Picture], labels: Iterable[str]) -> Picture:
    """Strips of equal size below each other, each labelled.

    Args:
        strips: uint8 [H, W, 3] each.
        labels: one per strip.

    Returns:
        uint8 [sum of heights and captions, W, 3].
    """
    caption = 16
    parts = []
    for strip, label in zip(strips, labels, strict=True):
        bar = Image.new("RGB", (strip.shape[1], caption), (24, 24, 28))
        ImageDraw.Draw(bar).text((4, 2), label, fill=(230, 230, 230))
        parts += [np.asarray(bar), strip]
    return np.concatenate(parts)


def write_png(path: str | PathLike[str], picture: Picture) -> None:
    """Writes a uint8 [H, W, 3] picture as PNG."""
    Image.fromarray(picture).save(path, format="PNG", optimize=True)


def write_mp4(path: str | PathLike[str], pictures: Iterable[Picture], *, fps: float) -> int:
    """Encodes pictures as H.264.

    Args:
        path: to write.
        pictures: uint8 [H, W, 3] each, of one size.
        fps: frames per second.

    Returns:
        Number of frames written.
    """
    count = 0
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
        for picture in pictures:
            even = picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2]
            if count == 0:
                stream.height, stream.width = even.shape[:2]
                stream.pix_fmt = "yuv420p"
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="rgb24")
            container.mux(stream.encode(frame))
            count += 1
        container.mux(stream.encode(None))
    return count
