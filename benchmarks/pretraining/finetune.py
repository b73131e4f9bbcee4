"""Fine-tuning of the whole encoder, its learning rate chosen on the validation set."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

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


class Classifier(nn.Module):
    """The encoder with a linear layer on the mean of its tokens."""

    def __init__(self, model: VideoMAE, labels: int) -> None:
        super().__init__()
        self.model = copy.deepcopy(model)
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

    def layers(self) -> list[list[nn.Parameter]]:
        """The parameters without the decoder's, from the pixels to the labels."""
        last = nn.ModuleList([self.model.norm, self.head])
        parts = (self.model.embed, *self.model.blocks.children(), last)
        return [list(part.parameters()) for part in parts]


class FineTuning:
    """Of one pre-trained model on one data set; compiled once for all its runs."""

    def __init__(
        self, model: VideoMAE, samples: Samples, protocol: Protocol, *, compiled: bool, frozen: bool
    ) -> None:
        self.pretrained, self.samples, self.protocol, self.frozen = model, samples, protocol, frozen
        self.net = Classifier(model, samples.classes.shape[1]).to(samples.device)
        self.forward = torch.compile(self.net, dynamic=False) if compiled else self.net
        self.layers = self.net.layers()
        self.trainer = Trainer(self._loss, self.layers)

    def results(self, seed: int) -> dict[str, Any]:
        """Accuracy on the test set at each size of the labelled set."""
        return {
            str(count): self._result(count, steps, seed)
            for count, steps in zip(self.protocol.labels, self.protocol.steps, strict=True)
        }

    def _result(self, count: int, steps: int, seed: int) -> dict[str, Any]:
        sets = self.samples.labelled
        train = sets["train"].first(count)
        tried: dict[str, float] = {}
        (rate, decay), best = self.protocol.tuning[0], self.net.state_dict()
        for setting in self.protocol.tuning:
            self._train(train, steps, *setting, seed)
            score = float(self._right(sets["validation"]).mean())
            if not tried or score > max(tried.values()):
                (rate, decay), best = setting, copy.deepcopy(self.net.state_dict())
            tried[", ".join(f"{value:g}" for value in setting)] = round(score, 4)
        self.net.load_state_dict(best)
        runs = [self._right(sets["test"])]
        for repeat in range(1, self.protocol.repeats):
            self._train(train, steps, rate, decay, seed + 1000 * repeat)
            runs.append(self._right(sets["test"]))
        again = [round(float(run.mean()), 4) for run in runs]
        result = summary(runs[0], sets["test"])
        return {"rate": rate, "layer_decay": decay, "validation": tried, "runs": again, **result}

    def _loss(self, index: Tensor, keys: Tensor, label: Tensor, allowed: Tensor) -> Tensor:
        """Of samples with a random share of their tokens, `keys` [B, N] in the order of which."""
        size = self.pretrained.size
        kept = max(1, round(self.protocol.kept * size.tokens))
        with torch.autocast(index.device.type, torch.bfloat16):
            tokens = self.samples.patches(index, size, frozen=self.frozen)
            raw = self.forward(tokens, keys.argsort(1)[:, :kept])
        return cross_entropy(raw, label, allowed, self.protocol.smoothing)

    def _train(self, some: Labelled, steps: int, rate: float, decay: float, seed: int) -> None:
        self.net.start(self.pretrained, seed)
        scales = [decay**above for above in reversed(range(len(self.layers)))]
        self.trainer.start(Schedule(rate, steps, self.protocol.warmup), scales)
        rng = np.random.default_rng((seed, 77))
        device = self.samples.device
        generator = torch.Generator(device).manual_seed(seed)
        scorer = Scorer(self.samples, some)
        size = min(self.protocol.batch, len(some))
        order = np.zeros(0, np.int64)
        for _ in range(steps):
            if len(order) < size:
                order = np.concatenate([order, rng.permutation(len(some))])
            picked, order = order[:size], order[size:]
            draw = draw_of(self.samples, some.part(picked), rng)
            keys = torch.rand(size, self.pretrained.size.tokens, device=device, generator=generator)
            which = torch.from_numpy(picked).to(device)
            self.trainer.step(
                draw.index().to(device), keys, scorer.label[which], scorer.allowed[which]
            )

    def _right(self, some: Labelled) -> NDArray[np.bool_]:
        scorer = Scorer(self.samples, some)
        found = []
        with torch.no_grad(), torch.autocast(self.samples.device.type, torch.bfloat16):
            for cut, draw in batches(draw_of(self.samples, some, None), 256):
                index = torch.arange(cut.start, cut.stop, device=self.samples.device)
                places = draw.index().to(self.samples.device)
                tokens = self.samples.patches(places, self.pretrained.size, frozen=self.frozen)
                found.append(scorer.correct(self.net(tokens, None), index))
        right: NDArray[np.bool_] = torch.cat(found).cpu().numpy()
        return right
