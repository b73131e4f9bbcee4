"""Runs of a list, spread over the GPUs of a machine; each ends in one JSON line."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
import sys
import time
import traceback
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

import mgm_ext
from benchmarks.pretraining.arms import ARMS, Masker
from benchmarks.pretraining.evaluate import Evaluation, Protocol
from benchmarks.pretraining.load import load_grid, load_rendered
from benchmarks.pretraining.model import Size, VideoMAE
from benchmarks.pretraining.pretrain import Recipe, pretrain
from benchmarks.pretraining.rendered import Plan
from benchmarks.pretraining.samples import Samples


@dataclass(frozen=True)
class Job:
    """One run: `rendered tube 0.9 75 0`.

    Attributes:
        data: "rendered" or "grid".
        arm: a key of ARMS; "none" for no pre-training (then ratio and epochs are 0).
        ratio: share of masked tokens.
        epochs: of pre-training, 12,288 samples each.
        seed: of weights, order, crops, masks and evaluation.
        frozen: evaluate on one frame repeated: what a single frame tells.
    """

    data: str
    arm: str
    ratio: float
    epochs: int
    seed: int
    frozen: bool = False

    @classmethod
    def parse(cls, line: str) -> Job:
        """From a line of a list; a sixth word "frozen" sets that."""
        words = line.split()
        if len(words) not in (5, 6) or words[5:] not in ([], ["frozen"]):
            raise ValueError(f"a job is 'data arm ratio epochs seed [frozen]', not {line!r}")
        job = cls(words[0], words[1], float(words[2]), int(words[3]), int(words[4]), len(words) == 6)
        if job.data not in ("rendered", "grid") or job.arm not in (*ARMS, "none"):
            raise ValueError(f"no such data or arm: {line!r}")
        return job


@dataclass(frozen=True)
class Settings:
    """What all runs of a list share."""

    plan: Plan = Plan()
    size: Size = Size()
    recipe: Recipe = Recipe()
    protocol: Protocol = Protocol()
    crop: int = 112
    grid_limit: int | None = None
    compiled: bool = True
    threads: int = 4
    workers: int = 4


def read_jobs(path: Path) -> list[Job]:
    """The jobs of a list; what follows a # is left out."""
    lines = (line.split("#")[0].strip() for line in path.read_text().splitlines())
    return [Job.parse(line) for line in lines if line]


def key_of(row: dict[str, Any] | Job) -> tuple[Any, ...]:
    """What makes two runs the same run."""
    return tuple((asdict(row) if isinstance(row, Job) else row["job"]).values())


def read_rows(path: Path) -> list[dict[str, Any]]:
    """The rows of a file of JSON lines; a last line that was cut off is left out."""
    if not path.exists():
        return []
    rows = []
    for line in path.read_text().splitlines():
        try:
            rows.append(json.loads(line))
        except json.JSONDecodeError:
            continue
    return rows


