"""Readers under `capture`, and fresh masks in every epoch for any loader."""

from __future__ import annotations

import copy
import pickle
import random
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from mgm_ext import VideoReader, seed_for
from mgm_ext.adapters import MaskSource, decord
from mgm_ext.adapters.sample_seeds import SampleSeeds
from mgm_ext.adapters.sampler import EpochSampler
from mgm_ext.adapters.videomae import VideoMAEMaskingGenerator, capture
from tests.fields import random_field
from tests.videomae_family import (
    DataAugmentationForVideoMAE,
    GroupMultiScaleCrop,
    TubeMaskingGenerator,
    VideoMAE,
)

GRID = (4, 4, 4)
FIELD = random_field(1, slots=4, tubelet=2, high=9, wide=9)


def transform() -> Any:
    return DataAugmentationForVideoMAE(GroupMultiScaleCrop(64), TubeMaskingGenerator(GRID, 0.75))


class VideoDecoder:
    """torchcodec's, as far as data sets use it."""

    __module__ = "torchcodec.decoders"

    def __init__(self, source: Any, dimension_order: str = "NCHW") -> None:
        self._reader, self._last = VideoReader(source), dimension_order == "NHWC"

    def __len__(self) -> int:
        return len(self._reader)

    def __getitem__(self, key: slice) -> torch.Tensor:
        return self._data(range(len(self))[key])

    def get_frames_at(self, indices: Any) -> Any:
        return SimpleNamespace(data=self._data(indices))

    def get_frames_in_range(self, start: int, stop: int, step: int = 1) -> Any:
        return SimpleNamespace(data=self._data(range(start, stop, step)))

    def _data(self, numbers: Any) -> torch.Tensor:
        clip = self._reader.read_clip(np.asarray(numbers))
        frames = torch.from_numpy(np.array(clip.frames))
        return frames if self._last else frames.permute(0, 3, 1, 2)


class ByDecoder(VideoMAE):
    """A data set on torchcodec, or on decord frame by frame."""

    how = "at"

    def __getitem__(self, index: int) -> Any:
        path, numbers = str(self.clips[index]), self._numbers(30)
        if self.how == "single":
            reader = decord.VideoReader(path)
            frames = np.stack([reader[n].asnumpy() for n in numbers])
        elif self.how == "nhwc":
            decoder = VideoDecoder(path, dimension_order="NHWC")
            frames = decoder.get_frames_at(indices=numbers).data.numpy()
        else:
            decoder = VideoDecoder(path)
            first, stop = numbers[0], numbers[-1] + 1
            reads: dict[str, Callable[[], torch.Tensor]] = {
                "at": lambda: decoder.get_frames_at(numbers).data,
                "range": lambda: decoder.get_frames_in_range(first, stop, 2).data,
                "slice": lambda: decoder[first:stop:2],
            }
            frames = reads[self.how]().permute(0, 2, 3, 1).numpy()
        return self._transformed([Image.fromarray(frame) for frame in frames])


def sample(data: Any) -> Any:
    random.seed(3)
    np.random.seed(4)  # noqa: NPY002
    return data[0]


@pytest.mark.parametrize("how", ["at", "range", "slice", "nhwc", "single"])
def test_every_reader_gives_the_mask_of_the_frames_it_read(
    how: str, clips: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ByDecoder, "how", how)
    ours = capture(ByDecoder(clips, transform()), seed=4)
    pixels, mask = sample(ours)
    assert ours.masks.source is MaskSource.GUIDED
    same, expected = sample(capture(VideoMAE(clips, transform()), seed=4))
    np.testing.assert_array_equal(pixels, same)
    np.testing.assert_array_equal(mask, expected)


class OnGpu(VideoMAE):
    def __getitem__(self, index: int) -> Any:
        return decord.VideoReader(str(self.clips[index]), decord.gpu(0))


def test_only_the_processor_decodes(clips: list[Path]) -> None:
    with pytest.raises(ValueError, match=r"ctx must be cpu\(...\), not gpu\(0\)"):
        capture(OnGpu(clips, transform()))[0]


