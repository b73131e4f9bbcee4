"""What every mask obeys: exact counts under each scope and rule, one seed one mask, no favour."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mgm_ext import View, boxes_mask, make_masking, motion_topk_mask, running_cell_mask
from mgm_ext.masks import MASKINGS, Mask
from tests.fields import fields, make_score, random_field
from tests.reference import masks as plain
from tests.test_masks import counts, rules, seeds

OF_THE_CLIP = {"random", "block", "time"}  # K of all tokens; the others mask K of each slot
SCOPED = ("motion_topk", "boxes")
PER_SLOT = [name for name in MASKINGS if name not in OF_THE_CLIP]
DRAWS = 20_000
# Different masks among twelve seeds, of those that motion does not decide.
DRAWN = dict.fromkeys(["random", "frame_random", "tube", "block", "jumping_box", "tracked"], 12)
DRAWN |= {"simulated_motion": 12, "fixed_box": 5, "running_cell": 4, "time": 8}


def make(name: str, grid: tuple[int, int, int], ratio: float, **options: Any) -> Any:
    if name == "boxes":
        options["boxes"] = [[[0, 0, 30, 30], [20, 10, 50, 70]]] * grid[0]
    return make_masking(name, input_size=grid, mask_ratio=ratio, **options)


@settings(max_examples=200, deadline=None)
@given(drawn=fields(), name=st.sampled_from(list(MASKINGS)), count=counts(), seed=seeds)
def test_count_is_exact(drawn: Any, name: str, count: Any, seed: int) -> None:
    field, slots = drawn
    grid = (slots, 4, 7)
    ratio, k, rule = count
    if name == "running_cell":
        ratio, k = 0.75, None
    mask = make(name, grid, ratio, num_masked=k, count=rule)(field, seed=seed)
    n = mask.size if name in OF_THE_CLIP else 28
    expected = plain.count_masked(ratio, k, rule, n)
    assert (mask.reshape(-1, n).sum(1) == expected).all()


@settings(max_examples=100, deadline=None)
@given(
    drawn=fields(),
    name=st.sampled_from(SCOPED),
    scope=st.sampled_from(["slot", "clip", "tube"]),
    ratio=st.floats(0.02, 0.98),
    rule=rules,
    seed=seeds,
)
def test_count_is_exact_in_every_scope(
    drawn: Any, name: str, scope: str, ratio: float, rule: str, seed: int
) -> None:
    field, slots = drawn
    mask = make(name, (slots, 5, 4), ratio, count=rule, scope=scope)(field, seed=seed)
    if scope == "clip":
        assert mask.sum() == plain.count_masked(ratio, None, rule, mask.size)
    else:
        assert (mask.sum((1, 2)) == plain.count_masked(ratio, None, rule, 20)).all()
    if scope == "tube":
        assert (mask == mask[:1]).all()


FIELD = random_field(4, slots=8, tubelet=2, high=16, wide=16)


@pytest.mark.parametrize("name", PER_SLOT)
def test_slots_keep_as_many_tokens_as_trainers_expect(name: str) -> None:
    if name == "running_cell":
        mask = running_cell_mask(grid=(8, 14, 14))
        assert ((~mask).sum((1, 2)) == 49).all()
        return
    for rule, visible in (("floor_masked", 20), ("floor_kept", 19)):
        mask = make(name, (8, 14, 14), 0.9, count=rule)(FIELD, seed=1)
        assert ((~mask).sum((1, 2)) == visible).all()


@pytest.mark.parametrize("name", [*OF_THE_CLIP, *SCOPED])
def test_clips_keep_as_many_tokens_as_trainers_expect(name: str) -> None:
    scope = {"scope": "clip"} if name in SCOPED else {}
    for rule, visible in (("floor_masked", 157), ("floor_kept", 156)):
        mask = make(name, (8, 14, 14), 0.9, count=rule, **scope)(FIELD, seed=1)
        assert (~mask).sum() == visible


@pytest.mark.parametrize("name", MASKINGS)
def test_seed_alone_decides(name: str) -> None:
    generator = make(name, (8, 14, 14), 0.75)
    masks = [generator(FIELD, seed=seed) for seed in range(12)]
    generator(FIELD)  # its own sequence must not matter to a given seed
    for seed, mask in enumerate(masks):
        np.testing.assert_array_equal(generator(FIELD, seed=seed), mask)
    if name in DRAWN:
        assert len({mask.tobytes() for mask in masks}) >= DRAWN[name]


STILL = make_score(np.zeros((2, 4, 4)))
FULL = View.full(64, 64)
# Masks that nothing but chance decides, by what they choose K tokens of.
CHANCE: dict[str, tuple[str, Callable[[int], Mask]]] = {
    "most motion, without any, of a slot": ("slot", lambda s: motion_topk_mask(STILL, seed=s)),
    "most motion, without any, of a clip": (
        "clip",
        lambda s: motion_topk_mask(STILL, scope="clip", seed=s),
    ),
    "most motion, without any, of a tube": (
        "tube",
        lambda s: motion_topk_mask(STILL, scope="tube", seed=s),
    ),
    "drawn by motion, without any": (
        "slot",
        lambda s: motion_topk_mask(STILL, temperature=1.0, seed=s),
    ),
    "boxes, without any": (
        "slot",
        lambda s: boxes_mask([[], []], view=FULL, grid=(2, 4, 4), seed=s),
    ),
}


@pytest.mark.parametrize("name", CHANCE)
def test_ties_favour_no_token(name: str) -> None:
    scope, draw = CHANCE[name]
    hits = np.zeros((2, 4, 4))
    for seed in range(DRAWS):
        hits += draw(seed)
    if scope == "tube":
        hits = hits[:1]
    # Draws without replacement: the statistic is chi-square after scaling by (n - 1) / n.
    n = 32 if scope == "clip" else 16
    statistic = ((hits - DRAWS * 0.75) ** 2 / (DRAWS * 0.1875)).sum() * (n - 1) / n
    assert statistic < {"clip": 61.1, "slot": 59.7, "tube": 37.7}[scope]  # 0.1 %


def test_running_cell_starts_anywhere() -> None:
    starts = np.zeros(4)
    for seed in range(DRAWS):
        mask = running_cell_mask(grid=(1, 2, 2), seed=seed)
        starts += ~mask.ravel()
    assert ((starts - DRAWS / 4) ** 2 / (DRAWS / 4)).sum() < 16.3  # 3 degrees, 0.1 %
