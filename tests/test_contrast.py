"""Speed inside and outside of boxes."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mgm_ext import MotionField, motion_contrast

NAN = float("nan")


def field(vectors: NDArray[np.int16], offsets: list[int], width: int, height: int) -> MotionField:
    rows = len(vectors)
    return MotionField(
        vectors=vectors,
        coded=np.zeros(vectors.shape[:3], np.bool_),
        cuts=np.zeros(rows, np.bool_),
        row_frames=np.arange(rows),
        sample_offsets=np.array(offsets),
        cell=8,
        width=width,
        height=height,
    )


def two_cells() -> MotionField:
    """16x8 pixels, two frames: (3, 4) and (0, 1), then none and (6, 8) pixels per frame."""
    vectors = np.array([[[[192, 256], [0, 64]]], [[[-32768, 0], [384, 512]]]], np.int16)
    return field(vectors, [0, 1, 2], 16, 8)


def test_literal_boxes() -> None:
    contrast = motion_contrast(two_cells(), np.array([[0, 0, 8, 8], [0, 0, 12, 4]]))
    assert contrast.inside.tolist() == [5, 10]
    assert contrast.outside.tolist() == [1, 10]
    assert contrast.clip_inside == (5 * 64 + 10 * 16) / 80
    assert contrast.clip_outside == (1 * 64 + 10 * 48) / 112
    assert repr(contrast).startswith("MotionContrast(inside=float64[2], outside=float64[2], clip_")


def test_one_box_for_several_frames_and_several_for_one() -> None:
    both = motion_contrast(two_cells(), np.array([[4, 0, 12, 8]]))
    assert both.inside.tolist() == [3, 10]
    pair = np.array([[[0, 0, 4, 8], [2, 0, 8, 8]], [[8, 0, 16, 8], [NAN] * 4]])
    assert motion_contrast(two_cells(), pair).inside.tolist() == [5, 10]


def test_a_side_without_motion_is_nan() -> None:
    contrast = motion_contrast(two_cells(), np.array([[NAN] * 4, [0, 0, 8, 8]]))
    assert np.isnan(contrast.inside).all()
    assert math.isnan(contrast.clip_inside)
    assert contrast.outside.tolist() == [3, 10]


def by_pixels(value: MotionField, boxes: NDArray[Any]) -> list[float]:
    """Clip means by painting every pixel; edges of boxes are integers."""
    totals = np.zeros((2, 2))
    repeats = value.num_samples // len(boxes)
    for sample in range(value.num_samples):
        mask = np.zeros((value.height, value.width), np.bool_)
        for x0, y0, x1, y1 in np.maximum(boxes[sample // repeats], 0).tolist():
            mask[y0:y1, x0:x1] = True
        for row in range(value.sample_offsets[sample], value.sample_offsets[sample + 1]):
            for (y, x), inside in np.ndenumerate(mask):
                velocity = value.velocity[row, y // 8, x // 8].astype(float)
                if not np.isnan(velocity[0]):
                    totals[int(inside)] += math.hypot(*velocity), 1
    return [total / count if count else NAN for total, count in totals]


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 20), st.integers(1, 20), st.integers(0, 2**32 - 1))
def test_means_equal_those_of_the_pixels(width: int, height: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    shape = (4, -(-height // 8), -(-width // 8), 2)
    vectors = rng.integers(-300, 300, shape).astype(np.int16)
    vectors[rng.random(shape[:3]) < 0.3] = (-32768, 0)
    value = field(vectors, [0, 1, 4], width, height)
    corners = np.sort(rng.integers(-4, 24, (rng.integers(1, 3), 3, 2, 2)), axis=2)
    boxes = corners.reshape(len(corners), 3, 4)
    contrast = motion_contrast(value, boxes)
    np.testing.assert_allclose(
        [contrast.clip_outside, contrast.clip_inside], by_pixels(value, boxes), rtol=1e-9
    )


@pytest.mark.parametrize(
    ("boxes", "text"),
    [
        (np.zeros((2, 3)), r"numbers \[S, 4\] or \[S, B, 4\], not float64 \[2, 3\]"),
        (np.zeros((3, 4)), "must divide 2 sampled frames, not 3 rows"),
        (np.zeros((0, 4)), "must divide 2 sampled frames, not 0 rows"),
        (np.array([[4.0, 0, 2, 8]]), r"x0 <= x1, .* not \[4.0, 0.0, 2.0, 8.0\]"),
        (np.array([[0, 0, NAN, 8]]), r"or all NaN, not \[0.0, 0.0, nan, 8.0\]"),
    ],
)
def test_bad_boxes_are_quoted(boxes: NDArray[Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        motion_contrast(two_cells(), boxes)
