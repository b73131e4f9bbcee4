"""Motion-guided masks for video masked autoencoders, from the vectors a file already carries."""

from __future__ import annotations

from .decode import MotionVectors, VideoInfo, probe, read_motion_vectors
from .errors import DecodeError, MgmError, NoMotionVectors
from .motion_field import Clip, MotionField
from .views import View

__all__ = [
    "Clip",
    "DecodeError",
    "MgmError",
    "MotionField",
    "MotionVectors",
    "NoMotionVectors",
    "VideoInfo",
    "View",
    "probe",
    "read_motion_vectors",
]
