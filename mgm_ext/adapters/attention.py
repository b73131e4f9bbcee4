"""InternVideo2, UMT, AdaMAE, EVEREST: motion where they take attention or learned probabilities.

`videomae.capture` puts a `Score` where these trainers have no mask: `videos, scores = batch`.

attn = attention_of_scores(scores)  # UMT, InternVideo2: in place of CLIP's attention
mask = with_class_token(mask)  # InternVideo2: (B, 1 + N)
probabilities = MotionProbabilities(model.encoder)  # AdaMAE, and `probabilities.follow(scores)`
MotionStep(model.encoder)  # EVEREST
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
import torch

from .. import _core
from .._arrays import check_count
from ..masks import three_state_mask
from ..masks.noise import TARGET, VISIBLE
from ..score import Score

__all__ = [
    "MotionProbabilities",
    "MotionStep",
    "VisibleAndTargets",
    "attention_of_scores",
    "visible_and_targets",
    "with_class_token",
]


def attention_of_scores(
    scores: Sequence[Score], *, visible: str = "still", floor: float = 0.05
) -> torch.Tensor:
    """Probabilities by which trainers draw the visible tokens of each slot.

    Args:
        scores: motion per token, one of each clip.
        visible: "still": what moves is masked, as MGM does; "moving": it is shown, as attention
            shows the foreground.
        floor: in (0, 1]; smallest probability over the largest of a slot. A still slot's zeros
            would end `torch.multinomial`.

    Returns:
        float32 [B * S, R * C], positive, rows sum to 1; uniform where nothing moves.

    Raises:
        ValueError: an argument is outside what is allowed.
    """
    if visible not in ("still", "moving"):
        raise ValueError(f'visible must be "still" or "moving", not {visible!r}')
    if not 0 < floor <= 1:
        raise ValueError(f"floor must be in (0, 1], not {floor}")
    values = np.stack([score.values for score in scores]).astype(np.float64)
    rows = values.reshape(-1, values.shape[2] * values.shape[3])
    share = rows / np.maximum(rows.max(1, keepdims=True), 1)
    if visible == "still":
        share = 1 - share
    weights = floor + (1 - floor) * share
    return torch.from_numpy((weights / weights.sum(1, keepdims=True)).astype(np.float32))


def with_class_token(mask: torch.Tensor) -> torch.Tensor:
    """The mask behind a class token that stays visible.

    Args:
        mask: bool [B, N], True = masked.

    Returns:
        bool [B, 1 + N].

    Raises:
        ValueError: the mask is not bool [B, N].
    """
    if mask.dtype != torch.bool or mask.ndim != 2:
        raise ValueError(f"mask must be bool (B, N), not {mask.dtype} {tuple(mask.shape)}")
    return torch.cat([mask.new_zeros(len(mask), 1), mask], dim=1)


class VisibleAndTargets(NamedTuple):
    """EVEREST's split, as index lists of constant length; the other tokens are dropped.

    Attributes:
        visible: int64 [B, V], tokens of the encoder, ascending.
        targets: int64 [B, K], tokens to reconstruct, ascending.
    """

    visible: torch.Tensor
    targets: torch.Tensor


def visible_and_targets(
    scores: Sequence[Score],
    *,
    keep_ratio: float = 0.3,
    mask_ratio: float = 0.9,
    seeds: Sequence[int],
) -> VisibleAndTargets:
    """Of what moves most, a few tokens to see and the rest to reconstruct; see `three_state_mask`.

    Args:
        scores: motion per token, one of each clip.
        keep_ratio: share of the tokens that are not dropped; 0.3 is EVEREST's own.
        mask_ratio: share of the tokens that the encoder does not see.
        seeds: one per clip, in [0, 2^64).

    Raises:
        ValueError: the lengths differ, or an argument is outside what is allowed.
    """
    check_count("seeds", seeds, len(scores), per="score")
    states = [
        three_state_mask(score, keep_ratio=keep_ratio, mask_ratio=mask_ratio, seed=seed).reshape(-1)
        for score, seed in zip(scores, seeds, strict=True)
    ]
    lists = [
        np.stack([np.flatnonzero(one == kind) for one in states]) for kind in (VISIBLE, TARGET)
    ]
    return VisibleAndTargets(torch.from_numpy(lists[0]), torch.from_numpy(lists[1]))


class MotionStep:
    """EVEREST's `mcm_step`, which takes the motion of the files for that of its embeddings.

    It stands in the encoder from then on; the model's second argument is the batch's scores, where
    the trainer hands on what its data set gave. Counts are the encoder's own, seeds torch's.

    Args:
        encoder: with `mcm`, `mcm_ratio` and `masking_ratio`, called with (x, mask).

    Raises:
        TypeError: it is another encoder, or one without motion-centric masking.
    """

    def __init__(self, encoder: Any) -> None:
        if not getattr(encoder, "mcm", False) or not hasattr(encoder, "mcm_step"):
            raise TypeError(
                f"{type(encoder).__name__} has no mcm_step in use: give an encoder that was made "
                "with --mask_type motion-centric"
            )
        self._ratios = float(encoder.mcm_ratio), float(encoder.masking_ratio)
        self._scores: list[Score] | None = None
        encoder.mcm_step = self
        encoder.register_forward_pre_hook(self._given)

    def _given(self, encoder: Any, args: tuple[Any, ...]) -> tuple[Any, ...]:
        scores = list(args[1]) if isinstance(args[1], list | tuple) else []
        if not scores or not all(isinstance(score, Score) for score in scores):
            raise TypeError(
                "the encoder must be given the batch's scores in place of a mask, as "
                f"videomae.capture puts them, not {type(args[1]).__name__}"
            )
        self._scores = scores
        return (args[0], None, *args[2:])

    def __call__(
        self, x: torch.Tensor, n: int, per_slot: int, slots: int, *_: Any
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """(input_mask, target_mask), bool [B, N], False where a token is seen, or rebuilt.

        Raises:
            ValueError: the scores are of another batch or grid.
        """
        scores, self._scores, tokens = self._scores or [], None, per_slot * slots
        if len(scores) != n or any(s.values.size != tokens for s in scores):
            raise ValueError(
                f"{n} scores of {tokens} tokens each are due, not {len(scores)} of "
                f"{sorted({s.values.size for s in scores})}"
            )
        kept, visible = (int((1 - ratio) * tokens) for ratio in self._ratios)
        states = torch.stack([_split(score, kept, visible) for score in scores]).to(x.device)
        return states != VISIBLE, states != TARGET


def _split(score: Score, kept: int, visible: int) -> torch.Tensor:
    seed = int(torch.randint(2**63 - 1, ()))
    arrays = score.values, score.motion, score.valid, score.cuts
    return torch.from_numpy(_core.split_states(*arrays, kept, visible, seed).reshape(-1))


class MotionProbabilities(torch.nn.Module):
    """AdaMAE's softmax, whose probabilities of being visible follow the motion.

    It stands in the encoder from then on. The network that AdaMAE learns them by stays part of the
    graph, with no gradient where `share` is 1, so that no parameter is unused.

    Args:
        encoder: with `softmax`.
        share: of the motion in the probabilities, in (0, 1]; the rest is the network's.
        visible: see `attention_of_scores`.

    Raises:
        TypeError: it is another encoder.
        ValueError: share is not in (0, 1].
    """

    def __init__(self, encoder: Any, *, share: float = 1.0, visible: str = "still") -> None:
        super().__init__()
        if not isinstance(getattr(encoder, "softmax", None), torch.nn.Module):
            raise TypeError(f"{type(encoder).__name__} has no softmax of AdaMAE's")
        if not 0 < share <= 1:
            raise ValueError(f"share must be in (0, 1], not {share}")
        self.softmax = encoder.softmax
        self.share, self.visible = share, visible
        self._attention: torch.Tensor | None = None
        encoder.softmax = self

    def follow(self, scores: Sequence[Score]) -> None:
        """Sets the motion of the next forward.

        Raises:
            RuntimeError: that of the last was not used.
        """
        if self._attention is not None:
            raise RuntimeError("the model has not used the scores that were set before")
        attention = attention_of_scores(scores, visible=self.visible).view(len(scores), -1)
        self._attention = attention / attention.sum(1, keepdim=True)

    def forward(self, logits: torch.Tensor) -> torch.Tensor:
        """Probabilities [B, N].

        Raises:
            RuntimeError: no scores were set for this batch.
        """
        own: torch.Tensor = self.softmax(logits)
        attention, self._attention = self._attention, None
        if attention is None or attention.shape != own.shape:
            given = None if attention is None else tuple(attention.shape)
            raise RuntimeError(
                f"call follow(scores) before each forward, for {tuple(own.shape)}, not {given}"
            )
        return self.share * attention.to(own) + (1 - self.share) * own
