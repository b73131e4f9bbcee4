"""Compact fields: never over their budget, and what a mask loses by it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mgm_ext
from mgm_ext.data import FieldStore, precompute
from mgm_ext.data.compact import _halved, _steps, compact_columns, from_steps
from mgm_ext.data.schema import decompressed
from tests.conftest import RealClip

CLIPS = ("arm_wrestling.mp4", "basketball_426x240.mp4", "bikes.mp4", "bigbuckbunny.mp4")


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 1000), quantum=st.sampled_from([4, 24, 64, 512]))
def test_a_step_is_off_by_at_most_half_of_itself(seed: int, quantum: int) -> None:
    rng = np.random.default_rng(seed)
    vectors = rng.integers(-32767, 32768, (3, 4, 5, 2)).astype(np.int16)
    vectors[rng.random((3, 4, 5)) < 0.2] = (-32768, 0)
    steps = _steps(vectors, quantum)
    data = (steps & 255).astype(np.uint8).tobytes() + (steps >> 8).astype(np.uint8).tobytes()
    got = from_steps(data, vectors.shape, quantum)
    empty = vectors[..., 0] == -32768
    np.testing.assert_array_equal(got[..., 0] == -32768, empty)
    assert (np.abs(got.astype(int) - vectors)[~empty] <= quantum // 2).all()
    assert (got[empty] == (-32768, 0)).all()


def test_cells_are_joined_by_fours() -> None:
    none = (-32768, 0)
    cells = [[(4, 8), (8, 8), (6, 0)], [none, none, (2, 0)], [(10, 10), none, none]]
    got = _halved(np.array([cells], np.int16))
    # Two of four are half; of the two and the one at the rim that there are, one of two is half.
    assert got.tolist() == [[[[6, 8], [4, 0]], [[10, 10], [-32768, 0]]]]


@pytest.mark.parametrize("loud", [1, 400, 30_000])
def test_the_budget_holds_for_noise(loud: int) -> None:
    rng = np.random.default_rng(0)
    vectors = rng.integers(-loud, loud + 1, (50, 16, 21, 2)).astype(np.int16)
    columns = compact_columns(vectors, 16, short_side=256, seconds=0.5)
    assert columns["quantum"] > 1
    spent = len(columns["blocks"])
    coarsest = (columns["cell"], columns["quantum"]) == (32, 512)
    assert spent <= 5000 or coarsest
    assert coarsest == (loud == 30_000)


def test_the_finest_that_fits_is_taken() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.integers(-300, 301, (50, 16, 21, 2)).astype(np.int16)
    chosen = compact_columns(vectors, 16, short_side=256, seconds=5.0)
    longer = compact_columns(vectors, 16, short_side=256, seconds=8.0)
    assert (longer["cell"], chosen["cell"]) == (16, 16)
    assert 4 <= longer["quantum"] < chosen["quantum"]
    assert 0.5 * 25_000 < len(chosen["blocks"]) <= 25_000
    size = 2 * vectors[:32].nbytes // 2
    first = chosen["blocks"][: chosen["offsets"][1]]
    assert len(decompressed(first, size).to_pybytes()) == size


@pytest.fixture(scope="module")
def stores(
    real_clip: RealClip, tmp_path_factory: pytest.TempPathFactory
) -> tuple[FieldStore, FieldStore]:
    paths = [real_clip(name) for name in CLIPS]
    made = []
    for compact in (False, True):
        side = tmp_path_factory.mktemp("side")
        precompute(paths, side, compact=compact)
        made.append(FieldStore(side))
    return made[0], made[1]


def test_real_clips_take_at_most_five_kilobytes_a_second(
    stores: tuple[FieldStore, FieldStore],
) -> None:
    for key in stores[1].keys():  # noqa: SIM118
        clip = stores[1].clip(key)
        spent = clip.batch.nbytes / (clip.num_frames / clip.average_fps)
        assert 1000 < spent <= 5000, key


def test_masks_are_nearly_those_of_the_whole_field(stores: tuple[FieldStore, FieldStore]) -> None:
    agreement = []
    for key in stores[0].keys():  # noqa: SIM118
        count = stores[0].clip(key).num_frames
        for start in range(0, count - 64, 40):
            fields = [store.field(key, range(start, start + 64, 4)) for store in stores]
            assert fields[1].coded.all()
            np.testing.assert_array_equal(fields[0].cuts, fields[1].cuts)
            one, other = (
                mgm_ext.motion_guided_mask(field, weight="none", seed=start) for field in fields
            )
            agreement.append((one & other).sum() / (one | other).sum())
    assert len(agreement) > 10
    assert np.mean(agreement) > 0.94
    assert np.min(agreement) > 0.75


def test_a_compact_store_is_called_so(stores: tuple[FieldStore, FieldStore]) -> None:
    key = next(iter(stores[1].keys()))
    assert [store.clip(key).quantum > 1 for store in stores] == [False, True]
    assert Path(key).name in CLIPS
