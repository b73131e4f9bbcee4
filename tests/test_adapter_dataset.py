"""The ready data set: one decode, several views, masks that do not depend on workers."""

from __future__ import annotations

import itertools
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from mgm_ext import (
    DecodeError,
    VideoReader,
    View,
    make_masking,
    motion_guided_mask,
    seed_for,
)
from mgm_ext.adapters import CenterCrop, MaskSource, MultiScaleCrop, TooManyFallbacks
from mgm_ext.adapters.crops import view_of_source
from mgm_ext.adapters.dataset import ClipDataset, clip_indices, view_pixels
from mgm_ext.adapters.sampler import EpochSampler
from tests.conftest import EncodedClip
from tests.trainers import random_states

pytestmark = pytest.mark.filterwarnings("ignore::mgm_ext.adapters.FallbackWarning")

GRID = (4, 4, 4)
SIZE = (96, 128)
MASKING = make_masking("motion_guided", input_size=GRID, mask_ratio=0.75)


def dataset(videos: Any, **options: Any) -> ClipDataset:
    given: dict[str, Any] = {"num_frames": 8, "stride": 2, "crop": MultiScaleCrop(64)}
    return ClipDataset(videos, MASKING, **{**given, **options})


def test_a_sample_is_the_view_and_its_mask(clips: list[Path]) -> None:
    sample = dataset(clips, seed=5)[1]
    assert isinstance(sample, dict)
    seed = seed_for(5, 0, 1)
    indices = clip_indices(30, num_frames=8, stride=2, draw=random.Random(seed))
    clip = VideoReader(clips[1]).read_clip(indices)
    assert clip.frames is not None
    view = MultiScaleCrop(64)(128, 96, random.Random(seed))
    mask = motion_guided_mask(clip, grid=GRID, view=view, seed=seed)
    np.testing.assert_array_equal(sample["bool_masked_pos"], mask.reshape(-1))
    torch.testing.assert_close(sample["pixel_values"], view_pixels(clip.frames, view))
    assert sample["pixel_values"].shape == (8, 3, 64, 64)
    assert sample["mask_source"] == MaskSource.GUIDED


def test_views_of_scaled_frames_have_the_masks_of_the_source(clips: list[Path]) -> None:
    small = dataset(clips, size=48, crop=CenterCrop(32))[0]
    clip = VideoReader(clips[0], size=48).read_clip(
        clip_indices(30, num_frames=8, stride=2, draw=random.Random(seed_for(0, 0, 0)))
    )
    view = view_of_source(View((8, 0, 48, 48), (32, 32)), (64, 48), clip.field)
    assert view.crop == (16, 0, 96, 96)
    mask = motion_guided_mask(clip, grid=GRID, view=view, seed=seed_for(0, 0, 0))
    assert isinstance(small, dict)
    np.testing.assert_array_equal(small["bool_masked_pos"], mask.reshape(-1))


def batches(data: ClipDataset, workers: int) -> list[dict[str, torch.Tensor]]:
    return list(DataLoader(data, batch_size=3, num_workers=workers))


def test_workers_change_nothing_and_epochs_everything(clips: list[Path]) -> None:
    data = dataset(clips)
    alone, shared = batches(dataset(clips), 0), batches(data, 2)
    later = batches(data, 2)
    data.set_epoch(1)
    again = batches(data, 0)
    for key in ("pixel_values", "bool_masked_pos", "mask_source"):
        torch.testing.assert_close(alone[0][key], shared[0][key])
        torch.testing.assert_close(later[0][key], again[0][key])
    assert (alone[0]["bool_masked_pos"] != later[0]["bool_masked_pos"]).any()
    assert alone[0]["mask_source"].dtype == torch.uint8


def assert_same(one: Any, other: Any) -> None:
    assert one.keys() == other.keys()
    assert one["mask_reason"] == other["mask_reason"]
    for key in ("pixel_values", "bool_masked_pos", "mask_source"):
        torch.testing.assert_close(one[key], other[key])


def test_pairs_of_a_sampler_say_the_epoch(clips: list[Path]) -> None:
    data = dataset(clips)
    later = data[3, 1]
    data.set_epoch(3)
    assert_same(later, data[1])


