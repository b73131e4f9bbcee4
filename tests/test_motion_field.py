"""The values MotionField and Clip."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import numpy as np
import pytest

from mgm_ext import Clip, MotionField, View


def field(**changes: Any) -> MotionField:
    """Two rows of a 40x24 picture in 2 x 3 cells of 16; one sampled frame."""
    values: dict[str, Any] = {
        "vectors": np.zeros((2, 2, 3, 2), np.int16),
        "coded": np.zeros((2, 2, 3), np.bool_),
        "cuts": np.zeros(2, np.bool_),
        "row_frames": np.array([3, 4]),
        "sample_offsets": np.array([0, 2]),
        "cell": 16,
        "width": 40,
        "height": 24,
        "window": "centred",
    }
    return MotionField(**(values | changes))


def clip(**changes: Any) -> Clip:
    values: dict[str, Any] = {
        "frames": np.zeros((1, 6, 10, 3), np.uint8),
        "field": field(),
        "frame_indices": np.array([4]),
        "seconds": np.array([0.16]),
        "picture_types": np.array(["P"]),
        "info": None,
    }
    return Clip(**(values | changes))


def test_velocity_is_in_pixels_and_nan_without_motion() -> None:
    vectors = np.zeros((2, 2, 3, 2), np.int16)
    vectors[0, 0, 0] = (96, -32)
    vectors[1, 1, 2] = (-32768, 0)
    value = field(vectors=vectors)
    assert value.velocity.dtype == np.float32
    assert value.velocity[0, 0, 0].tolist() == [1.5, -0.5]
    assert np.isnan(value.velocity[1, 1, 2]).all()
    assert value.valid.sum() == 11
    assert not value.valid[1, 1, 2]


def test_shapes_are_printed_not_data() -> None:
    assert repr(field()) == (
        "MotionField(vectors=int16[2, 2, 3, 2], coded=bool[2, 2, 3], cuts=bool[2], "
        "row_frames=int64[2], sample_offsets=int64[2], cell=16, width=40, height=24, "
        "window='centred', damaged=False)"
    )
    assert repr(clip(frames=None)).startswith("Clip(frames=None, field=MotionField(vectors=int16[")


@pytest.mark.parametrize("copied", [copy.deepcopy, lambda value: pickle.loads(pickle.dumps(value))])
def test_copies_have_the_same_read_only_arrays(copied: Any) -> None:
    value = copied(clip(frames=np.full((1, 6, 10, 3), 7, np.uint8), field=field(damaged=True)))
    assert value.field.damaged is True
    assert value.frames.tolist() == np.full((1, 6, 10, 3), 7).tolist()
    assert value.field.row_frames.tolist() == [3, 4]
    arrays = (value.frames, value.seconds, value.field.vectors, value.field.coded)
    assert all(array.flags.c_contiguous and not array.flags.writeable for array in arrays)


def test_the_callers_array_stays_writeable_and_is_not_copied() -> None:
    vectors = np.zeros((2, 2, 3, 2), np.int16)
    value = field(vectors=vectors)
    assert vectors.flags.writeable
    assert np.shares_memory(value.vectors, vectors)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"cell": 12}, r"cell must be one of \(8, 16, 32\), not 12"),
        ({"width": 0}, "at least 1, not 0x24"),
        ({"window": "middle"}, r"'interval', 'frame'\), not 'middle'"),
        (
            {"vectors": np.zeros((2, 2, 3, 2), np.float32)},
            r"vectors must be int16 \[M, 2, 3, 2\], not float32 \[2, 2, 3, 2\]",
        ),
        ({"width": 50}, r"vectors must be int16 \[M, 2, 4, 2\], not int16 \[2, 2, 3, 2\]"),
        ({"coded": np.zeros((1, 2, 3), np.bool_)}, r"coded must be bool \[2, 2, 3\]"),
        ({"cuts": np.zeros(3, np.bool_)}, r"cuts must be bool \[2\], not bool \[3\]"),
        ({"row_frames": np.zeros((2, 1), np.int64)}, r"row_frames must be int64 \[2\]"),
        ({"sample_offsets": np.array([0, 1])}, r"must rise from 0 to 2, not \[0, 1\]"),
        ({"sample_offsets": np.array([0, 2, 1, 2])}, r"must rise from 0 to 2"),
        ({"sample_offsets": np.array([], np.int64)}, r"must rise from 0 to 2, not \[\]"),
    ],
)
def test_bad_fields_are_refused(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        field(**changes)


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"frames": np.zeros((2, 6, 10, 3), np.uint8)}, r"frames must be uint8 \[1, H, W, 3\]"),
        ({"seconds": np.zeros(2)}, r"seconds must be float64 \[1\], not float64 \[2\]"),
        ({"frame_indices": [4.0]}, r"frame_indices must be int64 \[T\], not float64 \[1\]"),
        (
            {"picture_types": np.array(["P", "P"])},
            r"picture_types must be <U1 \[1\], not <U1 \[2\]",
        ),
        ({"field": field(sample_offsets=np.array([0, 1, 2]))}, "field must have 1 samples, not 2"),
    ],
)
def test_bad_clips_are_refused(changes: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        clip(**changes)


def coded(*rows: Any) -> np.ndarray[Any, np.dtype[np.bool_]]:
    return np.array(rows, np.bool_)


def test_coded_share_is_the_share_of_each_tokens_area_over_the_rows_of_its_slot() -> None:
    value = field(
        coded=coded([[1, 0, 0], [0, 0, 1]], [[1, 0, 0], [0, 1, 0]]),
        sample_offsets=np.array([0, 1, 2]),
    )
    one = value.coded_share(grid=(1, 1, 1), view=View(crop=(0, 0, 32, 16), size=(8, 8)))
    assert one.dtype == np.int32
    assert one.tolist() == [[[32768]]]
    halves = value.coded_share(grid=(2, 1, 2), view=View(crop=(8, 0, 16, 24), size=(8, 8)))
    assert halves.tolist() == [[[43690, 0]], [[43690, 65536 // 3]]]


def test_coded_share_of_the_whole_picture_stops_at_its_edge() -> None:
    value = field(coded=coded(*[[[0, 0, 0], [1, 1, 1]]] * 2))
    assert value.coded_share(grid=(1, 1, 1)).tolist() == [[[65536 // 3]]]
    outside = View(crop=(100, 100, 8, 8), size=(8, 8))
    assert value.coded_share(grid=(1, 1, 2), view=outside).tolist() == [[[0, 0]]]


@pytest.mark.parametrize(
    ("grid", "text"),
    [
        ((0, 1, 1), r"each at least 1.*not \(0, 1, 1\)"),
        ((2, 4, 4), "divides the field's 1 sampled frames, not 2"),
        ((1, 4, 0), r"each at least 1.*not \(1, 4, 0\)"),
    ],
)
def test_coded_share_quotes_a_bad_grid(grid: Any, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        field().coded_share(grid=grid)
