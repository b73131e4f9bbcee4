"""The VideoMAE family: two lines, the same clips and crops as before, masks that follow."""

from __future__ import annotations

import pickle
import random
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from mgm_ext import MotionField, View, motion_guided_mask, running_cell_mask
from mgm_ext.adapters import MaskSource, Motion, check_mask
from mgm_ext.adapters.mae_dfer import MAEDFERMaskingGenerator
from mgm_ext.adapters.videomae import (
    Capture,
    ClipContext,
    FollowedCrop,
    MGMAEMaskingGenerator,
    RunningCellMaskingGenerator,
    VideoMAEMaskingGenerator,
    VideoMAEv2MaskingGenerator,
    capture,
)
from mgm_ext.masks import MASKINGS
from tests import trainers
from tests.fields import make_field, random_field
from tests.trainers import (
    GroupMultiScaleCrop,
    TubeMaskingGenerator,
    VideoMAEDataset,
    VideoMAETransform,
    random_states,
    split,
)

GRID = (4, 4, 4)
WINDOW = (8, 14, 14)
FIELD = random_field(1, slots=8, tubelet=2, high=16, wide=16)


def their_dataset(clips: list[Path], *, v2: bool = False) -> VideoMAEDataset:
    generator = TubeMaskingGenerator(GRID, 0.75, v2)
    transform = VideoMAETransform(GroupMultiScaleCrop(64), generator, v2=v2)
    return VideoMAEDataset(clips, transform, repeats=2 if v2 else 0)


def draw(dataset: Any) -> list[Any]:
    random.seed(3)
    np.random.seed(4)  # noqa: NPY002
    return [dataset[i] for i in (0, 1, 2, 0, 1, 2)]


@pytest.mark.parametrize("name", ["motion_guided", "tube", "simulated_motion"])
def test_swapping_the_mask_leaves_clips_and_crops_as_they_were(
    name: str, clips: list[Path]
) -> None:
    theirs, ours = draw(their_dataset(clips)), draw(capture(their_dataset(clips), mask=name))
    for (pixels, mask), (same, other) in zip(theirs, ours, strict=True):
        np.testing.assert_array_equal(pixels, same)
        assert mask.sum() == other.sum()
    assert any((a[1] != b[1]).any() for a, b in zip(theirs, ours, strict=True))


def test_without_the_replaced_draws_the_clips_would_change(clips: list[Path]) -> None:
    theirs = draw(their_dataset(clips))
    ours = draw(capture(their_dataset(clips), keep_draws=False))
    assert any(a[0].tobytes() != b[0].tobytes() for a, b in zip(theirs, ours, strict=True))


