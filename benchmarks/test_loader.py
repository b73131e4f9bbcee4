"""One training sample: ours with a motion-guided mask, against decord's with a tube."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray
from PIL import Image

from benchmarks.conftest import PeerFixture, Record
from benchmarks.paired import ratio
from mgm_ext import VideoReader, View, make_masking, seed_for
from mgm_ext.adapters.dataset import ClipMaker
from tests.conftest import RealClip
from tests.videomae_family import GroupMultiScaleCrop, TubeMaskingGenerator

GRID = (8, 14, 14)
MEAN = torch.tensor([0.485, 0.456, 0.406] * 16).view(48, 1, 1)
STD = torch.tensor([0.229, 0.224, 0.225] * 16).view(48, 1, 1)
CROP = GroupMultiScaleCrop(224)
MASKING = make_masking("motion_guided", input_size=GRID, mask_ratio=0.75)
CLIPS = ("arm_wrestling.mp4", "basketball_426x240.mp4", "bikes.mp4")
Box = tuple[int, int, int, int]


def indices(length: int, seed: int) -> NDArray[np.int64]:
    return random.Random(seed).randrange(length - 60) + 4 * np.arange(16)


def to_tensor(frames: NDArray[np.uint8], seed: int) -> tuple[torch.Tensor, Box]:
    """VideoMAE's transform: PIL crop and resize, stack, tensor, normalise; and the crop's box."""
    images = [Image.fromarray(frame) for frame in frames]
    random.seed(seed)
    w, h, x, y = CROP._sample_crop_size(images[0].size)
    cropped = [image.crop((x, y, x + w, y + h)).resize((224, 224), 2) for image in images]
    stacked = torch.from_numpy(np.concatenate([np.asarray(i) for i in cropped], axis=2))
    pixels = stacked.permute(2, 0, 1).contiguous().float().div(255)
    return pixels.sub_(MEAN).div_(STD), (x, y, w, h)


def theirs(decord: ModuleType, path: Path, seed: int) -> tuple[torch.Tensor, Any]:
    reader = decord.VideoReader(str(path), num_threads=1, ctx=decord.cpu(0))
    frames = reader.get_batch(indices(len(reader), seed)).asnumpy()
    pixels, _ = to_tensor(frames, seed)
    return pixels, TubeMaskingGenerator(GRID, 0.75)()


def ours(path: Path, seed: int) -> tuple[torch.Tensor, Any]:
    reader = VideoReader(path)
    clip = reader.read_clip(indices(len(reader), seed))
    assert clip.frames is not None
    tensor, box = to_tensor(clip.frames, seed)
    return tensor, MASKING(clip, view=View(box, (224, 224)), seed=seed)


@pytest.mark.parametrize("name", CLIPS)
def test_a_sample_with_mgm_against_decord_with_a_tube(
    name: str, real_clip: RealClip, peer: PeerFixture, record: Record
) -> None:
    decord, path = peer("decord"), real_clip(name)
    torch.set_num_threads(1)
    same, mask = ours(path, 0)
    other, tube = theirs(decord, path, 0)
    assert (same - other).abs().mean() < 0.1, "both show the same frames and crop"
    assert mask.sum() == tube.sum() == 1176
    maker = ClipMaker(MASKING)
    step = iter(range(1 << 30))

    def drawn(sample: Callable[[int], Any]) -> Callable[[], Any]:
        return lambda: sample(seed_for(0, 0, next(step) // 2))

    rival = drawn(lambda seed: theirs(decord, path, seed))
    mine = drawn(lambda seed: ours(path, seed))
    record(
        "loader", f"{name}, VideoMAE's transform", ratio(rival, mine, pairs=31),
        rival="decord, tube mask", at_least=1.0, frames=16,
        note="open, 16 frames of stride 4, multi-scale crop, to tensor, mask",
    )  # fmt: skip
    record(
        "loader", f"{name}, VideoMAE's transform, elapsed", ratio(rival, mine, clock="wall"),
        rival="decord, tube mask", at_least=1.0, frames=16,
        note="the same by the clock on the wall: decord decodes in a thread beside ours",
    )  # fmt: skip

    def whole(seed: int) -> Any:
        clip, motion = maker.read(path, random.Random(seed))
        return maker.view(clip, motion, seed)

    record(
        "loader", f"{name}, ClipDataset", ratio(rival, drawn(whole), pairs=31),
        rival="decord, tube mask, VideoMAE's transform", at_least=1.0, frames=16,
        note="ClipDataset leaves the tensor uint8, for the collator to normalise",
    )  # fmt: skip
