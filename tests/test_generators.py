"""Generators, batches, noise, splits and descriptions."""

from __future__ import annotations

import json
import pickle
import random
from typing import Any, Literal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import mgm_ext
from mgm_ext import (
    View,
    batch_masks,
    boxes_mask,
    describe,
    make_masking,
    motion_guided_mask,
    motion_score,
    noise_from_score,
    seed_for,
    simulated_motion_mask,
    three_state_mask,
    token_indices,
    tube_mask,
)
from mgm_ext.masks import MASKINGS, Masking
from tests.children import in_child
from tests.fields import make_score, plain_score, random_field, scores
from tests.reference import ranked as plain

GRID = (4, 6, 6)
FIELD = random_field(3, slots=4, tubelet=2, high=9, wide=9)
BOXES = np.array([[0, 0, 40, 40]] * 4)
NAMES = list(MASKINGS)


def settings_of(name: str) -> dict[str, Any]:
    return {"boxes": BOXES} if name == "boxes" else {}


def make(name: str, **options: Any) -> Masking:
    return make_masking(name, input_size=GRID, mask_ratio=0.75, **{**settings_of(name), **options})


def function_mask(name: str, seed: int) -> Any:
    """The same mask from the function of that name."""
    function = getattr(mgm_ext, f"{name}_mask")
    common: dict[str, Any] = {"grid": GRID, "mask_ratio": 0.75, "seed": seed}
    if name == "boxes":
        weight = "coded"
        score = motion_score(FIELD, grid=GRID, weight=weight)
        return boxes_mask(BOXES, score=score, mask_ratio=0.75, seed=seed)
    if name in ("motion_guided", "inverse_motion", "motion_topk", "tracked"):
        return function(FIELD, **common)
    return function(**common)


@pytest.mark.parametrize("name", NAMES)
def test_generator_makes_the_functions_mask(name: str) -> None:
    generator = make(name)
    for seed in range(3):
        np.testing.assert_array_equal(generator(FIELD, seed=seed), function_mask(name, seed))


@pytest.mark.parametrize("name", NAMES)
def test_recipe_makes_an_equal_generator(name: str) -> None:
    generator = make(name, seed=9)
    generator(FIELD)
    recipe = json.loads(json.dumps(generator.recipe()))
    twin = make_masking(**recipe)
    assert twin.recipe() == generator.recipe()
    np.testing.assert_array_equal(twin(FIELD, seed=4), generator(FIELD, seed=4))


def test_recipe_spells_out_the_preset_and_how_the_field_was_read() -> None:
    generator = make("motion_guided", preset="literal")
    generator(FIELD)
    recipe = generator.recipe()
    chosen = {name: recipe[name] for name in ("camera", "weight", "peak", "first")}
    assert chosen == {"camera": "none", "weight": "none", "peak": "block", "first": "random"}
    assert (recipe["window"], recipe["cell"]) == (FIELD.window, FIELD.cell)


@pytest.mark.parametrize("name", NAMES)
def test_generator_without_a_field_still_makes_exact_masks(name: str) -> None:
    mask = make(name)(view=View.full(90, 90), seed=1)
    assert mask.shape == GRID
    assert mask.sum() == 4 * 27


def test_motion_guided_generator_without_a_field_is_simulated_motion() -> None:
    expected = simulated_motion_mask(grid=GRID, seed=8)
    np.testing.assert_array_equal(make("motion_guided")(seed=8), expected)


def test_generator_takes_a_ready_score() -> None:
    score = motion_score(FIELD, grid=GRID)
    expected = motion_guided_mask(score, seed=2)
    np.testing.assert_array_equal(make("motion_guided")(score, seed=2), expected)


