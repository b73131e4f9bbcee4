"""What pixels of the mouth alone say about GRID's words: a linear classifier, no pre-training."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

import mgm_ext
from benchmarks.pretraining.grid_corpus import POSITIONS
from benchmarks.pretraining.samples import Labelled, Samples

WIDTH, HEIGHT = 48, 32
"""Of the mouth's box, in pixels of 128."""


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
    """Grey mouths of every second frame, two by two pixels averaged, float32 [n, values]."""
    left, top = place
    rows = []
    for clip, start in zip(some.clip, some.start, strict=True):
        frames = samples.video[int(clip), int(start) : int(start) + samples.frames : 2]
        mouth = frames[:, top : top + HEIGHT, left : left + WIDTH].float().mean(-1)
        rows.append(mouth.unflatten(1, (-1, 2)).unflatten(3, (-1, 2)).mean((2, 4)).flatten())
    return np.stack([row.cpu().numpy() for row in rows]).astype(np.float32)


def read_by_pixels(samples: Samples) -> dict[str, Any]:
    """Accuracy of a linear classifier for each of the six words, on the test sentences."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    place = mouth_place(samples)
    train, test = samples.labelled["train"], samples.labelled["test"]
    known, asked = (mouth_pixels(samples, some, place) for some in (train, test))
    right = {}
    for group, name in enumerate(POSITIONS):
        here, there = train.group == group, test.group == group
        model = make_pipeline(StandardScaler(), LogisticRegression(C=1e-3, max_iter=200))
        model.fit(known[here], train.label[here])
        right[name] = round(float(model.score(asked[there], test.label[there])), 4)
    return {"mouth": place, "accuracy": right, "mean": round(float(np.mean([*right.values()])), 4)}
