"""Where a view puts points, boxes and velocities."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mgm_ext import View

ZOOM = View(crop=(10, 20, 100, 50), size=(100, 50))  # half as wide, twice as high
MIRROR = View(crop=(10, 20, 100, 50), size=(100, 50), hflip=True)

sides = st.floats(4, 2000)
views = st.builds(
    View,
    crop=st.tuples(st.floats(-500, 2000), st.floats(-500, 2000), sides, sides),
    size=st.tuples(st.integers(1, 600), st.integers(1, 600)),
    hflip=st.booleans(),
)
points = st.tuples(st.floats(-3000, 3000), st.floats(-3000, 3000))


@pytest.mark.parametrize(
    ("view", "source", "seen"),
    [
        (ZOOM, (10, 20), (0, 0)),
        (ZOOM, (110, 70), (50, 100)),
        (ZOOM, (30, 25), (10, 10)),
        (MIRROR, (10, 20), (50, 0)),
        (MIRROR, (110, 70), (0, 100)),
        (MIRROR, (30, 25), (40, 10)),
        (View.full(320, 240), (17.5, 3), (17.5, 3)),
        (View.full(320, 240, (120, 160)), (320, 240), (160, 120)),
    ],
)
def test_points(view: View, source: Any, seen: Any) -> None:
    assert view.points_to_view(source).tolist() == list(seen)
    assert view.points_to_source(seen).tolist() == list(source)


@pytest.mark.parametrize(("view", "seen"), [(ZOOM, [10, 10, 20, 40]), (MIRROR, [30, 10, 40, 40])])
def test_flip_keeps_the_corners_of_a_box_in_order(view: View, seen: list[float]) -> None:
    source = [30, 25, 50, 40]
    assert view.boxes_to_view(source).tolist() == seen
    assert view.boxes_to_source([seen, seen]).tolist() == [source, source]


@pytest.mark.parametrize(("view", "seen"), [(ZOOM, [2, 6]), (MIRROR, [-2, 6])])
def test_velocity_scales_with_each_axis_and_a_flip_negates_dx(view: View, seen: list[int]) -> None:
    assert view.velocities_to_view([4, 3]).tolist() == seen
    assert view.velocities_to_source(seen).tolist() == [4, 3]


def test_arguments_are_left_as_they_were_and_float32_stays_float32() -> None:
    boxes = np.array([[30, 25, 50, 40]], np.float32)
    boxes.flags.writeable = False
    assert MIRROR.boxes_to_view(boxes).dtype == np.float32
    assert MIRROR.boxes_to_source(boxes).dtype == np.float32
    assert MIRROR.points_to_source(boxes[:, :2].astype(np.float64)).dtype == np.float64
    assert MIRROR.velocities_to_view(np.array([64, 64], np.int16)).dtype == np.float32


@given(views, views, points)
def test_composed_view_maps_as_the_two_in_turn(first: View, second: View, point: Any) -> None:
    both = first.compose(second)
    in_turn = second.points_to_view(first.points_to_view(point))
    assert both.size == second.size
    np.testing.assert_allclose(both.points_to_view(point), in_turn, rtol=1e-6, atol=1e-3)
    np.testing.assert_allclose(
        both.velocities_to_view([1, 1]),
        second.velocities_to_view(first.velocities_to_view([1, 1])),
        rtol=1e-9,
    )


@given(views, points)
def test_back_and_forth_is_the_same_point(view: View, point: Any) -> None:
    np.testing.assert_allclose(
        view.points_to_source(view.points_to_view(point)), point, rtol=1e-9, atol=1e-6
    )


def test_views_are_values() -> None:
    same = View(crop=[np.float32(10), 20, 100, 50], size=np.array([100, 50]))  # type: ignore[arg-type]
    assert same == ZOOM
    assert hash(same) == hash(ZOOM)
    assert pickle.loads(pickle.dumps(MIRROR)) == MIRROR
    assert repr(ZOOM) == "View(crop=(10.0, 20.0, 100.0, 50.0), size=(100, 50), hflip=False)"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"crop": (0, 0, 0, 5)}, r"w and h at least 1/256, not \(0, 0, 0, 5\)"),
        ({"crop": (0, float("nan"), 5, 5)}, r"crop must be .* not \(0, nan, 5, 5\)"),
        ({"crop": (1e9, 0, 5, 5)}, r"within \+-16777216"),
        ({"crop": (0, 0, 5)}, r"four numbers \(x, y, w, h\), not \(0, 0, 5\)"),
        ({"crop": None}, "four numbers .*, not None"),
        ({"size": (0, 5)}, r"from 1 to 16777216, not \(0, 5\)"),
        ({"size": (2.5, 5)}, r"two integers \(H, W\), not \(2.5, 5\)"),
        ({"size": 224}, "two integers .*, not 224"),
        ({"hflip": 1}, "hflip must be True or False, not 1"),
    ],
)
def test_bad_numbers_are_quoted(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        View(**{"crop": (0, 0, 8, 8), "size": (8, 8)} | arguments)


def test_bad_shapes_are_quoted() -> None:
    with pytest.raises(ValueError, match=r"boxes must be numbers \[\.\.\., 4\], not int64 \(2,\)"):
        ZOOM.boxes_to_view([1, 2])
    with pytest.raises(ValueError, match="points must be numbers"):
        ZOOM.points_to_view(["a", "b"])
