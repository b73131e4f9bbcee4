"""Pictures of what mgm_ext finds: vectors as arrows, the heat of the score, boxes and masks.

Needs the extra `draw` (Pillow; PyAV for video).
"""

from __future__ import annotations

from .files import write_mp4, write_png
from .layers import draw_box, draw_heat, draw_mask
from .mask_sheet import mask_sheet
from .panels import clip_labels, clip_legend, clip_panels, sheet
from .vectors import draw_vectors

__all__ = [
    "clip_labels",
    "clip_legend",
    "clip_panels",
    "draw_box",
    "draw_heat",
    "draw_mask",
    "draw_vectors",
    "mask_sheet",
    "sheet",
    "write_mp4",
    "write_png",
]
