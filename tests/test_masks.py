"""The masks that need no motion: exact counts, the same bits as the reference, no favour."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mgm_ext import (
    fixed_box_mask,
    frame_random_mask,
    jumping_box_mask,
    random_mask,
    simulated_motion_mask,
    tube_mask,
)
from mgm_ext.masks import Mask
from tests.reference import masks as plain

RANDOM: dict[str, Callable[..., Mask]] = {
    "clip": random_mask,
    "slot": frame_random_mask,
    "tube": tube_mask,
}
BOXES: dict[str, Callable[..., Mask]] = {
    "simulated_motion": simulated_motion_mask,
    "fixed_box": fixed_box_mask,
    "jumping_box": jumping_box_mask,
}
grids = st.tuples(st.integers(1, 6), st.integers(1, 12), st.integers(2, 12))
seeds = st.integers(0, 2**64 - 1)
rules = st.sampled_from(["floor_masked", "floor_kept"])


@st.composite
def counts(draw: st.DrawFn) -> tuple[float, int | None, str]:
    ratio = draw(st.floats(0.01, 0.99) | st.sampled_from([0.5, 0.75, 0.9]))
    return ratio, draw(st.none() | st.integers(-3, 200)), draw(rules)


def options(count: tuple[float, int | None, str]) -> dict[str, Any]:
    return {"mask_ratio": count[0], "num_masked": count[1], "count": count[2]}


# Visible tokens that the trainers' own classes leave: (function, grid, ratio, rule) -> visible.
VISIBLE = [
    (tube_mask, (8, 14, 14), 0.9, "floor_masked", 8 * 20),  # VideoMAE
    (tube_mask, (8, 14, 14), 0.9, "floor_kept", 8 * 19),  # V-JEPA's tube, AdaMAE
    (random_mask, (8, 14, 14), 0.9, "floor_kept", 156),  # MAE-ST
    (frame_random_mask, (8, 14, 14), 0.9, "floor_masked", 8 * 20),
    (simulated_motion_mask, (8, 14, 14), 0.75, "floor_masked", 8 * 49),
]


@pytest.mark.parametrize(("function", "grid", "ratio", "rule", "visible"), VISIBLE)
def test_visible_counts_are_the_trainers(
    function: Callable[..., Mask], grid: Any, ratio: float, rule: str, visible: int
) -> None:
    mask = function(grid=grid, mask_ratio=ratio, count=rule)
    assert (~mask).sum() == visible
    assert mask.dtype == np.bool_
    assert mask.flags.c_contiguous
    assert mask.flags.writeable


@settings(max_examples=100, deadline=None)
@given(grid=grids, count=counts(), seed=seeds, scope=st.sampled_from(list(RANDOM)))
def test_random_masks_equal_the_reference(
    grid: tuple[int, int, int], count: tuple[float, int | None, str], seed: int, scope: str
) -> None:
    mask = RANDOM[scope](grid=grid, seed=seed, **options(count))
    np.testing.assert_array_equal(mask, plain.select(grid, scope, count, seed))


@settings(max_examples=100, deadline=None)
@given(
    grid=grids,
    count=counts(),
    seed=seeds,
    name=st.sampled_from(list(BOXES)),
    aspect=st.sampled_from([1.0, 0.3, 4, (0.5, 2.0), (1 / 1024, 1024.0)]),
    step=st.sampled_from([0, 0.25, 1.0, 2.7, 1024.0]),
)
def test_box_masks_equal_the_reference(
    grid: tuple[int, int, int],
    count: tuple[float, int | None, str],
    seed: int,
    name: str,
    aspect: Any,
    step: float,
) -> None:
    extra: dict[str, Any] = {"aspect": aspect, "seed": seed}
    if name == "simulated_motion":
        extra["step"] = step
    mask = BOXES[name](grid=grid, **options(count), **extra)
    expected = getattr(plain, f"{name}_mask")(grid, count=count, **extra)
    np.testing.assert_array_equal(mask, expected)


@given(grid=grids, count=counts(), seed=seeds)
def test_counts_are_exact_in_every_scope(
    grid: tuple[int, int, int], count: tuple[float, int | None, str], seed: int
) -> None:
    size, everything = grid[1] * grid[2], grid[0] * grid[1] * grid[2]
    per_slot = plain.count_masked(*count, size)
    given: dict[str, Any] = {"grid": grid, "seed": seed, **options(count)}
    assert random_mask(**given).sum() == plain.count_masked(*count, everything)
    for function in (frame_random_mask, tube_mask, *BOXES.values()):
        assert (function(**given).sum((1, 2)) == per_slot).all()


@given(grid=grids, seed=seeds, k=st.integers(1, 200), ids=st.integers(1, 5), data=st.data())
def test_groups_share_k_by_largest_remainder(
    grid: tuple[int, int, int], seed: int, k: int, ids: int, data: st.DataObject
) -> None:
    random = np.random.default_rng(data.draw(st.integers(0, 2**32)))
    groups = random.integers(0, ids, grid) * 7 - 3
    mask = random_mask(grid=grid, num_masked=k, seed=seed, groups=groups)
    expected = plain.select(grid, "clip", (0.5, k, "floor_masked"), seed, groups=groups)
    np.testing.assert_array_equal(mask, expected)
    assert mask.sum() == min(k, groups.size - 1)


def test_equal_remainders_go_to_the_lower_id() -> None:
    groups = np.array([[[5, 5, 2, 2, 9, 9]]])
    mask = random_mask(grid=(1, 1, 6), num_masked=4, groups=groups)
    assert [int(mask[groups == g].sum()) for g in (2, 5, 9)] == [2, 1, 1]


@given(grid=grids, seed=seeds)
def test_same_seed_same_mask_and_tube_is_constant_in_time(
    grid: tuple[int, int, int], seed: int
) -> None:
    for function in (*RANDOM.values(), *BOXES.values()):
        np.testing.assert_array_equal(
            function(grid=grid, seed=seed), function(grid=grid, seed=seed)
        )
    for function in (tube_mask, fixed_box_mask):
        mask = function(grid=grid, seed=seed)
        assert (mask == mask[:1]).all()


@pytest.mark.parametrize("scope", RANDOM)
def test_no_token_is_favoured(scope: str) -> None:
    grid, draws = (2, 4, 4), 20_000
    counts = np.zeros(grid)
    for seed in range(draws):
        counts += RANDOM[scope](grid=grid, mask_ratio=0.75, seed=seed)
    if scope == "tube":
        counts = counts[:1]
    # Masks without replacement: the statistic is chi-square after scaling by (n - 1) / n of a
    # ranking's n tokens; each has its own, independent of the other slot's.
    n = 32 if scope == "clip" else 16
    expected, variance = draws * 0.75, draws * 0.75 * 0.25
    statistic = ((counts - expected) ** 2 / variance).sum() * (n - 1) / n
    limit = {"clip": 61.1, "slot": 59.7, "tube": 37.7}[scope]  # 31, 30, 15 degrees, 0.1 %
    assert statistic < limit


def test_walk_steps_are_bounded_and_the_box_stays_inside() -> None:
    grid = (64, 12, 12)
    mask = simulated_motion_mask(grid=grid, num_masked=9, step=1.0, seed=4)
    rows = (mask * np.arange(12)[:, None]).sum((1, 2)) / 9
    assert np.abs(np.diff(rows)).max() <= 1.5
    assert rows.min() >= 1 - 0.5
    assert rows.max() <= 10 + 0.5
    assert len(np.unique(np.round(rows))) > 3


def test_jumping_boxes_jump_and_fixed_boxes_differ_between_seeds() -> None:
    jumping = jumping_box_mask(num_masked=25)
    overlap = (jumping[1:] & jumping[:-1]).sum((1, 2)) / 25
    assert overlap.mean() < 0.5
    fixed = {fixed_box_mask(num_masked=25, seed=seed).tobytes() for seed in range(20)}
    assert len(fixed) > 15


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"mask_ratio": 0}, r"mask_ratio must be in \(0, 1\), not 0"),
        ({"count": "round"}, r"count must be one of 'floor_masked', 'floor_kept', not 'round'"),
        ({"num_masked": 1.5}, r"num_masked must be an integer or None, not 1.5"),
        ({"grid": (8, 1, 1)}, r"needs at least 2 tokens to choose from, not 1"),
        ({"grid": (8, 2048, 2048)}, r"R \* C < 2\^20"),
        ({"grid": None}, r"grid must be three integers \(S, R, C\), not None"),
        ({"seed": 2**64}, r"seed must be an integer in \[0, 2\^64\), not 18446744073709551616"),
        ({"seed": 1.0}, r"seed must be an integer in \[0, 2\^64\), not 1.0"),
    ],
)
@pytest.mark.parametrize("function", [tube_mask, simulated_motion_mask])
def test_bad_arguments_are_named(
    function: Callable[..., Mask], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        function(**options)


def test_groups_must_fit_the_grid() -> None:
    with pytest.raises(ValueError, match=r"groups must have 6 ids, one per token, not 5"):
        random_mask(grid=(1, 2, 3), groups=np.zeros(5, int))
