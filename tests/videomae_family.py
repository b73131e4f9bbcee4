"""Test doubles of the data sets of VideoMAE, VideoMAEv2, UMT, InternVideo2, MAE-DFER and TrackMAE.

Names, order of the steps, shapes, readers and draws are those of the real ones; none of their
learning is here.
"""

from __future__ import annotations

import io
import random
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from mgm_ext.adapters import decord
from mgm_ext.adapters.decord import VideoReader, cpu


class GroupMultiScaleCrop:
    """A pair of sides, then one of 13 places, from `random`; TrackMAE can draw for each frame."""

    def __init__(self, input_size: int, per_frame_crop: bool = False) -> None:
        self.scales = (1, 0.875, 0.75, 0.66)
        self.input_size = [input_size, input_size]
        self.per_frame_crop = per_frame_crop

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
        size = (self.input_size[0], self.input_size[1])
        cropped, box = [], None
        for image in images:
            if box is None or self.per_frame_crop:
                box = self._sample_crop_size(images[0].size)
            w, h, x, y = box
            cropped.append(image.crop((x, y, x + w, y + h)).resize(size, 2))
        return cropped, label


class GroupRandomHorizontalFlip:
    """UMT's: one draw of `random`, the images it was given where nothing is flipped."""

    def __init__(self, flip: bool = False) -> None:
        self.flip = flip

    def __call__(self, img_tuple: tuple[list[Any], Any]) -> tuple[list[Any], Any]:
        drawn = random.random()
        if self.flip and drawn < 0.5:
            images, label = img_tuple
            left_right = Image.Transpose.FLIP_LEFT_RIGHT
            return [image.transpose(left_right) for image in images], label
        return img_tuple


class GroupRandomRotation:
    """A step that some add: nothing follows it."""

    def __call__(self, img_tuple: tuple[list[Any], Any]) -> tuple[list[Any], Any]:
        images, label = img_tuple
        return [image.rotate(90) for image in images], label


class IdentityTransform:
    """MAE-DFER's crop under `--no_augmentation`."""

    def __call__(self, data: Any) -> Any:
        return data


class Stack:
    def __call__(self, img_tuple: tuple[list[Any], Any]) -> tuple[Any, Any]:
        images, label = img_tuple
        return np.concatenate([np.asarray(image) for image in images], axis=2), label


class Compose:
    """torchvision's."""

    def __init__(self, transforms: list[Any]) -> None:
        self.transforms = transforms

    def __call__(self, given: Any) -> Any:
        for step in self.transforms:
            given = step(given)
        return given


class TubeMaskingGenerator:
    """Shuffles one slot's tokens with `np.random`; (N,), of VideoMAEv2 (S, R * C)."""

    def __init__(
        self, input_size: tuple[int, int, int], mask_ratio: float, v2: bool = False
    ) -> None:
        self.frames, self.height, self.width = input_size
        self.tokens = self.height * self.width
        self.masked = int(mask_ratio * self.tokens)
        self.total_masks = self.frames * self.masked
        self.v2 = v2

    def __call__(self) -> Any:
        slot = (np.arange(self.tokens) >= self.tokens - self.masked).astype(np.float64)
        np.random.shuffle(slot)  # noqa: NPY002
        mask = np.tile(slot, (self.frames, 1))
        return mask if self.v2 else mask.flatten()


