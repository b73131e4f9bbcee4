"""The clip that the options name, and what a mask of it follows."""

from __future__ import annotations

import argparse
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..adapters.sources import MaskSource, Motion, motion_of, source_of_mask
from ..boxes import SlotSource
from ..errors import NoMotionVectors
from ..motion_field import Clip
from ..video_reader import VideoReader
from .output import remark

__all__ = ["Sampled", "mask_facts", "sample"]


class Sampled(NamedTuple):
    """A clip, and what is known of its motion.

    Attributes:
        clip: what was read.
        motion: of the clip.
        reader: that read it.
    """

    clip: Clip
    motion: Motion
    reader: VideoReader


def sample(arguments: argparse.Namespace, *, pixels: bool) -> Sampled:
    """Reads the frames that the options name, the last one repeated past the end.

    Raises:
        ValueError: the options name no frame of the file.
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
    return Sampled(clip, motion_of(clip, reader.info), reader)


def mask_facts(
    sampled: Sampled, slots: NDArray[np.uint8] | None, arguments: argparse.Namespace
) -> dict[str, Any]:
    """Where the mask came from: "mask_source", and "mask_reason" where it is not guided.

    Args:
        sampled: the clip.
        slots: uint8 [S], `slot_sources` of the motion-guided mask.
        arguments: the options.

    Raises:
        NoMotionVectors: the mask follows nothing, and --require-motion is given.
    """
    _, motion, reader = sampled
    source = source_of_mask(motion.source, slots)
    facts: dict[str, Any] = {"mask_source": source.name.lower()}
    if slots is not None and motion.motion is not None:
        facts["guided_slots"] = f"{int((slots == SlotSource.GUIDED).sum())} of {len(slots)}"
    if source is MaskSource.GUIDED:
        return facts
    panned = source is not motion.source
    facts["mask_reason"] = _reason(source, motion.reason, reader, camera=panned)
    if arguments.require_motion and source is not MaskSource.DAMAGED:
        raise NoMotionVectors(str(arguments.file), reader.info.codec, facts["mask_reason"])
    remark(f"{arguments.file}: {facts['mask_reason']}{_follows(source)}")
    return facts


def _check(arguments: argparse.Namespace, count: int) -> None:
    has = f"{arguments.file} has {count} frame{'s' if count != 1 else ''}"
    if not 0 <= arguments.start < count:
        raise ValueError(f"--start must be in [0, {count}), not {arguments.start}: {has}")
    for name in ("stride", "frames"):
        if (given := getattr(arguments, name)) < 1:
            raise ValueError(f"--{name} must be at least 1, not {given}: {has}")


def _reason(source: MaskSource, why: str, reader: VideoReader, *, camera: bool) -> str:
    if source is MaskSource.DAMAGED:
        return "part of the stream could not be decoded"
    if source is MaskSource.SIMULATED:
        return f"nothing {'but the camera ' if camera else ''}moves in the sampled frames"
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
