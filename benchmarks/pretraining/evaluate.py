"""What a pre-trained encoder is worth: an attentive probe and fine-tuning, rates chosen on validation."""

from __future__ import annotations

import base64
import copy
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import torch
from torch import nn
from torch.nn import functional

from benchmarks.pretraining.model import VideoMAE
from benchmarks.pretraining.samples import Draw, Labelled, Samples

Tensor = torch.Tensor


@dataclass(frozen=True)
class Protocol:
    """The same for every arm.

    Attributes:
        labels: sizes of the labelled set; rates of fine-tuning are chosen at the first.
        steps: of fine-tuning at each of them.
        batch: clips of a step.
        rates: of fine-tuning, `probe_rates` of the probe: the one best on validation is taken.
        kept: share of the tokens that fine-tuning sees, drawn at random; tests see all.
        probe_epochs: passes of the probe over its features.
        repeats: seeds of fine-tuning.
    """

    labels: tuple[int, ...] = (1_000, 6_000)
    steps: tuple[int, ...] = (800, 2_400)
    batch: int = 128
    rates: tuple[float, ...] = (3e-4, 1e-3)
    probe_rates: tuple[float, ...] = (1e-3, 3e-3)
    kept: float = 0.5
    probe_epochs: int = 40
    smoothing: float = 0.1
    repeats: int = 1


