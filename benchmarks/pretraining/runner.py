"""One run: pre-train, evaluate, and say everything about it in a row."""

from __future__ import annotations

import gc
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch.nn.attention import SDPBackend, sdpa_kernel

import mgm_ext
from benchmarks.pretraining.arms import ARMS, Masker
from benchmarks.pretraining.finetune import FineTuning
from benchmarks.pretraining.jobs import Job
from benchmarks.pretraining.load import load_grid, load_rendered
from benchmarks.pretraining.model import Size, VideoMAE
from benchmarks.pretraining.pretrain import Recipe, pretrain
from benchmarks.pretraining.probe import probed
from benchmarks.pretraining.rendered import PLANS, Plan
from benchmarks.pretraining.samples import Samples
from benchmarks.pretraining.scoring import Protocol

ATTENTION = (
    SDPBackend.CUDNN_ATTENTION,
    SDPBackend.FLASH_ATTENTION,
    SDPBackend.EFFICIENT_ATTENTION,
    SDPBackend.MATH,
)
"""In the order of their speed on a Hopper card."""


@dataclass(frozen=True)
class Settings:
    """What all runs of a list share.

    Attributes:
        plans: the rendered sets by name.
        crop: side of what the model sees; of the rendered frames as read.
        grid_limit: how many of GRID's clips; None: all.
        compiled: with torch.compile.
        threads: of `batch_masks` in each of the loader's `workers`.
        at_once: jobs that share the GPU; with several a row's seconds say nothing of its mask.
    """

    plans: Mapping[str, Plan] = field(default_factory=lambda: PLANS)
    size: Size = field(default_factory=Size)
    recipe: Recipe = field(default_factory=Recipe)
    protocol: Protocol = field(default_factory=Protocol)
    crop: int = 112
    grid_limit: int | None = None
    compiled: bool = True
    threads: int = 4
    workers: int = 4
    at_once: int = 1


class Runner:
    """Runs jobs on one device; the data set is kept from one to the next."""

    def __init__(
        self, settings: Settings, device: torch.device, *, data: Path, shard: Path, commit: str
    ) -> None:
        self.settings, self.device, self.commit = settings, device, commit
        self.data, self.shard = data, shard
        self._samples: Samples | None = None
        torch.backends.cuda.matmul.allow_tf32 = True

    def run(self, job: Job) -> dict[str, Any]:
        """Pre-trains, evaluates, and returns the row."""
        samples, settings = self._loaded(job.data), self.settings
        began = time.perf_counter()
        with sdpa_kernel(list(ATTENTION), set_priority=True):
            gc.collect()  # the last run's graphs hold its memory
            torch._dynamo.reset()  # an arm of another count must not make shapes dynamic
            arm = ARMS.get(job.arm)
            vectors = arm is not None and arm.recipe.loss == "vectors"
            model = VideoMAE(settings.size, vectors=vectors).to(self.device)
            model.start(job.seed)
            pretraining = self._pretrained(model, samples, job) if job.arm != "none" else {}
            trained = time.perf_counter()
            evaluation = self._evaluated(model, samples, job)
        return {
            "job": asdict(job),
            "data": samples.identity,
            "plan": asdict(settings.plans[job.data]) if job.data in settings.plans else None,
            "size": asdict(settings.size),
            "pretraining": pretraining,
            **evaluation,
            "evaluation_seconds": round(time.perf_counter() - trained, 1),
            "seconds": round(time.perf_counter() - began, 1),
            "at_once": settings.at_once,
            "card": torch.cuda.get_device_name() if self.device.type == "cuda" else "cpu",
            "torch": torch.__version__,
            "mgm_ext": mgm_ext.build_info()["version"] if hasattr(mgm_ext, "build_info") else "",
            "commit": self.commit,
        }

    def identity(self, data: str) -> str:
        """Of a set as this runner has it."""
        return self._loaded(data).identity

    def _loaded(self, name: str) -> Samples:
        if self._samples is None or self._samples.name != name:
            self._samples = None  # makes room first
            settings, device = self.settings, self.device
            if name == "grid":
                self._samples = load_grid(
                    self.shard, device, view=settings.crop, limit=settings.grid_limit
                )
            else:
                folder, plan = self.data / name, settings.plans[name]
                threads = settings.threads * max(1, settings.workers)
                self._samples = load_rendered(
                    folder, name, plan, device, settings.crop, threads=threads
                )
            if settings.compiled:
                self._samples = self._samples.compiled()
        return self._samples

    def _pretrained(self, model: VideoMAE, samples: Samples, job: Job) -> dict[str, Any]:
        """Weights and row of the same pre-training where it was done before, else done now."""
        name = f"{replace(job, frozen=False).key}-{samples.identity}-{self.commit[:10]}.pt"
        kept = self.data / "weights" / name
        if kept.exists():
            stored = torch.load(kept, map_location=self.device)
            model.load_state_dict(stored["model"])
            row: dict[str, Any] = stored["row"]
            return row
        row = self._pretrain(model, samples, job)
        kept.parent.mkdir(parents=True, exist_ok=True)
        unfinished = kept.with_suffix(".part")
        torch.save({"model": model.state_dict(), "row": row}, unfinished)
        unfinished.replace(kept)
        return row

    def _pretrain(self, model: VideoMAE, samples: Samples, job: Job) -> dict[str, Any]:
        settings = self.settings
        masker = Masker(
            job.arm,
            job.ratio,
            samples,
            settings.size.grid,
            seed=job.seed,
            threads=settings.threads,
            epochs=job.epochs,
        )
        return pretrain(
            model,
            samples,
            masker,
            settings.recipe,
            epochs=job.epochs,
            seed=job.seed,
            compiled=settings.compiled,
            workers=settings.workers,
        )

    def _evaluated(self, model: VideoMAE, samples: Samples, job: Job) -> dict[str, Any]:
        protocol = self.settings.protocol.within(len(samples.labelled["train"]))
        compiled = self.settings.compiled
        tuning = FineTuning(model, samples, protocol, compiled=compiled, frozen=job.frozen)
        return {
            "protocol": asdict(protocol),
            "probe": probed(model, samples, protocol, seed=job.seed, frozen=job.frozen),
            "finetune": tuning.results(job.seed),
        }
