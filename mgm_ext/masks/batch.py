"""Masks for many clips in one call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .._arrays import check_count
from ..score import GRID
from ..views import View
from .generators import make_masking
from .options import Grid, Mask, Source

__all__ = ["batch_masks"]


def batch_masks(
    name: str,
    fields: Sequence[Source | None] | None,
    *,
    seeds: Sequence[int] | NDArray[np.integer],
    threads: int = 1,
    grid: Grid = GRID,
    views: Sequence[View | None] | None = None,
    **options: Any,
) -> Mask:
    """One mask per clip, made in one call on threads that end with it.

    Args:
        name: a key of `MASKINGS`.
        fields: each clip's motion: a field, a score or a clip; None for masks that know no motion.
        seeds: one per clip, in [0, 2^64).
        threads: in [1, 1024]; the masks do not depend on it.
        grid: (S, R, C) tokens of every clip.
        views: what the trainer sees of each clip; None: the whole picture.
        options: as `make_masking` takes them; for "boxes", `boxes` is one entry per clip.

    Returns:
        bool [B, S, R, C], True = masked; mask i is what the function of that name makes of clip i
        with seed i.

    Raises:
        ValueError: an argument is outside what is allowed, or the lengths differ.
    """
    boxes = options.pop("boxes", None)
    generator = make_masking(name, input_size=grid, **options)
    clips: Sequence[Source | None] = [None] * len(seeds) if fields is None else fields
    crops = [None] * len(clips) if views is None else views
    per_clip = [None] * len(clips) if boxes is None else boxes
    for what, given in (("seeds", seeds), ("views", crops), ("boxes", per_clip)):
        check_count(what, given, len(clips))
    inputs = [
        generator.input_of(clip, None, view, own)
        for clip, view, own in zip(clips, crops, per_clip, strict=True)
    ]
    return generator.make_many(inputs, [int(seed) for seed in seeds], threads)
