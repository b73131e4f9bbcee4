"""What pixels of the mouth alone say about GRID's words: a linear classifier, no pre-training."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.nn import functional

import mgm_ext
from benchmarks.pretraining.grid_corpus import POSITIONS
from benchmarks.pretraining.samples import Labelled, Samples

WIDTH, HEIGHT = 64, 48
"""Of the mouth's box, in pixels of 128."""
STRENGTHS = (1e3, 3e3, 1e4, 3e4, 1e5)


def mouth_place(samples: Samples) -> tuple[int, int]:
    """Left and top of the box with the most motion in the mean of the training clips."""
    clips = np.unique(samples.labelled["train"].clip)[:100]
    grid = (samples.frames // 2, 32, 32)
    speeds = [
        mgm_ext.motion_score(samples.field_of(int(c), 24), grid=grid).pixels_per_frame.mean(0)
        for c in clips
    ]
    step = samples.video.shape[2] // 32
    window = np.lib.stride_tricks.sliding_window_view(
        np.mean(speeds, 0), (HEIGHT // step, WIDTH // step)
    )
    row, column = np.unravel_index(int(window.sum((2, 3)).argmax()), window.shape[:2])
    return int(column) * step, int(row) * step


def mouth_pixels(samples: Samples, some: Labelled, place: tuple[int, int]) -> NDArray[np.float32]:
    """Grey mouths of the sample's frames, four by four pixels averaged, [n, values]."""
    left, top = place
    rows = []
    for clip, start in zip(some.clip, some.start, strict=True):
        frames = samples.video[int(clip), int(start) : int(start) + samples.frames]
        mouth = frames[:, top : top + HEIGHT, left : left + WIDTH].float().mean(-1)
        rows.append(functional.avg_pool2d(mouth, 4).flatten().cpu().numpy())
    return np.stack(rows).astype(np.float32)


def read_by_pixels(samples: Samples) -> dict[str, Any]:
    """Accuracy of ridge regression for each of the six words, on the test sentences.

    Its strength is chosen on the validation sentences.
    """
    from sklearn.linear_model import RidgeClassifier

    place = mouth_place(samples)
    sets = samples.labelled
    pixels = {name: mouth_pixels(samples, some, place) for name, some in sets.items()}
    right = {}
    for group, position in enumerate(POSITIONS):
        of = {name: some.group == group for name, some in sets.items()}

        def score(model: Any, name: str, of: dict[str, Any] = of) -> float:
            return float(model.score(pixels[name][of[name]], sets[name].label[of[name]]))

        models = [
            RidgeClassifier(strength).fit(
                pixels["train"][of["train"]], sets["train"].label[of["train"]]
            )
            for strength in STRENGTHS
        ]
        best = max(models, key=lambda model: score(model, "validation"))
        right[position] = round(score(best, "test"), 4)
    mean = round(float(np.mean([*right.values()])), 4)
    return {"data": samples.identity, "mouth": place, "accuracy": right, "mean": mean}
