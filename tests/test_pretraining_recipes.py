"""Prototypes of masks and losses: counts stay, and each does what its name says."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from benchmarks.pretraining import tiny
from benchmarks.pretraining.arms import ARMS, Masker
from benchmarks.pretraining.jobs import Job
from benchmarks.pretraining.motion_targets import Motion, weights
from benchmarks.pretraining.recipes import filled, with_hints
from benchmarks.pretraining.runner import Runner
from benchmarks.pretraining.samples import Draw

GRID = tiny.SETTINGS.size.grid
PLACES = GRID[1] * GRID[2]
K = PLACES // 2


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    return tiny.run_tiny(tmp_path_factory.mktemp("recipes"), None)


def _masks(runner: Runner, arm: str, epoch: int, epochs: int = 10) -> np.ndarray:
    samples = runner._loaded("rendered")
    masker = Masker(arm, 0.5, samples, GRID, seed=0, threads=1, epochs=epochs)
    masks = masker.masks(samples.draw(np.random.default_rng(3), 16), epoch)
    assert (masks.sum((2, 3)) == K).all()
    return masks.reshape(16, GRID[0], PLACES)


def test_hints_show_their_share_and_keep_the_count() -> None:
    rng = np.random.default_rng(0)
    mask = rng.random((3, 4, 50)).argsort(-1) < 30
    hinted = with_hints(mask, rng.random(mask.shape, np.float32), 0.2)
    assert (hinted.sum(2) == 30).all()
    assert ((mask & ~hinted).sum(2) == 6).all()


def test_filling_keeps_what_was_masked_and_one_order_for_the_rest() -> None:
    rng = np.random.default_rng(0)
    mask = np.zeros((2, 4, 50), np.bool_)
    keys = rng.random((2, 50), np.float32)
    tube = filled(mask, keys, 20)
    assert (tube == tube[:, :1]).all()
    mask[:, 1, :5] = True
    more = filled(mask, keys, 20)
    assert more[mask].all()
    assert (more.sum(2) == 20).all()


def test_a_tube_takes_over(runner: Runner) -> None:
    before, after = (_masks(runner, "motion_topk_then_tube", epoch) for epoch in (7, 8))
    assert (after == after[:, :1]).all()
    assert (before == _masks(runner, "motion_topk", 7)).all()


def test_the_guided_share_rises_to_a_half(runner: Runner) -> None:
    shares = []
    for epoch in (0, 9):
        masks = _masks(runner, "motion_topk_rising", epoch)
        quarter = _masks(runner, "motion_topk", epoch) & masks
        shares.append(quarter.mean())
        assert (epoch > 0) or (masks == masks[:, :1]).all()
    assert shares[1] > shares[0]


@pytest.mark.parametrize("arm", [name for name in ARMS if ARMS[name].recipe.loss])
def test_a_loss_of_its_own_trains(runner: Runner, arm: str) -> None:
    plain = Job.parse("rendered tube 0.5 1 3")
    first, second = (
        runner.run(job)["pretraining"]["epoch_losses"] for job in (plain, replace(plain, arm=arm))
    )
    assert np.isfinite(second).all()
    assert first != second


def test_motion_of_tokens_is_that_of_the_cells_under_them(runner: Runner) -> None:
    samples = runner._loaded("rendered")
    motion = Motion.of(samples)
    height, width = motion.velocity.shape[2:4]
    columns = torch.arange(width, dtype=torch.float16)
    ramp = columns[None, None, None, :, None].expand(2, motion.frames, height, -1, 2)
    motion = replace(motion, velocity=ramp)
    corner = np.array([0, samples.slack])
    zeros = np.zeros(2, np.int64)
    draw = Draw(np.arange(2), zeros, corner, zeros)
    found = motion.of_tokens(draw.index(), GRID).view(2, *GRID, 2)[:, 0, 0, :, 0]
    side, cell = samples.scale * samples.crop / GRID[2], motion.side[0] / width
    for sample, x in enumerate(corner):
        places = samples.scale * x + (np.arange(GRID[2]) + 0.5) * side
        wanted = np.clip(places / cell - 0.5, 0, width - 1)
        np.testing.assert_allclose(found[sample], wanted, atol=0.02)


def test_weights_favour_what_moves_against_the_camera() -> None:
    velocity = torch.full((1, 10, 2), 3.0)
    velocity[0, 4] = -3
    (found,) = weights(velocity)
    assert found.mean() == pytest.approx(1)
    assert found.argmax() == 4
    assert float(found.min()) == pytest.approx(0.5, abs=0.01)
