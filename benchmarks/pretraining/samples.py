"""Samples of a data set on a device: which frames of which clip, seen through which crop."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch.nn import functional

import mgm_ext

Tensor = torch.Tensor
Ints = NDArray[np.int64]
_MEAN, _STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class Draw:
    """A batch before its pixels are fetched: int64 [B] each; x, y: the crop's corner in stored pixels."""

    clip: Ints
    start: Ints
    x: Ints
    y: Ints

    def __len__(self) -> int:
        return len(self.clip)

    def part(self, cut: slice) -> Draw:
        """Some of them."""
        return Draw(self.clip[cut], self.start[cut], self.x[cut], self.y[cut])


@dataclass(frozen=True)
class Labelled:
    """Samples with labels.

    Attributes:
        clip, start, label: int64 [n].
        group: int64 [n], which of the tasks the sample belongs to (position of the word), 0 with one.
        size: float64 [n], of the object as a share of the picture's side; NaN where unknown.
    """

    clip: Ints
    start: Ints
    label: Ints
    group: Ints
    size: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.clip)

    def first(self, count: int) -> Labelled:
        """The first `count` of them."""
        return Labelled(*(getattr(self, name)[:count] for name in Labelled.__dataclass_fields__))


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
    _tensors: dict[str, Any] = field(default_factory=dict)

    @property
    def slack(self) -> int:
        """Places of the crop along one axis, less one."""
        return self.video.shape[2] - self.crop

    @property
    def device(self) -> torch.device:
        """Where the pixels lie."""
        return self.video.device

    def draw(self, rng: np.random.Generator, count: int) -> Draw:
        """One epoch's samples of pre-training: every clip as often as any other, crops at random."""
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
        return mgm_ext.View(crop=(self.scale * x, self.scale * y, side, side), size=(self.view, self.view))

    def pixels(self, draw: Draw, *, frozen: bool = False) -> Tensor:
        """Normalised frames [B, 3, T, view, view]; `frozen`: the middle frame in every place."""
        frames = self._cropped(self.video, draw)
        if frozen:
            frames = frames[:, frames.shape[1] // 2, None].expand_as(frames)
        frames = frames.permute(0, 4, 1, 2, 3).float() / 255
        if self.crop != self.view:
            flat = frames.flatten(1, 2)
            flat = functional.interpolate(flat, size=(self.view, self.view), mode="bilinear", align_corners=False)
            frames = flat.view(*frames.shape[:3], self.view, self.view)
        shape = (1, 3, 1, 1, 1)
        mean, std = (torch.tensor(v, device=self.device).view(shape) for v in (_MEAN, _STD))
        return (frames - mean) / std

    def coverage(self, draw: Draw, grid: tuple[int, int, int]) -> Tensor:
        """Share of each token that the object covers, float32 [B, S, R, C]."""
        if self.alpha is None:
            raise ValueError(f"nobody knows where the object of {self.name} is")
        alpha = self._cropped(self.alpha, draw).float() / 255
        return functional.adaptive_avg_pool3d(alpha[:, None], grid)[:, 0]

    def _cropped(self, video: Tensor, draw: Draw) -> Tensor:
        clip, start, x, y = (
            torch.from_numpy(v).to(self.device) for v in (draw.clip, draw.start, draw.x, draw.y)
        )
        side = torch.arange(self.crop, device=self.device)
        frame = start[:, None] + torch.arange(self.frames, device=self.device)
        return video[
            clip[:, None, None, None], frame[:, :, None, None],
            (y[:, None] + side)[:, None, :, None], (x[:, None] + side)[:, None, None, :],
        ]  # fmt: skip
