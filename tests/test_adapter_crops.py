"""Crops that trainers use draw the same boxes as theirs, and the field follows."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from mgm_ext import View, motion_score
from mgm_ext.adapters import CenterCrop, MultiScaleCrop, RandomResizedCrop, RecordedCrop
from mgm_ext.adapters.crops import Crop, frame_size, view_of_source
from tests.fields import make_field
from tests.videomae_family import GroupMultiScaleCrop

SIZES = st.tuples(st.integers(64, 500), st.integers(64, 500))


@given(SIZES, st.integers(0, 2**32))
def test_multi_scale_crop_draws_what_videomae_draws(size: tuple[int, int], seed: int) -> None:
    theirs = GroupMultiScaleCrop(112)
    random.seed(seed)
    w, h, x, y = theirs._sample_crop_size(size)
    after = random.getstate()
    random.seed(seed)
    view = MultiScaleCrop(112)(*size)
    assert view.crop == (x, y, w, h)
    assert random.getstate() == after


@given(SIZES, st.integers(0, 2**32))
def test_crops_stay_inside_the_frames(size: tuple[int, int], seed: int) -> None:
    draw = random.Random(seed)
    crops: list[Crop] = [
        RandomResizedCrop(64),
        RandomResizedCrop(64, area=(0.3, 1), aspect=(0.75, 1.35)),
    ]
    for crop in (*crops, MultiScaleCrop(64, fixed=False), CenterCrop(64)):
        x, y, w, h = crop(*size, draw).crop
        assert 0 <= x <= x + w <= size[0]
        assert 0 <= y <= y + h <= size[1]


def test_random_resized_crop_covers_its_ranges() -> None:
    draw = random.Random(0)
    crop = RandomResizedCrop(64, area=(0.5, 1.0), aspect=(0.75, 1.35), hflip=0.25)
    views = [crop(400, 300, draw) for _ in range(2000)]
    areas = np.array([v.crop[2] * v.crop[3] / 120000 for v in views])
    aspects = np.array([v.crop[2] / v.crop[3] for v in views])
    assert 0.49 < areas.min() < 0.52
    assert 0.9 < areas.max() <= 1.0
    assert 0.74 < aspects.min() < 0.8
    assert 1.3 < aspects.max() < 1.36
    assert 0.21 < np.mean([v.hflip for v in views]) < 0.29


def test_crops_without_their_own_state_draw_from_the_trainers() -> None:
    random.seed(7)
    first = RandomResizedCrop()(340, 256)
    random.seed(7)
    assert RandomResizedCrop()(340, 256) == first


def test_centre_crop_draws_nothing() -> None:
    before = random.getstate()
    assert CenterCrop(112, share=0.5)(320, 200) == View((110, 50, 100, 100), (112, 112))
    assert random.getstate() == before


def one_fast_cell() -> Any:
    vectors = np.zeros((2, 8, 8, 2), np.int16)
    vectors[:, 2, 5] = (640, 0)
    return make_field(vectors, cell=16)


@pytest.mark.parametrize("hflip", [False, True])
def test_the_field_follows_a_recorded_crop(hflip: bool) -> None:
    def crop(frames: Any) -> tuple[Any, tuple[int, int, int, int], bool]:
        # Frames half as large as the file: these are pixels of the frames.
        part = frames[:, 8:40, 32:64]
        return (part[:, :, ::-1] if hflip else part), (32, 8, 32, 32), hflip

    field = one_fast_cell()
    recorded = RecordedCrop(crop)
    frames = np.zeros((2, 64, 64, 3), np.uint8)
    frames[:, 16:24, 40:48] = 255  # where the fast cell is, at half size
    result = recorded(frames)
    view = recorded.source_view(field)
    assert view == View((64, 16, 64, 64), (32, 32), hflip)
    score = motion_score(field, grid=(2, 4, 4), view=view, camera="none")
    bright = result[..., 0].reshape(2, 4, 8, 4, 8).max(axis=(2, 4)) > 0
    np.testing.assert_array_equal(score.values > 0, bright)
    assert bright.sum() == 2


def test_recorded_crop_says_what_is_missing() -> None:
    with pytest.raises(ValueError, match="no crop was recorded yet"):
        RecordedCrop(lambda frames: (frames, (0, 0, 1, 1))).source_view(one_fast_cell())
    with pytest.raises(ValueError, match=r"must return \(result, box\).*not ndarray"):
        RecordedCrop(lambda frames: frames)(np.zeros((1, 4, 4, 3), np.uint8))


def test_frames_of_any_kind_have_a_size() -> None:
    array = np.zeros((2, 48, 64, 3), np.uint8)
    images = [Image.fromarray(frame) for frame in array]
    for frames in (array, array[0], list(array), images, images[0]):
        assert frame_size(frames) == (64, 48)
    for wrong, words in (([], "empty"), (np.zeros((3, 4, 4)), "not"), ("clip", "str")):
        with pytest.raises(ValueError, match=words):
            frame_size(wrong)


def test_a_view_of_scaled_frames_is_one_of_the_source() -> None:
    field = one_fast_cell()
    seen = view_of_source(View((10, 20, 16, 16), (32, 32), True), (64, 32), field)
    assert seen == View((20, 80, 32, 64), (32, 32), True)
