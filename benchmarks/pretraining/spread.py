"""Spreads a list over the GPUs of a machine; can be interrupted at any moment and called again."""

from __future__ import annotations

import os
import subprocess
import sys
import time
import traceback
from dataclasses import asdict
from pathlib import Path

from benchmarks.pretraining.jobs import Job, append_row, job_of, read_rows
from benchmarks.pretraining.runner import Runner


def work(jobs: list[Job], out: Path, claims: Path, runner: Runner, *, until: float) -> None:
    """Takes the next job that nobody has, until none is left or it would not end before `until`."""
    slower = 1.0
    for job in jobs:
        if time.time() + slower * job.expected_seconds() > until:
            continue
        try:
            (claims / job.key).touch(exist_ok=False)
        except FileExistsError:
            continue
        try:
            row = runner.run(job)
        except Exception:
            error = {"job": asdict(job), "error": traceback.format_exc()}
            append_row(out.with_suffix(".errors.jsonl"), error)
            print(error["error"], flush=True)
            continue
        append_row(out, row)
        slower = row["seconds"] / job.expected_seconds()
        tuned = {count: found["accuracy"] for count, found in row["finetune"].items()}
        rate = row["pretraining"].get("clips_per_second")
        probe = row["probe"]["accuracy"]
        print(job.key, f"probe {probe} tuned {tuned} {rate}/s {row['seconds']} s", flush=True)


def claimed(out: Path) -> Path:
    """The folder of claims, with those of what stands in `out` and no others."""
    claims = out.with_suffix(".claims")
    claims.mkdir(parents=True, exist_ok=True)
    for claim in claims.iterdir():
        claim.unlink()
    for row in read_rows(out):
        (claims / job_of(row).key).touch()
    return claims


def spread(jobs: Path, out: Path, arguments: list[str], *, gpus: int) -> None:
    """A process per GPU on what is not done."""
    claimed(out)
    command = [sys.executable, "-m", "benchmarks.pretraining", "work", str(jobs), str(out)]
    running = []
    for gpu in range(max(1, gpus)):
        # One thread: torch's own would spin beside those of the masks.
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        if gpus:
            environment["CUDA_VISIBLE_DEVICES"] = str(gpu)
        running.append(subprocess.Popen([*command, *arguments], env=environment))
    for process in running:
        process.wait()
