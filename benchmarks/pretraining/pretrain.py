"""Pre-training: the loop, its schedule, and what the masks hid on the way."""

from __future__ import annotations

import hashlib
import math
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, Dataset

from benchmarks.pretraining.arms import Masker
from benchmarks.pretraining.hidden import Hidden
from benchmarks.pretraining.model import VideoMAE, flops
from benchmarks.pretraining.motion_targets import Motion, weights
from benchmarks.pretraining.samples import Draw, Samples
from benchmarks.pretraining.training import Schedule, Trainer

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

    def schedule(self, steps: int) -> Schedule:
        """Of a training of so many steps."""
        return Schedule(self.rate, steps, self.warmup)


class Steps(Dataset[tuple[Draw, Tensor | None]]):
    """Each step's samples and their masks, made in the workers of a loader."""

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
        draw = self._epoch[1].part(
            slice(place * self.recipe.batch, (place + 1) * self.recipe.batch)
        )
        if self.masker.arm.hidden is not None:
            return draw, None
        masks = self.masker.masks(draw, epoch, place * self.recipe.batch)
        return draw, torch.from_numpy(masks)


def visible_count(mask: Tensor) -> int:
    """How many tokens every mask of a batch leaves visible; ValueError where they differ."""
    counts = set((~mask.flatten(1)).sum(1).tolist())
    if len(counts) != 1:
        raise ValueError(f"masks must leave equally many tokens visible, not {sorted(counts)}")
    return int(counts.pop())


def split_tokens(mask: Tensor, keys: Tensor, visible: int, end: int) -> tuple[Tensor, Tensor]:
    """Visible tokens and those to reconstruct, int64 [B, visible] and [B, end - visible].

    Args:
        mask: bool [B, N], equally many tokens visible.
        keys: uniform [B, N]: which masked tokens are reconstructed.
        visible: how many are.
        end: visible ones and those to reconstruct.
    """
    order = (keys + mask).argsort(1)
    return order[:, :visible], order[:, visible:end]


class Progress:
    """What happened on the way, for the run's row."""

    def __init__(self, steps: int, per_epoch: int) -> None:
        self.steps, self.per_epoch, self.done = steps, per_epoch, 0
        self.order = hashlib.sha256()
        self.drawn: Counter[int] = Counter()
        self.losses: list[Tensor] = []
        self.rates: list[float] = []
        self.began = self.warm = time.perf_counter()
        self.warm_steps = min(per_epoch + 10, steps - 1)

    def add(self, index: Tensor, loss: Tensor, rate: float) -> None:
        """One step that was made of the samples of `Draw.index`, at learning rate `rate`."""
        self.order.update(index.numpy().tobytes())
        self.drawn.update(index[0].tolist())
        self.rates.append(rate)
        self.done += 1
        if self.done % self.per_epoch == 1 % self.per_epoch:
            self.losses.append(torch.zeros_like(loss))
        self.losses[-1] += loss / self.per_epoch
        if self.done == self.warm_steps:
            float(loss)  # waits for the device
            self.warm = time.perf_counter()

    def row(self, batch: int) -> dict[str, Any]:
        """Counts, rates, losses and speed."""
        losses = [round(float(value), 4) for value in self.losses]
        now = time.perf_counter()
        timed = (self.done - self.warm_steps) * batch
        return {
            "steps": self.done,
            "samples": self.done * batch,
            "order": self.order.hexdigest()[:16],
            "clip_draws": [min(self.drawn.values()), max(self.drawn.values())],
            "rates": [self.rates[0], max(self.rates), self.rates[-1]],
            "finite": all(math.isfinite(loss) for loss in losses),
            "epoch_losses": losses,
            "pretrain_seconds": round(now - self.began, 1),
            "clips_per_second": round(timed / max(1e-9, now - self.warm)),
        }


def _extra_of(
    loss: str, samples: Samples, grid: tuple[int, int, int]
) -> Callable[[Tensor], tuple[Tensor | None, ...]]:
    """From the samples' places, what `VideoMAE.forward` takes for a loss of this kind."""
    if not loss:
        return lambda index: ()
    motion = Motion.of(samples)

    def found(index: Tensor) -> tuple[Tensor | None, ...]:
        velocity = motion.of_tokens(index, grid)
        return (weights(velocity), None) if loss == "weighted" else (None, velocity)

    return found


def pretrain(
    model: VideoMAE,
    samples: Samples,
    masker: Masker,
    recipe: Recipe,
    *,
    epochs: int,
    seed: int,
    compiled: bool,
    workers: int = 0,
) -> dict[str, Any]:
    """Trains `model` in place from fresh weights; returns what belongs into the run's row."""
    model.start(seed)
    device, tokens = samples.device, model.size.tokens
    forward = torch.compile(model, dynamic=False) if compiled else model
    dataset = Steps(masker, recipe, epochs, seed)
    visible = end = 0
    extra = _extra_of(masker.arm.recipe.loss, samples, model.size.grid)

    def loss_of(index: Tensor, mask: Tensor, keys: Tensor) -> Tensor:
        seen, wanted = split_tokens(mask.flatten(1), keys, visible, end)
        more = extra(index)
        with torch.autocast(device.type, torch.bfloat16):
            out: Tensor = forward(samples.patches(index, model.size), seen, wanted, *more)
        return out

    trainer = Trainer(
        loss_of, [list(model.parameters())], betas=(0.9, 0.95), weight_decay=recipe.weight_decay
    )
    trainer.start(recipe.schedule(len(dataset)))
    generator = torch.Generator(device).manual_seed(seed)
    oracles = torch.Generator(device).manual_seed(seed + 1)
    hidden, progress = Hidden(), Progress(len(dataset), dataset.per_epoch)
    ahead = 4 if workers else None
    for draw, made in DataLoader(
        dataset,
        batch_size=None,
        num_workers=workers,
        prefetch_factor=ahead,
        pin_memory=device.type == "cuda" and masker.arm.hidden is None,
        multiprocessing_context="fork" if workers else None,  # the set's tensors are not copied
    ):
        oracle = made is None
        mask = masker.oracle(draw, oracles) if oracle else made.to(device, non_blocking=True)
        if progress.done < dataset.per_epoch and samples.alpha is not None:
            hidden.add(samples.coverage(draw, model.size.grid), mask)
        if not oracle or not progress.done:  # an oracle's count is exact; asking waits for the GPU
            count = visible_count(mask if oracle else made)
            if visible not in (0, count):
                raise ValueError(f"{count} visible tokens after {visible}")
            visible, end = count, count + round(recipe.decoded * (tokens - count))
        rate = trainer.schedule.at(trainer.done)
        keys = torch.rand(len(draw), tokens, generator=generator, device=device)
        index = draw.index()
        progress.add(index, trainer.step(index, mask, keys), rate)
    return {
        "recipe": asdict(recipe),
        "visible": visible,
        "decoded": end - visible,
        **progress.row(recipe.batch),
        "flops": progress.done * recipe.batch * flops(model.size, visible, end),
        **hidden.result(),
    }
