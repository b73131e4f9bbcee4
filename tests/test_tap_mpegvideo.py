"""MPEG-1/2/4, H.26x and their kin: the mpegvideo tap against what is known of each clip."""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

import mgm_ext
from mgm_ext import MotionVectors
from tests import clips, oracles
from tests.conftest import EncodedClip, RealFootage

DIRECT, FIELD = 2, 8
CIF = (144, 176)  # a size that every codec of the family has

# name: (encoder, container or None, options)
CODECS: dict[str, tuple[str, str | None, dict[str, object]]] = {
    "mpeg1": ("mpeg1video", None, {}),
    "mpeg1-b": ("mpeg1video", None, {"bf": 2}),
    "mpeg2": ("mpeg2video", None, {}),
    "mpeg2-b-ts": ("mpeg2video", "ts", {"bf": 2}),
    "mpeg2-422": ("mpeg2video", None, {"bf": 1, "pixel_format": "yuv422p"}),
    "mpeg4": ("mpeg4", None, {}),
    "mpeg4-b": ("mpeg4", None, {"bf": 2}),
    "mpeg4-4mv": ("mpeg4", "avi", {"bf": 2, "flags": "+mv4"}),
    "mpeg4-qpel": ("mpeg4", None, {"bf": 2, "flags": "+qpel+mv4"}),
    "mpeg4-partitioned": ("mpeg4", "mkv", {"data_partitioning": 1, "ps": 300}),
    "h261": ("h261", None, {}),
    "h263": ("h263", None, {}),
    "h263p": ("h263p", None, {"flags": "+mv4+aic+loop", "umv": 1}),
    "flv": ("flv", None, {}),
    "msmpeg4v2": ("msmpeg4v2", None, {}),
    "msmpeg4v3": ("msmpeg4", None, {}),
    "wmv1": ("wmv1", None, {}),
    "wmv2": ("wmv2", None, {}),
    "rv10": ("rv10", None, {}),
    "rv20": ("rv20", None, {}),
}
INTERLACED: dict[str, tuple[str, str | None, dict[str, object]]] = {
    "mpeg2-interlaced": ("mpeg2video", None, {"bf": 2, "flags": "+ildct+ilme"}),
    "mpeg4-interlaced": ("mpeg4", None, {"bf": 2, "flags": "+ildct+ilme"}),
}


@cache
def scrolled(motion: tuple[float, float], num_frames: int = 14) -> clips.Frames:
    return clips.scroll(motion=motion, size=CIF, num_frames=num_frames)


@pytest.fixture(scope="session")
def family_clip(encoded_clip: EncodedClip, real_footage: RealFootage) -> Callable[..., Path]:
    """`family_clip("mpeg4-b")`: real footage; with motion=(dx, dy) a scrolled texture."""

    def make(name: str, **parameters: Any) -> Path:
        codec, container, options = {**CODECS, **INTERLACED}[name]
        if "motion" in parameters:
            parameters = {**parameters, "kind": scrolled(parameters["motion"])}
            del parameters["motion"]
        elif "kind" not in parameters:
            parameters["kind"] = real_footage("arm_wrestling.mp4", size=CIF, num_frames=24)
        settings = {"b": "6M", "g": 100, **options, **parameters}
        return encoded_clip(codec, container=container, **settings)

    return make


def inner(vectors: MotionVectors, margin: int) -> NDArray[np.bool_]:
    x, y = vectors.dst_x, vectors.dst_y
    return (x > margin) & (x < CIF[1] - margin) & (y > margin) & (y < CIF[0] - margin)


@pytest.mark.parametrize("name", [*CODECS, *INTERLACED])
def test_seam_on_equals_seam_off(family_clip: Callable[..., Path], name: str) -> None:
    vectors = oracles.assert_seam_changes_nothing(family_clip(name))
    assert len(vectors.w) > 1000
    assert not vectors.info.damaged


@pytest.mark.parametrize("name", [n for n in CODECS if n != "h261"] + [*INTERLACED])
def test_frames_come_as_pyav_shows_them(family_clip: Callable[..., Path], name: str) -> None:
    # H.261 has no picture types; newer libavcodec than ours finds its key frames all the same.
    oracles.assert_frames_as_shown(family_clip(name))


@pytest.mark.parametrize("name", [*CODECS, *INTERLACED])
def test_rows_of_libavcodec_equal_the_public_export(
    family_clip: Callable[..., Path], name: str
) -> None:
    vectors = oracles.assert_equals_export(family_clip(name))
    assert len(vectors.w) > 1000
    # Where WMV2 has intra blocks, libavcodec exports a vector that the stream has not.
    assert np.isnan(vectors.reference_distance).any() == (name == "wmv2")


@pytest.mark.parametrize("name", [n for n in CODECS if n != "wmv2"])
def test_progressive_blocks_equal_the_public_export(
    family_clip: Callable[..., Path], name: str
) -> None:
    # Not compared: B-frames of MPEG-4, where the export has zeros; the last reference frame of a
    # stream with B-frames, which leaves the decoder without rows.
    path = family_clip(name)
    vectors = mgm_ext.read_motion_vectors(path)
    rows = vectors.to_structured()
    names = [name for name in oracles.EXPORTED if name != "flags"]
    compared = 0
    for i, frame in enumerate(oracles.pyav_frames(path, export=True)):
        theirs = oracles.exported_rows(frame)
        no_b_frame = vectors.picture_types[i] != "B" or not name.startswith("mpeg4")
        if theirs is not None and no_b_frame:
            ours = rows[vectors.frame(i)][names]
            assert sorted(ours.tolist()) == sorted(theirs[names].tolist()), f"frame {i}"
            compared += len(theirs)
    assert compared > 500