class TubeWindowMaskingGenerator:
    """MAE-DFER's: as many in each window of a slot, the same in every slot."""

    def __init__(
        self, input_size: tuple[int, int, int], mask_ratio: float, win_size: tuple[int, int]
    ) -> None:
        self.frames, self.height, self.width = input_size
        self.total_masks = self.frames * int(mask_ratio * self.height * self.width)
        self.spatial_part_size = (self.height // win_size[0], self.width // win_size[1])
        self.num_masks_per_win = int(mask_ratio * win_size[0] * win_size[1])
        self.num_patches_per_win = win_size[0] * win_size[1]

    def __call__(self) -> Any:
        slot: list[int] = []
        for _ in range(self.spatial_part_size[0] * self.spatial_part_size[1]):
            window = [0] * (self.num_patches_per_win - self.num_masks_per_win)
            window += [1] * self.num_masks_per_win
            np.random.shuffle(window)  # noqa: NPY002
            slot.extend(window)
        return np.tile(slot, (self.frames, 1)).flatten()


class DataAugmentationForVideoMAE:
    """Crop, flip, stack, then a mask; VideoMAEv2 asks its decoder for what is left."""

    masked_position_generator: Any

    def __init__(self, crop: Any, generator: Any, *, v2: bool = False, after: Any = ()) -> None:
        self.train_augmentation = crop
        self.transform = Compose([self.train_augmentation, *after, Stack()])
        name = "encoder_mask_map_generator" if v2 else "masked_position_generator"
        setattr(self, name, generator)

    def __call__(self, images: Any) -> tuple[Any, ...]:
        pixels, _ = self.transform(images)
        if hasattr(self, "encoder_mask_map_generator"):
            mask = self.encoder_mask_map_generator()
            return pixels, mask, 1 - mask
        if self.masked_position_generator is None:
            return pixels, -1
        return pixels, self.masked_position_generator()


class VideoMAE:
    """An offset from `np.random`, one read by `decord.VideoReader`, one transform.

    MAE-DFER's slices VoxCeleb2's frames (`crop_idxs`) and reads `num_segments` clips at once; UMT's
    reads bytes of its store by the bare `VideoReader`.
    """

    def __init__(self, clips: list[Any], transform: Any, **settings: Any) -> None:
        self.clips = clips
        self.transform = transform
        self.new_length, self.new_step = 8, 2
        self.num_segments = settings.get("num_segments", 1)
        self.crop_idxs = settings.get("crop_idxs")
        self.from_store = settings.get("from_store", False)
        self.video_loader = True

    def __len__(self) -> int:
        return len(self.clips)

    def __getitem__(self, index: int) -> Any:
        path = str(self.clips[index])
        if self.from_store:
            reader = VideoReader(io.BytesIO(Path(path).read_bytes()), num_threads=1, ctx=cpu(0))
        else:
            reader = decord.VideoReader(path, num_threads=1, ctx=decord.cpu(0))
        numbers = [n for _ in range(self.num_segments) for n in self._numbers(len(reader))]
        batch = reader.get_batch(numbers).asnumpy()
        if self.crop_idxs:
            (top, bottom), (left, right) = self.crop_idxs
            batch = batch[:, top:bottom, left:right]
        return self._transformed([Image.fromarray(f).convert("RGB") for f in batch])

    def _transformed(self, images: list[Any]) -> Any:
        return self.transform((images, None))

    def _numbers(self, length: int) -> list[int]:
        span = self.new_length * self.new_step
        offset = int(np.random.randint(length - span + 1))  # noqa: NPY002
        return list(range(offset, offset + span, self.new_step))


class HybridVideoMAE(VideoMAE):
    """VideoMAEv2's: rows of videos and of folders of pictures, several crops of each read."""

    def __init__(self, clips: list[Any], transform: Any, *, num_sample: int = 1) -> None:
        super().__init__(clips, transform)
        self.num_sample = num_sample
        self.video_loader: Any = get_video_loader()

    def __getitem__(self, index: int) -> Any:
        path = Path(self.clips[index])
        try:
            if path.is_dir():
                files = sorted(path.iterdir())
                images = [Image.open(files[n]).convert("RGB") for n in self._numbers(len(files))]
            else:
                reader = self.video_loader(str(path))
                batch = reader.get_batch(self._numbers(len(reader))).asnumpy()
                images = [Image.fromarray(frame).convert("RGB") for frame in batch]
        except Exception:
            return self[random.randint(0, len(self.clips) - 1)]
        if self.num_sample == 1:
            return self.transform((images, None))
        return [self.transform((images, None)) for _ in range(self.num_sample)]


class VideoMAEMulti(VideoMAE):
    """InternVideo2's of several sources, each with a transform of its own."""

    def __init__(self, clips: list[Any], transform: Any, transform_ssv2: Any) -> None:
        super().__init__(clips, transform)
        self.transform_ssv2 = transform_ssv2

    def _transformed(self, images: list[Any]) -> Any:
        return self.transform_ssv2((images, None))


def get_video_loader() -> Any:
    def _loader(video_path: str) -> Any:
        return VideoReader(video_path, num_threads=1, ctx=cpu(0))

    return _loader
