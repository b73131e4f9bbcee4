"""Spreads a list over the GPUs of a machine; can be interrupted at any moment and called again."""

from __future__ import annotations

import fcntl
import os
import subprocess
import sys
import time
import traceback
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.pretraining.jobs import Job, append_row, job_of, read_rows
from benchmarks.pretraining.runner import Runner


def work(jobs: list[Job], out: Path, claims: Path, runner: Runner, *, until: float) -> None:
    """Takes the next job that nobody has, until none is left or it would not end before `until`."""
    for job in jobs:
        known = [row["seconds"] / job_of(row).expected_seconds() for row in read_rows(out)]
        slower = 1.1 * max(known[-8:], default=1.0)
        if time.time() + slower * job.expected_seconds() > until:
            continue
        try:
            (claims / job.key).touch(exist_ok=False)
        except FileExistsError:
            continue
        try:
            refuse_other_data(read_rows(out), job, runner.identity(job.data))
            row = runner.run(job)
        except Exception:
            error = {"job": asdict(job), "error": traceback.format_exc()}
            append_row(out.with_suffix(".errors.jsonl"), error)
            print(error["error"], flush=True)
            continue
        append_row(out, row)
        tuned = {count: found["accuracy"] for count, found in row["finetune"].items()}
        rate = row["pretraining"].get("clips_per_second")
        probe = row["probe"]["accuracy"]
        print(job.key, f"probe {probe} tuned {tuned} {rate}/s {row['seconds']} s", flush=True)


def refuse_other_data(rows: list[dict[str, Any]], job: Job, identity: str) -> None:
    """Rows of one file are of one set: ValueError where a set of this name had other pixels."""
    others = {row["data"] for row in rows if row["job"]["data"] == job.data} - {identity}
    if others:
        raise ValueError(f"{job.data} is {identity} here and {', '.join(others)} in earlier rows")


def claimed(out: Path) -> Path:
    """The folder of claims, with those of what stands in `out` and no others."""
    claims = out.with_suffix(".claims")
    claims.mkdir(parents=True, exist_ok=True)
    for claim in claims.iterdir():
        claim.unlink()
    for row in read_rows(out):
        (claims / job_of(row).key).touch()
    return claims


def spread(jobs: Path, out: Path, arguments: list[str], *, gpus: int, at_once: int = 1) -> None:
    """`at_once` processes per GPU on what is not done: while one compiles, another computes.

    Raises:
        BlockingIOError: another call is at work.
    """
    lock = out.with_suffix(".lock").open("w")
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    claimed(out)
    command = [sys.executable, "-m", "benchmarks.pretraining", "work", str(jobs), str(out)]
    running = []
    for gpu in sorted(list(range(max(1, gpus))) * at_once):
        # One thread: torch's own would spin beside those of the masks.
        environment = {**os.environ, "OMP_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
        if gpus:
            environment["CUDA_VISIBLE_DEVICES"] = str(gpu)
        running.append(subprocess.Popen([*command, *arguments], env=environment))
    for process in running:
        process.wait()
