"""Test double of OmniMAE's data set of videos: read by time, replicated, cropped, then masked."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import torch

from mgm_ext import VideoReader


class VisionTransform:
    field = "vision"

    def __init__(self, base_transform: Any) -> None:
        self.base_transform = base_transform

    def __call__(self, sample: Any) -> Any:
        sample.vision = self.base_transform(sample.vision)
        return sample


class ListTransform:
    def __init__(self, base_transform: Any) -> None:
        self.base_transform = base_transform

    def __call__(self, items: list[Any]) -> list[Any]:
        return [self.base_transform(item) for item in items]


class Replicate:
    def __init__(self, num_times: int) -> None:
        self.num_times = num_times

    def __call__(self, clip: torch.Tensor) -> list[torch.Tensor]:
        return [clip.clone() for _ in range(self.num_times)]


class SingleFieldListToSampleList:
    field = "vision"

    def __call__(self, sample: Any) -> list[Any]:
        made = [copy.deepcopy(sample) for _ in sample.vision]
        for one, clip in zip(made, sample.vision, strict=True):
            one.vision = clip
        return made


class MaskingTransform:
    def __init__(self, masking_object: Any) -> None:
        self.masking_object = masking_object

    def __call__(self, sample: Any) -> Any:
        sample.mask = torch.from_numpy(self.masking_object(sample.vision))
        return sample


class MaskImageModeling:
    def __init__(self, pred_ratio: float, patch_size: tuple[int, int, int], shape: Any) -> None:
        self.pred_ratio, self.patch_size, self.pred_shape = pred_ratio, patch_size, shape

    def __call__(self, clip: torch.Tensor) -> Any:
        sides = zip(clip.shape[1:], self.patch_size, strict=True)
        t, h, w = (side // patch for side, patch in sides)
        return self.pred_shape(t, h, w, self.pred_ratio * t * h * w)


class EncodedVideo:
    """pytorchvideo's: a clip is asked for by seconds."""

    def __init__(self, path: Path) -> None:
        self._reader = VideoReader(path)
        self.duration = float(self._reader.frame_seconds[-1])

    def get_clip(self, start: float, end: float) -> dict[str, Any]:
        times = self._reader.frame_seconds - self._reader.frame_seconds[0]
        numbers = np.flatnonzero((times >= start) & (times < end))
        frames = np.array(self._reader.read_clip(numbers).frames)
        return {"video": torch.from_numpy(frames).permute(3, 0, 1, 2).float()}


class VideoPathDataset:
    def __init__(self, paths: list[Path], transforms: list[Any], span: float) -> None:
        self.paths, self.transforms, self.span = paths, transforms, span

    def __len__(self) -> int:
        return len(self.paths)

    @staticmethod
    def frame_sampler(clip: torch.Tensor) -> torch.Tensor:
        """UniformTemporalSubsample(8)."""
        places = torch.linspace(0, clip.shape[-3] - 1, 8).long()
        return clip.index_select(-3, places)

    def _get_video_object(self, path: Path) -> Any:
        return EncodedVideo(path)

    def __getitem__(self, index: int) -> Any:
        video = self._get_video_object(self.paths[index])
        start = float(np.random.uniform(0, video.duration - self.span))  # noqa: NPY002
        clip = video.get_clip(start, start + self.span)["video"]
        sample: Any = SimpleNamespace(vision=self.frame_sampler(clip) / 255.0)
        for transform in self.transforms:
            sample = transform(sample)
        return sample


def random_crop(side: int) -> Callable[[torch.Tensor], torch.Tensor]:
    """torchvision's RandomResizedCrop without the resize."""

    def crop(clip: torch.Tensor) -> torch.Tensor:
        y = int(torch.randint(clip.shape[2] - side + 1, ()))
        x = int(torch.randint(clip.shape[3] - side + 1, ()))
        return clip[:, :, y : y + side, x : x + side]

    return crop
