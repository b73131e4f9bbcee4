"""Batched operations on the CPU: what the functions for one clip give, for every clip."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

import mgm_ext
from mgm_ext import batched
from mgm_ext.score import Score
from tests.batches import Drawn, random_batch
from tests.fields import reference_score
from tests.reference import boxes as plain_boxes
from tests.reference import masks as plain_masks
from tests.reference import torch_smooth

SEEDS = range(8)


def clip_boxes(drawn: Drawn, i: int) -> np.ndarray:
    boxes: np.ndarray = drawn.ignore[i].numpy()
    return np.array([box for box in boxes if not np.isnan(box).any()]).reshape(-1, 4)


def clip_score(drawn: Drawn, i: int, **options: Any) -> Score:
    return mgm_ext.motion_score(drawn.fields[i], grid=drawn.grid, view=drawn.views[i], **options)


def assert_clips(got: torch.Tensor, one: Callable[[int], np.ndarray]) -> None:
    for i in range(len(got)):
        np.testing.assert_array_equal(got[i].numpy(), one(i), err_msg=f"clip {i}")


@pytest.mark.parametrize("camera", ["none", "median", "affine"])
@pytest.mark.parametrize("seed", SEEDS)
def test_score_is_that_of_each_clip(seed: int, camera: str) -> None:
    drawn = random_batch(seed)
    got = batched.motion_score(
        *drawn.batch[:7], drawn.weight, grid=drawn.grid, camera=camera, ignore=drawn.ignore
    )
    for i in range(len(drawn.fields)):
        want = clip_score(
            drawn, i, camera=camera, weight=drawn.weight[i].numpy(), ignore=clip_boxes(drawn, i)
        )
        for name in ("values", "motion", "valid", "cuts"):
            np.testing.assert_array_equal(getattr(got, name)[i].numpy(), getattr(want, name))


@pytest.mark.parametrize("seed", SEEDS)
def test_score_is_that_of_the_reference(seed: int) -> None:
    drawn = random_batch(seed)
    got = batched.motion_score(*drawn.batch[:7], grid=drawn.grid, weight="coded")
    for i, (field, view) in enumerate(zip(drawn.fields, drawn.views, strict=True)):
        share = field.coded_share(grid=drawn.grid, view=view)
        want = reference_score(field, drawn.grid, view, weight=share)
        np.testing.assert_array_equal(got.values[i].numpy(), want.values)
        mask = batched.motion_guided_mask(got, drawn.seeds, mask_ratio=0.6)
        expected = plain_masks.motion_guided_mask(
            want, count=(0.6, None, "floor_masked"), seed=drawn.seed(i)
        )
        np.testing.assert_array_equal(mask[i].numpy(), expected)


GUIDED: dict[str, dict[str, Any]] = {
    "smooth": {"preset": "smooth"},
    "literal": {"preset": "literal", "fit": "shift"},
    "robust": {},
    "box": {"preset": "smooth", "peak": "box", "fit": "clip", "aspect": (0.5, 2.0)},
    "kept": {"preset": "smooth", "weight": "coded", "count": "floor_kept", "still": 0.5},
    "few": {"preset": "smooth", "num_masked": 1, "camera": "median", "step": 2.5},
}


@pytest.mark.parametrize("name", GUIDED)
@pytest.mark.parametrize("seed", SEEDS)
def test_guided_mask_is_that_of_each_clip(seed: int, name: str) -> None:
    drawn, options = random_batch(seed), GUIDED[name]
    got = batched.motion_guided_mask(
        drawn.batch, drawn.seeds, grid=drawn.grid, ignore=drawn.ignore, **options
    )
    assert_clips(
        got,
        lambda i: mgm_ext.motion_guided_mask(
            drawn.fields[i],
            grid=drawn.grid,
            view=drawn.views[i],
            ignore=clip_boxes(drawn, i),
            seed=drawn.seed(i),
            **options,
        ),
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_texture_is_that_of_each_clip(seed: int) -> None:
    drawn = random_batch(seed, frames=True)
    batch = drawn.batch
    assert batch.frames is not None
    assert drawn.frames is not None
    frames = drawn.frames
    got = batched.token_texture(batch.frames, batch.sizes, batch.views, grid=drawn.grid)

    def texture(i: int) -> np.ndarray:
        width, height = batch.sizes[i].tolist()
        return mgm_ext.token_texture(
            frames[i], grid=drawn.grid, view=drawn.views[i], width=width, height=height
        )

    assert_clips(got, texture)
    mask = batched.motion_guided_mask(batch, drawn.seeds, grid=drawn.grid)
    assert_clips(
        mask,
        lambda i: mgm_ext.motion_guided_mask(
            drawn.fields[i],
            grid=drawn.grid,
            view=drawn.views[i],
            weight=texture(i),
            seed=drawn.seed(i),
        ),
    )


@pytest.mark.parametrize("name", ["simulated_motion", "fixed_box", "jumping_box"])
def test_boxes_without_motion_are_those_of_each_clip(name: str) -> None:
    seeds = torch.tensor([0, 5, -1])
    got = getattr(batched, f"{name}_mask")(seeds, grid=(4, 9, 7), aspect=(0.5, 2), mask_ratio=0.4)
    function = getattr(mgm_ext, f"{name}_mask")
    assert_clips(
        got,
        lambda i: function(
            grid=(4, 9, 7), aspect=(0.5, 2), mask_ratio=0.4, seed=int(seeds[i]) % (1 << 64)
        ),
    )


@pytest.mark.parametrize("name", ["random", "frame_random", "tube"])
def test_random_tokens_are_those_of_each_clip(name: str) -> None:
    seeds = torch.tensor([3, -7])
    got = getattr(batched, f"{name}_mask")(seeds, grid=(3, 5, 7), count="floor_kept")
    function = getattr(mgm_ext, f"{name}_mask")
    assert_clips(
        got,
        lambda i: function(grid=(3, 5, 7), count="floor_kept", seed=int(seeds[i]) % (1 << 64)),
    )


RANKED: dict[str, dict[str, Any]] = {
    "slot": {},
    "clip": {"scope": "clip", "mask_ratio": 0.3},
    "tube": {"scope": "tube", "num_masked": 1},
    "drawn": {"temperature": 0.2},
    "halves": {"visible_from_motion": 0.3},
}


@pytest.mark.parametrize("name", RANKED)
@pytest.mark.parametrize("seed", SEEDS)
def test_topk_and_inverse_are_those_of_each_clip(seed: int, name: str) -> None:
    drawn = random_batch(seed)
    score = batched.motion_score(*drawn.batch[:7], grid=drawn.grid)
    scores = [clip_score(drawn, i) for i in range(len(drawn.fields))]
    got = batched.motion_topk_mask(score, drawn.seeds, **RANKED[name])
    assert_clips(
        got,
        lambda i: mgm_ext.motion_topk_mask(scores[i], seed=drawn.seed(i), **RANKED[name]),
    )
    inverse = batched.inverse_motion_mask(score, drawn.seeds)
    assert_clips(inverse, lambda i: mgm_ext.inverse_motion_mask(scores[i], seed=drawn.seed(i)))


@pytest.mark.parametrize("peak", ["smooth", "box", "path"])
@pytest.mark.parametrize("seed", SEEDS)
def test_boxes_are_those_of_each_clip(seed: int, peak: str) -> None:
    drawn = random_batch(seed)
    score = batched.motion_score(*drawn.batch[:7], grid=drawn.grid)
    got = batched.motion_boxes(
        score, drawn.seeds, drawn.batch.views, drawn.batch.sizes, peak=peak, mask_ratio=0.5
    )
    assert_clips(
        got,
        lambda i: mgm_ext.motion_boxes(
            clip_score(drawn, i), peak=peak, mask_ratio=0.5, seed=drawn.seed(i)
        ),
    )


@pytest.mark.parametrize("scope", ["slot", "clip", "tube"])
@pytest.mark.parametrize("seed", SEEDS)
def test_covered_tokens_are_those_of_each_clip(seed: int, scope: str) -> None:
    drawn = random_batch(seed)
    random = np.random.default_rng(seed)
    boxes = random.uniform(-50, 200, (len(drawn.fields), drawn.grid[0], 3, 4))
    boxes[..., 2:] += boxes[..., :2]
    boxes[random.random(boxes.shape[:3]) < 0.4] = np.nan
    score = batched.motion_score(*drawn.batch[:7], grid=drawn.grid)
    for given in (None, score):
        got = batched.boxes_mask(
            torch.from_numpy(boxes),
            drawn.batch.views,
            drawn.seeds,
            grid=drawn.grid,
            score=given,
            scope=scope,
        )
        for i, view in enumerate(drawn.views):
            want = mgm_ext.boxes_mask(
                boxes[i],
                view=view if given is None else None,
                score=None if given is None else clip_score(drawn, i),
                grid=drawn.grid,
                scope=scope,
                seed=drawn.seed(i),
            )
            np.testing.assert_array_equal(got[i].numpy(), want)


@pytest.mark.parametrize("seed", SEEDS)
def test_tracked_mask_is_that_of_each_clip(seed: int) -> None:
    drawn = random_batch(seed)
    if min(len(field.vectors) for field in drawn.fields) == 0:
        pytest.skip("a field without rows")
    got = batched.tracked_mask(drawn.batch, drawn.seeds, grid=drawn.grid, sigma=24)
    assert_clips(
        got,
        lambda i: mgm_ext.tracked_mask(
            drawn.fields[i], grid=drawn.grid, view=drawn.views[i], sigma=24, seed=drawn.seed(i)
        ),
    )


@pytest.mark.parametrize("scope", ["slot", "clip", "tube"])
def test_select_takes_the_lowest_keys(scope: str) -> None:
    keys = torch.randint(-3, 4, (3, 4, 5, 6), generator=torch.Generator().manual_seed(0))
    seeds = torch.tensor([1, 2, 3])
    got = batched.select(keys, 11, scope, seeds=seeds)
    for i in range(3):
        want = plain_masks.select(
            (4, 5, 6), scope, (0.5, 11, "floor_masked"), i + 1, keys[i].numpy()
        )
        np.testing.assert_array_equal(got[i].numpy(), want)
    assert torch.equal(batched.select(keys, 11, scope), batched.select(keys, 11, scope))


def test_ids_gather_and_restore() -> None:
    mask = batched.frame_random_mask(torch.arange(3), grid=(2, 4, 4), mask_ratio=0.5)
    keep, restore = batched.ids(mask)
    flat = mask.flatten(1)
    tokens = torch.arange(32).expand(3, -1)
    assert keep.shape == (3, 16)
    assert not flat.gather(1, keep).any()
    visible, hidden = tokens[~flat].view(3, 16), tokens[flat].view(3, 16)
    assert torch.equal(torch.cat([visible, hidden], 1).gather(1, restore), tokens)
    short, _ = batched.ids(mask, num_visible=20)
    assert torch.equal(short[:, :16], keep)
    assert (short[:, 16:] == -1).all()


@pytest.mark.parametrize("seed", range(4))
def test_smooth_mask_is_that_of_plain_torch(seed: int) -> None:
    grid = torch_smooth.Grid(*[(8, 14, 14), (4, 6, 9)][seed % 2])
    random = np.random.default_rng(seed)
    field = random.integers(-60, 61, (3, 24, 11, 13, 2), dtype=np.int16)
    field[random.random(field.shape[:4]) < 0.3] = -32768
    field[:, 9:18] = 0
    batch = batched.MotionBatch(
        field=torch.from_numpy(field),
        sizes=torch.tensor([[13 * 16, 11 * 16]] * 3),
        cells=torch.tensor([16] * 3),
        offsets=torch.tensor([[round(i * 1.5) for i in range(17)]] * 3),
        views=torch.tensor([[10.0, -5, 150, 170, seed > 1]] * 3, dtype=torch.float64),
        cuts=torch.from_numpy(random.random((3, 24)) < 0.1),
        coded=torch.ones(3, 24, 11, 13, dtype=torch.bool),
        row_frames=torch.arange(24).expand(3, -1),
    )
    seeds = torch.tensor([5, -9, 1 << 40])
    k = int(0.7 * grid.rows * grid.columns)
    h, w = plain_boxes.box_size(k, 1.0, grid.rows, grid.columns)
    words = torch_smooth.drawn(seeds, grid)
    want = torch_smooth.smooth_mask(
        batch.field, batch.cells, batch.offsets, batch.views, batch.cuts, words, grid, k, (h, w)
    )
    got = batched.motion_guided_mask(batch, seeds, grid=grid, preset="smooth", num_masked=k)
    assert torch.equal(got, want)
