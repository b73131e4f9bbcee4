"""H.264's vectors against libavcodec's export, known motion, and themselves."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from tests import clips, oracles
from tests.conftest import EncodedClip, RealClip

SIZE, WIDE = (96, 128), (128, 192)
ENCODES = {
    "default": "",
    "cavlc": "cabac=0",
    "spatial": "direct=spatial:bframes=3:b-adapt=0",
    "temporal": "direct=temporal:bframes=3:b-adapt=0",
    "direct_4x4": "direct=temporal:bframes=3:b-adapt=0:level=1.1:partitions=all",
    "pyramid": "bframes=5:b-pyramid=normal:b-adapt=0",
    "mbaff": "bff=1:bframes=3:b-adapt=0",
    "mbaff_cavlc_temporal": "bff=1:bframes=3:b-adapt=0:cabac=0:direct=temporal:partitions=all",
    "fake_interlaced": "fake-interlaced=1:bframes=2",
    "slices": "slice-max-mbs=7:bframes=2:b-adapt=0:direct=temporal",
    "open_gop": "open-gop=1:keyint=8:bframes=3:b-adapt=0",
    "intra_refresh": "intra-refresh=1:keyint=8:bframes=0",
    "partitions": "partitions=all:ref=8:subme=9:bframes=3:b-adapt=0",
    "partitions_4x4": "partitions=p8x8,p4x4,i4x4:bframes=0:ref=3:subme=8:8x8dct=0:qp=18",
    "weighted": "weightp=2:weightb=1:bframes=3:b-adapt=0:ref=4",
}
FORMATS = ("yuv420p10le", "yuv422p", "yuv444p", "yuv422p10le", "gray")
REAL = ("arm_wrestling.mp4", "bikes.mp4", "carphone_pristine.mp4", "rotated_90.mov")


@pytest.fixture(scope="module")
def busy() -> clips.Frames:
    """Two layers that move by fractions of a pixel under noise: every kind of block is used."""
    frames = clips.moving_object(
        motion=(2.5, 1.25), camera=(-1.5, 0.75), box=(24, 16, 72, 64), size=SIZE, num_frames=16
    )
    grain = np.random.default_rng(0).normal(0, 4, frames.shape)
    return np.clip(frames + grain, 0, 255).astype(np.uint8)


@pytest.fixture(scope="module", params=[*ENCODES, *FORMATS])
def encode(request: pytest.FixtureRequest, encoded_clip: EncodedClip, busy: clips.Frames) -> Path:
    name: str = request.param
    if name in FORMATS:
        return encoded_clip("libx264", kind=busy, pixel_format=name, x264_params="bframes=3")
    return encoded_clip("libx264", kind=busy, x264_params=ENCODES[name])


def test_rows_equal_libavcodecs_export(encode: Path) -> None:
    assert len(oracles.assert_equals_export(encode).w) > 500


def test_vectors_do_not_depend_on_pixels(encode: Path) -> None:
    oracles.assert_seam_changes_nothing(encode)
    exported = oracles.read(encode, blocks="libavcodec")
    oracles.assert_same(exported, oracles.read(encode, blocks="libavcodec", vectors_only=False))


def test_frames_come_as_shown(encode: Path) -> None:
    oracles.assert_frames_as_shown(encode)


@pytest.mark.parametrize("name", REAL)
def test_real_clips_too(real_clip: RealClip, name: str) -> None:
    oracles.assert_equals_export(real_clip(name))
    oracles.assert_frames_as_shown(real_clip(name))
    oracles.assert_seam_changes_nothing(real_clip(name))


def test_exported_rows_know_what_the_coded_blocks_refer_to(encode: Path) -> None:
    coded, rows = oracles.read(encode), oracles.read(encode, blocks="libavcodec")
    assert np.isfinite(coded.reference_distance).all()
    known = 0
    for i in range(len(coded)):
        mine, theirs = coded.frame(i), rows.frame(i)
        truth: dict[tuple[int, ...], set[float]] = {}
        for *key, list1, distance in zip(
            *(getattr(coded, name)[mine].tolist() for name in ("dst_x", "dst_y", "w", "h")),
            (coded.flags[mine] & 4 > 0).tolist(),
            coded.reference_distance[mine].tolist(),
            strict=True,
        ):
            truth.setdefault((*key, list1), set()).add(distance)
        for *key, source, distance in zip(
            *(getattr(rows, name)[theirs].tolist() for name in ("dst_x", "dst_y", "w", "h")),
            rows.source[theirs].tolist(),
            rows.reference_distance[theirs].tolist(),
            strict=True,
        ):
            place = (*key, source > 0)
            if place in truth:
                assert distance in truth[place]
                known += 1
    assert known > 0.3 * len(rows.w) or (coded.flags & 8).any()


def test_phantom_rows_have_no_distance(encoded_clip: EncodedClip, busy: clips.Frames) -> None:
    path = encoded_clip("libx264", kind=busy, x264_params=ENCODES["pyramid"])
    rows = oracles.read(path, blocks="libavcodec")
    phantom = np.isnan(rows.reference_distance)
    assert 0 < phantom.mean() < 0.2
    assert not rows.motion_x[phantom].any()
    assert not rows.motion_y[phantom].any()


@pytest.mark.parametrize("motion", [(3, 2), (-4, 1), (1.5, -0.75)])
@pytest.mark.parametrize("params", ["", "bframes=0:ref=1", "bframes=5:b-adapt=0:ref=6"])
def test_scrolled_texture_has_its_velocity(
    encoded_clip: EncodedClip, motion: tuple[float, float], params: str
) -> None:
    path = encoded_clip("libx264", motion=motion, size=WIDE, num_frames=16, x264_params=params)
    assert oracles.true_motion_share(oracles.read(path), motion) >= 0.95


@pytest.mark.parametrize("motion", [(4, 2), (3, -4)])
def test_fields_have_their_own_time_and_place(
    encoded_clip: EncodedClip, motion: tuple[int, int]
) -> None:
    """Interlaced: the top field is taken half a frame after the bottom field."""
    halves = clips.scroll(motion=(motion[0] / 2, motion[1] / 2), size=WIDE, num_frames=32)
    frames = halves[0::2].copy()
    frames[:, 0::2] = halves[1::2, 0::2]
    vectors = oracles.read(encoded_clip("libx264", kind=frames, x264_params="bff=1:qp=18"))
    assert (vectors.flags & 8 > 0).mean() > 0.9
    assert (np.abs(vectors.reference_distance) % 1 == 0.5).any()
    assert oracles.true_motion_share(vectors, motion, tolerance=0.5) >= 0.95


@pytest.mark.parametrize("name", ["default", "pyramid", "temporal", "open_gop", "mbaff"])
def test_every_run_gives_the_same_vectors(
    encoded_clip: EncodedClip, busy: clips.Frames, name: str
) -> None:
    path = encoded_clip("libx264", kind=busy, x264_params=ENCODES[name])
    assert "B" in oracles.read(path).picture_types
    oracles.assert_stable(path, times=20)