def append_row(path: Path, row: dict[str, Any]) -> None:
    """Writes a row and waits until it is on the disk; several processes may."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(json.dumps(row) + "\n")
        file.flush()
        os.fsync(file.fileno())


class Runner:
    """Runs jobs on one device, data sets and compiled code kept from one to the next."""

    def __init__(self, settings: Settings, device: torch.device, *, data: Path, shard: Path, commit: str) -> None:
        self.settings, self.device, self.commit = settings, device, commit
        self.data, self.shard = data, shard
        self._samples: Samples | None = None
        torch.backends.cuda.matmul.allow_tf32 = True
        self._attention = [SDPBackend.CUDNN_ATTENTION, SDPBackend.FLASH_ATTENTION, SDPBackend.EFFICIENT_ATTENTION, SDPBackend.MATH]

    def samples(self, name: str) -> Samples:
        """The set; another one makes room first."""
        if self._samples is None or self._samples.name != name:
            self._samples = None
            if name == "rendered":
                self._samples = load_rendered(self.data, self.settings.plan, self.device, self.settings.crop)
            else:
                view = self.settings.crop
                self._samples = load_grid(self.shard, self.device, view=view, limit=self.settings.grid_limit)
        return self._samples

    def run(self, job: Job) -> dict[str, Any]:
        """Pre-trains, evaluates, and returns the row."""
        with sdpa_kernel(self._attention, set_priority=True):
            return self._run(job)

    def _run(self, job: Job) -> dict[str, Any]:
        began = time.perf_counter()
        samples, settings = self.samples(job.data), self.settings
        torch.manual_seed(job.seed)
        torch._dynamo.reset()  # an arm of another count must not make shapes dynamic
        model = VideoMAE(settings.size).to(self.device)
        row: dict[str, Any] = {"job": asdict(job), "data": samples.identity, "settings": asdict(settings)}
        if job.arm == "none":
            model.start(job.seed)
        else:
            masker = Masker(job.arm, job.ratio, samples, settings.size.grid, seed=job.seed, threads=settings.threads)
            row["pretraining"] = pretrain(
                model, samples, masker, settings.recipe, epochs=job.epochs, seed=job.seed, compiled=settings.compiled,
                workers=settings.workers,
            )
        protocol = settings.protocol
        if job.data == "grid":
            most = len(samples.labelled["train"])
            protocol = replace(protocol, labels=tuple(min(count, most) for count in protocol.labels))
        evaluation = Evaluation(
            model, samples, protocol, seed=job.seed, compiled=settings.compiled, frozen=job.frozen
        )
        row |= evaluation.all()
        row |= {
            "seconds": round(time.perf_counter() - began, 1),
            "card": torch.cuda.get_device_name() if self.device.type == "cuda" else "cpu",
            "torch": torch.__version__,
            "mgm_ext": mgm_ext.__version__ if hasattr(mgm_ext, "__version__") else "",
            "commit": self.commit,
        }
        return row


def expected_seconds(job: Job) -> float:
    """Of a run on an H100; each process corrects it by its own last run."""
    return 130 + 2.2 * job.epochs


def work(jobs: list[Job], out: Path, claims: Path, runner: Runner, *, until: float) -> None:
    """Takes the next job that nobody has, until none is left or it would not end before `until`."""
    slower = 1.0
    for job in jobs:
        claim = claims / "-".join(str(part) for part in key_of(job))
        if time.time() + slower * expected_seconds(job) > until:
            continue
        try:
            claim.touch(exist_ok=False)
        except FileExistsError:
            continue
        try:
            row = runner.run(job)
        except Exception:
            append_row(out.with_suffix(".errors.jsonl"), {"job": asdict(job), "error": traceback.format_exc()})
            print(traceback.format_exc(), flush=True)
            continue
        append_row(out, row)
        slower = row["seconds"] / expected_seconds(job)
        tuned = {count: found["accuracy"] for count, found in row["finetune"].items()}
        rate = row.get("pretraining", {}).get("clips_per_second")
        print(job, "probe", row["probe"]["accuracy"], "tuned", tuned, rate, row["seconds"], "s", flush=True)


def spread(list_path: Path, out: Path, claims: Path, arguments: list[str], gpus: int) -> None:
    """A process per GPU on what is not done yet; claims of an earlier, interrupted run are void."""
    claims.mkdir(parents=True, exist_ok=True)
    for claim in claims.iterdir():
        claim.unlink()
    for row in read_rows(out):
        (claims / "-".join(str(part) for part in key_of(row))).touch()
    running = []
    for gpu in range(max(1, gpus)):
        environment = {**os.environ, "CUDA_VISIBLE_DEVICES": str(gpu)} if gpus else dict(os.environ)
        command = [sys.executable, "-m", "benchmarks.pretraining", "work", str(list_path), str(out), str(claims)]
        running.append(subprocess.Popen([*command, *arguments], env=environment))
    for process in running:
        process.wait()
