"""How much of the object masks hide, and in how many clips they hide it for good."""

from __future__ import annotations

from dataclasses import dataclass

import torch

Tensor = torch.Tensor


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
        return {
            "object_hidden": self.share / self.clips,
            "object_never_visible": self.never / self.clips,
        }
