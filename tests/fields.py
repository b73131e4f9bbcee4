"""Fields and scores for tests: literal, random, and drawn by hypothesis."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import strategies as st
from numpy.typing import NDArray

from mgm_ext import MotionField, View
from mgm_ext.score import Score
from tests.reference import score as plain

INVALID = -32768


def make_field(
    vectors: NDArray[np.int16],
    *,
    cell: int = 16,
    coded: NDArray[np.bool_] | None = None,
    cuts: NDArray[np.bool_] | None = None,
    sample_offsets: NDArray[np.int64] | None = None,
    width: int | None = None,
    height: int | None = None,
) -> MotionField:
    """A field around vectors [M, R, C, 2]; one row per sampled frame unless offsets are given."""
    rows, high, wide, _ = vectors.shape
    return MotionField(
        vectors=vectors,
        coded=np.ones((rows, high, wide), bool) if coded is None else coded,
        cuts=np.zeros(rows, bool) if cuts is None else cuts,
        row_frames=np.arange(rows),
        sample_offsets=np.arange(rows + 1) if sample_offsets is None else sample_offsets,
        cell=cell,
        width=wide * cell if width is None else width,
        height=high * cell if height is None else height,
    )


def make_score(
    values: Any,
    *,
    motion: Any = None,
    valid: Any = None,
    cuts: Any = None,
    token: int = 16,
    hflip: bool = False,
) -> Score:
    """A score around values [S, R, C] over a picture of `token` source pixels per token."""
    array = np.asarray(values, np.int64)
    slots, rows, columns = array.shape
    width, height = columns * token, rows * token
    return Score(
        values=array,
        motion=array if motion is None else np.asarray(motion, np.int64),
        valid=np.ones(array.shape, bool) if valid is None else np.asarray(valid),
        cuts=np.zeros(slots, bool) if cuts is None else np.asarray(cuts),
        view=View((0, 0, width, height), (height, width), hflip),
        width=width,
        height=height,
    )


def plain_score(score: Score) -> plain.Score:
    """The same score for the reference."""
    return plain.Score(score.values, score.motion, score.valid, score.cuts)


def reference_score(
    field: MotionField, grid: tuple[int, int, int], view: View, **options: Any
) -> plain.Score:
    """The reference's score of a field."""
    return plain.motion_score(
        field.vectors,
        field.cuts,
        field.sample_offsets,
        field.cell,
        grid=grid,
        crop=view.crop,
        hflip=view.hflip,
        **options,
    )


def random_field(
    seed: int,
    *,
    slots: int,
    tubelet: int,
    high: int,
    wide: int,
    cell: int = 16,
    strength: int = 300,
    invalid: float = 0.1,
    rows_per_frame: int = 3,
) -> MotionField:
    """Noise on a global motion with a faster block; some cells invalid, some rows empty or cuts."""
    random = np.random.default_rng(seed)
    counts = random.integers(0, rows_per_frame + 1, slots * tubelet)
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    rows = int(offsets[-1])
    vectors = random.integers(-strength, strength + 1, (rows, high, wide, 2))
    ramp = np.linspace(-strength, strength, wide)[None, None, :]
    vectors[..., 0] = vectors[..., 0] // 8 + (ramp + 50).astype(int)
    vectors[:, : max(high // 3, 1), : max(wide // 3, 1)] += 4 * strength
    field = np.clip(vectors, -32767, 32767).astype(np.int16)
    field[random.random((rows, high, wide)) < invalid] = (INVALID, 0)
    cuts = random.random(rows) < 0.1
    field[cuts] = (INVALID, 0)
    coded = random.random((rows, high, wide)) < 0.5
    return make_field(field, cell=cell, coded=coded, cuts=cuts, sample_offsets=offsets)


@st.composite
def fields(draw: st.DrawFn, slots: int | None = None) -> tuple[MotionField, int]:
    """A field and a number of slots that fits it."""
    count = draw(st.integers(1, 5)) if slots is None else slots
    field = random_field(
        draw(st.integers(0, 2**32)),
        slots=count,
        tubelet=draw(st.integers(1, 2)),
        high=draw(st.integers(1, 9)),
        wide=draw(st.integers(1, 9)),
        cell=draw(st.sampled_from([8, 16, 32])),
        strength=draw(st.sampled_from([0, 3, 300, 8000])),
        invalid=draw(st.sampled_from([0.0, 0.1, 0.9, 1.0])),
    )
    return field, count


@st.composite
def views(draw: st.DrawFn, width: int, height: int) -> View:
    """A view that overlaps the picture, reaches beyond it, or misses it."""
    fraction = st.floats(-0.25, 1.0, width=32)
    share = st.floats(0.125, 1.25, width=32)
    crop = (
        draw(fraction) * width,
        draw(fraction) * height,
        draw(share) * width,
        draw(share) * height,
    )
    return View(crop, (224, 224), draw(st.booleans()))


@st.composite
def scores(draw: st.DrawFn, slots: int | None = None) -> Score:
    """A score with ties, still slots, cuts and holes."""
    shape = (
        draw(st.integers(1, 6)) if slots is None else slots,
        draw(st.integers(1, 9)),
        draw(st.integers(2, 9)),
    )
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    levels = draw(st.sampled_from([1, 2, 5, 1 << 40]))
    motion = random.integers(0, levels, shape) * (1 if levels > 5 else 1 << 22)
    motion[random.random(shape[0]) < draw(st.sampled_from([0.0, 0.3, 1.0]))] = 0
    weight = random.integers(0, 65537, shape) if draw(st.booleans()) else np.full(shape, 65536)
    return make_score(
        np.minimum(motion * weight >> 16, 1 << 40),
        motion=motion,
        valid=random.random(shape) < draw(st.sampled_from([0.0, 0.9, 1.0])),
        cuts=random.random(shape[0]) < 0.2,
    )