def draw_of(samples: Samples, some: Labelled, rng: np.random.Generator | None) -> Draw:
    """Crops of labelled samples: at random, or (None) those that every test uses.

    Where the object may be anywhere the test's crop is the middle; else the mouth's place would be
    known, and the crop is drawn by the clip's number.
    """
    count = len(some)
    if rng is None and samples.alpha is not None:
        middle = np.full(count, samples.slack // 2)
        return Draw(some.clip, some.start, middle, middle)
    rng = np.random.default_rng(5) if rng is None else rng
    x, y = rng.integers(0, samples.slack + 1, (2, count))
    return Draw(some.clip, some.start, x, y)


def _batches(draw: Draw, size: int) -> Iterator[tuple[slice, Draw]]:
    for first in range(0, len(draw), size):
        cut = slice(first, min(first + size, len(draw)))
        yield cut, draw.part(cut)


class Scorer:
    """Logits against labels: within the sample's own group."""

    def __init__(self, samples: Samples, some: Labelled) -> None:
        self.label = torch.from_numpy(some.label).to(samples.device)
        self.allowed = samples.classes[torch.from_numpy(some.group).to(samples.device)]

    def logits(self, raw: Tensor, index: Tensor) -> Tensor:
        """Those of other groups at -inf."""
        return raw.float().masked_fill(~self.allowed[index], -math.inf)

    def loss(self, raw: Tensor, index: Tensor, smoothing: float) -> Tensor:
        """Cross entropy, smoothed over the labels of the group."""
        allowed = self.allowed[index]
        logs = self.logits(raw, index).log_softmax(1)
        right = logs.gather(1, self.label[index, None])[:, 0]
        even = logs.masked_fill(~allowed, 0).sum(1) / allowed.sum(1)
        return -((1 - smoothing) * right + smoothing * even).mean()

    def correct(self, raw: Tensor, index: Tensor) -> Tensor:
        """bool [B]."""
        return self.logits(raw, index).argmax(1) == self.label[index]


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
        pooled, _ = self.attention(self.query.expand(len(tokens), -1, -1), tokens, tokens, need_weights=False)
        out: Tensor = self.out(self.norm_out(pooled[:, 0]))
        return out


class Evaluation:
    """Of one encoder on one data set."""

    def __init__(
        self, model: VideoMAE, samples: Samples, protocol: Protocol, *, seed: int, compiled: bool, frozen: bool = False
    ) -> None:
        self.model, self.samples, self.protocol = model, samples, protocol
        self.seed, self.frozen = seed, frozen
        self.num_labels = samples.classes.shape[1]
        self.net = Classifier(copy.deepcopy(model), self.num_labels).to(samples.device)
        self.forward = torch.compile(self.net, dynamic=False) if compiled else self.net

    def _tokens(self, draw: Draw) -> Tensor:
        return self.model.patches(self.samples.pixels(draw, frozen=self.frozen))

    # --- the probe ------------------------------------------------------------------------------

    def features(self, some: Labelled) -> Tensor:
        """Frozen features, two by two places averaged, bfloat16 [n, tokens, width]."""
        slots, rows, columns = self.model.size.grid
        parts = []
        with torch.no_grad(), torch.autocast(self.samples.device.type, torch.bfloat16):
            for _, draw in _batches(draw_of(self.samples, some, None), 256):
                found = self.model.encode(self._tokens(draw)).float()
                plane = found.view(len(draw) * slots, rows, columns, -1).permute(0, 3, 1, 2)
                pooled = functional.avg_pool2d(plane, 2).flatten(2).transpose(1, 2)
                parts.append(pooled.reshape(len(draw), -1, pooled.shape[-1]).bfloat16())
        return torch.cat(parts)

    def probe(self) -> dict[str, Any]:
        """Accuracy of the attentive probe at the largest labelled set."""
        sets = self.samples.labelled
        train = sets["train"].first(self.protocol.labels[-1])
        known, validation, test = (self.features(s) for s in (train, sets["validation"], sets["test"]))
        tried = {}
        best: tuple[float, np.ndarray[Any, Any]] | None = None
        for rate in self.protocol.probe_rates:
            probe = self._trained_probe(known, Scorer(self.samples, train), rate)
            score = float(self._right(probe, validation, sets["validation"]).mean())
            tried[str(rate)] = round(score, 4)
            if best is None or score > best[0]:
                best = score, self._right(probe, test, sets["test"])
        assert best is not None
        return {"validation": tried, **summary(best[1], sets["test"])}

    def _trained_probe(self, known: Tensor, scorer: Scorer, rate: float) -> Probe:
        torch.manual_seed(self.seed)
        probe = Probe(known.shape[-1], self.num_labels).to(known.device)
        size = min(200, len(known))
        steps = self.protocol.probe_epochs * (len(known) // size)
        optimiser = torch.optim.AdamW(probe.parameters(), rate, weight_decay=0.05)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps)
        done = 0
        while done < steps:
            order = torch.randperm(len(known), device=known.device)
            for first in range(0, len(known) - size + 1, size):
                index = order[first : first + size]
                with torch.autocast(known.device.type, torch.bfloat16):
                    raw = probe(known[index])
                _step(scorer.loss(raw, index, 0.0), optimiser, schedule)
                done += 1
                if done == steps:
                    break
        return probe

    def _right(self, probe: Probe, known: Tensor, some: Labelled) -> np.ndarray[Any, Any]:
        scorer = Scorer(self.samples, some)
        index = torch.arange(len(some), device=known.device)
        with torch.no_grad(), torch.autocast(known.device.type, torch.bfloat16):
            found = [scorer.correct(probe(known[part]), part) for part in index.split(512)]
        return torch.cat(found).cpu().numpy()

    # --- fine-tuning ----------------------------------------------------------------------------

    def finetune(self) -> dict[str, Any]:
        """Accuracy after fine-tuning at each size of the labelled set."""
        sets = self.samples.labelled
        out: dict[str, Any] = {}
        chosen = self.protocol.rates[0]
        for number, (count, steps) in enumerate(zip(self.protocol.labels, self.protocol.steps, strict=True)):
            tried: dict[str, float] = {}
            runs = []
            for rate in self.protocol.rates if number == 0 else (chosen,):
                net = self._finetuned(sets["train"].first(count), steps, rate, self.seed)
                score = float(self._tested(net, sets["validation"]).mean())
                if not tried or score > max(tried.values()):
                    chosen, runs = rate, [self._tested(net, sets["test"])]
                tried[str(rate)] = round(score, 4)
            for repeat in range(1, self.protocol.repeats):
                net = self._finetuned(sets["train"].first(count), steps, chosen, self.seed + 1000 * repeat)
                runs.append(self._tested(net, sets["test"]))
            again = [round(float(run.mean()), 4) for run in runs]
            out[str(count)] = {"rate": chosen, "validation": tried, "runs": again, **summary(runs[0], sets["test"])}
        return out

    def _finetuned(self, some: Labelled, steps: int, rate: float, seed: int) -> Classifier:
        net = self.net
        net.start(self.model, seed)
        optimiser = torch.optim.AdamW(net.used(), rate, weight_decay=0.05)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, rate, total_steps=steps, pct_start=0.2)
        rng = np.random.default_rng((seed, 77))
        generator = torch.Generator(self.samples.device).manual_seed(seed)
        scorer = Scorer(self.samples, some)
        kept = max(1, round(self.protocol.kept * self.model.size.tokens))
        size = min(self.protocol.batch, len(some))
        order = np.array([], np.int64)
        for _ in range(steps):
            if len(order) < size:
                order = np.concatenate([order, rng.permutation(len(some))])
            picked, order = order[:size], order[size:]
            part = Labelled(*(getattr(some, name)[picked] for name in Labelled.__dataclass_fields__))
            tokens = self._tokens(draw_of(self.samples, part, rng))
            keys = torch.rand(tokens.shape[:2], device=tokens.device, generator=generator)
            with torch.autocast(tokens.device.type, torch.bfloat16):
                raw = self.forward(tokens, keys.argsort(1)[:, :kept])
            index = torch.from_numpy(picked).to(tokens.device)
            _step(scorer.loss(raw, index, self.protocol.smoothing), optimiser, schedule, net.used())
        return net

    def _tested(self, net: nn.Module, some: Labelled) -> np.ndarray[Any, Any]:
        scorer = Scorer(self.samples, some)
        found = []
        with torch.no_grad(), torch.autocast(self.samples.device.type, torch.bfloat16):
            for cut, draw in _batches(draw_of(self.samples, some, None), 256):
                index = torch.arange(cut.start, cut.stop, device=self.samples.device)
                found.append(scorer.correct(net(self._tokens(draw), None), index))
        return torch.cat(found).cpu().numpy()

    def all(self) -> dict[str, Any]:
        """Both, with the seconds each took."""
        began = time.perf_counter()
        probe = self.probe()
        middle = time.perf_counter()
        tuned = self.finetune()
        seconds = {"probe": round(middle - began, 1), "finetune": round(time.perf_counter() - middle, 1)}
        return {"probe": probe, "finetune": tuned, "protocol": asdict(self.protocol), "evaluation_seconds": seconds}