class Masks:
    """A data set of masks alone: the seeds are what is tried here."""

    def __init__(self, length: int, seed: int | None) -> None:
        self.seeds = SampleSeeds(length, seed)
        self.length = length

    def __len__(self) -> int:
        return self.length

    def __getitem__(self, index: int) -> int:
        return seed_for(*self.seeds.visit(index), index) >> 1


def epochs(data: Any, count: int, workers: int, *, persistent: bool = False) -> list[list[int]]:
    loader: Any = DataLoader(
        data, batch_size=3, num_workers=workers, persistent_workers=persistent, shuffle=workers > 1
    )
    return [sorted(value for batch in loader for value in batch.tolist()) for _ in range(count)]


@pytest.mark.parametrize(("workers", "persistent"), [(0, False), (1, False), (2, False), (2, True)])
def test_epochs_differ_and_workers_change_nothing(workers: int, persistent: bool) -> None:
    expected = [sorted(seed_for(9, e, i) >> 1 for i in range(12)) for e in range(3)]
    assert epochs(Masks(12, 9), 3, workers, persistent=persistent) == expected
    resumed = Masks(12, 9)
    resumed.seeds.set_epoch(2)
    assert epochs(resumed, 1, workers, persistent=persistent) == expected[2:]


def test_copies_count_for_themselves_and_ranks_too(monkeypatch: pytest.MonkeyPatch) -> None:
    first = Masks(4, 9)
    before = [first[i] for i in range(4)]
    for again in (copy.deepcopy(first), pickle.loads(pickle.dumps(first))):
        later = epochs(again, 2, 2)
        assert all(set(before).isdisjoint(epoch) for epoch in later)
        assert set(later[0]).isdisjoint(later[1])
    assert first.seeds.epoch is None
    monkeypatch.setenv("RANK", "1")
    other = Masks(4, 9)
    assert set(before).isdisjoint(other[i] for i in range(4))
    other.seeds.set_epoch(0)
    assert before == [other[i] for i in range(4)], "a fixed epoch knows no rank"
    with pytest.raises(ValueError, match="epoch must be at least 0, not -1"):
        other.seeds.set_epoch(-1)
    assert Masks(4, None)[0] == Masks(4, None)[0], "without a seed it is torch's"


def test_captured_masks_are_fresh_and_reproducible(clips: list[Path]) -> None:
    def masks(workers: int, passes: int) -> list[Any]:
        ours: Any = capture(VideoMAE(clips * 4, transform()), mask="random", seed=1, quiet=True)
        loader: Any = DataLoader(ours, batch_size=6, num_workers=workers)
        return [torch.cat([mask for _, mask in loader]) for _ in range(passes)]

    first, second = masks(2, 2)
    assert (first != second).any(1).all()
    torch.testing.assert_close(masks(0, 1)[0], first)
    ours: Any = capture(VideoMAE(clips, transform()), mask="random", seed=1, quiet=True)
    ours.set_epoch(1)
    np.testing.assert_array_equal(ours[2][1], second[2])
    np.testing.assert_array_equal(ours[0, 2][1], first[2])
    pairs: Any = DataLoader(ours, batch_size=3, sampler=EpochSampler(3), num_workers=1)
    assert next(iter(pairs))[1].shape == (3, 64)


def test_a_seeded_generator_is_the_same_in_every_run_of_the_workers() -> None:
    class Explicit(list[int]):
        generator = VideoMAEMaskingGenerator(GRID, 0.75, seed=3)

        def __getitem__(self, index: Any) -> Any:
            return self.generator(FIELD)

    def run(seed: int) -> Any:
        torch.manual_seed(seed)
        loader: Any = DataLoader(Explicit(range(32)), batch_size=8, num_workers=2)  # type: ignore[arg-type]
        return [torch.cat(list(loader)) for _ in range(2)]

    first, again, other = run(0), run(0), run(1)
    torch.testing.assert_close(first, again)
    assert (first[0] != first[1]).any(), "another epoch"
    assert (first[0] != other[0]).any()
    assert (first[0][:8] != first[0][8:16]).any(), "another worker"
