"""motion_score: literal tables, and the same bits as the reference."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mgm_ext import View, motion_score
from mgm_ext.score import Score
from tests.fields import (
    INVALID,
    fields,
    make_field,
    make_score,
    random_field,
    reference_score,
    views,
)
from tests.reference import score as plain

UNIT = 1 << 16  # one 1/64 pixel per frame, as a score
CAMERAS = ("none", "median", "affine")


def assert_equal(native: Score, expected: plain.Score) -> None:
    for name in ("motion", "values", "valid", "cuts"):
        np.testing.assert_array_equal(getattr(native, name), getattr(expected, name), name)


def cells(*speeds: Any) -> NDArray[np.int16]:
    """Vectors [M, R, C, 2] with dx from nested lists; None is an invalid cell."""
    dx = np.array([[[INVALID if v is None else v for v in row] for row in m] for m in speeds])
    return np.stack([dx, np.zeros_like(dx)], -1).astype(np.int16)


# Vectors (dx of each cell), grid, expected motion in 1/64 pixel per frame.
TABLE = {
    "one cell per token": (cells([[1, -2], [3, 0]]), (1, 2, 2), [[[1, 2], [3, 0]]]),
    "tokens take the mean of their cells": (cells([[1, 3], [5, 7]]), (1, 1, 1), [[[4]]]),
    "rows of a slot add up before the ratio": (cells([[4]], [[None]]), (1, 1, 1), [[[4]]]),
    "slots keep their rows apart": (cells([[4]], [[6]]), (2, 1, 1), [[[4]], [[6]]]),
    "an invalid token takes its valid neighbours' mean": (
        cells([[4, None, 8]]),
        (1, 1, 3),
        [[[4, 6, 8]]],
    ),
    "a token without valid neighbours is 0": (
        cells([[None, None, 8]]),
        (1, 1, 3),
        [[[0, 8, 8]]],
    ),
    "half a cell counts by its area": (cells([[0, 6, 6]]), (1, 1, 2), [[[2, 6]]]),
}


@pytest.mark.parametrize("name", TABLE)
def test_score_of_literal_fields(name: str) -> None:
    vectors, grid, expected = TABLE[name]
    score = motion_score(make_field(vectors), grid=grid, camera="none")
    np.testing.assert_array_equal(score.motion, np.array(expected) * UNIT)
    np.testing.assert_array_equal(score.values, score.motion)


def test_speed_is_the_rounded_length() -> None:
    vectors = np.array([[[[3, 4], [1, 1], [2, 2], [-32767, 32767]]]], np.int16)
    score = motion_score(make_field(vectors), grid=(1, 1, 4), camera="none")
    assert (score.motion[0, 0] // UNIT).tolist() == [5, 1, 3, 46340]


def test_pixels_per_frame_are_pixels_per_frame() -> None:
    score = motion_score(make_field(cells([[96]])), grid=(1, 1, 1), camera="none")
    assert score.pixels_per_frame.tolist() == [[[1.5]]]
    assert score.pixels_per_frame.dtype == np.float32


def test_rows_that_are_cuts_do_not_count_and_mark_the_slot() -> None:
    field = make_field(cells([[4]], [[90]], [[6]]), cuts=np.array([False, True, False]))
    score = motion_score(field, grid=(3, 1, 1), camera="none")
    assert score.motion.ravel().tolist() == [4 * UNIT, 0, 6 * UNIT]
    assert score.cuts.tolist() == [False, True, False]
    assert score.valid.ravel().tolist() == [True, False, True]


def test_median_is_the_lower_one() -> None:
    field = make_field(cells([[1, 5, 9, 100]]))
    score = motion_score(field, grid=(1, 1, 4), camera="median")
    assert (score.motion[0, 0] // UNIT).tolist() == [4, 0, 4, 95]


def test_affine_removes_a_zoom_and_keeps_the_object() -> None:
    down, across = np.mgrid[0:12, 0:16]
    vectors = np.stack([20 * across - 150, 20 * down - 110], -1)
    vectors[4:6, 9:11] += 500
    score = motion_score(make_field(vectors[None].astype(np.int16)), grid=(1, 12, 16))
    moved = score.motion[0] > 64 * UNIT
    assert moved[4:6, 9:11].all()
    assert moved.sum() == 4


@pytest.mark.parametrize("camera", CAMERAS)
def test_still_camera_leaves_a_field_of_few_cells_alone(camera: str) -> None:
    field = make_field(cells([[0, 0, 0, 0, 0, 0, 0, 80]]))
    score = motion_score(field, grid=(1, 1, 8), camera=camera)
    assert (score.motion[0, 0] // UNIT).tolist() == [0, 0, 0, 0, 0, 0, 0, 80]


@settings(max_examples=150, deadline=None)
@given(data=st.data(), camera=st.sampled_from(CAMERAS))
def test_score_equals_the_reference(data: st.DataObject, camera: str) -> None:
    field, slots = data.draw(fields())
    grid = (slots, data.draw(st.integers(1, 7)), data.draw(st.integers(1, 7)))
    view = data.draw(views(field.width, field.height))
    random = data.draw(st.none() | st.integers(0, 2**32).map(np.random.default_rng))
    weight = None if random is None else random.integers(0, 65537, grid)
    ignore = np.array(data.draw(st.lists(st.tuples(*[st.integers(-50, 300)] * 4), max_size=2)))
    expected = reference_score(field, grid, view, camera=camera, weight=weight, ignore=ignore)
    assert_equal(
        motion_score(field, grid=grid, view=view, camera=camera, weight=weight, ignore=ignore),
        expected,
    )


@pytest.mark.parametrize("camera", CAMERAS)
@pytest.mark.parametrize(("high", "wide"), [(32, 43), (3, 400), (24, 24)])
def test_score_of_a_large_field_equals_the_reference(camera: str, high: int, wide: int) -> None:
    field = random_field(3, slots=2, tubelet=2, high=high, wide=wide, cell=8, strength=900)
    grid = (2, 7, 7)
    expected = reference_score(field, grid, View.full(field.width, field.height), camera=camera)
    assert_equal(motion_score(field, grid=grid, camera=camera), expected)


@given(data=st.data())
def test_score_is_equivariant_under_a_flip(data: st.DataObject) -> None:
    field, slots = data.draw(fields())
    grid = (slots, 3, data.draw(st.integers(1, 6)))
    view = data.draw(views(field.width, field.height))
    flipped = View(view.crop, view.size, not view.hflip)
    plain_motion = motion_score(field, grid=grid, view=view, camera="none").motion
    other = motion_score(field, grid=grid, view=flipped, camera="none").motion
    np.testing.assert_array_equal(other, plain_motion[..., ::-1])


@given(seed=st.integers(0, 2**32), down=st.integers(0, 3), across=st.integers(0, 3))
def test_score_is_equivariant_under_a_shift_by_whole_tokens(
    seed: int, down: int, across: int
) -> None:
    field = random_field(seed, slots=2, tubelet=1, high=12, wide=12, invalid=0.0, cell=16)
    token = 24  # one and a half cells
    grid = (2, 5, 5)
    size = (5 * token, 5 * token)
    at = View((0, 0, *size), size)
    moved = View((across * token, down * token, *size), size)
    first = motion_score(field, grid=grid, view=at, camera="none").motion
    second = motion_score(field, grid=grid, view=moved, camera="none").motion
    rows, columns = 5 - down, 5 - across
    np.testing.assert_array_equal(second[:, :rows, :columns], first[:, down:, across:])


@given(data=st.data())
def test_coded_share_equals_the_reference(data: st.DataObject) -> None:
    field, slots = data.draw(fields())
    grid = (slots, data.draw(st.integers(1, 7)), data.draw(st.integers(1, 7)))
    view = data.draw(views(field.width, field.height))
    share = field.coded_share(grid=grid, view=view)
    expected = plain.coded_share(
        field.coded,
        field.sample_offsets,
        field.cell,
        grid=grid,
        crop=view.crop,
        hflip=view.hflip,
    )
    np.testing.assert_array_equal(share, expected)
    assert share.dtype == np.int32


def test_coded_weight_is_the_fields_own_share() -> None:
    field = random_field(5, slots=3, tubelet=2, high=9, wide=7)
    view = View((5.5, 3, 80, 90), (224, 224), hflip=False)
    grid = (3, 4, 5)
    share = field.coded_share(grid=grid, view=view)
    native = motion_score(field, grid=grid, view=view, camera="none", weight="coded")
    given = motion_score(field, grid=grid, view=view, camera="none", weight=share)
    np.testing.assert_array_equal(native.values, given.values)
    assert not np.array_equal(native.values, native.motion)


def test_float_weights_are_truncated_to_integers() -> None:
    field = make_field(cells([[64, 64, 64]]))
    score = motion_score(field, grid=(1, 1, 3), camera="none", weight=[[[0.0, 0.3, 1.0]]])
    expected = [0, 64 * UNIT * int(0.3 * 65536) >> 16, 64 * UNIT]
    assert score.values.ravel().tolist() == expected
    assert score.motion.ravel().tolist() == [64 * UNIT] * 3


def test_ignored_tokens_score_nothing_in_any_respect() -> None:
    field = make_field(cells([[64, 64, 64, 64]]))
    score = motion_score(field, grid=(1, 1, 4), camera="none", ignore=[(8, 0, 40, 16)])
    assert (score.values.ravel() // UNIT).tolist() == [0, 0, 64, 64]
    assert (score.motion.ravel() // UNIT).tolist() == [0, 0, 64, 64]
    assert score.valid.all()


def test_score_is_read_only_and_survives_pickle_and_copy() -> None:
    score = make_score([[[1, 2], [3, 4]]])
    for twin in (pickle.loads(pickle.dumps(score)), copy.deepcopy(score)):
        np.testing.assert_array_equal(twin.values, score.values)
        assert not twin.values.flags.writeable
        assert twin.view == score.view
    assert repr(score).startswith("Score(values=int64[1, 2, 2], motion=int64[1, 2, 2]")


FIELD = make_field(cells([[1, 2], [3, 4]], [[1, 2], [3, 4]]))


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"grid": (3, 2, 2)}, r"divides the field's 2 sampled frames, not 3"),
        ({"grid": (2, 0, 2)}, r"grid must be \(S, R, C\), each at least 1.*not \(2, 0, 2\)"),
        ({"grid": (2, 2)}, r"grid must be three integers \(S, R, C\), not \(2, 2\)"),
        ({"grid": (2, 2.0, 2)}, r"grid must be three integers \(S, R, C\), not \(2, 2.0, 2\)"),
        ({"camera": "pan"}, r"camera must be one of 'none', 'median', 'affine', not 'pan'"),
        ({"weight": "texture"}, r"needs frames"),
        ({"weight": "heavy"}, r'weight must be "none", "texture", "coded" or an array, not'),
        ({"weight": np.ones((1, 2, 2))}, r"the grid's shape \(2, 2, 2\), not \(1, 2, 2\)"),
        ({"weight": np.full((2, 2, 2), 65537)}, r"in \[0, 65536\], not 65537 to 65537"),
        ({"weight": np.full((2, 2, 2), np.nan)}, r"floats must be in \[0, 1\]"),
        ({"weight": np.ones((2, 2, 2), bool)}, r"must be integers or floats, not bool"),
        ({"ignore": [(1, 2, 3)]}, r"ignore must be boxes \(x0, y0, x1, y1\), not an array"),
    ],
)
def test_bad_arguments_are_named(options: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        motion_score(FIELD, **{"grid": (2, 2, 2), **options})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"values": np.zeros((1, 2, 2))}, r"values must be int64 \[S, R, C\], not float64"),
        ({"values": np.full((1, 2, 2), -1)}, r"values must be in \[0, 2\^40\]"),
        ({"motion": np.full((1, 2, 2), 2**40 + 1)}, r"motion must be in \[0, 2\^40\]"),
        ({"motion": np.zeros((1, 2, 3), np.int64)}, r"motion must be int64 \[1, 2, 2\]"),
        ({"valid": np.zeros((1, 2, 2))}, r"valid must be bool \[1, 2, 2\], not float64"),
        ({"cuts": np.zeros(2, bool)}, r"cuts must be bool \[1\], not bool \[2\]"),
        ({"width": 0}, r"width and height must be at least 1, not 0x32"),
    ],
)
def test_score_checks_its_arrays(change: dict[str, Any], message: str) -> None:
    score = make_score(np.zeros((1, 2, 2)))
    names = ("values", "motion", "valid", "cuts", "view", "width", "height")
    parts = {name: getattr(score, name) for name in names}
    with pytest.raises(ValueError, match=message):
        Score(**{**parts, **change})
