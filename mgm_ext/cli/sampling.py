"""The clip that the options name, and whether anything moves in it."""

from __future__ import annotations

import argparse
from typing import Any, NamedTuple

import numpy as np

from ..adapters.sources import MaskSource, motion_of
from ..errors import NoMotionVectors
from ..motion_field import Clip
from ..video_reader import VideoReader
from .output import remark

__all__ = ["Sampled", "sample"]


class Sampled(NamedTuple):
    """A clip and where its masks come from.

    Attributes:
        clip: what was read.
        facts: "mask_source", and "mask_reason" where it is not guided.
    """

    clip: Clip
    facts: dict[str, Any]


def sample(arguments: argparse.Namespace, *, pixels: bool) -> Sampled:
    """Reads the frames that the options name, the last one repeated past the end.

    Raises:
        ValueError: the options name no frame of the file.
        NoMotionVectors: nothing moves, and --require-motion is given.
    """
    reader = VideoReader(arguments.file)
    count = len(reader)
    _check(arguments, count)
    wanted = arguments.start + arguments.stride * np.arange(arguments.frames)
    indices = np.minimum(wanted, count - 1)
    clip = reader.read_clip(indices, pixels=pixels)
    if (different := len(np.unique(indices))) < arguments.frames:
        remark(
            f"{arguments.file}: only {different} of {arguments.frames} sampled frames are "
            f"different, the file has {count}"
        )
    motion = motion_of(clip, reader.info)
    facts = {"mask_source": motion.source.name.lower()}
    if motion.source is not MaskSource.GUIDED:
        facts["mask_reason"] = _reason(motion.source, motion.reason, reader)
        if arguments.require_motion and motion.source is not MaskSource.DAMAGED:
            raise NoMotionVectors(str(arguments.file), reader.info.codec, facts["mask_reason"])
        remark(f"{arguments.file}: {facts['mask_reason']}{_follows(motion.source)}")
    return Sampled(clip, facts)


def _check(arguments: argparse.Namespace, count: int) -> None:
    has = f"{arguments.file} has {count} frame{'s' if count != 1 else ''}"
    if not 0 <= arguments.start < count:
        raise ValueError(f"--start must be in [0, {count}), not {arguments.start}: {has}")
    for name in ("stride", "frames"):
        if (given := getattr(arguments, name)) < 1:
            raise ValueError(f"--{name} must be at least 1, not {given}: {has}")


def _reason(source: MaskSource, why: str, reader: VideoReader) -> str:
    if source is MaskSource.DAMAGED:
        return "part of the stream could not be decoded"
    if source is MaskSource.HELD:
        return "nothing moves in the sampled frames"
    if not reader.info.has_vectors and len(reader) == 1:
        return "the file holds a single picture, in which nothing moves"
    if not reader.info.has_vectors:
        return (
            f"codec {why} carries no motion vectors; `mgm-ext convert FILE -o OUT.mp4` makes a "
            "file that does"
        )
    return f"no motion in the sampled frames ({why})"


def _follows(source: MaskSource) -> str:
    if source is MaskSource.DAMAGED:
        return "; the mask follows what could"
    return "; the mask wanders as simulated_motion's does and follows nothing"