@pytest.mark.parametrize("name", [n for n in CODECS if "-b" in n or "mpeg4" in n])
def test_every_run_gives_the_same(family_clip: Callable[..., Path], name: str) -> None:
    oracles.assert_stable(family_clip(name))


@pytest.mark.parametrize("motion", [(3, 2), (-4, 1)])
@pytest.mark.parametrize("name", CODECS)
def test_scrolled_texture_moves_by_its_motion(
    family_clip: Callable[..., Path], name: str, motion: tuple[int, int]
) -> None:
    path = family_clip(name, motion=motion)
    vectors = mgm_ext.read_motion_vectors(path)
    where = inner(vectors, 32)
    assert where.sum() > 300
    exact = (oracles.velocities(vectors)[where] == motion).all(axis=1)
    assert exact.mean() >= 0.98


def test_b_frames_of_mpeg4_have_true_vectors_in_direct_mode(
    family_clip: Callable[..., Path],
) -> None:
    vectors = mgm_ext.read_motion_vectors(family_clip("mpeg4-b", motion=(3, 2)))
    direct = (vectors.flags & DIRECT) != 0
    assert set(np.unique(vectors.reference_distance[direct])) == {-2, -1, 1, 2}
    assert direct.sum() > 100
    assert (oracles.velocities(vectors)[direct & inner(vectors, 32)] == (3, 2)).all()


def test_quarter_pel_has_a_scale_of_four(family_clip: Callable[..., Path]) -> None:
    vectors = mgm_ext.read_motion_vectors(family_clip("mpeg4-qpel", motion=(0.75, -0.25)))
    assert set(vectors.motion_scale) == {4}
    error = np.abs(oracles.velocities(vectors)[inner(vectors, 32)] - (0.75, -0.25)).max(axis=1)
    assert np.quantile(error, 0.95) <= 0.25


def test_four_vectors_make_blocks_of_eight(family_clip: Callable[..., Path]) -> None:
    vectors = mgm_ext.read_motion_vectors(family_clip("mpeg4-4mv"))
    assert set(zip(vectors.w.tolist(), vectors.h.tolist(), strict=True)) == {(8, 8), (16, 16)}
    assert set(vectors.dst_x[vectors.w == 8] % 8) == {4}
    assert set(vectors.dst_x[vectors.w == 16] % 16) == {8}


@pytest.mark.parametrize("name", INTERLACED)
@pytest.mark.parametrize("motion", [(0, 6), (8, 4), (4, 2)])
def test_fields_move_in_half_frames(
    family_clip: Callable[..., Path], name: str, motion: tuple[int, int]
) -> None:
    # The encoder says bottom field first: each frame's upper lines are half a frame later.
    halves = scrolled((motion[0] / 2, motion[1] / 2), 28)
    frames = halves[0::2].copy()
    frames[:, 0::2] = halves[1::2, 0::2]
    path = family_clip(name, kind=frames)
    oracles.assert_seam_changes_nothing(path)
    vectors = mgm_ext.read_motion_vectors(path)
    fields = (vectors.flags & FIELD) != 0
    assert set(vectors.h[fields]) == {16}
    if motion == (4, 2):
        assert {-2.5, -1.5, 1.5} <= set(vectors.reference_distance[fields])
    where = inner(vectors, 40)
    assert (fields & where).sum() > 40
    exact = (oracles.velocities(vectors)[where] == motion).all(axis=1)
    assert exact.mean() >= 0.95


def damaged(path: Path, seed: int) -> bytes:
    data = bytearray(path.read_bytes())
    rng = np.random.default_rng(seed)
    for at in rng.integers(len(data) // 8, len(data) * 3 // 4, 12):
        data[at] ^= 1 << int(rng.integers(8))
    return bytes(data)


def is_corrupt(data: bytes) -> bool:
    """Whether libavcodec conceals anything, or gives up a frame."""
    with av.open(io.BytesIO(data), "r") as container:
        try:
            return any(frame.is_corrupt for frame in container.decode(video=0))
        except av.error.InvalidDataError:
            return True


@pytest.mark.parametrize("name", [*CODECS, *INTERLACED])
def test_damage_gives_the_same_vectors_with_and_without_pixels(
    family_clip: Callable[..., Path], name: str
) -> None:
    path = family_clip(name)
    for seed in range(6):
        mutant = damaged(path, seed)
        vectors = oracles.assert_seam_changes_nothing(mutant)
        assert vectors.info.damaged or not is_corrupt(mutant)


def test_lost_blocks_have_no_vectors(family_clip: Callable[..., Path]) -> None:
    # Everything of one P picture after its first slices is cut out.
    path = family_clip("mpeg2")
    data = path.read_bytes()
    whole = mgm_ext.read_motion_vectors(path)
    starts = [i for i in range(len(data) - 4) if data[i : i + 4] == b"\x00\x00\x01\x05"]
    ends = [i for i in range(len(data) - 4) if data[i : i + 4] == b"\x00\x00\x01\x00"]
    start = starts[3]
    end = min(e for e in ends if e > start)
    holed = mgm_ext.read_motion_vectors(data[:start] + data[end:])
    assert holed.info.damaged
    assert not whole.info.damaged
    assert len(holed) == len(whole)
    lines = [v.dst_y[v.frame(3)] for v in (whole, holed)]
    assert lines[0].max() == 136
    assert lines[1].max() == 56
