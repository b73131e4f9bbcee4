"""The field that masks are timed on; imports little, because it is also counted by instruction."""

from __future__ import annotations

import numpy as np

from mgm_ext import MotionField


def clip_field(seed: int = 0) -> MotionField:
    """What 16 frames at stride 4 of a 340 x 256 clip give: 61 rows of 32 x 43 cells."""
    random = np.random.default_rng(seed)
    down, across = np.mgrid[0:32, 0:43]
    vectors = np.stack([3 * across - 50, 2 * down - 20], -1)[None]
    vectors = vectors + random.integers(-40, 40, (61, 32, 43, 2))
    vectors[:, 8:14, 10:18] += 300
    vectors = vectors.astype(np.int16)
    vectors[random.random((61, 32, 43)) < 0.1] = (-32768, 0)
    return MotionField(
        vectors=vectors,
        coded=random.random((61, 32, 43)) < 0.5,
        cuts=np.zeros(61, bool),
        row_frames=np.arange(61),
        sample_offsets=np.linspace(0, 61, 17).astype(np.int64),
        cell=8,
        width=340,
        height=256,
    )


FIELD = clip_field()
