"""What each slot's box follows: motion, the last box, or nothing."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import mgm_ext
from mgm_ext import (
    MotionField,
    SlotSource,
    batched,
    make_masking,
    motion_guided_mask,
    simulated_motion_mask,
    slot_sources,
)
from mgm_ext.adapters import MaskSource, SafeMasking
from mgm_ext.adapters.record import Capture
from mgm_ext.adapters.scored import MotionScoreGenerator
from mgm_ext.adapters.sources import Motion
from tests.batches import random_batch
from tests.fields import make_score, random_field, scores

GUIDED, HELD, SIMULATED = SlotSource
MOVES = 1 << 30


def by_slot(moving: list[int], cuts: list[int]) -> Any:
    values = np.zeros((len(moving), 4, 4), np.int64)
    values[np.array(moving) == 1, 2, 1] = MOVES
    return make_score(values, cuts=np.array(cuts, bool))


@pytest.mark.parametrize(
    ("moving", "cuts", "expected"),
    [
        ([0, 0, 0], [0, 0, 0], [SIMULATED] * 3),
        ([1, 0, 0], [0, 0, 0], [GUIDED, HELD, HELD]),
        ([0, 1, 0], [0, 0, 0], [SIMULATED, GUIDED, HELD]),
        ([1, 0, 0, 0], [0, 0, 1, 0], [GUIDED, HELD, SIMULATED, SIMULATED]),
        ([1, 1, 0, 1], [0, 1, 1, 1], [GUIDED, GUIDED, SIMULATED, GUIDED]),
        ([0, 0, 1, 0], [1, 1, 1, 0], [SIMULATED, SIMULATED, GUIDED, HELD]),
    ],
)
def test_a_still_slot_holds_the_last_box_until_a_cut(
    moving: list[int], cuts: list[int], expected: list[SlotSource]
) -> None:
    sources = slot_sources(by_slot(moving, cuts))
    assert sources.dtype == np.uint8
    assert sources.tolist() == expected


def test_a_first_slot_of_random_place_is_simulated() -> None:
    score = by_slot([1, 0, 1], [0, 0, 0])
    assert slot_sources(score, first="random").tolist() == [SIMULATED, SIMULATED, GUIDED]


def test_still_is_where_motion_begins() -> None:
    # One token of 3 px/frame alone in its 3 x 3: a ninth of it is the slot's motion.
    values = np.zeros((1, 5, 5), np.int64)
    values[0, 2, 2] = 3 * 64 * 65536
    score = make_score(values)
    assert slot_sources(score, still=1 / 3).tolist() == [GUIDED]
    assert slot_sources(score, still=0.334).tolist() == [SIMULATED]


@pytest.mark.parametrize(
    ("options", "text"),
    [({"still": -1}, r"still must be in \[0, 1024\]"), ({"first": "x"}, "first must be one of")],
)
def test_bad_arguments_are_named(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        slot_sources(by_slot([1], [0]), **options)


@given(scores(), st.integers(0, 2**64 - 1), st.sampled_from(["motion", "random"]))
def test_the_mask_does_what_is_said(score: Any, seed: int, first: str) -> None:
    """Slots up to the first that is guided are those of the mask without motion."""
    sources = slot_sources(score, first=first)
    mask = motion_guided_mask(score, first=first, seed=seed)
    walk = simulated_motion_mask(grid=score.values.shape, seed=seed)
    before = int(np.argmax(sources != SIMULATED)) if (sources != SIMULATED).any() else len(sources)
    np.testing.assert_array_equal(mask[:before], walk[:before])
    assert before == len(sources) or sources[before] == GUIDED


def pan() -> MotionField:
    vectors = np.full((8, 6, 6, 2), (130, -70), np.int16)
    return MotionField(
        vectors=vectors,
        coded=np.ones(vectors.shape[:3], bool),
        cuts=np.zeros(8, bool),
        row_frames=np.arange(8),
        sample_offsets=np.arange(9),
        cell=16,
        width=96,
        height=96,
    )


def test_a_pan_alone_is_said_to_hold_not_to_guide() -> None:
    masks = SafeMasking(make_masking("motion_guided", input_size=(4, 6, 6), seed=0))
    mask, source = masks(Motion(pan(), MaskSource.GUIDED), seed=3)
    assert source is MaskSource.SIMULATED
    assert masks.slot_sources is not None
    assert masks.slot_sources.tolist() == [SIMULATED] * 4
    np.testing.assert_array_equal(mask, simulated_motion_mask(grid=(4, 6, 6), seed=3))


def test_a_score_of_a_pan_alone_is_said_to_guide_nothing() -> None:
    captured = Capture()
    captured.motion = Motion(pan(), MaskSource.GUIDED)
    for camera, source in (("affine", MaskSource.SIMULATED), ("none", MaskSource.GUIDED)):
        made = MotionScoreGenerator((4, 6, 6), capture=captured, camera=camera)
        captured.ready()
        made()
        assert made.source is source


def test_the_camera_left_in_guides() -> None:
    plain = make_masking("motion_guided", input_size=(4, 6, 6), camera="none", seed=0)
    masks = SafeMasking(plain)
    assert masks(Motion(pan(), MaskSource.GUIDED), seed=3)[1] is MaskSource.GUIDED


@pytest.mark.parametrize("preset", ["literal", "smooth", "robust"])
def test_a_generator_says_what_its_own_mask_does(preset: str) -> None:
    field = random_field(5, slots=4, tubelet=2, high=9, wide=9)
    masking = make_masking("motion_guided", input_size=(4, 6, 6), preset=preset)
    mask, sources = masking.with_sources(field, seed=7)
    np.testing.assert_array_equal(mask, masking(field, seed=7))
    chosen = mgm_ext.masks.PRESETS[preset]
    weight = "coded" if chosen.weight == "auto" else chosen.weight
    score = mgm_ext.motion_score(field, grid=(4, 6, 6), camera=chosen.camera, weight=weight)
    np.testing.assert_array_equal(sources, slot_sources(score, first=chosen.first))


def test_other_masks_have_no_boxes_to_tell_of() -> None:
    assert make_masking("tube", input_size=(4, 6, 6)).with_sources(seed=1)[1] is None


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("first", ["motion", "random"])
def test_a_batch_says_it_of_each_clip(seed: int, first: str) -> None:
    drawn = random_batch(seed)
    score = batched.motion_score(*drawn.batch[:7], grid=drawn.grid)
    got = batched.slot_sources(score, first=first, still=0.5)
    assert got.dtype == torch.uint8
    for i, field in enumerate(drawn.fields):
        own = mgm_ext.motion_score(field, grid=drawn.grid, view=drawn.views[i])
        assert got[i].tolist() == slot_sources(own, first=first, still=0.5).tolist()
