"""The smallest experiment fails where a mask, a label, the schedule or a view is wrong."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from benchmarks.pretraining import tiny
from benchmarks.pretraining.arms import Masker, oracle_mask, static_box
from benchmarks.pretraining.finetune import Classifier, FineTuning
from benchmarks.pretraining.hidden import Hidden
from benchmarks.pretraining.jobs import Job, append_row, read_jobs, read_rows
from benchmarks.pretraining.load import load_rendered, prepare_rendered
from benchmarks.pretraining.model import VideoMAE
from benchmarks.pretraining.motions import MOTIONS, scene
from benchmarks.pretraining.mouth import HEIGHT, WIDTH, mouth_place
from benchmarks.pretraining.pretrain import Recipe
from benchmarks.pretraining.rendered import PLANS, Plan
from benchmarks.pretraining.runner import Runner
from benchmarks.pretraining.samples import Draw
from benchmarks.pretraining.scoring import Protocol
from benchmarks.pretraining.spread import claimed, refuse_other_data, work

SHARD = Path(__file__).parents[2] / "shared" / "data" / "grid_s1.tar"


@pytest.fixture(scope="module")
def runner(tmp_path_factory: pytest.TempPathFactory) -> Runner:
    return tiny.run_tiny(tmp_path_factory.mktemp("tiny"), SHARD)


@pytest.fixture(scope="module")
def rows(runner: Runner) -> dict[str, dict[str, Any]]:
    found = read_rows(runner.data.parent / "rows.jsonl")
    return {f"{row['job']['data']} {row['job']['arm']}": row for row in found}


def test_masks_hide_what_their_name_says_within_the_crop(rows: dict[str, dict[str, Any]]) -> None:
    hidden = {arm: row["pretraining"].get("object_hidden") for arm, row in rows.items()}
    assert hidden["rendered tube"] == pytest.approx(0.5, abs=0.12)
    assert hidden["rendered oracle_80"] == pytest.approx(0.8, abs=0.06)
    assert hidden["rendered robust"] > 0.9  # a view that is off by a few pixels: 0.6 to 0.8


def test_masks_follow_the_crop_into_every_corner(runner: Runner) -> None:
    samples = runner._loaded("rendered")
    grid = tiny.SETTINGS.size.grid
    masker = Masker("motion_topk", 0.15, samples, grid, seed=0, threads=1)
    hidden, clips = Hidden(), samples.pretraining
    for x in (0, samples.slack):
        for y in (0, samples.slack):
            corner = [np.full(len(clips), place) for place in (x, y)]
            draw = Draw(clips, np.zeros_like(clips), *corner)
            mask = torch.from_numpy(masker.masks(draw, 0))
            hidden.add(samples.coverage(draw, grid), mask)
    assert hidden.result()["object_hidden"] > 0.65  # with a view at half its place: 0.55


def test_oracle_hides_exactly_its_share() -> None:
    coverage = torch.zeros(2, 3, 4, 4)
    coverage[:, :, 1:3, 1:3] = 1
    keys = torch.rand(2, 4, 4, generator=torch.Generator().manual_seed(0))
    for hidden, expected in ((0.0, 0), (0.5, 2), (0.75, 3), (1.0, 4)):
        mask = oracle_mask(coverage, keys, hidden=hidden, num_masked=8)
        assert (mask.sum((2, 3)) == 8).all()
        assert (mask[:, :, 1:3, 1:3].sum((2, 3)) == expected).all()
        assert (mask == mask[:, :1]).all()  # one order of places for the whole clip


def test_labels_are_the_motions_that_were_drawn(runner: Runner) -> None:
    samples = runner._loaded("rendered")
    assert samples.alpha is not None
    train, plan = samples.labelled["train"], tiny.SETTINGS.plans["rendered"]
    axis = (torch.arange(samples.alpha.shape[-1]) + 0.5) / samples.alpha.shape[-1]
    seen = set()
    for clip, label in zip(train.clip, train.label, strict=True):
        alpha = samples.alpha[int(clip)].float()
        area = alpha.sum((1, 2))
        x = (alpha * axis).sum((1, 2)) / area
        y = (alpha * axis[:, None]).sum((1, 2)) / area
        camera = plan.scene_of(int(clip))[1].camera[::2]
        move_x = float(x[-1] - x[0]) - (camera[-1, 0] - camera[0, 0])
        move_y = float(y[-1] - y[0]) - (camera[-1, 1] - camera[0, 1])
        grown = math.log(float(area[-1] / area[0]))
        motion = MOTIONS[label]
        along = {"left": -move_x, "right": move_x, "up": -move_y, "down": move_y}.get(motion)
        if along is not None:
            assert along > 0.1, (clip, motion)
            seen.add(motion)
        if motion in ("grow", "shrink"):
            assert grown * (1 if motion == "grow" else -1) > 0.3, (clip, motion)
            seen.add(motion)
    assert len(seen) == 6


def test_every_arm_sees_the_same_samples_under_the_same_schedule(
    rows: dict[str, dict[str, Any]],
) -> None:
    trained = [row["pretraining"] for arm, row in rows.items() if arm.startswith("rendered")]
    assert len({row["order"] for row in trained}) == 1
    for row in trained:
        assert (row["steps"], row["samples"]) == (8, 128)
        assert row["clip_draws"] == [4, 4]
        first, highest, last = row["rates"]
        assert highest == pytest.approx(1e-3)
        assert last < 0.06e-3 < first
    schedule = Recipe(rate=1.0).schedule(1000)
    factors = [schedule.at(done) for done in (0, 49, 99, 100, 550, 1000)]
    assert factors == pytest.approx([0.01, 0.5, 1, 1, 0.5, 0])


@pytest.mark.parametrize("amplitude", sorted({p.hard.amplitude for p in PLANS.values()}))
def test_one_frame_does_not_tell_the_motion(amplitude: float) -> None:
    """A classifier that knows the object's true state at a random moment stays near chance."""
    from sklearn.ensemble import HistGradientBoostingClassifier

    rng = np.random.default_rng(0)
    states, labels = [], []
    for index in range(6400):
        one = scene(5, index, amplitude=amplitude)
        t = rng.integers(len(one.angle))
        size = math.log(one.size * one.scale[t])
        states.append([*one.centre[t], size, math.cos(one.angle[t]), math.sin(one.angle[t])])
        labels.append(one.motion)
    train, test = slice(0, 4800), slice(4800, None)
    model = HistGradientBoostingClassifier(max_iter=20, random_state=0)
    model.fit(np.array(states)[train], labels[train])
    score = model.score(np.array(states)[test], labels[test])
    assert score < 0.11, score  # chance is 0.0625


