"""OmniMAE's data set is followed through its replicas."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch

from mgm_ext import VideoReader, View, motion_guided_mask, seed_for
from mgm_ext.adapters import MaskSource, TooManyFallbacks
from mgm_ext.adapters.omnimae import PredShape, capture
from tests.conftest import EncodedClip
from tests.omnimae import (
    ListTransform,
    MaskImageModeling,
    MaskingTransform,
    Replicate,
    SingleFieldListToSampleList,
    VideoPathDataset,
    VisionTransform,
    random_crop,
)

pytestmark = pytest.mark.filterwarnings("ignore::mgm_ext.adapters.FallbackWarning")

GRID = (4, 4, 4)


def no_mask(t: int, h: int, w: int, high: float) -> np.ndarray[Any, Any]:
    return np.zeros((t, h, w), bool)


def dataset(paths: list[Path], times: int, flip: bool = False) -> VideoPathDataset:
    masking = MaskingTransform(MaskImageModeling(0.75, (2, 16, 16), no_mask))
    moving: Any = random_crop(64)
    flips = [VisionTransform(lambda clip: clip.flip(3))] if flip else []
    if times:
        replicas = [VisionTransform(Replicate(times)), VisionTransform(ListTransform(moving))]
        steps = [SimpleCompose(replicas), SingleFieldListToSampleList(), ListTransform(masking)]
    else:
        steps = [SimpleCompose([VisionTransform(moving), *flips]), masking]
    return VideoPathDataset(paths, steps, span=0.5)


class SimpleCompose:
    """torchvision's."""

    def __init__(self, transforms: list[Any]) -> None:
        self.transforms = transforms

    def __call__(self, sample: Any) -> Any:
        for transform in self.transforms:
            sample = transform(sample)
        return sample


def boxes(seed: int, times: int) -> list[tuple[int, int]]:
    torch.manual_seed(seed)
    pairs = [(torch.randint(33, ()), torch.randint(65, ())) for _ in range(times)]
    return [(int(x), int(y)) for y, x in pairs]


@pytest.mark.parametrize(("times", "flip"), [(4, False), (0, True)])
def test_every_replica_has_the_mask_of_its_crop(times: int, flip: bool, clips: list[Path]) -> None:
    theirs = dataset(clips, times, flip)
    ours = capture(theirs, seed=6)
    states = []
    for data in (theirs, ours):
        torch.manual_seed(2)
        np.random.seed(2)  # noqa: NPY002
        made = data[1]
        states.append((made if times else [made], torch.get_rng_state()))
    (plain, before), (masked, after) = states
    assert torch.equal(before, after)
    np.random.seed(2)  # noqa: NPY002
    reader = VideoReader(clips[1])
    times_ = reader.frame_seconds - reader.frame_seconds[0]
    start = np.random.uniform(0, times_[-1] - 0.5)  # noqa: NPY002
    numbers = np.flatnonzero((times_ >= start) & (times_ < start + 0.5))
    chosen = numbers[torch.linspace(0, len(numbers) - 1, 8).long().numpy()]
    clip = reader.read_clip(chosen)
    for n, (one, same, (x, y)) in enumerate(zip(masked, plain, boxes(2, len(masked)), strict=True)):
        torch.testing.assert_close(one.vision, same.vision)
        view = View((x, y, 64, 64), (64, 64), flip)
        expected = motion_guided_mask(clip, grid=GRID, view=view, seed=seed_for(6, 0, 1, n))
        np.testing.assert_array_equal(one.mask, expected)
    assert ours.shape.source is MaskSource.GUIDED
    assert theirs.transforms[0].transforms[0].base_transform is not None


def test_epochs_differ_and_what_fails_is_counted(
    clips: list[Path], encoded_clip: EncodedClip
) -> None:
    ours = capture(dataset(clips, 0), mask="random", seed=6)
    first, second = ours[0].mask, ours[0].mask
    assert (first != second).any()
    ours.set_epoch(0)
    assert (ours[0].mask == first).all()
    gif = encoded_clip("gif", size=(96, 128), num_frames=20)
    still = capture(dataset([gif], 0), max_fallback=0.001)
    assert still[0].mask.sum() == 48
    with pytest.raises(TooManyFallbacks, match="gif: 100%"):
        still[0]
    with pytest.raises(TypeError, match="is no VideoPathDataset"):
        capture([1])
    bare = VideoPathDataset(clips, [], 0.5)
    with pytest.raises(TypeError, match="none of its transforms is a MaskingTransform"):
        capture(bare)


def test_views_are_given_one_for_each_mask(clips: list[Path]) -> None:
    clip = VideoReader(clips[0]).read_clip(np.arange(8))
    shape = PredShape(seed=3)
    views = [View((0, 0, 64, 64), (64, 64)), None]
    shape.follow(clip, views)
    for _ in views:
        assert shape(*GRID, 48).sum() == 48
    with pytest.raises(RuntimeError, match="with a view for each mask"):
        shape(*GRID, 48)
    assert SimpleNamespace(shape=shape).shape.source is MaskSource.GUIDED


def test_what_replaces_what_is_printed(
    clips: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    capture(dataset(clips, 2), mask="motion_topk")
    said = "mgm_ext: no_mask of VideoPathDataset is replaced by motion_topk: as many tokens\n"
    assert capsys.readouterr().out == said
    capture(dataset(clips, 2), quiet=True)
    assert capsys.readouterr().out == ""
