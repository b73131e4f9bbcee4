"""decord's interface, with the motion field of what was read: change the import, keep the code.

    from mgm_ext.adapters.decord import VideoReader, cpu
    reader = VideoReader("clip.mp4", num_threads=1, ctx=cpu(0))
    frames = reader.get_batch([0, 4, 8, 12]).asnumpy()
    field = reader.field

Names and meanings are those of decord 0.6.0, video alone. Its `seek` may land anywhere; ours lands
on the last key frame before.
"""

from __future__ import annotations

from . import decord_logging as logging
from .decord_bridge import Frames, bridge
from .decord_loader import VideoLoader
from .decord_reader import DECORDError, DECORDLimitReachedError, VideoReader, cpu, gpu

__all__ = [
    "DECORDError",
    "DECORDLimitReachedError",
    "Frames",
    "VideoLoader",
    "VideoReader",
    "bridge",
    "cpu",
    "gpu",
    "logging",
]
