"""The examples train on real clips, with every mask, in parallel, and resume exactly."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import torch

from mgm_ext.masks import MASKINGS
from tests.conftest import ROOT, RealClip

pytestmark = pytest.mark.usefixtures("one_thread")
SMALL = ["--size", "64", "--width", "64", "--depth", "1", "--batch", "2", "--cpu"]
OPTIONS = {
    "boxes": ["--mask-options", json.dumps({"boxes": [[50, 50, 150, 150]] * 8})],
    "running_cell": ["--mask-ratio", "0.75"],  # it knows no larger one
}


def example(name: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(name, ROOT / "examples" / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def videos(real_clip: RealClip, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("videos")
    for name in ("bikes.mp4", "bigbuckbunny.mp4", "carphone_pristine.mp4"):
        (folder / name).symlink_to(real_clip(name))
    return str(folder)


@pytest.mark.parametrize("name", ["pretrain_hf", "pretrain_plain"])
def test_examples_are_short(name: str) -> None:
    assert len((ROOT / "examples" / f"{name}.py").read_text().splitlines()) < 150


@pytest.mark.filterwarnings("ignore")
def test_hf_example_trains_and_says_how(videos: str, tmp_path: Path) -> None:
    pytest.importorskip("transformers")
    pytest.importorskip("accelerate")
    main = example("pretrain_hf").main
    losses = main([videos, "--steps", "12", "--rate", "5e-3", "--out", str(tmp_path), *SMALL])
    assert losses[-1][1] < losses[0][1]
    assert (tmp_path / "loss.csv").read_text().startswith("step,loss\n1,")
    assert (tmp_path / "loss.png").read_bytes().startswith(b"\x89PNG")
    assert json.loads((tmp_path / "mask.json").read_text())["name"] == "motion_guided"
    assert (tmp_path / "model" / "config.json").exists()


@pytest.mark.parametrize("mask", list(MASKINGS))
def test_plain_example_trains_with_every_mask(mask: str, videos: str, tmp_path: Path) -> None:
    options = OPTIONS.get(mask, [])
    given = [videos, "--steps", "2", "--mask", mask, "--workers", "0", "--out", str(tmp_path)]
    losses = example("pretrain_plain").main([*given, *options, *SMALL])
    assert len(losses) == 2
    assert all(0 < loss < 10 for loss in losses)


def test_plain_example_resumes_as_if_it_had_not_stopped(videos: str, tmp_path: Path) -> None:
    main = example("pretrain_plain").main
    whole = main([videos, "--steps", "6", "--out", str(tmp_path / "whole"), *SMALL])
    part = [videos, "--out", str(tmp_path / "part"), *SMALL]
    assert main([*part, "--steps", "3"]) == whole[:3]
    assert main([*part, "--steps", "6"]) == whole
    assert whole[-1] < whole[0]


def test_plain_example_runs_under_torchrun(videos: str, tmp_path: Path) -> None:
    given = [videos, "--steps", "3", "--bf16", "--workers", "1", "--out", str(tmp_path), *SMALL]
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, str(ROOT / "examples" / "pretrain_plain.py"), *given],
        env=environment,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    assert len((tmp_path / "loss.csv").read_text().splitlines()) == 4


def test_gathering_compiles_as_one_graph() -> None:
    model = example("pretrain_plain").VideoMAE(128, 64, 1)
    clips, order = torch.rand(2, 16, 3, 64, 64), torch.rand(2, 128).argsort(dim=1)
    compiled: Any = torch.compile(model, fullgraph=True, backend="eager")
    expected = model(clips, order[:, :32], order[:, 32:])
    torch.testing.assert_close(compiled(clips, order[:, :32], order[:, 32:]), expected)
