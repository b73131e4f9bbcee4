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

    clips: Tensor | int = 0
    share: Tensor | float = 0.0
    never: Tensor | int = 0

    def add(self, coverage: Tensor, mask: Tensor) -> None:
        """coverage [B, S, R, C], mask bool of the same shape."""
        inside = coverage.flatten(2).sum(2)
        seen = (coverage * ~mask).flatten(2).sum(2)
        present = inside.sum(1) > 0
        share = 1 - seen.sum(1) / inside.sum(1).clamp(min=1e-9)
        self.clips += present.sum()
        self.share += (share * present).sum()
        gone = (seen <= 0.05 * inside).all(1)
        self.never += (gone & present).sum()

    def result(self) -> dict[str, float]:
        """Means over the clips; empty without clips."""
        clips = int(self.clips)
        if not clips:
            return {}
        return {
            "object_hidden": round(float(self.share) / clips, 4),
            "object_never_visible": round(int(self.never) / clips, 4),
        }
