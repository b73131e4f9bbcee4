"""Scores of blocks and groups by readiness, against the rule written out in loops."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from mgm_ext import BlockCosts, read_block_costs
from mgm_ext.adapters.onevision_canvases import Grid, positions
from mgm_ext.adapters.onevision_groups import block_scores, fixed_groups, readiness_groups
from mgm_ext.adapters.onevision_units import unit_maps
from tests.conftest import EncodedClip

Scores = NDArray[np.float32]


def ready(group: Scores, budget: int) -> tuple[float, int]:
    """Sum of the best blocks after the first frame, and of how many thirds of the time they are."""
    ranked = sorted(
        ((score, t) for t in range(1, len(group)) for score in group[t].ravel()), reverse=True
    )
    best = ranked[:budget]
    edges = np.linspace(1, len(group), 4).astype(int)
    thirds = {sum(t >= edge for edge in edges[1:3]) for _, t in best}
    return float(np.sum([score for score, _ in best])), len(thirds)


def grown(scores: Scores, budget: int, *, size: int, fewest: int, most: int) -> list[range]:
    starts = range(0, len(scores), size)
    usual = [ready(scores[s : s + size], budget)[0] for s in starts if len(scores) - s >= 4]
    start, groups = 0, []
    while len(scores) - start >= fewest:
        stop, before = min(start + most, len(scores)), None
        for end in range(start + fewest, stop + 1):
            total, thirds = ready(scores[start:end], budget)
            enough = total >= np.mean(usual) and thirds == 3
            stop = end if enough else stop
            if enough and before is not None and (total - before) / before < 0.05:
                break
            before = total
        groups.append(range(start, stop))
        start = stop
    return groups


@pytest.mark.parametrize("seed", range(6))
def test_groups_grow_until_their_best_blocks_score_enough(seed: int) -> None:
    rng = np.random.default_rng(seed)
    activity = rng.choice([0.05, 0.3, 1.0], 70)[:, None, None]
    scores = (rng.random((70, 4, 5)) * activity).astype(np.float32)
    limits = {"size": 10, "fewest": 6, "most": 20}
    found = readiness_groups(scores, 40, bins=3, **limits)
    assert found == grown(scores, 40, **limits)
    assert {len(group) for group in found} != {20}


def test_fixed_groups_leave_out_fewer_than_four_frames() -> None:
    assert fixed_groups(21, 9) == [range(9), range(9, 18)][:2]
    assert fixed_groups(22, 9)[-1] == range(18, 22)


def test_a_block_scores_its_share_of_the_most_bits() -> None:
    bits = np.array([[0, 7], [63, 63]])
    places = np.repeat([0, 1], 4)
    scores = block_scores(bits, places, places, patch=2)
    wanted = 16 * np.log1p(bits) / np.log(64)
    np.testing.assert_allclose(scores, wanted, rtol=1e-6)
    assert scores.dtype == np.float32
    assert not block_scores(np.zeros((2, 2), np.int64), places, places, patch=2).any()


def test_a_bad_first_frame_gives_way_and_nothing_is_left_of_too_few_blocks() -> None:
    scores = np.arange(4 * 6, dtype=np.float32).reshape(4, 2, 3)
    frames, grid = np.array([5, 6, 7, 8]), Grid(4, 6, 3)
    places = positions(scores, frames, np.array([False, True, False, True]), grid)
    assert set(places[0].reshape(-1, 3)[:, 0]) == {1}
    assert set(places[1].reshape(-1, 3)[:, 0]) == {3}
    assert (places[2] == -1).all()
    nothing = positions(scores, frames, np.zeros(4, bool), grid)
    assert set(nothing[0].reshape(-1, 3)[:, 0]) == {0}
    assert (nothing[1:] == -1).all()


@pytest.fixture(scope="module")
def costs(encoded_clip: EncodedClip) -> BlockCosts:
    clip = encoded_clip("libx264", kind="object", size=(150, 200), num_frames=12, bf=0)
    return read_block_costs(clip, frame_indices=[3, 8])


def test_units_lie_where_they_are_shown_or_where_codec_video_prep_has_them(
    costs: BlockCosts,
) -> None:
    bits, rows, columns = unit_maps(costs, (75, 100), as_shown=True)
    np.testing.assert_array_equal(bits, costs.bits)
    np.testing.assert_array_equal(rows, (2 * np.arange(75) + 1) // 16)
    np.testing.assert_array_equal(columns, (2 * np.arange(100) + 1) // 16)
    theirs, rows, columns = unit_maps(costs, (75, 100), as_shown=False)
    assert theirs.shape == (2, 10, 14)  # of 13 columns of macroblocks
    assert not theirs[:, :, 13].any()
    np.testing.assert_array_equal(rows, np.arange(75) * 10 // 75)
    # OpenCV multiplies by 1 / (100 / 14), which is less than 0.14
    np.testing.assert_array_equal(columns[[0, 7, 8, 49, 50, 51, 99]], [0, 0, 1, 6, 6, 7, 13])
    ends = costs.bits.reshape(2, -1).cumsum(1)
    assert not (theirs % 8).any()
    np.testing.assert_array_equal(theirs[:, :, :13].reshape(2, -1).cumsum(1), ends // 8 * 8)


@pytest.mark.parametrize(("codec", "shape"), [("libvpx-vp9", (3, 5)), ("libx265", (3, 5))])
def test_other_codecs_have_units_of_64(
    encoded_clip: EncodedClip, codec: str, shape: tuple[int, int]
) -> None:
    clip = encoded_clip(codec, kind="object", size=(160, 288), num_frames=8)
    costs = read_block_costs(clip, frame_indices=[2])
    bits, _, columns = unit_maps(costs, (80, 144), as_shown=True)
    assert bits.shape == (1, *shape)
    assert bits.sum() == costs.bits.sum()
    np.testing.assert_array_equal(columns, (2 * np.arange(144) + 1) // 64)
