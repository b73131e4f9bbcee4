"""The attentive probe: what frozen features tell one learned query."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn
from torch.nn import functional

from benchmarks.pretraining.model import VideoMAE
from benchmarks.pretraining.samples import Labelled, Samples
from benchmarks.pretraining.scoring import (
    Protocol,
    Scorer,
    batches,
    cross_entropy,
    draw_of,
    summary,
)
from benchmarks.pretraining.training import Schedule, Trainer

Tensor = torch.Tensor


class Probe(nn.Module):
    """One learned query over the tokens, then a linear layer."""

    def __init__(self, width: int, labels: int, heads: int = 4) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(width)
        self.query = nn.Parameter(torch.randn(1, 1, width) * 0.02)
        self.attention = nn.MultiheadAttention(width, heads, batch_first=True)
        self.norm_out, self.out = nn.LayerNorm(width), nn.Linear(width, labels)

    def forward(self, tokens: Tensor) -> Tensor:
        """tokens: [B, n, width]."""
        tokens = self.norm(tokens)
        query = self.query.expand(len(tokens), -1, -1)
        pooled, _ = self.attention(query, tokens, tokens, need_weights=False)
        out: Tensor = self.out(self.norm_out(pooled[:, 0]))
        return out


def features(model: VideoMAE, samples: Samples, some: Labelled, *, frozen: bool) -> Tensor:
    """Features of the encoder, two by two places averaged, bfloat16 [n, tokens, width]."""
    slots, rows, columns = model.size.grid
    parts = []
    with torch.no_grad(), torch.autocast(samples.device.type, torch.bfloat16):
        for _, draw in batches(draw_of(samples, some, None), 256):
            index = draw.index().to(samples.device)
            found = model.encode(samples.patches(index, model.size, frozen=frozen)).float()
            plane = found.view(len(draw) * slots, rows, columns, -1).permute(0, 3, 1, 2)
            pooled = functional.avg_pool2d(plane, 2).flatten(2).transpose(1, 2)
            parts.append(pooled.reshape(len(draw), -1, pooled.shape[-1]).bfloat16())
    return torch.cat(parts)


def probed(
    model: VideoMAE, samples: Samples, protocol: Protocol, *, seed: int, frozen: bool = False
) -> dict[str, Any]:
    """Accuracy on the test set, with the rate that is best on validation."""
    sets = samples.labelled
    train = sets["train"].first(protocol.labels[-1])
    known, validation, test = (
        features(model, samples, some, frozen=frozen)
        for some in (train, sets["validation"], sets["test"])
    )
    tried: dict[str, float] = {}
    best: NDArray[np.bool_] | None = None
    for rate in protocol.probe_rates:
        probe = _trained(known, samples, train, protocol, rate, seed)
        score = float(_right(probe, validation, samples, sets["validation"]).mean())
        if best is None or score > max(tried.values()):
            best = _right(probe, test, samples, sets["test"])
        tried[str(rate)] = round(score, 4)
    assert best is not None
    return {"validation": tried, **summary(best, sets["test"])}


def _trained(
    known: Tensor, samples: Samples, train: Labelled, protocol: Protocol, rate: float, seed: int
) -> Probe:
    torch.manual_seed(seed)
    probe = Probe(known.shape[-1], samples.classes.shape[1]).to(known.device)
    scorer = Scorer(samples, train)
    size = min(200, len(known))
    steps = protocol.probe_epochs * (len(known) // size)

    def loss(index: Tensor) -> Tensor:
        with torch.autocast(known.device.type, torch.bfloat16):
            raw = probe(known[index])
        return cross_entropy(raw, scorer.label[index], scorer.allowed[index], 0.0)

    trainer = Trainer(loss, [list(probe.parameters())])
    trainer.start(Schedule(rate, steps, protocol.warmup))
    for _ in range(protocol.probe_epochs):
        order = torch.randperm(len(known), device=known.device)
        for first in range(0, len(known) - size + 1, size):
            trainer.step(order[first : first + size])
    return probe


def _right(probe: Probe, known: Tensor, samples: Samples, some: Labelled) -> NDArray[np.bool_]:
    scorer = Scorer(samples, some)
    found = []
    with torch.no_grad(), torch.autocast(known.device.type, torch.bfloat16):
        for first in range(0, len(some), 512):
            index = torch.arange(first, min(first + 512, len(some)), device=known.device)
            found.append(scorer.correct(probe(known[index]), index))
    right: NDArray[np.bool_] = torch.cat(found).cpu().numpy()
    return right
