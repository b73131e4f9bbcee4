"""Batched operations as torch sees them: opcheck, compile, autocast; the batch; the errors."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch

from mgm_ext import MotionField, _core, batched
from mgm_ext.batched import BatchScore, MotionBatch
from mgm_ext.batched.mask_ops import numbers
from tests.batches import random_batch
from tests.fields import make_field

GRID = [2, 3, 4]
SEEDS = torch.tensor([1, 2])


def small_batch() -> MotionBatch:
    random = np.random.default_rng(0)
    fields = [
        make_field(random.integers(-200, 200, (rows, high, 4, 2), dtype=np.int16), cell=8)
        for rows, high in ((4, 3), (4, 5))
    ]
    return MotionBatch.collate(fields, pinned=False)


def small_score() -> BatchScore:
    return batched.motion_score(*small_batch()[:7], grid=GRID)


def op_calls() -> dict[str, tuple[Any, ...]]:
    batch, score = small_batch(), small_score()
    frames = torch.randint(0, 256, (2, 4, 9, 8, 3), dtype=torch.uint8)
    request = (None, None, GRID, "affine", True)
    box = (0.5, [1.0, 1.0], "path", "motion", 0.02, 1.0)
    made_from = {
        "nothing": (SEEDS, GRID),
        "score": (*score, SEEDS, GRID),
        "field": (*batch[:7], batch.row_frames, SEEDS, GRID),
        "boxes": (
            torch.rand(2, GRID[0], 3, 4, dtype=torch.float64),
            batch.views,
            None,
            SEEDS,
            GRID,
        ),
    }
    calls: dict[str, tuple[Any, ...]] = {
        f"{name}_mask": (*made_from[rule.takes], *k_and_options(name))
        for name, rule in _core.mask_rules.items()
    }
    return {
        **calls,
        "motion_guided_mask_of_field": (
            *batch[:7], *request, SEEDS, *k_and_options("motion_guided", peak="smooth")
        ),
        "motion_score": (*batch[:7], *request),
        "token_texture": (frames, batch.sizes, batch.views, GRID),
        "motion_boxes": (*score, batch.views, batch.sizes, SEEDS, *box),
        "slot_sources": (*score, "motion", 0.02),
        "mask_ids": (batched.tube_mask(SEEDS, grid=GRID).flatten(1), 6),
    }  # fmt: skip


def k_and_options(name: str, **options: Any) -> list[Any]:
    return numbers(name, GRID, 0.75, 3 if name == "running_cell" else 5, "floor_masked", **options)


@pytest.mark.parametrize("name", op_calls())
def test_operator_passes_opcheck(name: str) -> None:
    operator = getattr(torch.ops.mgm_ext, name)
    torch.library.opcheck(operator, op_calls()[name])


def everything(batch: MotionBatch, seeds: torch.Tensor) -> tuple[torch.Tensor, ...]:
    score = batched.motion_score(*batch[:7], grid=GRID)
    robust = batched.motion_guided_mask(batch, seeds, grid=GRID)
    smooth = batched.motion_guided_mask(batch, seeds, grid=GRID, preset="smooth")
    keep, restore = batched.ids(robust, num_visible=6)
    return (
        *score,
        robust,
        smooth,
        keep,
        restore,
        batched.motion_boxes(score, seeds, batch.views, batch.sizes),
        batched.slot_sources(score),
        batched.motion_topk_mask(score, seeds, temperature=0.5),
        batched.tracked_mask(batch, seeds, grid=GRID),
        batched.random_mask(seeds, grid=GRID),
        batched.select(score.values, 4, "clip", seeds=seeds),
    )


@pytest.mark.filterwarnings("ignore")  # torch's own, of its compiler
def test_whole_graph_compiles() -> None:
    batch = small_batch()
    compiled = torch.compile(everything, fullgraph=True, backend="aot_eager")
    for got, want in zip(compiled(batch, SEEDS), everything(batch, SEEDS), strict=True):
        assert torch.equal(got, want)


def test_autocast_changes_nothing() -> None:
    batch = small_batch()
    want = everything(batch, SEEDS)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        got = everything(batch, SEEDS)
    assert all(torch.equal(a, b) for a, b in zip(got, want, strict=True))


@pytest.mark.parametrize("threads", [1, 3])
def test_threads_change_nothing(threads: int) -> None:
    drawn = random_batch(3, clips=5)
    before = torch.get_num_threads()
    want = batched.motion_guided_mask(drawn.batch, drawn.seeds, grid=drawn.grid)
    try:
        torch.set_num_threads(threads)
        got = batched.motion_guided_mask(drawn.batch, drawn.seeds, grid=drawn.grid)
    finally:
        torch.set_num_threads(before)
    assert torch.equal(got, want)


def test_padding_counts_for_nothing() -> None:
    drawn = random_batch(11, clips=3)
    batch = drawn.batch
    noisy = batch._replace(
        field=torch.full_like(batch.field, 999), coded=torch.ones_like(batch.coded)
    )
    for i, field in enumerate(drawn.fields):
        m, r, c = field.coded.shape
        noisy.field[i, :m, :r, :c] = torch.from_numpy(np.array(field.vectors))
        noisy.coded[i, :m, :r, :c] = torch.from_numpy(np.array(field.coded))
    want = batched.motion_score(*batch[:7], grid=drawn.grid, weight="coded")
    got = batched.motion_score(*noisy[:7], grid=drawn.grid, weight="coded")
    assert all(torch.equal(a, b) for a, b in zip(got, want, strict=True))


def test_empty_batch_gives_empty_masks() -> None:
    batch = MotionBatch(*(tensor[:0] for tensor in small_batch() if tensor is not None))
    seeds = SEEDS[:0]
    assert batched.motion_guided_mask(batch, seeds, grid=GRID).shape == (0, *GRID)
    assert batched.tube_mask(seeds, grid=GRID).shape == (0, *GRID)


def test_collate_pads_and_keeps_every_field() -> None:
    batch = small_batch()
    assert batch.field.shape == (2, 4, 5, 4, 2)
    assert (batch.field[0, :, 3:, :, 0] == -32768).all()
    assert batch.sizes.tolist() == [[32, 24], [32, 40]]
    assert batch.views.tolist() == [[0, 0, 32, 24, 0], [0, 0, 32, 40, 0]]
    assert batch.frames is None
    assert batch.to("cpu").offsets.tolist() == [[0, 1, 2, 3, 4]] * 2


def test_collate_tells_which_clips_are_damaged() -> None:
    fields = [still(), dataclasses.replace(still(), damaged=True)]
    damaged = MotionBatch.collate(fields, pinned=False).to("cpu").damaged
    assert damaged is not None
    assert damaged.tolist() == [False, True]


def still(rows: int = 4) -> MotionField:
    return make_field(np.zeros((rows, 2, 2, 2), np.int16))


ERRORS: dict[str, tuple[Callable[[], object], str]] = {
    "dtype": (
        lambda: batched.motion_score(*small_batch()._replace(cells=torch.ones(2))[:7], grid=GRID),
        r"cells must be torch.int64 \[2\], not torch.float32 \[2\]",
    ),
    "shape": (
        lambda: batched.tracked_mask(small_batch(), SEEDS[:1], grid=GRID),
        r"seeds must be torch.int64 \[2\], not torch.int64 \[1\]",
    ),
    "device": (
        lambda: batched.motion_score(
            *small_batch()._replace(offsets=torch.zeros(2, 5, dtype=torch.int64, device="meta"))[
                :7
            ],
            grid=GRID,
        ),
        "offsets must be on cpu, like the other tensors, not on meta",
    ),
    "grid": (
        lambda: batched.motion_guided_mask(small_batch(), SEEDS, grid=(3, 2, 2)),
        r"grid must be three integers .* divisor of 4 sampled frames, not \(3, 2, 2\)",
    ),
    "sizes": (
        lambda: batched.motion_score(
            *small_batch()._replace(sizes=torch.tensor([[32, 24], [64, 40]]))[:7], grid=GRID
        ),
        "sizes must be pictures of at most 4 x 5 cells, not 64 x 40 pixels in clip 1",
    ),
    "offsets": (
        lambda: batched.motion_score(
            *small_batch()._replace(offsets=torch.tensor([[0, 1, 2, 3, 9]] * 2))[:7], grid=GRID
        ),
        "offsets must rise from 0 to at most 4 rows, not in clip 0",
    ),
    "views": (
        lambda: batched.motion_score(
            *small_batch()._replace(views=torch.zeros(2, 5, dtype=torch.float64))[:7], grid=GRID
        ),
        "views of clip 0 must be finite with w and h above 0",
    ),
    "camera": (
        lambda: batched.motion_score(*small_batch()[:7], grid=GRID, camera="pan"),
        "camera must be one of .*, not 'pan'",
    ),
    "weight": (
        lambda: batched.motion_score(*small_batch()[:6], None, "coded", grid=GRID),
        'weight="coded" needs coded, not None',
    ),
    "texture": (
        lambda: batched.motion_guided_mask(small_batch(), SEEDS, grid=GRID, weight="texture"),
        'weight="texture" needs frames',
    ),
    "peak": (
        lambda: batched.motion_guided_mask(small_score(), SEEDS, peak="top"),
        "peak must be one of .*, not 'top'",
    ),
    "score": (
        lambda: batched.motion_guided_mask(small_score(), SEEDS, camera="none"),
        "camera, weight and ignore belong to motion_score",
    ),
    "aspect": (
        lambda: batched.fixed_box_mask(SEEDS, grid=GRID, aspect=0.0),
        "aspect must be a number or .*, not",
    ),
    "step": (
        lambda: batched.simulated_motion_mask(SEEDS, grid=GRID, step=-1),
        r"step must be in \[0, 1024\] tokens, not -1",
    ),
    "mask_ratio": (
        lambda: batched.tube_mask(SEEDS, grid=GRID, mask_ratio=1.0),
        r"mask_ratio must be in \(0, 1\), not 1",
    ),
    "temperature": (
        lambda: batched.motion_topk_mask(small_score(), SEEDS, temperature=-2),
        "temperature must be 0 or in",
    ),
    "scope": (
        lambda: batched.select(small_score().values, 3, "all"),
        "scope must be one of .*, not 'all'",
    ),
    "mask": (lambda: batched.ids(SEEDS), r"mask must be bool \[B, ...\], not torch.int64 \[2\]"),
    "num_visible": (
        lambda: batched.ids(torch.ones(2, 3, dtype=torch.bool), num_visible=4),
        r"num_visible must be in \[0, 3\], not 4",
    ),
    "clips": (
        lambda: MotionBatch.collate([still(4), still(6)]),
        r"clips must have one number of sampled frames, not \[4, 6\]",
    ),
    "collated views": (
        lambda: MotionBatch.collate([still()], views=[]),
        "views must be 1, one per clip, not 0",
    ),
}


@pytest.mark.parametrize("name", ERRORS)
def test_error_names_the_argument(name: str) -> None:
    call, text = ERRORS[name]
    with pytest.raises(ValueError, match=text):
        call()
