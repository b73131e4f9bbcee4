"""motion_guided_mask: laws, presets, and the same bits as the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mgm_ext import (
    Clip,
    View,
    motion_boxes,
    motion_guided_mask,
    motion_score,
    simulated_motion_mask,
    token_texture,
)
from mgm_ext.masks import PRESETS
from tests.fields import fields, make_field, make_score, plain_score, random_field, scores
from tests.reference import masks as plain

FITS = ("grow", "shift", "clip")
PEAKS = ("smooth", "block", "box", "path")
seeds = st.integers(0, 2**64 - 1)


@st.composite
def mask_options(draw: st.DrawFn) -> dict[str, Any]:
    return {
        "fit": draw(st.sampled_from(FITS)),
        "peak": draw(st.sampled_from(PEAKS)),
        "first": draw(st.sampled_from(["motion", "random"])),
        "aspect": draw(st.sampled_from([1.0, 0.4, 3, (0.5, 2.0)])),
        "still": draw(st.sampled_from([0.0, 0.02, 3.0])),
        "step": draw(st.sampled_from([0.0, 0.3, 1.0, 40.0])),
        "seed": draw(seeds),
    }


@settings(max_examples=300, deadline=None)
@given(
    score=scores(),
    options=mask_options(),
    ratio=st.floats(0.02, 0.98),
    rule=st.sampled_from(["floor_masked", "floor_kept"]),
)
def test_mask_equals_the_reference(
    score: Any, options: dict[str, Any], ratio: float, rule: str
) -> None:
    expected = plain.motion_guided_mask(plain_score(score), count=(ratio, None, rule), **options)
    native = motion_guided_mask(score, mask_ratio=ratio, count=rule, **options)
    np.testing.assert_array_equal(native, expected)


@given(score=scores(), options=mask_options(), k=st.integers(1, 81))
def test_count_is_exact_unless_clipped(score: Any, options: dict[str, Any], k: int) -> None:
    mask = motion_guided_mask(score, num_masked=k, **options)
    size = mask[0].size
    counts = mask.sum((1, 2))
    if options["fit"] == "clip":
        assert (counts <= size).all()
    else:
        assert (counts == min(k, size - 1)).all()


@given(grid=st.tuples(st.integers(1, 6), st.integers(2, 12), st.integers(2, 12)), seed=seeds)
def test_clip_without_motion_is_the_simulated_motion_mask(
    grid: tuple[int, int, int], seed: int
) -> None:
    still = make_score(np.zeros(grid))
    expected = simulated_motion_mask(grid=grid, seed=seed, step=0.7)
    for peak in PEAKS:
        mask = motion_guided_mask(still, peak=peak, seed=seed, step=0.7)
        np.testing.assert_array_equal(mask, expected)


def test_clip_without_motion_ignores_cuts() -> None:
    still = make_score(np.zeros((6, 8, 8)), cuts=np.ones(6, bool))
    np.testing.assert_array_equal(
        motion_guided_mask(still, seed=5), simulated_motion_mask(grid=(6, 8, 8), seed=5)
    )


@given(row=st.integers(0, 13), column=st.integers(0, 13), seed=seeds, k=st.integers(1, 195))
def test_grown_mask_is_a_rectangle_with_one_partial_side(
    row: int, column: int, seed: int, k: int
) -> None:
    values = np.zeros((1, 14, 14), np.int64)
    values[0, row, column] = 1 << 30
    mask = motion_guided_mask(make_score(values), num_masked=k, peak="block", seed=seed)[0]
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    box = mask[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    inner = [box[1:], box[:-1], box[:, 1:], box[:, :-1], box]
    assert any(part.all() for part in inner)
    assert mask[row, column]


def test_at_three_quarters_every_box_covers_the_middle() -> None:
    shapes = set()
    for row, column in np.ndindex(14, 14):
        values = np.zeros((1, 14, 14), np.int64)
        values[0, row, column] = 1 << 30
        mask = motion_guided_mask(make_score(values), peak="block")[0]
        assert mask[4:10, 4:10].all()
        shapes.add(mask.tobytes())
    assert 100 < len(shapes) < 196


def test_shifted_box_is_whole_and_clipped_box_is_cut() -> None:
    values = np.zeros((1, 14, 14), np.int64)
    values[0, 0, 0] = 1 << 30
    score = make_score(values)
    shifted = motion_guided_mask(score, num_masked=100, fit="shift", peak="block")[0]
    assert shifted[:10, :10].all()
    topped = motion_guided_mask(score, num_masked=102, fit="shift", peak="block")[0]
    assert topped[:10, :10].all()
    assert topped.sum() == 102
    clipped = motion_guided_mask(score, num_masked=100, fit="clip", peak="block")[0]
    assert clipped.sum() in {25, 30, 36}
    assert clipped[:5, :5].all()


def test_mask_follows_the_box() -> None:
    field = random_field(11, slots=8, tubelet=2, high=16, wide=16)
    score = motion_score(field)
    boxes = motion_boxes(score, mask_ratio=0.25) / (score.width / 14)
    mask = motion_guided_mask(score, mask_ratio=0.25)
    for one, (x0, y0, x1, y1) in zip(mask, boxes, strict=True):
        inside = one[round(y0) : round(y1), round(x0) : round(x1)]
        assert inside.mean() > 0.6


INFO: Any = None  # masks do not read it


def clip_of(field: Any, frames: Any) -> Clip:
    count = field.num_samples
    return Clip(
        frames=frames,
        field=field,
        frame_indices=np.arange(count),
        seconds=np.arange(count) / 25,
        picture_types=np.full(count, "P"),
        info=INFO,
    )


def test_presets_are_their_choices() -> None:
    random = np.random.default_rng(0)
    vectors = random.integers(-200, 200, (8, 9, 9, 2)) + 40 * np.arange(9)[:, None]
    field = make_field(vectors.astype(np.int16), coded=random.random((8, 9, 9)) < 0.3)
    noise = random.integers(0, 256, (8, 36, 36, 3)) // np.arange(4, 40)[:, None]
    frames = noise.astype(np.uint8)
    view = View((10, 4, 100, 120), (224, 224), hflip=True)
    common: dict[str, Any] = {"grid": (4, 7, 7), "view": view, "mask_ratio": 0.1, "seed": 3}
    texture = token_texture(
        frames, grid=(4, 7, 7), view=view, width=field.width, height=field.height
    )
    literal: dict[str, Any] = {
        "camera": "none",
        "weight": "none",
        "peak": "block",
        "first": "random",
    }
    smooth: dict[str, Any] = {
        "camera": "none",
        "weight": "none",
        "peak": "smooth",
        "first": "motion",
    }
    robust: dict[str, Any] = {"camera": "affine", "peak": "path", "first": "motion"}
    expected = {
        ("literal", None): motion_guided_mask(field, **common, **literal),
        ("smooth", None): motion_guided_mask(field, **common, **smooth),
        ("robust", None): motion_guided_mask(field, **common, **robust, weight="coded"),
        ("robust", 1): motion_guided_mask(field, **common, **robust, weight=texture),
    }
    for (preset, pixels), mask in expected.items():
        source = clip_of(field, frames) if pixels else field
        again = motion_guided_mask(source, **common, preset=preset)
        np.testing.assert_array_equal(again, mask, err_msg=preset)
    assert len({mask.tobytes() for mask in expected.values()}) == 4


def test_explicit_option_overrides_the_preset() -> None:
    field = random_field(2, slots=4, tubelet=2, high=9, wide=9)
    common: dict[str, Any] = {"grid": (4, 7, 7), "mask_ratio": 0.5}
    np.testing.assert_array_equal(
        motion_guided_mask(
            field,
            **common,
            preset="literal",
            peak="path",
            camera="affine",
            first="motion",
            weight="coded",
        ),
        motion_guided_mask(field, **common),
    )


@given(drawn=fields(), preset=st.sampled_from(list(PRESETS)), seed=seeds)
def test_field_and_its_score_give_the_same_mask(drawn: Any, preset: str, seed: int) -> None:
    field, slots = drawn
    grid = (slots, 5, 6)
    camera = PRESETS[preset].camera
    weight = "coded" if preset == "robust" else None
    score = motion_score(field, grid=grid, camera=camera, weight=weight)
    np.testing.assert_array_equal(
        motion_guided_mask(score, preset=preset, seed=seed),
        motion_guided_mask(field, grid=grid, preset=preset, seed=seed),
    )


SCORE = make_score(np.ones((2, 4, 4)))


@pytest.mark.parametrize(
    ("source", "options", "error", "message"),
    [
        (SCORE, {"view": View.full(8, 8)}, ValueError, r"a Score has them already, got view=View"),
        (SCORE, {"camera": "none"}, ValueError, r"a Score has them already.*camera='none'"),
        (SCORE, {"weight": "none"}, ValueError, r"a Score has them already.*weight='none'"),
        (SCORE, {"ignore": [(0, 0, 1, 1)]}, ValueError, r"has them already.*ignore=\[\(0, 0"),
        (SCORE, {"grid": (2, 4, 5)}, ValueError, r"the score's \(2, 4, 4\), not \(2, 4, 5\)"),
        (SCORE, {"preset": "best"}, ValueError, r"preset must be one of .*, not 'best'"),
        (SCORE, {"fit": "fill"}, ValueError, r"fit must be one of 'grow', 'shift', 'clip'"),
        (np.ones((2, 4, 4)), {}, TypeError, r"must be a Clip, a MotionField or a Score, not"),
        (make_field(np.zeros((2, 3, 3, 2), np.int16)), {"grid": (3, 2, 2)}, ValueError, r"not 3"),
    ],
)
def test_bad_arguments_are_named(
    source: Any, options: dict[str, Any], error: type[Exception], message: str
) -> None:
    with pytest.raises(error, match=message):
        motion_guided_mask(source, **options)
