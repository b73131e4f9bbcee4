"""decord's `VideoLoader`: batches of frames out of many videos."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray

from ..motion_field import MotionField
from .decord_bridge import bridge
from .decord_reader import Device, VideoReader, check_context

__all__ = ["VideoLoader"]


@dataclass(frozen=True)
class Batch:
    """Frames of one video that are returned together."""

    video: int
    frames: range


def batches_of(lengths: Sequence[int], size: int, interval: int, skip: int) -> list[Batch]:
    """Every batch of videos of so many frames, in order.

    As decord has it, `interval` frames lie between two of a batch and `skip` between two batches,
    and the last two frames of a video are in none.
    """
    span = (size - 1) * (interval + 1) + 1
    return [
        Batch(video, range(start, start + span, interval + 1))
        for video, length in enumerate(lengths)
        for start in range(0, length - 2 - span + 1, span + skip)
    ]


def shuffled(batches: list[Batch], mode: int, random: np.random.Generator) -> list[Batch]:
    """The batches in an order of the mode; see `VideoLoader`."""
    if mode == 0:
        return batches
    order = [batches[i] for i in random.permutation(len(batches))]
    if mode == 1:  # which video comes next is drawn, and its batches follow each other
        videos = {batch.video for batch in batches}
        following = {v: iter([batch for batch in batches if batch.video == v]) for v in videos}
        return [next(following[batch.video]) for batch in order]
    return order if mode == 2 else sorted(order, key=lambda batch: batch.video)


class VideoLoader:
    """decord's `VideoLoader`, on the processor. Iterate over it; `reset` begins the next epoch.

    Each step gives (frames, indices): uint8 [B, H, W, 3] and int64 [B, 2], (video, frame) of each,
    as `bridge` says.

    Args:
        uris: paths of the videos, all opened at once.
        ctx: `cpu(0)`, or a list of such.
        shape: (B, H, W, 3) of the frames of a batch.
        interval: frames left out between two of a batch.
        skip: frames left out between two batches.
        shuffle: order of the batches. 0: as they lie, video after video. 1: the next one of a video
            at random. 2: any. 3: video after video, any batch within.
        prefetch: not used.
        seed: of the order; None draws one. Beyond decord.

    Attributes:
        field: MotionField of the last batch; None before the first.

    Raises:
        FileNotFoundError, IsADirectoryError, PermissionError: as the system says.
        DecodeError: not a video.
        TypeError, ValueError: a bad argument.
    """

    def __init__(
        self,
        uris: Sequence[str | os.PathLike[str]],
        ctx: Device | Sequence[Device],
        shape: Sequence[int],
        interval: int,
        skip: int,
        shuffle: Literal[0, 1, 2, 3],
        prefetch: int = 0,
        *,
        seed: int | None = None,
    ) -> None:
        if isinstance(uris, (str, os.PathLike)) or not uris:
            raise ValueError(f"uris must be a list of paths, got {uris!r}")
        for one in ctx if isinstance(ctx, Sequence) else [ctx]:
            check_context(one)
        if len(shape) != 4 or min(shape) < 1 or shape[3] != 3:
            raise ValueError(f"shape must be (batch, height, width, 3), got {shape!r}")
        if interval < 0 or skip < 0:
            raise ValueError(f"interval and skip must be >= 0, got {interval} and {skip}")
        if shuffle not in (0, 1, 2, 3):
            raise ValueError(f"shuffle must be 0, 1, 2 or 3, got {shuffle!r}")
        size, height, width, _ = shape
        self._readers = [VideoReader(uri, width=width, height=height) for uri in uris]
        lengths = [len(reader) for reader in self._readers]
        self._batches = batches_of(lengths, size, interval, skip)
        self._shuffle = shuffle
        self._random = np.random.default_rng(seed)
        self.field: MotionField | None = None
        self.reset()

    def __len__(self) -> int:
        """Number of batches of an epoch."""
        return len(self._batches)

    def reset(self) -> None:
        """Begins the next epoch, in a new order."""
        self._coming = iter(shuffled(self._batches, self._shuffle, self._random))

    def __iter__(self) -> Self:
        """What is left of the epoch."""
        return self

    def __next__(self) -> tuple[Any, Any]:
        """The next batch.

        Raises:
            StopIteration: that was the last of the epoch.
            DecodeError: nothing can be decoded.
        """
        batch = next(self._coming)
        reader = self._readers[batch.video]
        frames = reader.get_batch(batch.frames)
        self.field = reader.field
        indices: NDArray[np.int64] = np.array([(batch.video, i) for i in batch.frames], np.int64)
        return frames, bridge.out(indices)

    def next(self) -> tuple[Any, Any]:
        """The next batch, as the built-in `next`."""
        return next(self)
