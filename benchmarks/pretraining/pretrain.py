"""Pre-training: the loop, its schedule, and what the masks hid on the way."""

from __future__ import annotations

import hashlib
import math
import time
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from benchmarks.pretraining.arms import Masker
from benchmarks.pretraining.model import VideoMAE, flops
from benchmarks.pretraining.samples import Draw, Samples

Tensor = torch.Tensor


@dataclass(frozen=True)
class Recipe:
    """Of pre-training, whatever the mask.

    Attributes:
        per_epoch: samples of an epoch, on every set.
        batch: clips of a step.
        rate: highest learning rate; `warmup` is the share of steps until it, then a cosine to 0.
        decoded: share of the masked tokens, drawn at random, that the decoder reconstructs.
    """

    per_epoch: int = 12_288
    batch: int = 128
    rate: float = 1e-3
    warmup: float = 0.1
    weight_decay: float = 0.05
    decoded: float = 0.5
    clip_norm: float = 1.0

    def rate_at(self, step: int, steps: int) -> float:
        """Factor of the learning rate at a step."""
        warm = max(1, int(self.warmup * steps))
        if step < warm:
            return (step + 1) / warm
        return 0.5 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm)))


class _Steps(Dataset[tuple[Draw, Tensor | None]]):
    """Step by step: what is drawn, and its masks; what a trainer's data set does, in its workers."""

    def __init__(self, masker: Masker, recipe: Recipe, epochs: int, seed: int) -> None:
        self.masker, self.recipe, self.epochs, self.seed = masker, recipe, epochs, seed
        self.per_epoch = recipe.per_epoch // recipe.batch
        self._epoch: tuple[int, Draw] | None = None

    def __len__(self) -> int:
        return self.epochs * self.per_epoch

    def __getitem__(self, step: int) -> tuple[Draw, Tensor | None]:
        epoch, place = divmod(step, self.per_epoch)
        if self._epoch is None or self._epoch[0] != epoch:
            rng = np.random.default_rng((self.seed, epoch))
            self._epoch = epoch, self.masker.samples.draw(rng, self.recipe.per_epoch)
        draw = self._epoch[1].part(slice(place * self.recipe.batch, (place + 1) * self.recipe.batch))
        if self.masker.arm.hidden is not None:
            return draw, None
        return draw, torch.from_numpy(self.masker.masks(draw, epoch))


def visible_count(mask: Tensor) -> int:
    """How many tokens every mask of a batch leaves visible; ValueError where they differ."""
    counts = (~mask.flatten(1)).sum(1).unique().tolist()
    if len(counts) != 1:
        raise ValueError(f"masks must leave equally many tokens visible, not {counts}")
    return int(counts[0])


def split_tokens(mask: Tensor, visible: int, decoded: float, generator: torch.Generator) -> tuple[Tensor, Tensor]:
    """Visible tokens and those to reconstruct, int64 [B, n] and [B, m], of masks bool [B, N]."""
    keys = torch.rand(mask.shape, generator=generator, device=mask.device) + mask
    order = keys.argsort(1)
    return order[:, :visible], order[:, visible : visible + round(decoded * (mask.shape[1] - visible))]


@dataclass
class Hidden:
    """How much of the object masks hide, summed over clips.

    A clip's object is never visible if in every slot that holds some of it at most a twentieth of
    it lies on visible tokens.
    """

    clips: int = 0
    share: float = 0.0
    never: int = 0

    def add(self, coverage: Tensor, mask: Tensor) -> None:
        """coverage [B, S, R, C], mask bool of the same shape."""
        inside = coverage.flatten(2).sum(2)
        seen = (coverage * ~mask).flatten(2).sum(2)
        present = inside.sum(1) > 0
        self.clips += int(present.sum())
        self.share += float((1 - seen.sum(1) / inside.sum(1).clamp(min=1e-9))[present].sum())
        gone = (seen <= 0.05 * inside).all(1)
        self.never += int((gone & present).sum())

    def result(self) -> dict[str, float]:
        """Means over the clips; empty without clips."""
        if not self.clips:
            return {}
        return {"object_hidden": self.share / self.clips, "object_never_visible": self.never / self.clips}


def pretrain(
    model: VideoMAE, samples: Samples, masker: Masker, recipe: Recipe, *, epochs: int, seed: int, compiled: bool, workers: int = 0
) -> dict[str, Any]:
    """Trains `model` in place from fresh weights; returns what belongs into the run's row."""
    model.start(seed)
    device = samples.device
    step_of = torch.compile(model, dynamic=False) if compiled else model
    steps = epochs * (recipe.per_epoch // recipe.batch)
    optimiser = torch.optim.AdamW(
        model.parameters(), recipe.rate, betas=(0.9, 0.95), weight_decay=recipe.weight_decay, fused=device.type == "cuda"
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimiser, lambda step: recipe.rate_at(step, steps))
    generator = torch.Generator(device).manual_seed(seed)
    hidden, order = Hidden(), hashlib.sha256()
    losses: list[Tensor] = []
    shapes, count = (0, 0), 0
    began = timed = time.perf_counter()
    done = 0
    dataset = _Steps(masker, recipe, epochs, seed)
    for draw, made in DataLoader(dataset, batch_size=None, num_workers=workers, prefetch_factor=4 if workers else None):
        mask = masker.oracle(draw, generator) if made is None else made.to(device, non_blocking=True)
        if done < dataset.per_epoch and samples.alpha is not None:
            hidden.add(samples.coverage(draw, model.size.grid), mask)
        order.update(np.stack([draw.clip, draw.start, draw.x, draw.y]).tobytes())
        if made is not None or not done:
            count = visible_count(mask if made is None else made)
        visible, decoded = split_tokens(mask.flatten(1), count, recipe.decoded, generator)
        shapes = visible.shape[1], decoded.shape[1]
        with torch.autocast(device.type, torch.bfloat16):
            loss = step_of(model.patches(samples.pixels(draw)), visible, decoded)
        optimiser.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), recipe.clip_norm)
        optimiser.step()
        schedule.step()
        done += 1
        if done % 50 == 0 or done == steps:
            losses.append(loss.detach())
        if done == min(50, steps - 1):
            losses[-1:] and float(losses[-1])  # waits for the device
            timed = time.perf_counter()
    last = [float(value) for value in losses]
    seconds = time.perf_counter() - began
    rate = (done - min(50, steps - 1)) * recipe.batch / max(1e-9, time.perf_counter() - timed) if done else 0.0
    return {
        "recipe": asdict(recipe), "steps": done, "samples": done * recipe.batch, "order": order.hexdigest()[:16],
        "visible": shapes[0], "decoded": shapes[1], "loss": last[-1] if last else None,
        "loss_curve": [round(value, 4) for value in last[:: max(1, len(last) // 20)]],
        "pretrain_seconds": round(seconds, 1), "clips_per_second": round(rate),
        "flops": done * recipe.batch * flops(model.size, shapes[0], sum(shapes)) if done else 0,
        **hidden.result(),
    }  # fmt: skip
