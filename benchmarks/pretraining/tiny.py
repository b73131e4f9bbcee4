"""The whole experiment in under a minute on a CPU: it shows that the parts fit, and no accuracy."""

from __future__ import annotations

from pathlib import Path

import torch

from benchmarks.pretraining.jobs import Job, read_rows
from benchmarks.pretraining.load import prepare_rendered
from benchmarks.pretraining.model import Size
from benchmarks.pretraining.pretrain import Recipe
from benchmarks.pretraining.rendered import Plan
from benchmarks.pretraining.runner import Runner, Settings
from benchmarks.pretraining.scoring import Protocol
from benchmarks.pretraining.spread import claimed, work

SETTINGS = Settings(
    plans={"rendered": Plan(counts=(32, 16, 16), side=128)},
    size=Size(grid=(8, 6, 6), width=32, depth=1, heads=2, decoder=(32, 1, 2)),
    recipe=Recipe(per_epoch=32, batch=16),
    protocol=Protocol(labels=(16, 32), steps=(2, 2), batch=16, probe_epochs=2),
    crop=48,
    grid_limit=12,
    compiled=False,
    threads=1,
    workers=0,
)
JOBS = ("rendered tube 0.5 4 0", "rendered robust 0.5 4 0", "rendered oracle_80 0.5 4 0")
GRID_JOB = "grid robust 0.5 1 0"


def run_tiny(out: Path, shard: Path | None) -> Runner:
    """Rows of JOBS, and of one on GRID where its shard is, in `out`/rows.jsonl."""
    plan = SETTINGS.plans["rendered"]
    prepare_rendered(out / "data" / "rendered", plan, devices=["cpu"], threads=2)
    jobs = [Job.parse(line) for line in JOBS]
    if shard is not None and shard.exists():
        jobs.append(Job.parse(GRID_JOB))
    runner = Runner(
        SETTINGS, torch.device("cpu"), data=out / "data", shard=shard or Path(), commit=""
    )
    rows = out / "rows.jsonl"
    work(jobs, rows, claimed(rows), runner, until=float("inf"))
    if len(read_rows(rows)) < len(jobs):
        raise RuntimeError(f"{len(read_rows(rows))} rows of {len(jobs)} jobs; see the errors above")
    return runner
