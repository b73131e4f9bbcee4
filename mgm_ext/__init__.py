"""Motion-guided masks for video masked autoencoders, from the vectors a file already carries."""

from __future__ import annotations

from .boxes import motion_boxes
from .contrast import MotionContrast, motion_contrast
from .decode import probe, read_motion_field, read_motion_vectors
from .errors import DecodeError, MgmError, NoMotionVectors
from .masks import (
    fixed_box_mask,
    frame_random_mask,
    jumping_box_mask,
    motion_guided_mask,
    random_mask,
    seed_for,
    simulated_motion_mask,
    tube_mask,
)
from .motion_field import Clip, MotionField
from .motion_vectors import MotionVectors, VideoInfo
from .score import Score, motion_score, token_texture
from .video_reader import VideoReader
from .views import View

__all__ = [
    "Clip",
    "DecodeError",
    "MgmError",
    "MotionContrast",
    "MotionField",
    "MotionVectors",
    "NoMotionVectors",
    "Score",
    "VideoInfo",
    "VideoReader",
    "View",
    "fixed_box_mask",
    "frame_random_mask",
    "jumping_box_mask",
    "motion_boxes",
    "motion_contrast",
    "motion_guided_mask",
    "motion_score",
    "probe",
    "random_mask",
    "read_motion_field",
    "read_motion_vectors",
    "seed_for",
    "simulated_motion_mask",
    "token_texture",
    "tube_mask",
]
