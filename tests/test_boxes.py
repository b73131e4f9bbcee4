"""motion_boxes and the walk: literal tables, and the same bits as the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mgm_ext import motion_boxes
from tests.fields import make_score, plain_score, scores
from tests.reference import boxes as plain
from tests.reference import masks as plain_masks

PEAKS = ("smooth", "block", "box", "path")
BIG = 1 << 30


def one_peak(row: int, column: int, *, size: tuple[int, int] = (10, 10), slots: int = 1) -> Any:
    values = np.zeros((slots, *size), np.int64)
    values[:, row, column] = BIG
    return values


# (K, aspect, rows, columns) and the box (h, w).
SIZES = [
    (147, 1.0, 14, 14, (12, 12)),
    (98, 1.0, 14, 14, (10, 10)),
    (98, 2.0, 14, 14, (7, 14)),
    (98, 0.5, 14, 14, (14, 7)),
    (192, 1.0, 16, 16, (14, 14)),
    (12, 1.0, 2, 20, (2, 6)),
    (1, 1.0, 3, 3, (1, 1)),
]


@pytest.mark.parametrize(("k", "aspect", "rows", "columns", "size"), SIZES)
def test_box_has_about_k_tokens(
    k: int, aspect: float, rows: int, columns: int, size: tuple[int, int]
) -> None:
    assert plain.box_size(k, aspect, rows, columns) == size
    values = np.full((1, rows, columns), BIG)
    box = motion_boxes(make_score(values), mask_ratio=(k + 0.5) / (rows * columns), aspect=aspect)
    h, w = (box[0, 3] - box[0, 1]) / 16, (box[0, 2] - box[0, 0]) / 16
    assert (h, w) == size


@pytest.mark.parametrize("peak", PEAKS)
def test_box_lies_around_the_peak(peak: str) -> None:
    # 25 of 100 tokens: 5 x 5, centred on the middle of token (4, 6); 16 pixels per token.
    box = motion_boxes(make_score(one_peak(4, 6)), mask_ratio=0.25, peak=peak)
    x0, y0, x1, y1 = box[0]
    assert (x1 - x0, y1 - y0) == (80, 80)
    assert x0 <= 6 * 16 < x1
    assert y0 <= 4 * 16 < y1
    if peak == "block":
        assert box.tolist() == [[4 * 16, 2 * 16, 9 * 16, 7 * 16]]


def test_box_slides_inside_the_view() -> None:
    box = motion_boxes(make_score(one_peak(0, 9)), mask_ratio=0.25, peak="block")
    assert box.tolist() == [[80, 0, 160, 80]]


def test_flipped_view_flips_back_in_source_pixels() -> None:
    straight = motion_boxes(make_score(one_peak(4, 6)), mask_ratio=0.25, peak="block")
    flipped = make_score(one_peak(4, 3), hflip=True)
    np.testing.assert_array_equal(motion_boxes(flipped, mask_ratio=0.25, peak="block"), straight)


def test_smooth_prefers_a_cluster_and_block_a_speck() -> None:
    values = np.zeros((1, 10, 10), np.int64)
    values[0, 1, 1] = BIG
    values[0, 6:9, 6:9] = BIG // 2
    block = motion_boxes(make_score(values), mask_ratio=0.09, peak="block")[0]
    smooth = motion_boxes(make_score(values), mask_ratio=0.09, peak="smooth")[0]
    assert block.tolist() == [0, 0, 48, 48]
    assert smooth.tolist() == [96, 96, 144, 144]


def test_path_stays_with_the_steady_motion_where_smooth_jumps() -> None:
    values = np.zeros((5, 10, 10), np.int64)
    for s in range(5):
        values[s, 2, 1 + s] = 8 * BIG // 10
    values[2, 8, 9] = BIG
    smooth = motion_boxes(make_score(values), mask_ratio=0.01, peak="smooth")
    path = motion_boxes(make_score(values), mask_ratio=0.01, peak="path")
    assert smooth[2, 1] > 100
    assert (path[:, 1] < 64).all()
    assert (np.abs(np.diff(path[:, :2], axis=0)) <= 2 * 16).all()


def test_path_is_free_across_a_cut() -> None:
    values = np.concatenate([one_peak(1, 1, slots=2), one_peak(8, 8, slots=2)])
    cuts = np.array([False, False, True, False])
    linked = motion_boxes(make_score(values), mask_ratio=0.01)
    free = motion_boxes(make_score(values, cuts=cuts), mask_ratio=0.01)
    assert np.abs(np.diff(linked[:, 1])).max() <= 2 * 16
    assert np.abs(np.diff(free[:, 1]))[1] > 2 * 16


def test_still_slot_walks_from_the_last_box() -> None:
    values = one_peak(4, 6, slots=4)
    values[1:] = 0
    boxes = motion_boxes(make_score(values), mask_ratio=0.25, peak="block", step=0.5)
    steps = np.abs(np.diff(boxes, axis=0))
    assert boxes[0].tolist() == [64, 32, 144, 112]
    assert 0 < steps.max() <= 8


def test_held_box_restarts_at_a_cut() -> None:
    values = one_peak(0, 0, slots=2, size=(20, 20))
    values[1] = 0
    cuts = np.array([False, True])
    apart = [
        np.abs(np.diff(motion_boxes(make_score(values, cuts=cuts), mask_ratio=0.01, seed=i)[:, :2]))
        for i in range(20)
    ]
    held = [
        np.abs(np.diff(motion_boxes(make_score(values), mask_ratio=0.01, seed=i)[:, :2], axis=0))
        for i in range(20)
    ]
    assert np.max(held) <= 16
    assert np.max(apart) > 16


def test_stillness_is_a_threshold_on_the_motion_before_weighting() -> None:
    values = one_peak(4, 6, slots=1)
    values[0, 4, 6] = 9 * round(0.02 * 64 * 65536)
    at = motion_boxes(make_score(values), mask_ratio=0.25, peak="block")
    assert at.tolist() == [[64, 32, 144, 112]]
    weak = make_score(values // 1000, motion=values)
    np.testing.assert_array_equal(motion_boxes(weak, mask_ratio=0.25, peak="block"), at)
    under = make_score(values - (values > 0), motion=values - (values > 0))
    assert motion_boxes(under, mask_ratio=0.25, peak="block").tolist() != at.tolist()


def test_slots_without_valid_cells_are_still() -> None:
    score = make_score(one_peak(4, 6), valid=np.zeros((1, 10, 10), bool))
    places = {tuple(motion_boxes(score, mask_ratio=0.25, seed=i)[0]) for i in range(9)}
    assert len(places) == 9


def test_first_random_moves_slot_0_only() -> None:
    values = one_peak(4, 6, slots=3)
    places = {
        tuple(motion_boxes(make_score(values), mask_ratio=0.25, first="random", seed=i)[0])
        for i in range(9)
    }
    assert len(places) == 9
    again = motion_boxes(make_score(values), mask_ratio=0.25, first="random", peak="block")
    assert again[1:].tolist() == [[64, 32, 144, 112]] * 2


def test_equal_peaks_are_drawn_by_seed_without_favour() -> None:
    score = make_score(np.full((1, 4, 4), BIG))
    boxes = [motion_boxes(score, mask_ratio=0.07, peak="block", seed=i)[0] for i in range(3200)]
    counts = np.zeros((4, 4))
    for x0, y0, _, _ in boxes:
        counts[int(y0 // 16), int(x0 // 16)] += 1
    chi_square = ((counts - 200) ** 2 / 200).sum()
    assert chi_square < 37.7  # 15 degrees of freedom, 0.1 %


@settings(max_examples=200, deadline=None)
@given(data=st.data(), peak=st.sampled_from(PEAKS), seed=st.integers(0, 2**64 - 1))
def test_boxes_equal_the_reference(data: st.DataObject, peak: str, seed: int) -> None:
    score = data.draw(scores())
    ratio = data.draw(st.floats(0.05, 0.95))
    aspect: Any = data.draw(st.sampled_from([1.0, 0.4, 3.0, (0.5, 2.0)]))
    options: dict[str, Any] = {
        "peak": peak,
        "first": data.draw(st.sampled_from(["motion", "random"])),
        "still": data.draw(st.sampled_from([0.0, 0.02, 3.0])),
        "step": data.draw(st.sampled_from([0.0, 0.3, 1.0, 40.0])),
        "seed": seed,
    }
    grid = score.values.shape
    _, size = plain_masks.box_of(grid, (ratio, None, "floor_masked"), aspect, seed)
    centres = plain.motion_centres(plain_score(score), size, **options)
    crop = score.view.crop
    expected = plain.boxes_in_source(
        centres, grid, size, crop, score.view.hflip, score.width, score.height
    )
    native = motion_boxes(score, mask_ratio=ratio, aspect=aspect, **options)
    np.testing.assert_array_equal(native, expected)
    assert native.dtype == np.float32


@given(score=scores(), seed=st.integers(0, 2**32))
def test_boxes_are_inside_the_picture(score: Any, seed: int) -> None:
    boxes = motion_boxes(score, seed=seed, step=3.0)
    assert (boxes[:, :2] >= 0).all()
    assert (boxes[:, 2] <= score.width).all()
    assert (boxes[:, 3] <= score.height).all()
    assert (boxes[:, 2:] > boxes[:, :2]).all()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mask_ratio": 1.0}, r"mask_ratio must be in \(0, 1\), not 1.0"),
        ({"mask_ratio": float("nan")}, r"mask_ratio must be in \(0, 1\), not nan"),
        ({"aspect": 0.0}, r"1/1024 <= low <= high <= 1024, not 0.0"),
        ({"aspect": (2.0, 1.0)}, r"low <= high"),
        ({"aspect": (1.0,)}, r"aspect must be a number or \(low, high\) with .*, not \(1.0,\)"),
        ({"aspect": "wide"}, r"aspect must be a number or \(low, high\) with .*, not 'wide'"),
        ({"peak": "top"}, r"peak must be one of 'smooth', 'block', 'box', 'path', not 'top'"),
        ({"first": None}, r"first must be one of 'motion', 'random', not None"),
        ({"still": -1.0}, r"still must be in \[0, 1024\] source pixels per frame, not -1.0"),
        ({"step": 2000.0}, r"step must be in \[0, 1024\] tokens, not 2000.0"),
        ({"seed": -1}, r"seed must be an integer in \[0, 2\^64\), not -1"),
    ],
)
def test_bad_arguments_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        motion_boxes(make_score(one_peak(4, 6)), **options)
