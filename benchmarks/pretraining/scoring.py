"""Labels against guesses, and one step of training."""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from benchmarks.pretraining.samples import Draw, Labelled, Samples

Tensor = torch.Tensor


@dataclass(frozen=True)
class Protocol:
    """Of the evaluation, the same for every arm.

    Attributes:
        labels: sizes of the labelled set.
        steps: of fine-tuning at each of them.
        batch: clips of a step.
        tuning: the (rate, layer decay) pairs that fine-tuning tries; a layer decay is what a
            block's rate is of that of the block after it: 1 suits fresh weights, less than 1 keeps
            pre-trained ones.
        probe_rates: of the probe, tried likewise.
        kept: share of the tokens that fine-tuning sees, drawn at random; tests see all.
        probe_epochs: passes of the probe over its features.
        smoothing: of the labels in fine-tuning.
        repeats: seeds of fine-tuning.
        warmup: share of the steps in which a rate rises.
    """

    labels: tuple[int, ...] = (1_000, 6_000)
    steps: tuple[int, ...] = (800, 2_400)
    batch: int = 128
    tuning: tuple[tuple[float, float], ...] = ((3e-4, 1.0), (1e-3, 0.75), (3e-3, 0.75))
    probe_rates: tuple[float, ...] = (1e-3, 3e-3)
    kept: float = 0.3
    probe_epochs: int = 40
    smoothing: float = 0.1
    repeats: int = 1
    warmup: float = 0.2

    @classmethod
    def parse(cls, changes: str) -> Protocol:
        """The usual protocol with some fields changed, given as a JSON object."""
        given: dict[str, Any] = json.loads(changes)
        values: dict[str, Any] = {
            name: tuple(v) if isinstance(v, list) else v for name, v in given.items()
        }
        return replace(cls(), **values)

    def within(self, most: int) -> Protocol:
        """With no more labels than there are."""
        return replace(self, labels=tuple(min(count, most) for count in self.labels))


def draw_of(samples: Samples, some: Labelled, rng: np.random.Generator | None) -> Draw:
    """Crops of labelled samples: at random, or (None) those that every test uses.

    Where the object may be anywhere the test's crop is the middle one; else the mouth's place would
    be known, and the crop is drawn, the same in every run.
    """
    count = len(some)
    if rng is None and samples.alpha is not None:
        middle = np.full(count, samples.slack // 2)
        return Draw(some.clip, some.start, middle, middle)
    rng = np.random.default_rng(5) if rng is None else rng
    x, y = rng.integers(0, samples.slack + 1, (2, count))
    return Draw(some.clip, some.start, x, y)


def batches(draw: Draw, size: int) -> Iterator[tuple[slice, Draw]]:
    """Parts of a draw with their places."""
    for first in range(0, len(draw), size):
        cut = slice(first, min(first + size, len(draw)))
        yield cut, draw.part(cut)


class Scorer:
    """Logits against labels, within the sample's own group."""

    def __init__(self, samples: Samples, some: Labelled) -> None:
        self.label = torch.from_numpy(some.label).to(samples.device)
        self.allowed = samples.classes[torch.from_numpy(some.group).to(samples.device)]

    def correct(self, raw: Tensor, index: Tensor) -> Tensor:
        """bool [B]."""
        return _within(raw, self.allowed[index]).argmax(1) == self.label[index]


def _within(raw: Tensor, allowed: Tensor) -> Tensor:
    """Logits with those of other groups at -inf."""
    return raw.float().masked_fill(~allowed, -math.inf)


def cross_entropy(raw: Tensor, label: Tensor, allowed: Tensor, smoothing: float) -> Tensor:
    """Of logits [B, labels] within `allowed`, smoothed over the labels of the group."""
    logs = _within(raw, allowed).log_softmax(1)
    right = logs.gather(1, label[:, None])[:, 0]
    even = logs.masked_fill(~allowed, 0).sum(1) / allowed.sum(1)
    return -((1 - smoothing) * right + smoothing * even).mean()


def summary(right: NDArray[np.bool_], some: Labelled) -> dict[str, Any]:
    """Accuracy; by thirds of object size, or by group where there are several; a bit a sample."""
    out: dict[str, Any] = {"accuracy": round(float(right.mean()), 4)}
    if np.isfinite(some.size).all():
        edges = np.quantile(some.size, [1 / 3, 2 / 3])
        third = np.searchsorted(edges, some.size)
        out["by_size"] = [round(float(right[third == part].mean()), 4) for part in range(3)]
        out["size_edges"] = [round(float(edge), 4) for edge in edges]
    groups = np.unique(some.group)
    if len(groups) > 1:
        out["by_group"] = [round(float(right[some.group == group].mean()), 4) for group in groups]
    out["right"] = base64.b64encode(np.packbits(right).tobytes()).decode()
    return out