@pytest.mark.skipif(not SHARD.exists(), reason="the GRID shard is not here")
def test_words_are_scored_within_their_position(
    runner: Runner, rows: dict[str, dict[str, Any]]
) -> None:
    samples = runner._loaded("grid")
    for some in samples.labelled.values():
        inside = samples.classes[torch.from_numpy(some.group), torch.from_numpy(some.label)]
        assert inside.all()
    sentences = [set(some.clip.tolist()) for some in samples.labelled.values()]
    assert not sentences[0] & (sentences[1] | sentences[2])
    assert len(rows["grid robust"]["probe"]["by_group"]) == 6


def test_a_list_goes_on_where_it_was_interrupted(runner: Runner, tmp_path: Path) -> None:
    done = read_rows(runner.data.parent / "rows.jsonl")
    out = tmp_path / "rows.jsonl"
    for row in done:
        append_row(out, row)
    out.write_text(out.read_text() + '{"job": {"data": "rend')  # cut off in the midst
    claims = claimed(out)
    (claims / "left-by-a-killed-process").touch()
    assert not (claimed(out) / "left-by-a-killed-process").exists()
    work([Job.parse(line) for line in tiny.JOBS], out, claimed(out), runner, until=0)
    assert len(read_rows(out)) == len(done)
    append_row(out, done[0])
    assert len(read_rows(out)) == len(done) + 1