@pytest.mark.parametrize("world", [1, 2, 3])
def test_a_sampler_deals_every_epoch_out_and_resumes(world: int) -> None:
    every = list(itertools.islice(EpochSampler(5, seed=2), 30))
    assert [epoch for epoch, _ in every] == [i // 5 for i in range(30)]
    orders = [tuple(index for _, index in every[i : i + 5]) for i in range(0, 30, 5)]
    assert all(sorted(order) == list(range(5)) for order in orders)
    assert len(set(orders)) > 1
    for rank in range(world):
        dealt = list(itertools.islice(EpochSampler(5, seed=2, rank=rank, world=world), 10))
        assert dealt == every[rank::world][:10]
        resumed = EpochSampler(5, seed=2, rank=rank, world=world, start=4)
        assert list(itertools.islice(resumed, 6)) == dealt[4:]
    with pytest.raises(ValueError, match="got 5, 0, 3 of 3"):
        EpochSampler(5, rank=3, world=3)


def test_repeats_are_other_views_of_one_decode(
    clips: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[Any] = []
    read = VideoReader.read_clip

    def counted(self: VideoReader, *args: Any, **options: Any) -> Any:
        reads.append(args)
        return read(self, *args, **options)

    monkeypatch.setattr(VideoReader, "read_clip", counted)
    samples = dataset(clips, repeats=3)[0]
    assert isinstance(samples, list)
    assert len(reads) == 1
    assert len({sample["bool_masked_pos"].numpy().tobytes() for sample in samples}) > 1
    assert_same(samples[0], dataset(clips)[0])


def test_global_random_numbers_are_left_alone(clips: list[Path]) -> None:
    before = random_states()
    dataset(clips, repeats=2)[0]
    assert random_states() == before


def test_bad_files_are_replaced_and_said(
    clips: list[Path], encoded_clip: EncodedClip, tmp_path: Path
) -> None:
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"nothing")
    gif = encoded_clip("gif", size=SIZE, num_frames=16)
    data = dataset([broken, gif, clips[0], tmp_path / "missing.mp4"])
    samples: Any = [data[i] for i in range(4)]
    sources = [sample["mask_source"].item() for sample in samples]
    reasons = [sample["mask_reason"] for sample in samples]
    missing = tmp_path / "missing.mp4"
    assert reasons == [
        f"{broken}: cannot be decoded",
        f"{gif}: gif",
        "",
        f"{missing}: FileNotFoundError",
    ]
    assert sources == [MaskSource.FALLBACK, MaskSource.FALLBACK, 0, MaskSource.FALLBACK]
    assert set(data.maker.masks.reasons) == {"cannot be decoded", "gif", "FileNotFoundError"}
    with pytest.raises(DecodeError, match="broken"):
        dataset([broken])[0]


def test_a_run_of_gifs_ends_with_their_name(encoded_clip: EncodedClip) -> None:
    data = dataset([encoded_clip("gif", size=SIZE, num_frames=16)] * 2, max_fallback=0.001)
    data[0]
    with pytest.raises(TooManyFallbacks, match=r"2 of the first 2 .*gif: 100%"):
        data[1]


@pytest.mark.parametrize("length", [1, 7, 15, 16, 40])
def test_short_videos_repeat_the_last_frame_they_reach(length: int) -> None:
    indices = clip_indices(length, num_frames=8, stride=2, draw=random.Random(3))
    assert len(indices) == 8
    assert (indices >= 0).all()
    assert (indices < length).all()
    steps = np.diff(indices)
    assert set(steps) <= {0, 2}
    assert (np.sort(steps)[::-1] == steps).all()


@pytest.mark.parametrize("hflip", [False, True])
def test_view_pixels_crop_then_flip(hflip: bool) -> None:
    frames = np.arange(2 * 6 * 8 * 3, dtype=np.uint8).reshape(2, 6, 8, 3)
    frames.flags.writeable = False
    pixels = view_pixels(frames, View((2, 1, 4, 3), (3, 4), hflip)).permute(0, 2, 3, 1).numpy()
    part = frames[:, 1:4, 2:6]
    np.testing.assert_array_equal(pixels, part[:, :, ::-1] if hflip else part)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"videos": []}, "videos must not be empty"),
        ({"num_frames": 6}, "multiple of the mask's 4 slots, not 6"),
        ({"repeats": 0}, "at least 1, got 8, 2, 0"),
    ],
)
def test_arguments_are_checked(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        dataset(options.pop("videos", ["clip.mp4"]), **options)
