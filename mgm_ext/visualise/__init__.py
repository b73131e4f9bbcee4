"""Pictures of what mgm_ext finds: vectors as arrows, the heat of the score, boxes and masks.

Needs the extra `draw` (Pillow; PyAV for video).
"""

from __future__ import annotations

from .mask_sheet import mask_sheet
from .panels import (
    clip_panels,
    draw_box,
    draw_heat,
    draw_mask,
    draw_vectors,
    sheet,
    write_mp4,
    write_png,
)

__all__ = [
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