def test_own_sequence_repeats_with_a_seed_and_leaves_global_state_alone() -> None:
    random.seed(1)
    legacy = np.random.get_state()[1].copy()  # type: ignore[index]  # noqa: NPY002
    state = random.getstate()
    first, second = make("tube", seed=5), make("tube", seed=5)
    masks = [first() for _ in range(4)]
    for mask in masks:
        np.testing.assert_array_equal(mask, second())
    assert len({mask.tobytes() for mask in masks}) == 4
    np.testing.assert_array_equal(masks[2], make("tube")(seed=seed_for(5, 0, 2)))
    assert random.getstate() == state
    after = np.random.get_state()[1]  # type: ignore[index]  # noqa: NPY002
    np.testing.assert_array_equal(after, legacy)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_workers_draw_different_masks(method: Literal["fork", "spawn"]) -> None:
    generator = make("tube", seed=5)
    masks = [generator(), in_child(generator, method), in_child(generator, method)]
    assert len({mask.tobytes() for mask in masks}) == 3


def test_pickled_generator_goes_on_where_it_was() -> None:
    generator = make("motion_guided", seed=5)
    generator(FIELD)
    twin = pickle.loads(pickle.dumps(generator))
    np.testing.assert_array_equal(twin(FIELD), generator(FIELD))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("name", NAMES)
def test_batch_is_the_loop(name: str, threads: int) -> None:
    fields = [random_field(i, slots=4, tubelet=2, high=9, wide=9) for i in range(5)]
    extra: dict[str, Any] = {"boxes": [BOXES] * 5} if name == "boxes" else {}
    masks = batch_masks(name, fields, seeds=range(5), threads=threads, grid=GRID, **extra)
    expected = [make(name)(field, seed=i) for i, field in enumerate(fields)]
    np.testing.assert_array_equal(masks, np.stack(expected))


@given(
    score=scores(), strength=st.sampled_from([0.0, 0.5, 4.0, 64.0]), seed=st.integers(0, 2**64 - 1)
)
def test_noise_equals_the_reference(score: Any, strength: float, seed: int) -> None:
    noise = noise_from_score(score, strength=strength, seed=seed)
    expected = plain.noise_from_score(plain_score(score), strength=strength, seed=seed)
    np.testing.assert_array_equal(noise, expected)
    assert noise.dtype == np.float32
    assert ((noise >= 0) & (noise < 1)).all()


def test_noise_of_strength_0_is_uniform_and_strength_moves_motion_up() -> None:
    score = make_score(np.repeat([0, 1 << 30], 500).reshape(1, 10, 100))
    flat = noise_from_score(score, strength=0, seed=1).ravel()
    assert flat.mean() == pytest.approx(0.5, abs=0.03)
    assert flat[500:].mean() == pytest.approx(flat[:500].mean(), abs=0.06)
    strong = noise_from_score(score, strength=3, seed=1).ravel()
    assert strong[500:].mean() > strong[:500].mean() + 0.3
    np.testing.assert_array_equal(strong[:500].argsort(), flat[:500].argsort())


@given(score=scores(slots=3), seed=st.integers(0, 2**32), keep=st.floats(0.4, 1.0))
def test_three_states_equal_the_reference(score: Any, seed: int, keep: float) -> None:
    n = score.values.size
    kept, visible = int(keep * n), n - int(0.8 * n)
    if not visible < kept:
        with pytest.raises(ValueError, match="1 <= visible < kept"):
            three_state_mask(score, keep_ratio=keep, mask_ratio=0.8, seed=seed)
        return
    states = three_state_mask(score, keep_ratio=keep, mask_ratio=0.8, seed=seed)
    expected = plain.split_states(plain_score(score), keep=kept, visible=visible, seed=seed)
    np.testing.assert_array_equal(states, expected)
    assert np.bincount(states.ravel(), minlength=3).tolist() == [visible, kept - visible, n - kept]


def test_token_indices_restore_the_order() -> None:
    mask = tube_mask(grid=GRID, seed=1)
    keep, masked, restore = token_indices(mask)
    tokens = np.arange(mask.size)
    np.testing.assert_array_equal(np.concatenate([keep, masked])[restore], tokens)
    assert not mask.ravel()[keep].any()
    assert mask.ravel()[masked].all()


