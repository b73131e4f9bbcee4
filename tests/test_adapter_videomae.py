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

from mgm_ext import MotionField, View, motion_guided_mask, running_cell_mask, seed_for
from mgm_ext.adapters import MaskSource, Motion, check_mask
from mgm_ext.adapters.mae_dfer import MAEDFERMaskingGenerator
from mgm_ext.adapters.videomae import (
    Capture,
    ClipContext,
    FollowedCompose,
    MGMAEMaskingGenerator,
    RunningCellMaskingGenerator,
    VideoMAEMaskingGenerator,
    VideoMAEv2MaskingGenerator,
    capture,
)
from mgm_ext.masks import MASKINGS
from tests import videomae_family
from tests.fields import make_field, random_field
from tests.trainers import random_states, split
from tests.videomae_family import (
    Compose,
    DataAugmentationForVideoMAE,
    GroupMultiScaleCrop,
    GroupRandomHorizontalFlip,
    HybridVideoMAE,
    TubeMaskingGenerator,
    VideoMAE,
)

pytestmark = pytest.mark.filterwarnings("ignore::mgm_ext.adapters.FallbackWarning")

GRID = (4, 4, 4)
WINDOW = (8, 14, 14)
FIELD = random_field(1, slots=8, tubelet=2, high=16, wide=16)


def their_dataset(clips: list[Path], *, v2: bool = False) -> VideoMAE:
    generator = TubeMaskingGenerator(GRID, 0.75, v2)
    transform = DataAugmentationForVideoMAE(GroupMultiScaleCrop(64), generator, v2=v2)
    return HybridVideoMAE(clips, transform, num_sample=2) if v2 else VideoMAE(clips, transform)


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
    dataset = capture(their_dataset(clips), seed=1)
    taken: list[Any] = []
    take = Capture.take

    def noted(self: Capture) -> Any:
        taken.append(take(self))
        return taken[-1]

    monkeypatch.setattr(Capture, "take", noted)
    masks = [mask for _, mask in draw(dataset)]
    again = VideoMAEMaskingGenerator(GRID, 0.75)
    assert len({view.crop for _, view, _ in taken}) > 1
    for (motion, view, seed), mask, visit in zip(taken, masks, range(6), strict=True):
        assert seed == seed_for(1, visit // 3, visit % 3)
        expected, source = again.masks(motion, view=view, seed=seed)
        np.testing.assert_array_equal(mask, expected.reshape(-1))
        slots = again.masks.slot_sources
        assert slots is not None
        assert source is (MaskSource.GUIDED if (slots == 0).any() else MaskSource.SIMULATED)
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
    before = dict(vars(videomae_family)), dict(vars(dataset.transform.train_augmentation))
    steps = list(dataset.transform.transform.transforms)
    ours[0]
    assert dataset.transform.masked_position_generator is generator
    assert dataset.transform.transform.transforms == steps
    assert before == (vars(videomae_family), vars(dataset.transform.train_augmentation))
    assert len(ours) == len(dataset)
    assert ours.new_length == 8
    assert len(pickle.loads(pickle.dumps(ours))[0]) == 2


def test_what_cannot_be_followed_is_said(clips: list[Path]) -> None:
    with pytest.raises(TypeError, match="list has no transform with a mask generator"):
        capture([])
    with pytest.raises(RuntimeError, match="give the clip, or a capture"):
        VideoMAEMaskingGenerator(GRID, 0.75)()
    generator = VideoMAEMaskingGenerator(GRID, 0.75, capture=Capture())
    with pytest.raises(RuntimeError, match="no crop was captured"):
        generator()


def test_a_stale_crop_is_not_used_twice(clips: list[Path]) -> None:
    dataset = their_dataset(clips)
    dataset.transform = _TwoMasks(dataset.transform)
    with pytest.raises(RuntimeError, match="no crop was captured since the last mask"):
        capture(dataset)[0]


def test_a_mask_before_the_crop_is_refused(clips: list[Path]) -> None:
    dataset = their_dataset(clips)
    dataset.transform = _MaskFirst(dataset.transform)
    with pytest.raises(RuntimeError, match="crop before masking"):
        capture(dataset)[0]


class _MaskFirst(DataAugmentationForVideoMAE):
    def __init__(self, transform: Any) -> None:
        vars(self).update(vars(transform))

    def __call__(self, img_tuple: Any) -> Any:
        mask = self.masked_position_generator()
        return self.transform(img_tuple)[0], mask


class _TwoMasks(DataAugmentationForVideoMAE):
    def __init__(self, transform: Any) -> None:
        vars(self).update(vars(transform))

    def __call__(self, img_tuple: Any) -> Any:
        images, _ = self.transform(img_tuple)
        return images, self.masked_position_generator(), self.masked_position_generator()


@pytest.mark.parametrize("flip", [False, True])
def test_the_explicit_form_follows_crop_and_flip(flip: bool) -> None:
    vectors = np.zeros((8, 6, 8, 2), np.int16)
    vectors[:, 2:4, 4:6] = (640, 0)
    field = make_field(vectors, cell=16)
    rng = np.random.default_rng(0)
    images = [Image.fromarray(f) for f in rng.integers(0, 255, (8, 96, 128, 3), np.uint8)]
    seed = next(n for n in range(99) if flipped_by(n) is flip)
    random.seed(seed)
    steps = [GroupMultiScaleCrop(64), GroupRandomHorizontalFlip(flip=True)]
    _, context = FollowedCompose(Compose(steps))((images, ClipContext(field)))
    random.seed(seed)
    w, h, x, y = GroupMultiScaleCrop(64)._sample_crop_size((128, 96))
    assert context.view.crop == (x, y, w, h)
    assert context.view.hflip is flip
    generator, again = (
        VideoMAEMaskingGenerator(GRID, 0.5, preset="smooth", seed=0) for _ in range(2)
    )
    np.testing.assert_array_equal(
        generator(context.clip, context.view), again(field, View((x, y, w, h), (64, 64), flip))
    )
    plain = FollowedCompose(Compose(steps))((images, None))
    assert plain[1] is None


def flipped_by(seed: int) -> bool:
    random.seed(seed)
    GroupMultiScaleCrop(64)._sample_crop_size((128, 96))
    return random.random() < 0.5


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