class Classifier(nn.Module):
    """The encoder with a linear layer on the mean of its tokens."""

    def __init__(self, model: VideoMAE, labels: int) -> None:
        super().__init__()
        self.model = model
        self.head = nn.Linear(model.size.width, labels)

    def forward(self, tokens: Tensor, visible: Tensor | None) -> Tensor:
        """Logits [B, labels]."""
        out: Tensor = self.head(self.model.encode(tokens, visible).mean(1))
        return out

    def start(self, model: VideoMAE, seed: int) -> None:
        """The weights of a pre-trained model, and a fresh last layer."""
        self.model.load_state_dict(model.state_dict())
        torch.manual_seed(seed)
        nn.init.normal_(self.head.weight, std=0.01)
        nn.init.zeros_(self.head.bias)

    def used(self) -> list[nn.Parameter]:
        """The parameters without the decoder's."""
        parts = (self.model.embed, self.model.blocks, self.model.norm, self.head)
        return [parameter for part in parts for parameter in part.parameters()]


def _step(
    loss: Tensor, optimiser: torch.optim.Optimizer, schedule: Any, clipped: list[nn.Parameter] | None = None
) -> None:
    optimiser.zero_grad(set_to_none=True)
    loss.backward()  # type: ignore[no-untyped-call]
    if clipped:
        torch.nn.utils.clip_grad_norm_(clipped, 1.0)
    optimiser.step()
    schedule.step()


def summary(right: np.ndarray[Any, Any], some: Labelled) -> dict[str, Any]:
    """Accuracy, by object size and by group where there are several, and each test sample's bit."""
    out: dict[str, Any] = {"accuracy": round(float(right.mean()), 4)}
    if np.isfinite(some.size).all():
        edges = np.quantile(some.size, [1 / 3, 2 / 3])
        third = np.searchsorted(edges, some.size)
        out["by_size"] = [round(float(right[third == part].mean()), 4) for part in range(3)]
        out["size_edges"] = [round(float(edge), 4) for edge in edges]
    groups = np.unique(some.group)
    if len(groups) > 1:
        out["by_group"] = [round(float(right[some.group == group].mean()), 4) for group in groups]
    out["right"] = base64.b64encode(np.packbits(right)).decode()
    return out
