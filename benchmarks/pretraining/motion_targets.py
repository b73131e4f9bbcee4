"""Motion of tokens on the training's device: it weighs a loss, or is predicted as well."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch.nn import functional

import mgm_ext
from benchmarks.pretraining.samples import Samples

Tensor = torch.Tensor
Grid = tuple[int, int, int]


@dataclass(frozen=True)
class Motion:
    """Of the clips that are pre-trained on.

    Attributes:
        velocity: float16 [N, F, h, w, 2], source pixels per frame of each cell; 0 where the file
            says nothing.
        side: width and height of the source in pixels.
        scale, crop: source pixels per stored pixel; stored pixels of the crop.
        frames: of a sample.
    """

    velocity: Tensor
    side: tuple[int, int]
    scale: int
    crop: int
    frames: int

    @classmethod
    def of(cls, samples: Samples) -> Motion:
        """As the fields of `samples` have it, a row for each stored frame."""
        fields = [samples.fields[clip] for clip in samples.pretraining]
        stacked = np.stack([_by_frame(field) for field in fields]).astype(np.float16)
        velocity = torch.from_numpy(stacked).to(samples.device)
        side = fields[0].width, fields[0].height
        return cls(velocity, side, samples.scale, samples.crop, samples.frames)

    def of_tokens(self, index: Tensor, grid: Grid) -> Tensor:
        """float32 [B, S * R * C, 2] at the tokens' centres; index int64 [4, B] as `Draw.index`."""
        clip, start, x, y = index
        frame = start[:, None] + torch.arange(self.frames, device=index.device)
        planes = self.velocity[clip[:, None], frame].float().flatten(0, 1).permute(0, 3, 1, 2)
        (slots, rows, columns), (width, height) = grid, self.side
        across = self.scale * (x[:, None] + _centres(columns, index.device) * self.crop)
        down = self.scale * (y[:, None] + _centres(rows, index.device) * self.crop)
        places = torch.stack(
            [
                (2 * across / width - 1)[:, None].expand(-1, rows, -1),
                (2 * down / height - 1)[:, :, None].expand(-1, -1, columns),
            ],
            -1,
        ).repeat_interleave(self.frames, 0)
        found = functional.grid_sample(
            planes, places, "bilinear", padding_mode="border", align_corners=False
        )
        slot = found.view(len(clip), slots, self.frames // slots, 2, rows, columns).mean(2)
        return slot.permute(0, 1, 3, 4, 2).flatten(1, 3)


def _centres(count: int, device: torch.device) -> Tensor:
    return (torch.arange(count, device=device) + 0.5) / count


def _by_frame(field: mgm_ext.MotionField) -> np.ndarray:
    """[F, h, w, 2]: each sample's mean over its rows that are known."""
    known = field.valid[..., None]
    sums = np.add.reduceat(np.where(known, field.velocity, 0), field.sample_offsets[:-1])
    counts = np.add.reduceat(known.astype(np.float32), field.sample_offsets[:-1])
    return sums / np.maximum(counts, 1)


def weights(velocity: Tensor) -> Tensor:
    """Of the tokens' errors, float32 [B, N], of mean 1: half even, half by speed.

    The camera is taken out as each clip's median velocity.
    """
    left = velocity - velocity.median(1, keepdim=True).values
    speed: Tensor = left.norm(dim=2) + 1e-3
    return 0.5 + 0.5 * speed / speed.mean(1, keepdim=True)
