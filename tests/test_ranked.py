"""Patterns, rankings and tracked bumps: laws, and the same bits as the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mgm_ext import (
    MotionField,
    View,
    block_mask,
    boxes_mask,
    inverse_motion_mask,
    motion_topk_mask,
    read_motion_field,
    running_cell_mask,
    time_mask,
    tracked_mask,
)
from tests.conftest import EncodedClip
from tests.fields import fields, make_field, make_score, plain_score, scores, views
from tests.reference import masks as plain_masks
from tests.reference import ranked as plain
from tests.test_masks import counts, options

seeds = st.integers(0, 2**64 - 1)
grids = st.tuples(st.integers(1, 6), st.integers(1, 9), st.integers(2, 9))
SCORE = make_score(np.ones((2, 4, 4)))
FIELD = make_field(np.zeros((2, 3, 3, 2), np.int16))
SCOPES = st.sampled_from(["slot", "clip", "tube"])


@given(grid=grids, ratio=st.sampled_from([0.25, 0.5, 0.75]), seed=seeds)
def test_running_cell_equals_the_reference(
    grid: tuple[int, int, int], ratio: float, seed: int
) -> None:
    mask = running_cell_mask(grid=grid, mask_ratio=ratio, seed=seed)
    count = (ratio, None, "floor_masked")
    expected = plain.running_cell_mask(grid, masked=int(4 * ratio), count=count, seed=seed)
    np.testing.assert_array_equal(mask, expected)


@given(grid=grids, count=counts(), seed=seeds)
def test_time_equals_the_reference(grid: Any, count: Any, seed: int) -> None:
    ratio, k, rule = count
    mask = time_mask(grid=grid, mask_ratio=ratio, num_masked=k, count=rule, seed=seed)
    np.testing.assert_array_equal(mask, plain.time_mask(grid, count=count, seed=seed))
    # At most one slot is neither masked nor visible as a whole.
    assert ((~mask.all((1, 2))) & mask.any((1, 2))).sum() <= 1


def test_running_cell_masks_every_token_in_its_turn() -> None:
    mask = running_cell_mask(grid=(4, 6, 6), mask_ratio=0.5, seed=3)
    assert (mask.sum(0) == 2).all()
    assert (mask[:, ::2, ::2] == mask[:, :1, :1]).all()


@pytest.mark.parametrize("ratio", [0.3, 0.9, 1.0])
def test_running_cell_refuses_other_ratios(ratio: float) -> None:
    with pytest.raises(ValueError, match=f"1/4, 1/2 or 3/4 of the tokens, not {ratio}"):
        running_cell_mask(mask_ratio=ratio)


@settings(max_examples=80, deadline=None)
@given(grid=grids, count=counts(), seed=seeds, num_blocks=st.integers(1, 6), data=st.data())
def test_blocks_equal_the_reference(
    grid: tuple[int, int, int], count: Any, seed: int, num_blocks: int, data: st.DataObject
) -> None:
    shapes: dict[str, Any] = {
        "num_blocks": num_blocks,
        "scale": data.draw(st.sampled_from([(0.15, 0.15), (0.05, 0.9)])),
        "aspect": data.draw(st.sampled_from([(1.0, 1.0), (0.75, 1.5), (0.01, 90.0)])),
        "span": data.draw(st.sampled_from([(1.0, 1.0), (0.1, 0.6)])),
    }
    mask = block_mask(grid=grid, seed=seed, **options(count), **shapes)
    expected = plain.block_mask(grid, count=count, seed=seed, **shapes)
    np.testing.assert_array_equal(mask, expected)
    assert mask.sum() == plain_masks.count_masked(count[0], count[1], count[2], mask.size)


@settings(max_examples=80, deadline=None)
@given(
    score=scores(),
    count=counts(),
    seed=seeds,
    scope=SCOPES,
    temperature=st.sampled_from([0.0, 1e-4, 0.2, 3.0]),
)
def test_topk_equals_the_reference(
    score: Any, count: Any, seed: int, scope: str, temperature: float
) -> None:
    given: dict[str, Any] = {"scope": scope, "temperature": temperature, "seed": seed}
    mask = motion_topk_mask(score, **options(count), **given)
    expected = plain.motion_topk_mask(plain_score(score), count=count, **given)
    np.testing.assert_array_equal(mask, expected)


def test_topk_takes_the_most_motion_and_high_temperatures_forget_it() -> None:
    score = make_score(np.arange(64).reshape(1, 8, 8) << 20)
    assert motion_topk_mask(score, num_masked=16).ravel()[48:].all()
    hot = sum(
        int(motion_topk_mask(score, num_masked=16, temperature=1e4, seed=i).ravel()[48:].sum())
        for i in range(200)
    )
    assert hot / 200 == pytest.approx(4, abs=0.5)


@given(score=scores(), count=counts(), seed=seeds, share=st.sampled_from([0.0, 0.3, 0.5, 0.9, 1.0]))
def test_halves_equal_the_reference(score: Any, count: Any, seed: int, share: float) -> None:
    mask = motion_topk_mask(score, visible_from_motion=share, seed=seed, **options(count))
    expected = plain.motion_halves_mask(plain_score(score), share=share, count=count, seed=seed)
    np.testing.assert_array_equal(mask, expected)


def test_half_of_the_visible_tokens_come_from_the_moving_half() -> None:
    score = make_score(np.tile(np.arange(196).reshape(1, 14, 14), (8, 1, 1)) << 20)
    mask = motion_topk_mask(score, visible_from_motion=0.5, num_masked=156)
    assert (~mask[0]).ravel()[98:].sum() == 20
    assert (~mask[0]).ravel()[:98].sum() == 20
    assert (mask == mask[:1]).all()


@given(score=scores(), count=counts(), seed=seeds, aspect=st.sampled_from([1.0, 0.4, (0.5, 2.0)]))
def test_inverse_equals_the_reference(score: Any, count: Any, seed: int, aspect: Any) -> None:
    mask = inverse_motion_mask(score, aspect=aspect, seed=seed, **options(count))
    expected = plain_masks.inverse_motion_mask(
        plain_score(score), count=count, aspect=aspect, seed=seed
    )
    np.testing.assert_array_equal(mask, expected)


def test_inverse_avoids_the_motion() -> None:
    values = np.zeros((4, 12, 12), np.int64)
    values[:, :6] = 1 << 30
    mask = inverse_motion_mask(make_score(values), num_masked=36)
    assert mask[:, :6].sum() < 0.2 * mask.sum()


@settings(max_examples=80, deadline=None)
@given(score=scores(), count=counts(), seed=seeds, scope=SCOPES, data=st.data())
def test_boxes_mask_equals_the_reference(
    score: Any, count: Any, seed: int, scope: str, data: st.DataObject
) -> None:
    grid = score.values.shape
    box = st.tuples(*[st.floats(-40, 200, width=32)] * 4)
    lists = [
        np.array(data.draw(st.lists(box, max_size=3)), np.float64).reshape(-1, 4)
        for _ in range(grid[0])
    ]
    view = data.draw(views(score.width, score.height))
    common: dict[str, Any] = {"scope": scope, "seed": seed}
    alone = boxes_mask(lists, view=view, grid=grid, **common, **options(count))
    expected = plain.boxes_mask(
        grid, lists, crop=view.crop, hflip=view.hflip, count=count, **common
    )
    np.testing.assert_array_equal(alone, expected)
    moved = boxes_mask(lists, score=score, **common, **options(count))
    expected = plain.boxes_mask(
        grid, lists, crop=score.view.crop, hflip=False, count=count, motion=score.values, **common
    )
    np.testing.assert_array_equal(moved, expected)


def test_boxes_are_masked_first_and_nan_is_no_box() -> None:
    boxes = np.array([[0, 0, 32, 32], [np.nan] * 4])
    mask = boxes_mask(boxes, view=View.full(64, 64), grid=(2, 4, 4), num_masked=4)
    assert mask[0, :2, :2].all()
    assert mask[1].sum() == 4


@settings(max_examples=60, deadline=None)
@given(drawn=fields(), count=counts(), seed=seeds, data=st.data())
def test_tracked_equals_the_reference(
    drawn: Any, count: Any, seed: int, data: st.DataObject
) -> None:
    field, slots = drawn
    grid = (slots, data.draw(st.integers(1, 5)), data.draw(st.integers(2, 5)))
    view = data.draw(views(field.width, field.height))
    sigma = data.draw(st.sampled_from([1.0, 16.0, 200.0]))
    mask = tracked_mask(field, grid=grid, view=view, sigma=sigma, seed=seed, **options(count))
    expected = plain.tracked_mask(
        field.vectors,
        field.cuts,
        field.sample_offsets,
        field.row_frames,
        field.cell,
        grid,
        crop=view.crop,
        hflip=view.hflip,
        sigma=sigma,
        count=count,
        seed=seed,
    )
    np.testing.assert_array_equal(mask, expected)


def test_tracked_tokens_travel_with_a_pan() -> None:
    # One token of 16 pixels per frame to the right.
    vectors = np.zeros((8, 12, 12, 2), np.int16)
    vectors[..., 0] = 16 * 64
    mask = tracked_mask(make_field(vectors), grid=(8, 12, 12), num_masked=134, seed=2)
    visible = ~mask
    for s in range(3, 5):
        inner = visible[s, :, 2:9]
        assert (inner == visible[s + 1, :, 3:10]).mean() > 0.9
    still = tracked_mask(make_field(np.zeros_like(vectors)), grid=(8, 12, 12), num_masked=134)
    assert (still == still[:1]).all()


def test_tracked_by_the_codec_is_tracked_by_the_true_flow(encoded_clip: EncodedClip) -> None:
    path = encoded_clip("libx264", motion=(3, 2), num_frames=31)
    field = read_motion_field(path, frame_indices=np.arange(0, 31, 2))
    assert (np.diff(field.row_frames) == 1).all()
    flow = np.full((len(field.row_frames), 192, 256, 2), (3, 2), np.float32)
    truth = MotionField.from_flow(flow, sample_offsets=field.sample_offsets)
    agreed, stayed = [], []
    for seed in range(10):
        ours, theirs = (~tracked_mask(f, mask_ratio=0.9, seed=seed) for f in (field, truth))
        agreed.append((ours & theirs).sum() / theirs.sum())
        stayed.append((ours & ours[4]).sum() / ours.sum())
    assert np.mean(agreed) > 0.85
    assert np.mean(stayed) < 0.6


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: block_mask(num_blocks=0), r"num_blocks must be in \[1, 65536\], not 0"),
        (lambda: block_mask(scale=1.5), r"scale must be a number or \(low, high\) with 0 < low"),
        (lambda: block_mask(span=(0.5, 0.1)), r"span must be a number or \(low, high\)"),
        (lambda: motion_topk_mask(SCORE, temperature=-1), r"temperature must be 0 or in"),
        (lambda: motion_topk_mask(SCORE, scope="row"), r"scope must be one of 'slot', 'clip'"),
        (lambda: motion_topk_mask(SCORE, visible_from_motion=2), r"visible_from_motion must be in"),
        (lambda: motion_topk_mask(SCORE, groups=np.zeros((2, 4, 4), int)), r'scope="clip", not'),
        (lambda: boxes_mask([[0, 0, 1, 1]]), r"give either view or score"),
        (lambda: boxes_mask([[0, 0, 1, 1]], score=SCORE), r"one list per slot: 2, not 1"),
        (lambda: boxes_mask([[0, 0, 1]] * 2, score=SCORE), r"\[4\] or \[n, 4\] per slot"),
        (lambda: tracked_mask(FIELD, grid=(2, 2, 2), sigma=0), r"sigma must be in \[1, 1024\]"),
    ],
)
def test_bad_arguments_are_named(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
