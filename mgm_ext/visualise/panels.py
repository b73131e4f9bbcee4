"""Strips of a clip: vectors as arrows, the heat of the score with the box, masked patches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from ..masks import Mask
from ..motion_field import Clip
from ..score import Score
from .layers import draw_box, draw_heat, draw_mask, heat_top
from .legend import heat_head, plain_head, vector_head
from .text import DARK, Picture, bar
from .vectors import arrow_gain, draw_vectors

__all__ = ["WIDTH", "clip_labels", "clip_legend", "clip_panels", "sheet"]

WIDTH: Final = 320
"""Of a panel in pixels, whatever the video's own is."""
_GAP: Final = 4
_STILL: Final = 0.02  # pixels per frame, as in motion_guided_mask
_APART: Final = 15  # pixels of a panel between two arrows


def _gain(clip: Clip, width: int) -> float:
    """Arrows reach to the second next."""
    return min(8.0, arrow_gain(clip.field, length=2 * _APART * clip.field.width / width))


def _scaled(frame: Picture, width: int) -> Picture:
    height = max(2, round(frame.shape[0] * width / frame.shape[1] / 2) * 2)
    return np.asarray(Image.fromarray(frame).resize((width, height), Image.Resampling.LANCZOS))


def _beside(panels: Iterable[Picture]) -> Picture:
    """Panels of one height with a gap between."""
    parts: list[Picture] = []
    for panel in panels:
        if parts:
            parts.append(np.full((panel.shape[0], _GAP, 3), DARK, np.uint8))
        parts.append(panel)
    return np.concatenate(parts, axis=1)


def clip_panels(
    clip: Clip,
    score: Score,
    mask: Mask,
    boxes: NDArray[np.float32],
    *,
    raw: Score | None = None,
    width: int = WIDTH,
) -> Iterator[Picture]:
    """One strip per sampled frame: arrows, heat, heat with the box, masked patches.

    Args:
        clip: with frames of the whole picture.
        score: of the clip.
        mask: bool [S, R, C] made from the score.
        boxes: float32 [S, 4], of `motion_boxes`.
        raw: the score with the camera's motion in it, for a panel beside; None: no such panel.
        width: of a panel in pixels.

    Yields:
        uint8 [H, W, 3], T of them; see `clip_legend` for what stands above.

    Raises:
        ValueError: the clip has no frames.
    """
    if clip.frames is None:
        raise ValueError("the clip must have frames, read it with pixels=True")
    per_slot = len(clip.frames) // len(mask)
    spacing = round(_APART * clip.field.width / width)
    gain = _gain(clip, width)
    size = (clip.field.width, clip.field.height)
    for sample, whole in enumerate(clip.frames):
        slot, frame = sample // per_slot, _scaled(whole, width)
        row = _row_of(clip, sample)
        arrows = draw_vectors(frame, clip.field, row, gain=gain, spacing=spacing)
        heat = draw_box(draw_heat(frame, score, slot), boxes[slot], size)
        before = [] if raw is None else [draw_heat(frame, raw, slot)]
        yield _beside([arrows, *before, heat, draw_mask(frame, mask, score, slot)])


def _row_of(clip: Clip, sample: int) -> int:
    """The row of the field that is nearest to a sampled frame."""
    rows = np.arange(*clip.field.sample_offsets[sample : sample + 2])
    distance = np.abs(clip.field.row_frames[rows] - clip.frame_indices[sample])
    return int(rows[np.argmin(distance)])


def clip_legend(
    clip: Clip, score: Score, mask: Mask, *, raw: Score | None = None, width: int = WIDTH
) -> Picture:
    """What the columns of `clip_panels` show: directions, lengths, the scales of the heat.

    Args:
        clip, score, mask, raw, width: as `clip_panels` takes them.

    Returns:
        uint8 [H, W, 3], as wide as the strips.
    """
    per_speed = _gain(clip, width) * width / clip.field.width
    heads = [vector_head("vectors in the file", per_speed, width)]
    if raw is not None:
        heads.append(heat_head("motion as coded", heat_top(raw), width))
    title = "motion that the mask follows" if raw is None else "camera taken out, and the box"
    heads.append(heat_head(title, heat_top(score), width))
    share = f"{mask.mean():.0%} of the tokens"
    if score.pixels_per_frame.max() < _STILL:
        share += ", and follows no motion: there is none"
    heads.append(plain_head("masked patches", share, width))
    return _beside(heads)


def clip_labels(clip: Clip, score: Score) -> list[str]:
    """A line for each sampled frame: slot, frame, time, and what is special about it."""
    per_slot = len(clip.frame_indices) // len(score.values)
    labels = []
    for sample, number in enumerate(clip.frame_indices):
        slot = sample // per_slot
        line = f"slot {slot}    frame {number}, {clip.seconds[sample]:.2f} s"
        if clip.stand_in[sample]:
            line += "    lost or damaged: the nearest whole frame"
        if clip.picture_types[sample] == "I":
            line += "    key frame: no vectors of its own"
        if score.cuts[slot]:
            line += "    scene cut in this slot"
        labels.append(line)
    return labels


def sheet(
    strips: Iterable[Picture], labels: Iterable[str], *, legend: Picture | None = None
) -> Picture:
    """Strips of equal width below each other, each with its label above.

    Args:
        strips: uint8 [H, W, 3] each.
        labels: one per strip.
        legend: above all of them.

    Returns:
        uint8 [sum of heights and labels, W, 3].
    """
    parts = [] if legend is None else [legend]
    for strip, label in zip(strips, labels, strict=True):
        parts += [bar(label, strip.shape[1]), strip]
    return np.concatenate(parts)
