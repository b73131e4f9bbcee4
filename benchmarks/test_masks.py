"""Masks and scores against NumPy: equal first, then timed, ours and the rival in one group."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

import mgm_ext
from benchmarks import rivals_masks as rival
from mgm_ext import batch_masks, motion_guided_mask, motion_score, token_texture
from tests.fields import make_field, plain_score
from tests.reference import masks as plain_masks
from tests.reference import ranked as plain_ranked
from tests.reference import score as plain

GRIDS = [(8, 14, 14), (16, 16, 16)]
Benchmark = Any


def clip_field(seed: int = 0) -> Any:
    """What 16 frames at stride 4 of a 340 x 256 clip give: 61 rows of 32 x 43 cells."""
    random = np.random.default_rng(seed)
    down, across = np.mgrid[0:32, 0:43]
    vectors = np.stack([3 * across - 50, 2 * down - 20], -1)[None]
    vectors = vectors + random.integers(-40, 40, (61, 32, 43, 2))
    vectors[:, 8:14, 10:18] += 300
    vectors = vectors.astype(np.int16)
    vectors[random.random((61, 32, 43)) < 0.1] = (-32768, 0)
    return make_field(
        vectors,
        cell=8,
        coded=random.random((61, 32, 43)) < 0.5,
        sample_offsets=np.linspace(0, 61, 17).astype(np.int64),
        width=340,
        height=256,
    )


FIELD = clip_field()
SCORES = {grid: motion_score(FIELD, grid=grid) for grid in GRIDS}


def seeded(make: Callable[..., Any], **options: Any) -> Callable[[], Any]:
    """Calls with a new seed each time: a mask with one seed trains the branch predictor."""
    state = iter(range(1 << 60))
    return lambda: make(seed=next(state), **options)


@pytest.mark.parametrize(
    "who", ["numpy_tube", "tube", "simulated_motion", "fixed_box", "jumping_box", "motion_guided"]
)
@pytest.mark.parametrize("grid", GRIDS, ids=str)
def test_cheap_masks(benchmark: Benchmark, grid: tuple[int, int, int], who: str) -> None:
    benchmark.group = f"cheap masks {grid}"
    tokens = grid[1] * grid[2]
    k = int(0.75 * tokens)
    if who == "numpy_tube":
        random = np.random.default_rng(0)
        assert rival.tube(random, grid[0], tokens, k).sum() == grid[0] * k
        benchmark(rival.tube, random, grid[0], tokens, k)
        return
    if who == "motion_guided":
        score = SCORES[grid]
        expected = plain_masks.motion_guided_mask(plain_score(score), peak="smooth", seed=3)
        np.testing.assert_array_equal(motion_guided_mask(score, peak="smooth", seed=3), expected)
        benchmark(seeded(lambda seed: motion_guided_mask(score, peak="smooth", seed=seed)))
        return
    function = getattr(mgm_ext, f"{who}_mask")
    assert (function(grid=grid).sum((1, 2)) == k).all()
    benchmark(seeded(function, grid=grid))


@pytest.mark.parametrize("who", ["ours", "numpy"])
@pytest.mark.parametrize("grid", GRIDS, ids=str)
def test_smooth_from_a_score(benchmark: Benchmark, grid: tuple[int, int, int], who: str) -> None:
    benchmark.group = f"motion_guided_mask smooth from a score {grid}"
    score, k = SCORES[grid], int(0.75 * grid[1] * grid[2])
    ours = motion_guided_mask(score, peak="smooth", seed=3)
    np.testing.assert_array_equal(ours, rival.smooth_mask(score.values, k, 3))
    if who == "ours":
        benchmark(lambda: motion_guided_mask(score, peak="smooth", seed=3))
    else:
        benchmark(rival.smooth_mask, score.values, k, 3)


@pytest.mark.parametrize("who", ["ours", "numpy"])
def test_path_from_a_score(benchmark: Benchmark, who: str) -> None:
    benchmark.group = "motion_guided_mask path from a score"
    score = SCORES[GRIDS[0]]
    twin = plain_score(score)
    expected = plain_masks.motion_guided_mask(twin, peak="path", seed=3)
    np.testing.assert_array_equal(motion_guided_mask(score, peak="path", seed=3), expected)
    if who == "ours":
        benchmark(lambda: motion_guided_mask(score, peak="path", seed=3))
    else:
        benchmark(lambda: plain_masks.motion_guided_mask(twin, peak="path", seed=3))


@pytest.mark.parametrize("who", ["ours", "numpy"])
@pytest.mark.parametrize("camera", ["none", "median", "affine"])
def test_score_from_a_field(benchmark: Benchmark, camera: str, who: str) -> None:
    benchmark.group = f"motion_score camera={camera}"
    grid = GRIDS[0]

    def numpy() -> Any:
        if camera == "none":
            return rival.motion_score(FIELD, grid)
        crop = (0.0, 0.0, 340.0, 256.0)
        arrays = (FIELD.vectors, FIELD.cuts, FIELD.sample_offsets, FIELD.cell)
        return plain.motion_score(*arrays, grid=grid, crop=crop, camera=camera).motion

    ours = motion_score(FIELD, grid=grid, camera=camera)
    np.testing.assert_array_equal(ours.motion, numpy())
    benchmark((lambda: motion_score(FIELD, grid=grid, camera=camera)) if who == "ours" else numpy)


@pytest.mark.parametrize("who", ["ours", "numpy"])
def test_smooth_from_a_field(benchmark: Benchmark, who: str) -> None:
    benchmark.group = "motion_guided_mask smooth from a field"
    grid = GRIDS[0]

    def numpy() -> Any:
        return rival.smooth_mask(rival.motion_score(FIELD, grid), 147, 3)

    def ours() -> Any:
        return motion_guided_mask(FIELD, preset="smooth", seed=3)

    np.testing.assert_array_equal(ours(), numpy())
    benchmark(ours if who == "ours" else numpy)


@pytest.mark.parametrize("who", ["ours", "numpy"])
def test_texture(benchmark: Benchmark, who: str) -> None:
    benchmark.group = "token_texture"
    frames = np.random.default_rng(0).integers(0, 256, (16, 128, 170, 3), np.uint8)
    options: dict[str, Any] = {"crop": (0, 0, 170, 128), "hflip": False}

    def numpy() -> Any:
        return plain.token_texture(frames, grid=GRIDS[0], width=170, height=128, **options)

    np.testing.assert_array_equal(token_texture(frames, grid=GRIDS[0]), numpy())
    benchmark((lambda: token_texture(frames, grid=GRIDS[0])) if who == "ours" else numpy)


@pytest.mark.parametrize("who", ["ours", "numpy"])
@pytest.mark.parametrize("name", ["block", "motion_topk", "random", "tracked", "inverse_motion"])
def test_other_masks(benchmark: Benchmark, name: str, who: str) -> None:
    benchmark.group = f"{name}_mask"
    grid, count = GRIDS[0], (0.75, None, "floor_masked")
    score = SCORES[grid]
    twin = plain_score(score)
    rivals: dict[str, Callable[[], Any]] = {
        "random": lambda: plain_masks.select(grid, "clip", count, 3),
        "inverse_motion": lambda: plain_masks.inverse_motion_mask(twin, count=count, seed=3),
        "motion_topk": lambda: plain_ranked.motion_topk_mask(
            twin, scope="slot", count=count, seed=3
        ),
        "block": lambda: plain_ranked.block_mask(
            grid,
            count=count,
            seed=3,
            num_blocks=8,
            scale=(0.15, 0.15),
            aspect=(0.75, 1.5),
            span=(1.0, 1.0),
        ),
        "tracked": lambda: plain_ranked.tracked_mask(
            FIELD.vectors,
            FIELD.cuts,
            FIELD.sample_offsets,
            FIELD.row_frames,
            FIELD.cell,
            grid,
            crop=(0, 0, 340, 256),
            hflip=False,
            sigma=16.0,
            count=count,
            seed=3,
        ),
    }
    function = getattr(mgm_ext, f"{name}_mask")
    source = {"tracked": (FIELD,), "inverse_motion": (score,), "motion_topk": (score,)}.get(
        name, ()
    )
    np.testing.assert_array_equal(function(*source, grid=grid, seed=3), rivals[name]())
    benchmark((lambda: function(*source, grid=grid, seed=3)) if who == "ours" else rivals[name])


@pytest.mark.parametrize("who", ["batch of 64, 2 threads", "loop"])
def test_batch(benchmark: Benchmark, who: str) -> None:
    benchmark.group = "robust masks of 64 clips"
    fields = [clip_field(i) for i in range(64)]

    def batch() -> Any:
        return batch_masks("motion_guided", fields, seeds=range(64), threads=2)

    def loop() -> Any:
        return np.stack([motion_guided_mask(field, seed=i) for i, field in enumerate(fields)])

    np.testing.assert_array_equal(batch(), loop())
    benchmark(loop if who == "loop" else batch)
