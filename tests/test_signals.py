"""Patches by what the codec knows: scores with their units, and exactly k of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgm_ext import (
    View,
    motion_guided_mask,
    motion_score,
    patch_scores,
    read_block_costs,
    read_motion_field,
    top_patches,
)
from tests.conftest import EncodedClip

WANTED = list(range(2, 26, 3))


@pytest.fixture(scope="module")
def clip(encoded_clip: EncodedClip) -> Path:
    """A square of 64 pixels that moves over a still ground."""
    return encoded_clip("libx264", kind="object", size=(192, 256), num_frames=30)


def test_motion_and_bits_are_those_of_their_readers(clip: Path) -> None:
    field = read_motion_field(clip, frame_indices=WANTED)
    score = motion_score(field, grid=(len(WANTED), 6, 8), camera="none")
    motion = patch_scores(clip, WANTED, (6, 8), camera="none")
    assert motion.dtype == np.float32
    np.testing.assert_array_equal(np.isnan(motion), ~score.valid)
    np.testing.assert_array_equal(motion[score.valid], score.pixels_per_frame[score.valid])
    bits = patch_scores(clip, WANTED, (6, 8), signal="bits")
    costs = read_block_costs(clip, frame_indices=WANTED)
    np.testing.assert_array_equal(bits, costs.on_grid((6, 8)))
    view = View(crop=(0, 0, 128, 96), size=(64, 64), hflip=True)
    cropped = patch_scores(clip, WANTED, (2, 2), signal="bits", view=view)
    np.testing.assert_array_equal(cropped, costs.on_grid((2, 2), view=view))


def test_the_most_scored_patches_are_where_it_moves(clip: Path) -> None:
    moving = patch_scores(clip, WANTED, (12, 16), camera="none")
    for signal in ("motion", "bits", "fused"):
        scores = patch_scores(clip, WANTED, (12, 16), signal=signal, camera="none")
        assert not (scores < 0).any()
        chosen = top_patches(scores, 80)
        inside = np.nan_to_num(moving)[tuple(chosen.T)] > 0.25
        assert inside.mean() > 0.6, signal
    fused = patch_scores(clip, WANTED, (12, 16), signal="fused", camera="none")
    assert fused.max() <= 1


def test_what_is_not_known_is_nan_and_the_other_signal_stands_alone(
    encoded_clip: EncodedClip,
) -> None:
    path = encoded_clip("libx264", size=(96, 128), num_frames=12, g=1)  # key frames alone
    wanted = [2, 5, 8]
    assert np.isnan(patch_scores(path, wanted, (3, 4))).all()
    bits = patch_scores(path, wanted, (3, 4), signal="bits")
    fused = patch_scores(path, wanted, (3, 4), signal="fused")
    logs = np.log1p(bits)
    expected = np.minimum(logs / np.float32(np.percentile(logs, 99)), 1)
    np.testing.assert_allclose(fused, expected, rtol=1e-6)


def test_exactly_k_with_stable_ties_and_anchors() -> None:
    scores = np.zeros((3, 2, 2), np.float32)
    scores[1] = [[1, 3], [2, 3]]
    scores[2, 0, 0] = np.nan
    assert top_patches(scores, 2).tolist() == [[1, 0, 1], [1, 1, 1]]
    assert top_patches(scores, 1).tolist() == [[1, 0, 1]]
    assert top_patches(scores, 6).tolist()[:2] == [[0, 0, 0], [0, 0, 1]]  # zeros, the earlier
    anchored = top_patches(scores, 5, anchor=-1)
    assert anchored.tolist() == [[1, 0, 1], *[[2, h, w] for h in (0, 1) for w in (0, 1)]]
    assert top_patches(scores, 8, anchor=[0, 2])[:, 0].tolist() == [0] * 4 + [2] * 4
    everything = top_patches(scores, 12)
    assert everything.dtype == np.int32
    assert everything.shape == (12, 3)
    assert [2, 0, 0] not in top_patches(scores, 11).tolist()  # unknown: the last
    valid = np.zeros(scores.shape, np.bool_)
    valid[0] = True
    assert top_patches(scores, 4, valid=valid)[:, 0].tolist() == [0] * 4


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"k": 13}, "k must be from 0 .* to 12"),
        ({"k": 3, "anchor": 0}, "k must be from 4"),
        ({"k": 1, "anchor": 3}, "anchor frames must be under 3"),
        ({"k": 1, "valid": np.ones((3, 2, 2))}, "valid must be bool"),
        ({"k": 1, "scores": np.zeros((2, 2))}, r"scores must be numbers \[T, h, w\]"),
    ],
)
def test_what_does_not_fit_is_refused(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        top_patches(**{"scores": np.zeros((3, 2, 2)), **options})


def test_signals_that_are_not_known_are_refused(clip: Path) -> None:
    with pytest.raises(ValueError, match="signal must be one of"):
        patch_scores(clip, WANTED, (3, 4), signal="pixels")  # type: ignore[arg-type]


def test_bits_weigh_masks(clip: Path) -> None:
    wanted = list(range(4, 20))
    costs = read_block_costs(clip, frame_indices=wanted)
    weight = costs.weight(grid=(8, 6, 8))
    assert weight.dtype == np.int32
    assert 0 <= weight.min() <= weight.max() == 65536
    logs = np.log1p(costs.on_grid((6, 8)).reshape(8, 2, 6, 8).sum(1, dtype=np.float64))
    expected = np.minimum(logs / np.percentile(logs, 99), 1) * 65536
    np.testing.assert_allclose(weight, expected, atol=1.01)
    field = read_motion_field(clip, frame_indices=wanted)
    mask = motion_guided_mask(field, grid=(8, 6, 8), weight=weight)
    assert mask.shape == (8, 6, 8)
    with pytest.raises(ValueError, match="3 slots must divide 16 frames"):
        costs.weight(grid=(3, 6, 8))
