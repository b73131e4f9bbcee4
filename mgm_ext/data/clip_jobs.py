"""One clip's motion or mask as a value, for engines that keep rows themselves, such as Ray."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import numpy as np
import pyarrow as pa

from ..decode import read_motion_field
from ..errors import MgmError
from ..masks import make_masking, seed_for
from ..motion_field import Cell
from ..video_reader import VideoReader
from .clips import SourceClip
from .jobs import error_text, record_of
from .process import Failure
from .schema import SCHEMA, batch_bytes
from .sums import summed_stream

__all__ = ["clip_of_key", "mask_of_clip", "member_bytes", "member_of_clip"]


def member_bytes(batch: pa.RecordBatch) -> bytes:
    """A record as the content of a member KEY.mgf, for `stored_clip`."""
    return summed_stream(batch)


def member_of_clip(clip: SourceClip, *, cell: Cell, compact: bool) -> tuple[bytes] | Failure:
    """A clip's motion as a member KEY.mgf, or why there is none."""
    try:
        message = batch_bytes(record_of(clip, cell=cell, compact=compact))
    except (MgmError, OSError, ValueError, MemoryError) as error:
        return Failure(*error_text(error))
    batch = pa.ipc.read_record_batch(pa.py_buffer(message), SCHEMA)
    return (member_bytes(batch),)


def clip_of_key(
    key: str, *, seed: int, num_frames: int, frames: int, stride: int
) -> tuple[list[int], int]:
    """Frame numbers of a clip and the seed of its mask: a function of the key and the seed."""
    number = int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "little")
    mixed = seed_for(seed, 0, number)
    last = max(0, num_frames - 1)
    starts = max(0, num_frames - (frames - 1) * stride - 1) + 1
    indices = np.minimum(mixed % starts + stride * np.arange(frames), last)
    return indices.tolist(), mixed


def mask_of_clip(
    clip: SourceClip,
    *,
    frames: int,
    stride: int,
    grid: tuple[int, int, int],
    masking: str,
    options: dict[str, Any],
    seed: int,
) -> tuple[list[int], list[bool], bool] | Failure:
    """Frame numbers, the mask, [S, R, C] flattened, and damage, or why there is none."""
    try:
        count = len(VideoReader(clip.source))
        indices, mixed = clip_of_key(
            clip.key, seed=seed, num_frames=count, frames=frames, stride=stride
        )
        field = read_motion_field(clip.source, frame_indices=indices)
        mask = make_masking(masking, input_size=grid, **options)(field, seed=mixed)
    except (MgmError, OSError, ValueError, MemoryError) as error:
        return Failure(*error_text(error))
    return indices, np.asarray(mask).reshape(-1).tolist(), field.damaged
