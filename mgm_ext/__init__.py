"""Motion-guided masks for video masked autoencoders, from the motion vectors a file already carries."""

from __future__ import annotations

from .errors import DecodeError, MgmError, NoMotionVectors
from .views import View

__all__ = [
    "DecodeError",
    "MgmError",
    "NoMotionVectors",
    "View",
]
