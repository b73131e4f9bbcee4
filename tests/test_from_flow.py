"""Fields from dense flow."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mgm_ext import MotionField

INVALID = [-32768, 0]


def mean(values: NDArray[np.float32]) -> int:
    limit = Fraction(32767, 64)
    exact = [min(max(Fraction(float(value)), -limit), limit) for value in values.ravel()]
    total = sum(round(value * 65536) for value in exact)
    return round(Fraction(total, 1024 * len(exact)))


def reference(flow: NDArray[np.float32], valid: NDArray[np.bool_], cell: int) -> list[Any]:
    rows: list[Any] = []
    for frame, mask in zip(flow, valid & np.isfinite(flow).all(-1), strict=True):
        rows.append([])
        for top in range(0, flow.shape[1], cell):
            rows[-1].append([])
            for left in range(0, flow.shape[2], cell):
                part = frame[top : top + cell, left : left + cell]
                keep = mask[top : top + cell, left : left + cell]
                usable = 2 * keep.sum() >= keep.size
                value = [mean(part[keep][:, axis]) for axis in (0, 1)] if usable else INVALID
                rows[-1][-1].append(value)
    return rows


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 2), st.integers(1, 40), st.integers(1, 40), st.sampled_from([8, 16, 32]),
    st.integers(0, 2**32 - 1),
)  # fmt: skip
def test_every_bit_equals_exact_arithmetic(
    frames: int, height: int, width: int, cell: Any, seed: int
) -> None:
    rng = np.random.default_rng(seed)
    flow = rng.normal(0, 10 ** rng.uniform(-3, 3), (frames, height, width, 2)).astype(np.float32)
    flow[rng.random(flow.shape) < 0.1] = rng.choice([np.nan, np.inf, -np.inf, 0.5, 1 / 128, 1e30])
    valid = rng.random(flow.shape[:3]) < rng.uniform(0.4, 1)
    field = MotionField.from_flow(flow, valid=valid, cell=cell)
    assert field.vectors.tolist() == reference(flow, valid, cell)
    everywhere = MotionField.from_flow(flow, cell=cell)
    assert everywhere.vectors.tolist() == reference(flow, np.ones_like(valid), cell)


def test_one_row_per_sampled_frame_coded_everywhere() -> None:
    flow = np.full((3, 24, 40, 2), 0.25, np.float32)
    field = MotionField.from_flow(flow)
    assert (field.cell, field.width, field.height, field.window) == (8, 40, 24, "frame")
    assert field.vectors.shape == (3, 3, 5, 2)
    assert (field.vectors == 16).all()
    assert field.coded.all()
    assert not field.cuts.any()
    assert field.row_frames.tolist() == [0, 1, 2]
    assert field.sample_offsets.tolist() == [0, 1, 2, 3]


def test_rows_can_be_given_to_samples() -> None:
    flow = np.zeros((3, 8, 8, 2), np.float32)
    field = MotionField.from_flow(flow, sample_offsets=np.array([0, 2, 3]))
    assert field.num_samples == 2
    assert field.window == "given"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"flow": np.zeros((1, 8, 8, 2))}, r"flow must be float32 \[M, H, W, 2\], not float64"),
        ({"flow": np.zeros((8, 8, 2), np.float32)}, r"not float32 \[8, 8, 2\]"),
        ({"flow": np.zeros((1, 0, 8, 2), np.float32)}, "sides from 1 to 65536, not 8x0"),
        ({"valid": np.ones((1, 8, 9), np.bool_)}, r"valid must be bool \[1, 8, 8\]"),
        ({"cell": 12}, r"cell must be 'auto' or one of \(8, 16, 32\), not 12"),
        ({"sample_offsets": np.array([0, 2])}, "must rise from 0 to 1"),
    ],
)
def test_bad_arguments_are_quoted(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        MotionField.from_flow(**{"flow": np.zeros((1, 8, 8, 2), np.float32)} | options)
