"""A data set of masked clips: one decode, one or several views, a mask for each."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any, Final, TypeAlias

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn.functional import interpolate
from torch.utils.data import Dataset

from ..decode import Source
from ..errors import DecodeError
from ..masks import Masking, seed_for
from ..motion_field import Cell, Clip, Window
from ..video_reader import VideoReader
from ..views import View
from .crops import Crop, MultiScaleCrop, view_of_source
from .sample_seeds import SampleSeeds
from .sources import MaskSource, Motion, SafeMasking, motion_of, no_motion

__all__ = ["ClipDataset", "ClipMaker", "Sample", "clip_indices", "view_pixels"]

Sample: TypeAlias = dict[str, Any]
_TRIES: Final = 20


def clip_indices(
    length: int, *, num_frames: int, stride: int, draw: random.Random
) -> NDArray[np.int64]:
    """Frames of a clip at a random offset, int64 [num_frames].

    Args:
        length: frames of the video.
        num_frames: frames of the clip.
        stride: between them. A video too short repeats the last frame it reaches.
        draw: where the offset comes from.
    """
    start = draw.randrange(max(1, length - (num_frames - 1) * stride))
    steps = start + stride * np.arange(num_frames)
    last = start + (length - 1 - start) // stride * stride
    return np.minimum(steps, last)


def view_pixels(frames: NDArray[np.uint8], view: View) -> torch.Tensor:
    """Frames cropped, resized (bilinear, antialiased) and flipped.

    Args:
        frames: uint8 [T, H, W, 3].
        view: in pixels of the frames, inside them; rounded to whole ones.

    Returns:
        uint8 [T, 3, h, w] of the view's size, each pixel's channels side by side in memory.
    """
    x, y, w, h = (round(value) for value in view.crop)
    part = torch.from_numpy(frames[:, y : y + h, x : x + w].copy()).permute(0, 3, 1, 2)
    if part.shape[2:] != view.size:
        part = interpolate(part, size=view.size, mode="bilinear", antialias=True)
    return part.flip(3) if view.hflip else part


class ClipMaker:
    """From a video to masked views of one of its clips; drawn from seeds alone.

    Args:
        masking: makes the masks; `make_masking(name, input_size=..., ...)`.
        num_frames: of a clip.
        stride: between them.
        crop: `MultiScaleCrop`, `RandomResizedCrop`, `CenterCrop` or any callable that draws a view.
        size: at which frames are decoded; see `VideoReader`.
        repeats: views of each decode (repeated augmentation).
        fallback: name of the mask for clips without motion; None: see `SafeMasking`.
        max_fallback: largest share of them over the first 1,000 samples of all workers.
        max_seconds: decode budget of one clip; None for none.
        window: which coded frames belong to a sampled one.
        cell: side of a cell in source pixels, or "auto".

    Raises:
        ValueError: an argument is outside what is allowed.
    """

    def __init__(
        self,
        masking: Masking,
        *,
        num_frames: int = 16,
        stride: int = 4,
        crop: Crop | None = None,
        size: int | tuple[int, int] | None = None,
        repeats: int = 1,
        fallback: str | None = None,
        max_fallback: float = 0.2,
        max_seconds: float | None = None,
        window: Window = "centred",
        cell: Cell = "auto",
    ) -> None:
        if min(num_frames, stride, repeats) < 1:
            raise ValueError(
                "num_frames, stride and repeats must be at least 1, got "
                f"{num_frames}, {stride}, {repeats}"
            )
        if num_frames % masking.input_size[0]:
            raise ValueError(
                f"num_frames must be a multiple of the mask's {masking.input_size[0]} slots, not "
                f"{num_frames}"
            )
        self.masks = SafeMasking(masking, fallback=fallback, max_fallback=max_fallback)
        self.num_frames, self.stride, self.repeats = num_frames, stride, repeats
        self.crop: Crop = MultiScaleCrop() if crop is None else crop
        self._size = size
        self._max_seconds = max_seconds
        self._window: Window = window
        self._cell: Cell = cell

    def read(self, video: Source, draw: random.Random) -> tuple[Clip, Motion]:
        """A clip at an offset from `draw`, and its motion.

        Raises:
            FileNotFoundError, IsADirectoryError, PermissionError: as the system says.
            DecodeError: nothing can be decoded, or the budget ran out.
        """
        reader = VideoReader(video, size=self._size, max_seconds=self._max_seconds)
        indices = clip_indices(
            len(reader), num_frames=self.num_frames, stride=self.stride, draw=draw
        )
        clip = reader.read_clip(indices, window=self._window, cell=self._cell)
        return clip, motion_of(clip, reader.info, reader.path)

    def view(self, clip: Clip, motion: Motion, seed: int) -> Sample:
        """One view of a clip with its mask.

        Args:
            clip: with frames.
            motion: of the clip.
            seed: of crop and mask, in [0, 2^64).

        Returns:
            "pixel_values" uint8 [T, 3, h, w], "bool_masked_pos" bool [S * R * C] (True = masked)
            and "mask_source" uint8 [] (see `MaskSource`), as torch tensors; "mask_reason", the file
            and why its mask is the fallback, else "".

        Raises:
            ValueError: the clip has no frames.
            TooManyFallbacks: too many clips had no motion.
        """
        if clip.frames is None:
            raise ValueError("the clip must have frames, read it with pixels=True")
        size = (clip.frames.shape[2], clip.frames.shape[1])
        view = self.crop(*size, random.Random(seed))
        seen = view_of_source(view, size, clip.field)
        mask, source = self.masks(motion, view=seen, seed=seed)
        return {
            "pixel_values": view_pixels(clip.frames, view),
            "bool_masked_pos": torch.from_numpy(mask.reshape(-1)),
            "mask_source": torch.tensor(source, dtype=torch.uint8),
            "mask_reason": motion.fault if source is MaskSource.FALLBACK else "",
        }


class ClipDataset(Dataset[Any]):
    """Clips of a list of videos, each with a mask that follows its motion.

    Everything that is drawn (offset, crop, mask) is a function of `seed`, the epoch and the index,
    whatever the number of workers. The epoch of a sample is how often it was asked for before, in
    any worker; or what a sampler's pairs or `set_epoch` say, and then the number of ranks does not
    matter either. A file that cannot be read is replaced by another; it counts as a fallback.

    Args:
        videos: paths, or bytes.
        masking: makes the masks; `make_masking(name, input_size=..., ...)`.
        seed: of everything, in [0, 2^64).
        options: of `ClipMaker`; with `repeats` above 1 a sample is a list.

    Raises:
        ValueError: an argument is outside what is allowed.
    """

    def __init__(
        self, videos: Sequence[Source], masking: Masking, *, seed: int = 0, **options: Any
    ) -> None:
        if not len(videos):
            raise ValueError("videos must not be empty")
        self.videos = list(videos)
        self.maker = ClipMaker(masking, **options)
        self.seeds = SampleSeeds(len(self.videos), seed)

    def __len__(self) -> int:
        """Number of videos."""
        return len(self.videos)

    def set_epoch(self, epoch: int) -> None:
        """Fixes the epoch, for running workers too: a resumed run goes on where it was."""
        self.seeds.set_epoch(epoch)

    def __getitem__(self, index: int | tuple[int, int]) -> Sample | list[Sample]:
        """One sample as `ClipMaker.view` gives it, or `repeats` of them from one decode.

        Args:
            index: of the video; or (epoch, index) as `EpochSampler` gives it, whatever `set_epoch`
                said.

        Raises:
            IndexError: no such video.
            TooManyFallbacks: too many files have no motion.
            DecodeError, OSError: 20 files in a row cannot be read.
        """
        pinned, number = index if isinstance(index, tuple) else (None, index)
        if not 0 <= number < len(self):
            raise IndexError(f"index must be in [0, {len(self)}), not {number}")
        base, epoch = self.seeds.visit(number) if pinned is None else (self.seeds.base, pinned)
        self.maker.masks.begin_epoch(epoch)
        clip, motion = self._read(number, seed_for(base, epoch, number))
        samples = [
            self.maker.view(clip, motion, seed_for(base, epoch, number, repeat))
            for repeat in range(self.maker.repeats)
        ]
        return samples[0] if len(samples) == 1 else samples

    def _read(self, number: int, seed: int) -> tuple[Clip, Motion]:
        draw = random.Random(seed)
        for attempt in range(_TRIES):
            try:
                clip, motion = self.maker.read(self.videos[number], draw)
            except (DecodeError, OSError) as error:
                if attempt == _TRIES - 1:
                    raise
                failed = no_motion(error)
                number = draw.randrange(len(self))
                continue
            return clip, motion if attempt == 0 else failed._replace(motion=motion.motion)
        raise AssertionError("unreachable")
