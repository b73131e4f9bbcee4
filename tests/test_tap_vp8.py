"""VP8: vectors out of replaced functions of the decoder's context."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests import clips, libvpx, oracles
from tests.conftest import EncodedClip, RealFootage, TwoPassClip
from tests.mutants import mutants
from tests.prediction import prediction

SIZE = (192, 256)


@pytest.fixture(scope="module", params=["one pass", "two passes"])
def footage_clip(
    request: pytest.FixtureRequest,
    encoded_clip: EncodedClip,
    two_pass_clip: TwoPassClip,
    real_footage: RealFootage,
) -> Path:
    """Real footage; in two passes with pictures that are never shown."""
    frames = real_footage(size=SIZE, num_frames=30)
    if request.param == "one pass":
        return encoded_clip("libvpx", kind=frames, b="300k")
    return two_pass_clip("libvpx", frames, kilobits=150)


@pytest.mark.parametrize("motion", oracles.MOTIONS)
def test_known_motion_comes_back(encoded_clip: EncodedClip, motion: tuple[int, int]) -> None:
    vectors = oracles.read(encoded_clip("libvpx", motion=motion, size=SIZE, num_frames=12, b="3M"))
    oracles.assert_known_motion(vectors, motion, size=SIZE)


@pytest.mark.parametrize("motion", oracles.MOTIONS)
def test_known_motion_comes_back_in_two_passes(
    two_pass_clip: TwoPassClip, motion: tuple[int, int]
) -> None:
    frames = clips.scroll(motion=motion, size=SIZE, num_frames=20)
    vectors = oracles.read(two_pass_clip("libvpx", frames, kilobits=3000, cpu_used=5))
    oracles.assert_known_motion(vectors, motion, size=SIZE)


def test_hidden_pictures_count_as_the_frame_that_copies_them(two_pass_clip: TwoPassClip) -> None:
    frames = clips.scroll(motion=(3, 2), size=SIZE, num_frames=40)
    vectors = oracles.read(two_pass_clip("libvpx", frames))
    oracles.assert_known_motion(vectors, (3, 2), size=SIZE)
    assert set(range(1, 12)) <= set(vectors.reference_distance.tolist())


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


def test_all_partitions_are_there(two_pass_clip: TwoPassClip, real_footage: RealFootage) -> None:
    path = two_pass_clip("libvpx", real_footage(size=SIZE, num_frames=12), cpu_used=0)
    vectors = oracles.read(path)
    sizes = set(zip(vectors.w.tolist(), vectors.h.tolist(), strict=True))
    assert sizes == {(16, 16), (16, 8), (8, 16), (8, 8), (4, 4)}


def test_blocks_tile_each_inter_picture(footage_clip: Path) -> None:
    vectors = oracles.read(footage_clip)
    covered = oracles.coverage(vectors, SIZE)
    assert covered.max() == 1
    assert covered[vectors.picture_types != "I"].mean() > 0.5
    assert not covered[vectors.picture_types == "I"].any()


def test_still_content_is_skipped(encoded_clip: EncodedClip) -> None:
    vectors = oracles.read(encoded_clip("libvpx", kind="still", b="50k"))
    assert not vectors.motion_x.any()
    assert (vectors.flags & 1).mean() > 0.5


def test_damage_leaves_both_ways_equal(footage_clip: Path, tmp_path: Path) -> None:
    for seed, mutant in enumerate(mutants(footage_clip, tmp_path, count=12)):
        vectors = oracles.assert_seam_changes_nothing(mutant)
        assert len(vectors) > 0, seed


def test_a_hidden_picture_counts_as_the_frame_of_the_same_pixels(
    real_footage: RealFootage, tmp_path: Path
) -> None:
    frames = real_footage(size=SIZE, num_frames=30)
    packets = libvpx.encode("libvpx", list(frames), kilobits=300, cpu_used=4)
    path = libvpx.write_ivf(tmp_path / "hidden.ivf", "libvpx", packets, size=SIZE)
    at = next(i for i, (_, data) in enumerate(packets) if not data[0] & 0x10)
    all_shown = [(i, bytes([data[0] | 0x10]) + data[1:]) for i, (_, data) in enumerate(packets)]
    shown = libvpx.write_ivf(tmp_path / "shown.ivf", "libvpx", all_shown, size=SIZE)
    luma = [f.to_ndarray(format="gray").astype(int) for f in oracles.pyav_frames(shown)]
    error = np.abs(np.stack(luma[at + 1 :]) - luma[at]).mean(axis=(1, 2))
    nearest = at + int(error.argmin())
    vectors = oracles.read(path)
    frame = next(
        i for i in range(at, 30) if (vectors.reference_distance[vectors.frame(i)] > 0).any()
    )
    assert frame + vectors.reference_distance[vectors.frame(frame)].max() == nearest
