"""Masks and scores against NumPy: equal first, then timed in pairs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mgm_ext
from benchmarks import rivals_masks as rival
from benchmarks.clip_field import FIELD, clip_field
from benchmarks.conftest import Record
from benchmarks.paired import busier_thread, ratio
from mgm_ext import batch_masks, motion_guided_mask, motion_score, token_texture
from tests.fields import plain_score
from tests.reference import masks as plain_masks
from tests.reference import score as plain

GRIDS = [(8, 14, 14), (16, 16, 16)]
PLAIN = "plain NumPy"
VECTORISED = "vectorised NumPy"

SCORES = {grid: motion_score(FIELD, grid=grid) for grid in GRIDS}


def seeded(make: Callable[..., Any], **options: Any) -> Callable[[], Any]:
    """Calls with a new seed each time: a mask with one seed trains the branch predictor."""
    state = iter(range(1 << 60))
    return lambda: make(seed=next(state), **options)


@pytest.mark.parametrize(
    "who", ["tube", "simulated_motion", "fixed_box", "jumping_box", "motion_guided"]
)
@pytest.mark.parametrize("grid", GRIDS, ids=str)
def test_cheap_masks(record: Record, grid: tuple[int, int, int], who: str) -> None:
    tokens = grid[1] * grid[2]
    k = int(0.75 * tokens)
    random = np.random.default_rng(0)
    assert rival.tube(random, grid[0], tokens, k).sum() == grid[0] * k
    if who == "motion_guided":
        score = SCORES[grid]
        expected = plain_masks.motion_guided_mask(plain_score(score), peak="smooth", seed=3)
        np.testing.assert_array_equal(motion_guided_mask(score, peak="smooth", seed=3), expected)
        ours = seeded(lambda seed: motion_guided_mask(score, peak="smooth", seed=seed))
        label = f"motion_guided_mask smooth from a score, {grid}"
    else:
        function = getattr(mgm_ext, f"{who}_mask")
        assert (function(grid=grid).sum((1, 2)) == k).all()
        ours = seeded(function, grid=grid)
        label = f"{who}_mask, {grid}"
    timed = ratio(lambda: rival.tube(random, grid[0], tokens, k), ours)
    # "At most twice the time of a tube mask" is a ratio of at least 1/2.
    record("masks", label, timed, rival="NumPy tube mask", at_least=0.5)


@pytest.mark.parametrize("grid", GRIDS, ids=str)
def test_smooth_from_a_score(record: Record, grid: tuple[int, int, int]) -> None:
    score, k = SCORES[grid], int(0.75 * grid[1] * grid[2])
    ours = motion_guided_mask(score, peak="smooth", seed=3)
    np.testing.assert_array_equal(ours, rival.smooth_mask(score.values, k, 3))
    timed = ratio(
        lambda: rival.smooth_mask(score.values, k, 3),
        lambda: motion_guided_mask(score, peak="smooth", seed=3),
    )
    label = f"motion_guided_mask smooth from a score, {grid}"
    record("masks", label, timed, rival=VECTORISED, at_least=10)


def test_path_from_a_score(record: Record) -> None:
    score = SCORES[GRIDS[0]]
    twin = plain_score(score)
    expected = plain_masks.motion_guided_mask(twin, peak="path", seed=3)
    np.testing.assert_array_equal(motion_guided_mask(score, peak="path", seed=3), expected)
    timed = ratio(
        lambda: plain_masks.motion_guided_mask(twin, peak="path", seed=3),
        lambda: motion_guided_mask(score, peak="path", seed=3),
    )
    label = f"motion_guided_mask path from a score, {GRIDS[0]}"
    record("masks", label, timed, rival=PLAIN, at_least=10)


@pytest.mark.parametrize("camera", ["none", "median", "affine"])
def test_score_from_a_field(record: Record, camera: str) -> None:
    grid = GRIDS[0]

    def numpy() -> Any:
        if camera == "none":
            return rival.motion_score(FIELD, grid)
        crop = (0.0, 0.0, 340.0, 256.0)
        arrays = (FIELD.vectors, FIELD.cuts, FIELD.sample_offsets, FIELD.cell)
        return plain.motion_score(*arrays, grid=grid, crop=crop, camera=camera).motion

    ours = motion_score(FIELD, grid=grid, camera=camera)
    np.testing.assert_array_equal(ours.motion, numpy())
    timed = ratio(numpy, lambda: motion_score(FIELD, grid=grid, camera=camera))
    name = VECTORISED if camera == "none" else PLAIN
    record("masks", f'motion_score, camera="{camera}"', timed, rival=name)


def test_smooth_from_a_field(record: Record) -> None:
    grid = GRIDS[0]

    def numpy() -> Any:
        return rival.smooth_mask(rival.motion_score(FIELD, grid), 147, 3)

    def ours() -> Any:
        return motion_guided_mask(FIELD, preset="smooth", seed=3)

    np.testing.assert_array_equal(ours(), numpy())
    label = f"motion_guided_mask smooth from a field, {grid}"
    record("masks", label, ratio(numpy, ours), rival=VECTORISED, at_least=3)


def test_texture(record: Record) -> None:
    frames = np.random.default_rng(0).integers(0, 256, (16, 128, 170, 3), np.uint8)
    options: dict[str, Any] = {"crop": (0, 0, 170, 128), "hflip": False}

    def numpy() -> Any:
        return plain.token_texture(frames, grid=GRIDS[0], width=170, height=128, **options)

    np.testing.assert_array_equal(token_texture(frames, grid=GRIDS[0]), numpy())
    timed = ratio(numpy, lambda: token_texture(frames, grid=GRIDS[0]))
    record("masks", "token_texture", timed, rival=PLAIN)


def test_batch(record: Record) -> None:
    fields = [clip_field(i) for i in range(64)]

    def batch(threads: int = 2) -> Any:
        return batch_masks("motion_guided", fields, seeds=range(64), threads=threads)

    def loop() -> Any:
        return np.stack([motion_guided_mask(field, seed=i) for i, field in enumerate(fields)])

    np.testing.assert_array_equal(batch(), loop())
    timed = ratio(loop, batch, clock="wall")
    share = busier_thread(lambda: batch(1), batch)
    row = "batch_masks of 64 clips, robust, 2 threads"
    note = f"by processor time of the busier thread, against one: {share:.2f}x"
    record("masks", row, timed, rival="our own loop", at_least=1.5, note=note)
