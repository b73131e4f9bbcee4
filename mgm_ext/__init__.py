"""Motion-guided masks for video masked autoencoders, from the motion vectors a file already carries."""

from __future__ import annotations

from .errors import DecodeError, MgmError, NoMotionVectors
from .motion_field import Clip, MotionField
from .views import View

__all__ = [
    "Clip",
    "DecodeError",
    "MgmError",
    "MotionField",
    "NoMotionVectors",
    "View",
]
