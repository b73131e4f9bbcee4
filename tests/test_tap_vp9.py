"""VP9: vectors out of the seam between parsing and reconstruction."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests import clips, oracles
from tests.conftest import EncodedClip, RealFootage, TwoPassClip
from tests.mutants import mutants
from tests.prediction import prediction

SIZE = (192, 256)
PROFILES = {
    "Profile 0": "yuv420p",
    "Profile 1": "yuv444p",
}


@pytest.fixture(scope="module", params=["one pass", "two passes", "layers of hidden pictures"])
def footage_clip(
    request: pytest.FixtureRequest,
    encoded_clip: EncodedClip,
    two_pass_clip: TwoPassClip,
    real_footage: RealFootage,
) -> Path:
    """Real footage; in two passes with pictures never shown, or shown later by their number."""
    frames = real_footage(size=SIZE, num_frames=30)
    if request.param == "one pass":
        return encoded_clip("libvpx-vp9", kind=frames, b="300k")
    layers = 6 if request.param == "layers of hidden pictures" else 1
    return two_pass_clip("libvpx-vp9", frames, kilobits=300, auto_alt_ref=layers)


@pytest.mark.parametrize("motion", oracles.MOTIONS)
def test_known_motion_comes_back(encoded_clip: EncodedClip, motion: tuple[int, int]) -> None:
    vectors = oracles.read(encoded_clip("libvpx-vp9", motion=motion, size=SIZE, num_frames=12))
    oracles.assert_known_motion(vectors, motion, size=SIZE)


@pytest.mark.parametrize(
    ("motion", "layers"), [*((motion, 1) for motion in oracles.MOTIONS), ((3, 2), 6), ((-6, 3), 6)]
)
def test_known_motion_comes_back_past_hidden_pictures(
    two_pass_clip: TwoPassClip, motion: tuple[int, int], layers: int
) -> None:
    frames = clips.scroll(motion=motion, size=SIZE, num_frames=20)
    vectors = oracles.read(two_pass_clip("libvpx-vp9", frames, auto_alt_ref=layers, cpu_used=4))
    oracles.assert_known_motion(vectors, motion, size=SIZE)
    assert (vectors.reference_distance > 0).any()


def test_vectors_alone_are_those_of_a_full_decode(footage_clip: Path) -> None:
    vectors = oracles.assert_seam_changes_nothing(footage_clip)
    assert len(vectors.w) > 1000
    assert not vectors.info.damaged


def test_frames_are_pyavs(footage_clip: Path) -> None:
    oracles.assert_frames_as_shown(footage_clip)


def test_vectors_predict_pixels(footage_clip: Path) -> None:
    compared, total = prediction(footage_clip)
    print(f"{compared / total:.1%} of the inter area compared")
    assert compared > 0.05 * total


@pytest.mark.parametrize("profile", PROFILES)
def test_every_profile_is_read(encoded_clip: EncodedClip, profile: str) -> None:
    path = encoded_clip("libvpx-vp9", pixel_format=PROFILES[profile], num_frames=10)
    vectors = oracles.assert_seam_changes_nothing(path)
    assert vectors.info.profile == profile
    oracles.assert_frames_as_shown(path)
    oracles.assert_known_motion(vectors, (3, 2), size=SIZE)
    compared, _ = prediction(path)
    assert compared > 0


def test_blocks_below_8x8_keep_their_own_vectors(
    two_pass_clip: TwoPassClip, real_footage: RealFootage
) -> None:
    frames = real_footage(size=SIZE, num_frames=12)
    path = two_pass_clip("libvpx-vp9", frames, cpu_used=0, kilobits=2000)
    vectors = oracles.assert_seam_changes_nothing(path)
    sizes = set(zip(vectors.w.tolist(), vectors.h.tolist(), strict=True))
    assert sizes >= {(4, 4), (4, 8), (8, 4), (8, 8), (16, 8), (32, 32)}
    small = np.flatnonzero((vectors.w == 4) & (vectors.h == 4))
    assert np.any(vectors.motion_x[small[:-1]] != vectors.motion_x[small[1:]])


def test_blocks_tile_each_inter_picture(footage_clip: Path) -> None:
    vectors = oracles.read(footage_clip)
    covered = oracles.coverage(vectors, SIZE)
    assert covered.max() == (2 if (vectors.flags & 4).any() else 1)
    assert covered[vectors.picture_types != "I"].mean() > 0.5
    assert not covered[vectors.picture_types == "I"].any()


def test_damage_leaves_both_ways_equal(footage_clip: Path, tmp_path: Path) -> None:
    for seed, mutant in enumerate(mutants(footage_clip, tmp_path, count=12)):
        vectors = oracles.assert_seam_changes_nothing(mutant)
        assert len(vectors) > 0, seed
