"""Steps of training, the same in pre-training, fine-tuning and the probe."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import torch
from torch import nn

Tensor = torch.Tensor
_EAGER: Final = 3
"""Steps before one is captured: torch.compile and cuBLAS settle in them."""


@dataclass(frozen=True)
class Schedule:
    """A learning rate that rises in a straight line and falls as a cosine to 0.

    Attributes:
        rate: its highest value.
        steps: of the whole training.
        warmup: share of them until `rate`.
    """

    rate: float
    steps: int
    warmup: float

    def at(self, done: int) -> float:
        """The rate of the step after `done` others."""
        warm = max(1, int(self.warmup * self.steps))
        if done < warm:
            return self.rate * (done + 1) / warm
        share = (done - warm) / max(1, self.steps - warm)
        return self.rate * 0.5 * (1 + math.cos(math.pi * share))


class Trainer:
    """AdamW; on a GPU a step is one CUDA graph, because its kernels are shorter than their launch.

    Args:
        loss: of tensors whose shapes never change.
        groups: parameters to train, in groups whose learning rates may differ; the gradient of
            all together is clipped to norm 1.
        betas: of AdamW.
        weight_decay: of AdamW.
    """

    def __init__(
        self,
        loss: Callable[..., Tensor],
        groups: Sequence[list[nn.Parameter]],
        *,
        betas: tuple[float, float] = (0.9, 0.999),
        weight_decay: float = 0.05,
    ) -> None:
        self._loss, self._parameters = loss, [each for group in groups for each in group]
        self._device = self._parameters[0].device
        self._on_gpu = self._device.type == "cuda"
        self._rates = [torch.zeros((), device=self._device) for _ in groups]
        self._optimiser = torch.optim.AdamW(
            [{"params": some, "lr": rate} for some, rate in zip(groups, self._rates, strict=True)],
            betas=betas, weight_decay=weight_decay, fused=self._on_gpu, capturable=self._on_gpu,
        )  # fmt: skip
        self._inputs: list[Tensor] = []
        self._graph: torch.cuda.CUDAGraph | None = None
        self._out = self._rates[0]
        self._made = 0

    def start(self, schedule: Schedule, scales: Sequence[float] | None = None) -> None:
        """Begins a training: no step made, AdamW without memory. Weights are the caller's.

        Args:
            schedule: of the rate.
            scales: what it is multiplied by in each group; 1 everywhere without them.
        """
        self.schedule, self.done = schedule, 0
        self.scales = [1.0] * len(self._rates) if scales is None else list(scales)
        for state in self._optimiser.state.values():
            for value in state.values():
                value.zero_()

    def step(self, *inputs: Tensor) -> Tensor:
        """Makes one step; the loss, valid until the next one."""
        for rate, scale in zip(self._rates, self.scales, strict=True):
            rate.fill_(scale * self.schedule.at(self.done))
        self.done += 1
        if not self._on_gpu:
            return self._eager(*inputs)
        if not self._inputs:
            self._inputs = [torch.empty_like(given, device=self._device) for given in inputs]
            self._stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        for kept, given in zip(self._inputs, inputs, strict=True):
            kept.copy_(given, non_blocking=True)
        if self._made < _EAGER:
            self._made += 1
            self._stream.wait_stream(torch.cuda.current_stream())
            with torch.cuda.stream(self._stream):
                out = self._eager(*self._inputs)
            torch.cuda.current_stream().wait_stream(self._stream)
            return out
        if self._graph is None:
            self._graph = torch.cuda.CUDAGraph()
            # A loader's thread that pins memory must not end the capture.
            with torch.cuda.graph(
                self._graph, stream=self._stream, capture_error_mode="thread_local"
            ):
                self._out = self._eager(*self._inputs)
        self._graph.replay()
        return self._out

    def _eager(self, *inputs: Tensor) -> Tensor:
        self._optimiser.zero_grad(set_to_none=True)
        loss = self._loss(*inputs)
        loss.backward()  # type: ignore[no-untyped-call]
        nn.utils.clip_grad_norm_(self._parameters, 1.0)
        self._optimiser.step()
        return loss.detach()
