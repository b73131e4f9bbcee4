"""The gate on instruction counts: what it lets pass, what it says, and that its baseline fits."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import instructions, regression
from tests.conftest import RealClip


@pytest.mark.parametrize("count", [95_100_000, 100_000_000, 104_900_000])
def test_counts_within_five_percent_pass(count: int) -> None:
    assert regression.compare({"tube_mask": count}, {"tube_mask": 100_000_000}) == []


def test_a_slower_path_is_named_with_its_change() -> None:
    counts = {"read_clip": 108_000_000, "tube_mask": 10_000_000}
    baseline = {"read_clip": 100_000_000, "tube_mask": 10_000_000}
    assert regression.compare(counts, baseline) == [
        "read_clip takes 8.0% more instructions than the baseline (100.0 -> 108.0 million)"
    ]


def test_a_faster_path_asks_for_a_new_baseline() -> None:
    (sentence,) = regression.compare({"read_clip": 90_000_000}, {"read_clip": 100_000_000})
    assert "10.0% fewer instructions" in sentence


def test_every_baseline_has_every_path() -> None:
    baselines = regression.read_baselines()
    assert baselines
    assert all(set(counts) == set(regression.PATHS) for counts in baselines.values())


def test_the_measured_program_runs(real_clip: RealClip, tmp_path: Path) -> None:
    real_clip(regression.CLIP)
    command = [
        sys.executable,
        "-W",
        "error",
        "-c",
        regression.program(),
        *map(str, regression.make_clips(tmp_path)),
    ]
    assert subprocess.run(command, check=False, capture_output=True).stderr == b""


@pytest.mark.skipif(not instructions.available(), reason="valgrind is missing")
def test_each_stretch_between_two_calls_is_counted() -> None:
    short, long = "sum(range(1000))", "sum(range(int(sys.argv[1])))"
    program = f"import os, sys; os.getppid(); {short}; os.getppid(); {long}; os.getppid(); {long}"
    first, second = instructions.between(program, "getppid", "20000")
    assert first < second


def test_another_machine_is_skipped_with_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regression, "key", lambda: "riscv64, GCC 99")
    monkeypatch.setattr(sys, "argv", ["regression"])
    with pytest.raises(
        regression.CannotMeasureError, match="no baseline for riscv64, GCC 99; there"
    ):
        regression.check(regression.key())
    assert regression.main() == 0
