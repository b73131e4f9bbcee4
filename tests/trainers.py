"""Stand-ins for trainers that cannot be installed: they take masks as the real ones do.

Each draws from the same generators, in the same order, and consumes masks by the same operations
as the trainer it is named after; none of their learning is here.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch
from PIL import Image

from mgm_ext.adapters import decord


def random_states() -> tuple[Any, ...]:
    """What the global generators would draw next; equal states compare equal."""
    legacy: Any = np.random.get_state()  # noqa: NPY002
    torch_state = torch.get_rng_state().numpy().tobytes()
    return random.getstate(), legacy[1].tobytes(), legacy[2:], torch_state


class GroupMultiScaleCrop:
    """VideoMAE's crop: draws a pair of sides, then one of 13 places, from `random`."""

    def __init__(self, input_size: int, scales: tuple[float, ...] = (1, 0.875, 0.75, 0.66)) -> None:
        self.scales = scales
        self.input_size = [input_size, input_size]

    def _sample_crop_size(self, im_size: tuple[int, int]) -> tuple[int, int, int, int]:
        image_w, image_h = im_size
        sides = [int(min(im_size) * scale) for scale in self.scales]
        target = self.input_size[0]
        sides = [target if abs(side - target) < 3 else side for side in sides]
        count = len(sides)
        steps = [(i, j) for i in range(count) for j in range(count) if abs(i - j) <= 1]
        w, h = random.choice([(sides[j], sides[i]) for i, j in steps])
        dx, dy = (image_w - w) // 4, (image_h - h) // 4
        places = (0, 40, 4, 44, 22, 2, 42, 24, 20, 11, 31, 13, 33)
        x, y = random.choice([(place // 10 * dx, place % 10 * dy) for place in places])
        return w, h, x, y

    def __call__(self, img_tuple: tuple[list[Any], Any]) -> tuple[list[Any], Any]:
        images, label = img_tuple
        w, h, x, y = self._sample_crop_size(images[0].size)
        size = (self.input_size[0], self.input_size[1])
        cropped = [image.crop((x, y, x + w, y + h)).resize(size, 2) for image in images]
        return cropped, label


class TubeMaskingGenerator:
    """VideoMAE's: shuffles one slot's tokens with `np.random`; (N,); v2: (S, R * C)."""

    def __init__(
        self, input_size: tuple[int, int, int], mask_ratio: float, v2: bool = False
    ) -> None:
        self.frames, self.height, self.width = input_size
        self.tokens = self.height * self.width
        self.masked = int(mask_ratio * self.tokens)
        self.total_masks = self.frames * self.masked
        self.v2 = v2

    def __call__(self) -> Any:
        slot = np.arange(self.tokens) >= self.tokens - self.masked
        slot = slot.astype(np.float64)
        np.random.shuffle(slot)  # noqa: NPY002
        mask = np.tile(slot, (self.frames, 1))
        return mask if self.v2 else mask.flatten()


class VideoMAETransform:
    """Crop, then mask; the label's slot goes through the crop."""

    def __init__(self, crop: Any, generator: Any, *, v2: bool = False) -> None:
        self.train_augmentation = crop
        setattr(
            self, "encoder_mask_map_generator" if v2 else "masked_position_generator", generator
        )
        self.v2 = v2

    def __call__(self, img_tuple: tuple[list[Any], Any]) -> tuple[Any, ...]:
        images, _ = self.train_augmentation(img_tuple)
        pixels = np.stack([np.asarray(image) for image in images])
        if not self.v2:
            return pixels, self.masked_position_generator()  # type: ignore[attr-defined]
        mask = self.encoder_mask_map_generator()  # type: ignore[attr-defined]
        return pixels, mask, 1 - mask


class VideoMAEDataset:
    """VideoMAE's data set: an offset from `np.random`, then a read, then the transform.

    With `repeats` it is VideoMAEv2's, which opens by a function and transforms several times.
    """

    def __init__(self, clips: list[Any], transform: Any, *, repeats: int = 0) -> None:
        self.clips = clips
        self.transform = transform
        self.repeats = repeats
        self.new_length, self.new_step = 8, 2
        self.video_loader: Any = open_video if repeats else True

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int) -> Any:
        path = str(self.clips[index])
        reader = (
            self.video_loader(path) if self.repeats else decord.VideoReader(path, num_threads=1)
        )
        span = self.new_length * self.new_step
        offset = int(np.random.randint(len(reader) - span + 1))  # noqa: NPY002
        batch = reader.get_batch(list(range(offset, offset + span, self.new_step))).asnumpy()
        images = [Image.fromarray(frame).convert("RGB") for frame in batch]
        if not self.repeats:
            return self.transform((images, None))
        return [self.transform((images, None)) for _ in range(self.repeats)]


def open_video(path: str) -> Any:
    return decord.VideoReader(path, num_threads=1, ctx=decord.cpu(0))


def split(x: torch.Tensor, mask: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    """Visible and masked tokens as the VideoMAE family takes them: indexed, then reshaped."""
    batch, _, width = x.shape
    return x[~mask].reshape(batch, -1, width), x[mask].reshape(batch, -1, width)


def sort_noise(
    x: torch.Tensor, noise: torch.Tensor, mask_ratio: float
) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """MAE-ST's: the lowest noise stays; (visible, mask, ids_restore)."""
    keep = int(x.shape[1] * (1 - mask_ratio))
    order = noise.argsort(dim=1)
    restore = order.argsort(dim=1)
    mask = torch.ones_like(noise)
    mask[:, :keep] = 0
    kept = order[:, :keep, None].expand(-1, -1, x.shape[2])
    return x.gather(1, kept), mask.gather(1, restore), restore


def attention_mask(attention: torch.Tensor, batch: int, mask_ratio: float) -> torch.Tensor:
    """UMT's: the visible tokens of each slot are drawn by attention; bool [B, N]."""
    rows, tokens = attention.shape
    drawn = torch.multinomial(attention, tokens)
    mask = torch.ones(rows, tokens, dtype=torch.bool)
    mask.scatter_(1, drawn[:, : tokens - int(tokens * mask_ratio)], False)
    return mask.view(batch, -1)


def gather_tokens(x: torch.Tensor, indices: list[torch.Tensor]) -> torch.Tensor:
    """V-JEPA's: each list picks its tokens of every clip; the lists' picks are concatenated."""
    return torch.cat([x.gather(1, i[..., None].expand(-1, -1, x.shape[2])) for i in indices])
