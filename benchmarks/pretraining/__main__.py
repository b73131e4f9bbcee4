"""Command line of the experiment."""

from __future__ import annotations

import argparse
import json
import subprocess
import time
from pathlib import Path

import torch

from benchmarks.pretraining.jobs import read_jobs
from benchmarks.pretraining.load import load_grid, prepare_rendered
from benchmarks.pretraining.mouth import read_by_pixels
from benchmarks.pretraining.runner import Runner, Settings
from benchmarks.pretraining.scoring import Protocol
from benchmarks.pretraining.spread import spread, work
from benchmarks.pretraining.tiny import run_tiny

SHARD = Path("../shared/data/grid_s1.tar")
_PROCESSES = 4
"""On each GPU while a set is drawn: the threads of one wait for its interpreter lock."""


def _commit() -> str:
    asked = subprocess.run(
        ["git", "rev-parse", "HEAD"], capture_output=True, text=True, check=False
    )
    return asked.stdout.strip()


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.pretraining", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    run = commands.add_parser("run", help="render what is missing, then run a list over all GPUs")
    run.add_argument("jobs", type=Path)
    run.add_argument("out", type=Path, help="rows are appended; runs that stand there are left out")
    prepare = commands.add_parser("prepare", help="render the sets of a list, and no more")
    prepare.add_argument("jobs", type=Path)
    one = commands.add_parser("work", help="one process of run")
    one.add_argument("jobs", type=Path)
    one.add_argument("out", type=Path)
    tiny = commands.add_parser("tiny", help="everything at once in under a minute on a CPU")
    tiny.add_argument("out", type=Path, help="folder")
    tiny.add_argument("--shard", type=Path, default=SHARD)
    pixels = commands.add_parser("pixels", help="what mouth pixels alone say about GRID's words")
    pixels.add_argument("out", type=Path, help="JSON")
    pixels.add_argument("--shard", type=Path, default=SHARD)
    for each in (run, one, prepare):
        each.add_argument(
            "--data",
            type=Path,
            default=Path("/dev/shm/mgm-rendered"),
            help="folder of the rendered set",
        )
        each.add_argument("--shard", type=Path, default=SHARD)
        each.add_argument(
            "--until", type=float, default=0, help="epoch seconds after which no job should end"
        )
        each.add_argument("--cores", type=int, default=16, help="for each GPU")
        each.add_argument("--commit", default="")
        each.add_argument("--at-once", type=int, default=1, help="jobs on each GPU")
        each.add_argument(
            "--protocol",
            default="{}",
            help='fields of the evaluation\'s protocol to change, JSON: {"repeats": 5}',
        )
    return parser.parse_args()


def main() -> None:
    given = _arguments()
    if given.command == "tiny":
        run_tiny(given.out, given.shard)
        return
    if given.command == "pixels":
        found = read_by_pixels(load_grid(given.shard, torch.device("cpu")))
        given.out.write_text(json.dumps(found, indent=1) + "\n")
        return
    gpus = torch.cuda.device_count()
    threads = max(1, 4 // given.at_once)
    settings = Settings(
        compiled=gpus > 0,
        threads=threads,
        workers=max(1, given.cores // (threads * given.at_once)),
        at_once=given.at_once,
        protocol=Protocol.parse(given.protocol),
    )
    commit = given.commit or _commit()
    if given.command in ("prepare", "run"):
        began = time.time()
        devices = [f"cuda:{gpu}" for gpu in range(gpus)] or ["cpu"]
        for name in sorted({job.data for job in read_jobs(given.jobs)} & set(settings.plans)):
            folder = given.data / name
            threads = max(1, given.cores // _PROCESSES)
            plan = settings.plans[name]
            prepare_rendered(folder, plan, devices=devices * _PROCESSES, threads=threads)
        print(f"prepared in {time.time() - began:.0f} s", flush=True)
        if given.command == "prepare":
            return
        passed = ["--data", str(given.data), "--shard", str(given.shard)]
        passed += ["--until", str(given.until), "--cores", str(given.cores), "--commit", commit]
        passed += ["--at-once", str(given.at_once), "--protocol", given.protocol]
        spread(given.jobs, given.out, passed, gpus=gpus, at_once=given.at_once)
        return
    device = torch.device("cuda" if gpus else "cpu")
    runner = Runner(settings, device, data=given.data, shard=given.shard, commit=commit)
    claims = given.out.with_suffix(".claims")
    work(read_jobs(given.jobs), given.out, claims, runner, until=given.until or float("inf"))


if __name__ == "__main__":
    main()
