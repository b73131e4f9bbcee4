"""Masks over a grid of tokens: motion-guided ones and the baselines beside them.

Every mask is bool [S, R, C], True = masked, a pure function of its inputs and the seed, with
exactly K masked tokens: `count="floor_masked"` masks int(mask_ratio * n), `"floor_kept"` leaves
int(n * (1 - mask_ratio)) visible, `num_masked` says K itself; K is clamped to [1, n - 1].
"""

from __future__ import annotations

from .batch import batch_masks
from .boxed import (
    FixedBoxMasking,
    JumpingBoxMasking,
    SimulatedMotionMasking,
    fixed_box_mask,
    jumping_box_mask,
    simulated_motion_mask,
)
from .boxes_generator import BoxesMasking
from .describe import MaskDescription, TokenIndices, describe, token_indices
from .generator import Masking
from .generators import MASKINGS, make_masking
from .guided import (
    InverseMotionMasking,
    MotionGuidedMasking,
    inverse_motion_mask,
    motion_guided_mask,
)
from .noise import noise_from_score, three_state_mask
from .options import PRESETS, Mask, Preset
from .patterns import (
    BlockMasking,
    RunningCellMasking,
    TimeMasking,
    block_mask,
    running_cell_mask,
    time_mask,
)
from .ranked import MotionTopKMasking, boxes_mask, motion_topk_mask
from .seeds import seed_for
from .tracked import TrackedMasking, tracked_mask
from .uniform import (
    FrameRandomMasking,
    RandomMasking,
    TubeMasking,
    frame_random_mask,
    random_mask,
    tube_mask,
)

__all__ = [
    "MASKINGS",
    "PRESETS",
    "BlockMasking",
    "BoxesMasking",
    "FixedBoxMasking",
    "FrameRandomMasking",
    "InverseMotionMasking",
    "JumpingBoxMasking",
    "Mask",
    "MaskDescription",
    "Masking",
    "MotionGuidedMasking",
    "MotionTopKMasking",
    "Preset",
    "RandomMasking",
    "RunningCellMasking",
    "SimulatedMotionMasking",
    "TimeMasking",
    "TokenIndices",
    "TrackedMasking",
    "TubeMasking",
    "batch_masks",
    "block_mask",
    "boxes_mask",
    "describe",
    "fixed_box_mask",
    "frame_random_mask",
    "inverse_motion_mask",
    "jumping_box_mask",
    "make_masking",
    "motion_guided_mask",
    "motion_topk_mask",
    "noise_from_score",
    "random_mask",
    "running_cell_mask",
    "seed_for",
    "simulated_motion_mask",
    "three_state_mask",
    "time_mask",
    "token_indices",
    "tracked_mask",
    "tube_mask",
]
