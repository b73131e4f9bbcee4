"""Test double of V-JEPA's data set: crops and flips are functions, videos and pictures mixed."""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image

from mgm_ext.adapters.decord import VideoReader, cpu


def _get_param_spatial_crop(
    scale: tuple[float, float], ratio: tuple[float, float], height: int, width: int
) -> tuple[int, int, int, int]:
    """(top, left, height, width) of a random area with a log-uniform aspect."""
    for _ in range(10):
        area = random.uniform(*scale) * height * width
        aspect = math.exp(random.uniform(math.log(ratio[0]), math.log(ratio[1])))
        w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        if 0 < w <= width and 0 < h <= height:
            return random.randint(0, height - h), random.randint(0, width - w), h, w
    return 0, 0, height, width


def random_resized_crop(images: torch.Tensor, side: int) -> torch.Tensor:
    i, j, h, w = _get_param_spatial_crop((0.3, 1.0), (0.75, 1.35), *images.shape[2:])
    cropped = images[:, :, i : i + h, j : j + w]
    return torch.nn.functional.interpolate(
        cropped, size=(side, side), mode="bilinear", align_corners=False
    )


def horizontal_flip(prob: float, images: torch.Tensor) -> torch.Tensor:
    return images.flip(-1) if np.random.uniform() < prob else images  # noqa: NPY002


def block_lists(
    config: Any, grid: tuple[int, int, int], batch_size: int, draw: torch.Generator
) -> tuple[torch.Tensor, torch.Tensor]:
    """The encoder's and predictor's lists of a batch: blocks of one size, cut to the shortest."""

    def between(low: float, high: float) -> float:
        return low + float(torch.rand((), generator=draw)) * (high - low)

    slots, rows, columns = grid
    deep = max(1, int(slots * between(*config["temporal_scale"])))
    area = int(rows * columns * between(*config["spatial_scale"]))
    aspect = between(*config["aspect_ratio"])
    size = deep, round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
    size = (deep, min(size[1], rows), min(size[2], columns))
    enc: list[torch.Tensor] = []
    pred: list[torch.Tensor] = []
    while len(enc) < batch_size:
        seen = torch.ones(grid, dtype=torch.bool)
        for _ in range(config["num_blocks"]):
            t, y, x = (
                int(torch.randint(whole - side + 1, (), generator=draw))
                for whole, side in zip(grid, size, strict=True)
            )
            seen[t : t + size[0], y : y + size[1], x : x + size[2]] = False
        if seen.any():
            enc.append(seen.flatten().nonzero()[:, 0])
            pred.append((~seen).flatten().nonzero()[:, 0])
    kept, wanted = (min(len(one) for one in side) for side in (enc, pred))
    return torch.stack([e[:kept] for e in enc]), torch.stack([p[:wanted] for p in pred])


class VideoTransform:
    """Frames [T, H, W, 3] to normalised [3, T, h, w]."""

    def __init__(self, crop_size: int) -> None:
        self.crop_size = crop_size
        self.mean = torch.tensor([123.7, 116.3, 103.5])
        self.std = torch.tensor([58.4, 57.1, 57.4])

    def __call__(self, buffer: Any) -> torch.Tensor:
        images = torch.as_tensor(np.asarray(buffer), dtype=torch.float32).permute(3, 0, 1, 2)
        images = random_resized_crop(images, self.crop_size)
        images = horizontal_flip(0.5, images)
        flat = images.reshape(3, -1).permute(1, 0)
        return ((flat - self.mean) / self.std).permute(1, 0).reshape(images.shape)


class VideoDataset:
    """Samples are (clips, label, frame numbers of each clip)."""

    def __init__(self, samples: list[Path], transform: Any, num_clips: int = 1) -> None:
        self.samples = samples
        self.transform = transform
        self.num_clips = num_clips
        self.shared_transform = None
        self.frames_per_clip, self.frame_step = 8, 2

    def __len__(self) -> int:
        return len(self.samples)

    def __getitem__(self, index: int) -> Any:
        path = self.samples[index]
        numbers = np.arange(self.frames_per_clip)
        if path.suffix == ".png":
            picture = torch.from_numpy(np.array(Image.open(path)))
            buffer: Any = picture.repeat(self.frames_per_clip, 1, 1, 1)
        else:
            reader = VideoReader(str(path), num_threads=-1, ctx=cpu(0))
            reader.seek(0)
            span = self.frames_per_clip * self.frame_step
            start = int(np.random.randint(len(reader) - span))  # noqa: NPY002
            numbers = start + self.frame_step * numbers
            buffer = reader.get_batch(numbers).asnumpy()
        return [self.transform(buffer)], index, [numbers]
