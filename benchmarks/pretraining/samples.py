"""Samples of a data set on a device: which frames of which clip, seen through which crop."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

import mgm_ext
from benchmarks.pretraining.model import Size

Tensor = torch.Tensor
Ints = NDArray[np.int64]
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Draw:
    """A batch before its pixels are fetched: int64 [B] each; x, y: corner of the crop as stored."""

    clip: Ints
    start: Ints
    x: Ints
    y: Ints

    def __len__(self) -> int:
        return len(self.clip)

    def part(self, cut: slice) -> Draw:
        """Some of them."""
        return Draw(self.clip[cut], self.start[cut], self.x[cut], self.y[cut])

    def index(self) -> Tensor:
        """int64 [4, B]."""
        return torch.from_numpy(np.stack([self.clip, self.start, self.x, self.y]))


@dataclass(frozen=True)
class Labelled:
    """Samples with labels.

    Attributes:
        clip, start, label: int64 [n].
        group: int64 [n], which task the sample belongs to (a word's position); 0 with one.
        size: float64 [n], of the object as a share of the picture's side; NaN where unknown.
    """

    clip: Ints
    start: Ints
    label: Ints
    group: Ints
    size: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.clip)

    def part(self, picked: Ints | slice) -> Labelled:
        """Some of them."""
        return Labelled(*(getattr(self, name)[picked] for name in Labelled.__dataclass_fields__))

    def first(self, count: int) -> Labelled:
        """The first `count` of them."""
        return self.part(slice(count))


@dataclass(frozen=True)
class Samples:
    """A data set in a device's memory.

    Attributes:
        name: of the set, as rows name it.
        identity: hash of pixels and vectors of a part of it: equal where the data are.
        video: uint8 [N, F, H, W, 3].
        fields: motion of the clips that are pre-trained on; a row per frame of `video` or more.
        alpha: uint8 [N, F, H, W], the object; None where nobody knows.
        pretraining: int64, clips that pre-training may draw.
        frames: of a sample.
        crop: side of the crop in stored pixels.
        view: side of what the model sees.
        scale: source pixels per stored pixel.
        labelled: "train", "validation" and "test".
        classes: labels of each group: bool [G, number of labels].
        compiled_patches: `patches`, compiled; None: as it is.
    """

    name: str
    identity: str
    video: Tensor
    fields: list[mgm_ext.MotionField]
    alpha: Tensor | None
    pretraining: Ints
    frames: int
    crop: int
    view: int
    scale: int
    labelled: dict[str, Labelled]
    classes: Tensor
    compiled_patches: Callable[..., Tensor] | None = None

    def compiled(self) -> Samples:
        """The same with its pixels fetched by one compiled kernel."""
        return replace(self, compiled_patches=torch.compile(patches, dynamic=False))

    @property
    def slack(self) -> int:
        """Places of the crop along one axis, less one."""
        return self.video.shape[2] - self.crop

    @property
    def device(self) -> torch.device:
        """Where the pixels lie."""
        return self.video.device

    def draw(self, rng: np.random.Generator, count: int) -> Draw:
        """An epoch's samples of pre-training: every clip as often as any other."""
        rounds = -(-count // len(self.pretraining))
        clips = np.concatenate([rng.permutation(self.pretraining) for _ in range(rounds)])[:count]
        start = rng.integers(0, self.video.shape[1] - self.frames + 1, count)
        x, y = rng.integers(0, self.slack + 1, (2, count))
        return Draw(clips, start, x, y)

    def field_of(self, clip: int, start: int) -> mgm_ext.MotionField:
        """Motion of a sample: the clip's own field, or the rows of its frames."""
        whole = self.fields[clip]
        if self.frames == whole.num_samples:
            return whole
        first, last = whole.sample_offsets[start], whole.sample_offsets[start + self.frames]
        return mgm_ext.MotionField(
            vectors=whole.vectors[first:last],
            coded=whole.coded[first:last],
            cuts=whole.cuts[first:last],
            row_frames=whole.row_frames[first:last],
            sample_offsets=whole.sample_offsets[start : start + self.frames + 1] - first,
            cell=whole.cell,
            width=whole.width,
            height=whole.height,
            window=whole.window,
        )

    def view_of(self, x: int, y: int) -> mgm_ext.View:
        """The crop at (x, y) in source pixels."""
        side = self.scale * self.crop
        return mgm_ext.View(
            crop=(self.scale * x, self.scale * y, side, side), size=(self.view, self.view)
        )

    def patches(self, index: Tensor, size: Size, *, frozen: bool = False) -> Tensor:
        """Normalised tokens [B, N, values, 3]; `frozen`: the middle frame in every place."""
        fetch = self.compiled_patches or patches
        return fetch(self.video, index, self.frames, self.crop, self.view, size, frozen=frozen)

    def coverage(self, draw: Draw, grid: tuple[int, int, int]) -> Tensor:
        """Share of each token that the object covers, float32 [B, S, R, C]."""
        if self.alpha is None:
            raise ValueError(f"nobody knows where the object of {self.name} is")
        index = draw.index().to(self.device, non_blocking=True)
        alpha = cropped(self.alpha, index, self.frames, self.crop).float() / 255
        return functional.adaptive_avg_pool3d(alpha[:, None], grid)[:, 0]


def cropped(video: Tensor, index: Tensor, frames: int, crop: int) -> Tensor:
    """Frames of samples [B, frames, crop, crop, ...]; index int64 [4, B]: clip, start, x, y."""
    clip, start, x, y = index
    side = torch.arange(crop, device=video.device)
    frame = start[:, None] + torch.arange(frames, device=video.device)
    row, column = y[:, None] + side, x[:, None] + side
    return video[
        clip[:, None, None, None],
        frame[:, :, None, None],
        row[:, None, :, None],
        column[:, None, None, :],
    ]


def patches(
    video: Tensor, index: Tensor, frames: int, crop: int, view: int, size: Size, *, frozen: bool
) -> Tensor:
    """The same as normalised tokens [B, N, values, 3], time-major and row-major."""
    pixels = cropped(video, index, frames, crop)
    if frozen:
        pixels = pixels[:, frames // 2, None].expand_as(pixels)
    pixels = pixels.permute(0, 4, 1, 2, 3).float() / 255
    if crop != view:
        flat = functional.interpolate(
            pixels.flatten(1, 2), size=(view, view), mode="bilinear", align_corners=False
        )
        pixels = flat.view(*pixels.shape[:3], view, view)
    mean, std = (
        torch.tensor(value, device=video.device).view(1, 3, 1, 1, 1) for value in (_MEAN, _STD)
    )
    (slots, rows, columns), patch, tubelet = size.grid, size.patch, size.tubelet
    cut = ((pixels - mean) / std).reshape(
        len(pixels), 3, slots, tubelet, rows, patch, columns, patch
    )
    tokens = cut.permute(0, 2, 4, 6, 3, 5, 7, 1)
    return tokens.reshape(len(pixels), slots * rows * columns, tubelet * patch**2, 3)