def test_captured_masks_are_those_of_clip_and_crop(
    clips: list[Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = capture(their_dataset(clips), mask_ratio=0.75, seed=1)
    taken: list[Any] = []
    take = Capture.take

    def noted(self: Capture) -> Any:
        taken.append(take(self))
        return taken[-1]

    monkeypatch.setattr(Capture, "take", noted)
    masks = [mask for _, mask in draw(dataset)]
    again = VideoMAEMaskingGenerator(GRID, 0.75, seed=1)
    assert len({view.crop for _, view in taken}) > 1
    for mask, (motion, view) in zip(masks, taken, strict=True):
        np.testing.assert_array_equal(mask, again(motion, view))
        assert motion.source is MaskSource.GUIDED
        assert isinstance(motion.motion.field, MotionField)


def test_videomaev2_has_a_mask_for_each_view_of_one_read(clips: list[Path]) -> None:
    theirs = draw(their_dataset(clips, v2=True))
    ours = draw(capture(their_dataset(clips, v2=True)))
    for views, same in zip(theirs, ours, strict=True):
        assert len(views) == len(same) == 2
        for (pixels, mask, _), (equal, other, rest) in zip(views, same, strict=True):
            np.testing.assert_array_equal(pixels, equal)
            assert other.shape == mask.shape == (4, 16)
            np.testing.assert_array_equal(rest, 1 - other)


def test_the_data_set_is_as_it_was_after_a_sample(clips: list[Path]) -> None:
    dataset = their_dataset(clips)
    ours, generator = capture(dataset), dataset.transform.masked_position_generator
    before = vars(trainers)["decord"], dict(vars(dataset.transform.train_augmentation))
    ours[0]
    assert dataset.transform.masked_position_generator is generator
    assert before == (vars(trainers)["decord"], vars(dataset.transform.train_augmentation))
    assert len(ours) == len(dataset)
    assert ours.new_length == 8
    assert len(pickle.loads(pickle.dumps(ours))[0]) == 2


def test_workers_of_a_loader_mask_differently(clips: list[Path]) -> None:
    # Many: on so small a grid two masks are often the same by chance.
    ours = capture(their_dataset([clips[0]] * 48))
    loader: Any = DataLoader(ours, batch_size=24, num_workers=2)  # type: ignore[arg-type]
    masks = [mask for _, mask in loader]
    assert masks[0].dtype == torch.float64
    check_mask(masks[0].flatten(1).bool(), style="transformers", grid=GRID, mask_ratio=0.75)
    assert (masks[0] != masks[1]).any()


def test_what_cannot_be_followed_is_said(clips: list[Path]) -> None:
    with pytest.raises(TypeError, match="list has no transform with a mask generator"):
        capture([])
    dataset = their_dataset(clips)
    dataset.transform.train_augmentation = None
    with pytest.raises(TypeError, match="_sample_crop_size"):
        capture(dataset)
    with pytest.raises(RuntimeError, match="give the clip, or a capture"):
        VideoMAEMaskingGenerator(GRID, 0.75)()
    generator = VideoMAEMaskingGenerator(GRID, 0.75, capture=Capture())
    with pytest.raises(RuntimeError, match="no clip was captured"):
        generator()


def test_a_stale_crop_is_not_used_twice(clips: list[Path]) -> None:
    dataset = their_dataset(clips)
    dataset.transform = _TwoMasks(dataset.transform)
    with pytest.raises(RuntimeError, match="no crop was captured since the last mask"):
        capture(dataset)[0]


class _TwoMasks:
    def __init__(self, transform: Any) -> None:
        self.train_augmentation = transform.train_augmentation
        self.masked_position_generator = transform.masked_position_generator

    def __call__(self, img_tuple: Any) -> Any:
        images, _ = self.train_augmentation(img_tuple)
        return images, self.masked_position_generator(), self.masked_position_generator()


def test_the_explicit_form_follows_the_crop() -> None:
    vectors = np.zeros((8, 6, 8, 2), np.int16)
    vectors[:, 2:4, 4:6] = (640, 0)
    field = make_field(vectors, cell=16)
    generator = VideoMAEMaskingGenerator(GRID, 0.5, preset="smooth", seed=0)
    frames = np.zeros((8, 96, 128, 3), np.uint8)
    images = [Image.fromarray(frame) for frame in frames]
    before = random.getstate()
    _, context = FollowedCrop(GroupMultiScaleCrop(64))((images, ClipContext(field)))
    random.setstate(before)
    w, h, x, y = GroupMultiScaleCrop(64)._sample_crop_size((128, 96))
    assert context.view == View((x, y, w, h), (h, w))
    again = VideoMAEMaskingGenerator(GRID, 0.5, preset="smooth", seed=0)
    np.testing.assert_array_equal(
        generator(context.clip, context.view), again(field, View((x, y, w, h), (64, 64)))
    )
    assert FollowedCrop(GroupMultiScaleCrop(64))((images, None))[1] is None


@pytest.mark.parametrize(
    ("kind", "ratio", "visible", "shape"),
    [
        (VideoMAEMaskingGenerator, 0.9, 20, (1568,)),
        (VideoMAEv2MaskingGenerator, 0.9, 20, (8, 196)),
        (MGMAEMaskingGenerator, 0.9, 19, (8, 196)),
        (RunningCellMaskingGenerator, 0.5, 98, (8, 196)),
    ],
)
def test_layout_and_rounding_are_the_replaced_classes(
    kind: Any, ratio: float, visible: int, shape: tuple[int, ...]
) -> None:
    generator = kind(WINDOW, ratio)
    mask = generator(FIELD)
    assert isinstance(mask, np.ndarray)
    assert (mask.dtype, mask.shape) == (np.float64, shape)
    np.testing.assert_array_equal(mask.reshape(8, 196).sum(1), 196 - visible)
    assert generator.total_masks == 8 * (196 - visible)
    assert ((1 - mask) == (mask == 0)).all(), "VideoMAEv2 and MGMAE compute 1 - mask"
    assert "total patches 1568" in repr(generator)
    check_mask(mask, style="videomae", grid=WINDOW, mask_ratio=ratio, scope="slot")


def test_a_torch_mask_breaks_the_trainers_arithmetic() -> None:
    with pytest.raises(RuntimeError, match="Subtraction, the `-` operator, with a bool tensor"):
        1 - torch.ones(4, dtype=torch.bool)


def test_unequal_counts_mix_clips_and_ours_do_not() -> None:
    x = torch.stack([torch.zeros(64, 1), torch.ones(64, 1)])
    unequal = torch.zeros(2, 64, dtype=torch.bool)
    unequal[0, :40] = unequal[1, :56] = True
    visible, _ = split(x, unequal)
    assert (visible[1] == 0).sum() == 8, "8 tokens of clip 0 sit in clip 1, nothing was raised"
    generator = VideoMAEMaskingGenerator(GRID, 0.75)
    masks = torch.from_numpy(np.stack([generator(FIELD), generator(FIELD)])).bool()
    for part in split(x, masks):
        assert (part[0] == 0).all()
        assert (part[1] == 1).all()
    with pytest.raises(ValueError, match='fit="clip" masks a varying number'):
        VideoMAEMaskingGenerator(GRID, 0.75, fit="clip")


@pytest.mark.parametrize("mask", ["motion_topk", "random", "block"])
def test_mae_dfer_has_equal_counts_in_every_window(mask: str) -> None:
    generator = MAEDFERMaskingGenerator((8, 10, 10), 0.9, mask=mask)
    for clip in (FIELD, Motion(None, MaskSource.FALLBACK, "gif")):
        tokens = generator(clip).reshape(4, 2, 2, 5, 1, 10)
        np.testing.assert_array_equal(tokens.sum((1, 3, 5)), 90)
    with pytest.raises(ValueError, match=r"windows of \(2, 5, 10\) must tile"):
        MAEDFERMaskingGenerator((8, 14, 14), 0.9)
    with pytest.raises(ValueError, match=r"mask must be one of .*not 'tube'"):
        MAEDFERMaskingGenerator((8, 10, 10), 0.9, mask="tube")


@pytest.mark.parametrize("name", [name for name in MASKINGS if name != "boxes"])
def test_masks_draw_no_global_random_number(name: str) -> None:
    generator = VideoMAEMaskingGenerator(WINDOW, 0.75, mask=name)
    before = random_states()
    first, second = generator(FIELD), generator(FIELD)
    assert random_states() == before
    assert first.sum() == second.sum() == 1176


def test_masks_are_those_of_the_functions() -> None:
    generator = VideoMAEMaskingGenerator(WINDOW, 0.75)
    generator.masks.masking._seeds.next = lambda: 5  # type: ignore[method-assign]
    mask = motion_guided_mask(FIELD, grid=WINDOW, seed=5)
    np.testing.assert_array_equal(generator(FIELD), mask.reshape(-1))
    cell = RunningCellMaskingGenerator(WINDOW, 0.5)
    cell.masks.masking._seeds.next = lambda: 5  # type: ignore[method-assign]
    expected = running_cell_mask(grid=WINDOW, mask_ratio=0.5, seed=5).reshape(8, 196)
    np.testing.assert_array_equal(cell(), expected)