def test_description_of_a_literal_mask() -> None:
    mask = np.array([[[1, 0, 1], [1, 0, 0]], [[1, 1, 0], [0, 0, 0]]], bool)
    score = make_score([[[4, 0, 0], [0, 0, 0]], [[0, 0, 12], [0, 0, 0]]])
    told = describe(mask, score=score)
    assert told.ratio == 5 / 12
    assert told.slot_ratios.tolist() == [3 / 6, 2 / 6]
    assert told.overlap.tolist() == [1 / 3]
    assert told.parts.tolist() == [2, 1]
    assert told.motion_covered == 4 / 16
    assert describe(mask).motion_covered is None


def test_description_of_what_a_mask_hides_of_an_object() -> None:
    mask = np.zeros((2, 2, 4), bool)
    mask[0, :, 2:] = True  # the right half of slot 0
    mask[1] = True
    view = View(crop=(10, 20, 40, 20), size=(8, 16))
    boxes = np.array([[25.0, 20, 45, 40], [10, 20, 50, 40]])
    told = describe(mask, boxes=boxes, view=view)
    assert told.object_hidden is not None
    np.testing.assert_allclose(told.object_hidden, [0.75, 1])
    assert told.never_visible is False
    mirrored = View(crop=view.crop, size=view.size, hflip=True)
    flipped = describe(mask, boxes=boxes, view=mirrored).object_hidden
    assert flipped is not None
    np.testing.assert_allclose(flipped, [0.25, 1])
    two = [np.array([[30, 0, 90, 90], [35, 22, 40, 30]]), np.zeros((0, 4))]
    assert describe(mask, boxes=two, view=view).never_visible
    outside = describe(mask, boxes=np.array([[np.nan] * 4, [0, 0, 5, 5]]), view=view)
    assert outside.object_hidden is not None
    assert np.isnan(outside.object_hidden).all()
    assert outside.never_visible is None
    assert describe(mask).object_hidden is None


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: describe(np.ones((2, 2, 2), bool), boxes=[[0, 0, 1, 1]] * 2),
            r"boxes need a view, or a score that has one, got neither",
        ),
        (
            lambda: describe(np.ones((2, 2, 2), bool), view=View.full(4, 4)),
            r"view is for boxes, got view=.* and boxes=None",
        ),
        (
            lambda: describe(np.ones((2, 2, 2), bool), boxes=[[0, 0, 1, 1]], view=View.full(4, 4)),
            r"boxes must be one list per slot: 2, not 1",
        ),
        (
            lambda: make_masking("best", input_size=GRID),
            r"name must be one of .*'tube'.*, not 'best'",
        ),
        (lambda: make("tube", step=1), r"tube takes \['count', 'num_masked'\], not \['step'\]"),
        (lambda: make("motion_guided", peak="top"), r"peak must be one of .*, not 'top'"),
        (lambda: make("tube", count="up"), r"count must be one of .*, not 'up'"),
        (
            lambda: make("motion_guided", window="interval")(FIELD),
            r"window='interval', not 'frame'",
        ),
        (lambda: make_masking("boxes", input_size=GRID)(FIELD), r"boxes must be given"),
        (
            lambda: batch_masks("tube", None, seeds=[1], threads=0),
            r"threads must be in \[1, 1024\]",
        ),
        (lambda: batch_masks("motion_guided", [FIELD], seeds=[1, 2]), r"seeds must be 1, one per"),
        (
            lambda: noise_from_score(make_score([[[1, 2]]]), strength=-1, seed=0),
            r"strength must be",
        ),
        (lambda: describe(np.zeros((2, 2), bool)), r"mask must be bool \[S, R, C\]"),
    ],
)
def test_bad_arguments_are_named(call: Any, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()
