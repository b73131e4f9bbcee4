"""Masks for a whole batch as torch operations, on CPU and CUDA tensors alike.

A mask is the same in every bit as that of the function of the same name for one clip, on either
device, and differs only with its seed. Nothing here waits for the device: the operations can be
captured in CUDA graphs, run on any stream and compile with `fullgraph=True`. CUDA tensors need the
module that `make wheel CUDA=1` builds; CPU tensors need nothing more.
"""

from __future__ import annotations

from .batch import BatchScore, MotionBatch
from .boxed import inverse_motion_mask, motion_boxes, motion_guided_mask, slot_sources
from .plain import fixed_box_mask, jumping_box_mask, simulated_motion_mask
from .ranked import (
    boxes_mask,
    frame_random_mask,
    motion_topk_mask,
    random_mask,
    select,
    tracked_mask,
    tube_mask,
)
from .scores import motion_score, token_texture
from .token_ids import ids

__all__ = [
    "BatchScore",
    "MotionBatch",
    "boxes_mask",
    "fixed_box_mask",
    "frame_random_mask",
    "ids",
    "inverse_motion_mask",
    "jumping_box_mask",
    "motion_boxes",
    "motion_guided_mask",
    "motion_score",
    "motion_topk_mask",
    "random_mask",
    "select",
    "simulated_motion_mask",
    "slot_sources",
    "token_texture",
    "tracked_mask",
    "tube_mask",
]