def test_rows_of_another_set_are_refused(runner: Runner) -> None:
    (first, *_) = read_rows(runner.data.parent / "rows.jsonl")
    job = Job.parse(tiny.JOBS[1])
    refuse_other_data([first], job, runner.identity("rendered"))
    with pytest.raises(ValueError, match=r"rendered is \w+ here and 00ff in earlier rows"):
        refuse_other_data([{**first, "data": "00ff"}], job, runner.identity("rendered"))


def test_a_set_on_disk_is_drawn_anew_when_its_plan_changes(tmp_path: Path) -> None:
    plan = Plan(counts=(2, 1, 1), side=32)
    prepare_rendered(tmp_path / "set", plan, devices=["cpu"], threads=1)
    with pytest.raises(ValueError, match=r"holds another set than Plan"):
        load_rendered(tmp_path / "set", "set", replace(plan, seed=1), torch.device("cpu"), 16)
    (tmp_path / "set" / "part-0.pkl").unlink()
    with pytest.raises(KeyError):
        load_rendered(tmp_path / "set", "set", plan, torch.device("cpu"), 16)
    prepare_rendered(tmp_path / "set", replace(plan, seed=1), devices=["cpu"], threads=1)
    load_rendered(tmp_path / "set", "set", replace(plan, seed=1), torch.device("cpu"), 16)


def test_pretrained_weights_are_kept_for_another_evaluation(runner: Runner) -> None:
    job = replace(Job.parse(tiny.JOBS[0]), frozen=True)
    before = {path: path.stat().st_mtime_ns for path in (runner.data / "weights").iterdir()}
    (first, *_) = read_rows(runner.data.parent / "rows.jsonl")
    row = runner.run(job)
    assert row["pretraining"] == first["pretraining"]
    assert before == {path: path.stat().st_mtime_ns for path in (runner.data / "weights").iterdir()}


def test_fine_tuning_moves_the_layers_that_its_decay_leaves_a_rate(runner: Runner) -> None:
    samples, size = runner._loaded("rendered"), tiny.SETTINGS.size
    model = VideoMAE(size)
    model.start(0)
    changes = '{"labels": [16], "steps": [2], "tuning": [[0.001, %s]], "batch": 8}'
    moved = {}
    for decay in ("0", "0.5", "1"):
        tuning = FineTuning(
            model, samples, Protocol.parse(changes % decay), compiled=False, frozen=False
        )
        (result,) = tuning.results(0).values()
        assert result["layer_decay"] == float(decay)
        layers = Classifier(model, samples.classes.shape[1]).layers()
        moved[decay] = [
            float(
                torch.cat([(a - b).detach().flatten() for a, b in zip(*pair, strict=True)]).norm()
            )
            for pair in zip(tuning.layers[:-1], layers[:-1], strict=True)
        ]
    assert max(moved["0"]) == 0
    first, *_ = (part / whole for part, whole in zip(moved["0.5"], moved["1"], strict=True))
    assert 0.2 < first < 0.3  # two layers under the last: AdamW's step is its rate


@pytest.mark.skipif(not SHARD.exists(), reason="the GRID shard is not here")
def test_the_static_box_lies_on_grids_mouth(runner: Runner) -> None:
    samples = runner._loaded("grid")
    left, top = mouth_place(samples)
    x0, y0, x1, y1 = static_box(samples, tiny.SETTINGS.size.grid, 0.75)
    across = min(x1, left + WIDTH) - max(x0, left)
    down = min(y1, top + HEIGHT) - max(y0, top)
    assert across * down > 0.7 * WIDTH * HEIGHT


def test_every_list_can_be_read() -> None:
    lists = sorted((Path(tiny.__file__).parent / "lists").glob("*.txt"))
    assert lists
    for path in lists:
        jobs = read_jobs(path)
        assert len({job.key for job in jobs}) == len(jobs), path
