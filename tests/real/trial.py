"""What is asserted of a trainer with our lines in it: clips, counts, place, epochs, loss."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np
import torch
from torch.utils.data import DataLoader

from .world import seed_all

__all__ = ["Made", "Trial", "tried"]

LOW = 0.4
"""Share of the tokens that is masked where the place of the mask is looked at."""


class Made(NamedTuple):
    """A data set and the real model behind it.

    Attributes:
        dataset: the trainer's, with or without our lines.
        train: from a batch to (loss, mask bool [B, N] that the model used), one step of learning.
        pixels: from a batch to float [B, 3, T, H, W] of which red and blue can be compared.
        collate: of the loader; None for torch's own.
    """

    dataset: Any
    train: Callable[[Any], tuple[float, torch.Tensor]]
    pixels: Callable[[Any], torch.Tensor]
    collate: Any = None


class Trial(NamedTuple):
    """A trainer.

    Attributes:
        make: from (ours, ratio) to `Made`; ratio None: the trainer's own.
        grid: (S, R, C) tokens of a clip.
        ratio: the trainer's own.
        flips: its transform may flip.
        counted: its own count is the same in every batch, and ours is that count.
        drawn: its mask is drawn, so that the same crop has another mask in the next epoch.
        also: what else is tried, each returns its name.
        placed: it masks what moves; TrackMAE shows half of its tokens there.
    """

    make: Callable[[bool, float | None], Made]
    grid: tuple[int, int, int]
    ratio: float
    flips: bool = False
    counted: bool = True
    drawn: bool = True
    placed: bool = True
    also: tuple[Callable[[], str], ...] = ()


def batches(made: Made, seed: int) -> list[Any]:
    """One epoch, by two workers."""
    seed_all(seed)
    loader: Any = DataLoader(made.dataset, batch_size=4, num_workers=2, collate_fn=made.collate)
    return list(loader)


def tried(trial: Trial) -> dict[str, Any]:
    """The row of the report; AssertionError where something is not as it must be."""
    theirs, ours = trial.make(False, None), trial.make(True, None)
    apart = same_clips(trial, theirs, ours)
    seed_all(1)
    count = {int(c) for c in theirs.train(batches(theirs, 5)[0])[1].sum(1)}
    epochs = []
    for epoch, seed in enumerate((6, 6, 7)):
        loaded = batches(ours, seed)
        seed_all(90 + epoch)  # what the model draws itself
        epochs.append([ours.train(batch) for batch in loaded])
    losses = [loss for epoch in epochs for loss, _ in epoch]
    assert all(math.isfinite(loss) for loss in losses), losses
    masks = [torch.cat([mask for _, mask in epoch]) for epoch in epochs]
    counts = {int(c) for mask in masks for c in mask.sum(1)}
    assert len(counts) == 1, f"masked tokens: {counts}"
    assert counts == count or not trial.counted, f"ours {counts}, the trainer's {count}"
    drawn, differ = (float((masks[i] != masks[0]).any(1).float().mean()) for i in (1, 2))
    assert differ > 0.7, f"only {differ:.2f} of the samples have another mask in the next epoch"
    assert drawn > 0 or not trial.drawn, f"the same crops have the same masks: {drawn:.2f} differ"
    return {
        "tokens": math.prod(trial.grid),
        "masked": counts.pop(),
        "ratio": trial.ratio,
        "clips": apart,
        "epochs": [differ, drawn],
        "loss": [losses[0], losses[-1]],
        **place(trial),
        "also": [check() for check in trial.also],
    }


def same_clips(trial: Trial, theirs: Made, ours: Made) -> float:
    """Mean difference of pixels, in shares of their range: clips and crops are as without us."""
    pairs = zip(batches(theirs, 3), batches(ours, 3), strict=True)
    worst = 0.0
    for one, other in pairs:
        a, b = theirs.pixels(one), ours.pixels(other)
        assert a.shape == b.shape, f"{tuple(a.shape)} and {tuple(b.shape)}"
        span = float(a.max() - a.min())
        worst = max(worst, float((a - b).abs().mean()) / span)
    assert worst <= 0.005, f"other clips or crops than without us: {worst}"
    return worst


def place(trial: Trial) -> dict[str, float]:
    """Share of the object's tokens that is masked at a low ratio, flipped and not."""
    made = trial.make(True, LOW if trial.placed else None)
    shares: dict[bool, list[float]] = {False: [], True: []}
    for seed in range(10, 13):
        for batch in batches(made, seed):
            _, masks = made.train(batch)
            for on_object, mask in zip(
                object_tokens(trial, made.pixels(batch)), masks, strict=True
            ):
                if on_object.sum() < 2:
                    continue
                shares[moves_left(trial, on_object)].append(float(mask.numpy()[on_object].mean()))
    found = {name: float(np.mean(shares[key] or [-1])) for key, name in NAMES.items()}
    if not trial.placed:
        return found
    assert found["place"] > 0.75, f"the object is masked {found['place']:.2f} at a ratio of {LOW}"
    if trial.flips:
        assert found["flipped"] > 0.75, f"flipped, the object is masked {found['flipped']:.2f}"
    return found


def moves_left(trial: Trial, on_object: Any) -> bool:
    """The object moves right, unless the clip was flipped."""
    slots, _, columns = np.nonzero(on_object.reshape(trial.grid))
    return bool(np.polyfit(slots, columns, 1)[0] < 0) if len(set(slots)) > 1 else False


NAMES = {False: "place", True: "flipped"}


def object_tokens(trial: Trial, pixels: torch.Tensor) -> Any:
    """Which tokens are of the orange object, bool [B, N]."""
    slots, rows, columns = trial.grid
    red = pixels[:, 0] - pixels[:, 2]
    span = float(red.max() - red.min())
    cells = torch.nn.functional.adaptive_avg_pool3d(red[:, None].float(), (slots, rows, columns))
    low = float(red.median())
    return ((cells.flatten(1) - low) > 0.35 * span).numpy()
