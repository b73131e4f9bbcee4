"""MPEG-4 beyond what encoders write: global motion, pictures not coded, packed B-frames."""

from __future__ import annotations

import io
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

import mgm_ext
from tests import clips, mpeg4_writer, oracles
from tests.conftest import EncodedClip

SIZE = (96, 128)
SKIP, DIRECT = 1, 2
MACROBLOCKS = 48


@pytest.fixture
def intra_picture(encoded_clip: EncodedClip) -> bytes:
    path = encoded_clip("mpeg4", container="avi", size=SIZE, num_frames=1)
    return mpeg4_writer.picture_of(mpeg4_writer.packets_of(path)[0])


def luma(data: bytes) -> list[NDArray[np.uint8]]:
    with av.open(io.BytesIO(data), "r", format="m4v") as container:
        frames = container.decode(video=0)
        return [frame.to_ndarray(format="gray").astype(np.uint8) for frame in frames]


@pytest.mark.parametrize("motion", [(8, 4), (-6, 10), (3, -1)])
def test_global_translation_is_the_vector_of_every_block(
    intra_picture: bytes, motion: tuple[int, int]
) -> None:
    data = mpeg4_writer.headers(*SIZE, points=1) + intra_picture
    for tick in (1, 2):
        data += mpeg4_writer.global_motion(
            tick, [motion], macroblocks=MACROBLOCKS, skipped=[True, False, False]
        )
    vectors = oracles.assert_seam_changes_nothing(data)
    assert "".join(vectors.picture_types) == "IPP"
    assert len(vectors.w) == 2 * MACROBLOCKS
    assert set(vectors.motion_x) == {motion[0]}
    assert set(vectors.motion_y) == {motion[1]}
    assert set(vectors.reference_distance) == {-1}
    skipped = np.arange(2 * MACROBLOCKS) % MACROBLOCKS % 3 == 0
    assert vectors.flags.tolist() == np.where(skipped, DIRECT | SKIP, DIRECT).tolist()
    if motion[0] % 2 == motion[1] % 2 == 0:
        frames = luma(data)
        x, y = motion[0] // 2, motion[1] // 2
        moved = np.roll(frames[0], (-y, -x), axis=(0, 1))
        assert np.array_equal(moved[16:80, 16:112], frames[1][16:80, 16:112])


def test_a_global_zoom_is_each_blocks_own_mean_vector(intra_picture: bytes) -> None:
    # The upper left corner comes from (2, 1) pixels further, the upper right from 8 and 4 more.
    corner, further = (4, 2), (16, 8)
    data = mpeg4_writer.headers(*SIZE, points=2) + intra_picture
    data += mpeg4_writer.global_motion(
        1, [corner, further], macroblocks=MACROBLOCKS, skipped=[True]
    )
    vectors = oracles.assert_seam_changes_nothing(data)
    assert len(vectors.w) == MACROBLOCKS
    x, y = (vectors.dst_x - 0.5) / SIZE[1], (vectors.dst_y - 0.5) / SIZE[1]
    expected_x = corner[0] + further[0] * x - further[1] * y
    expected_y = corner[1] + further[1] * x + further[0] * y
    assert np.abs(vectors.motion_x - expected_x).max() < 0.75
    assert np.abs(vectors.motion_y - expected_y).max() < 0.75
    assert len(set(vectors.motion_x.tolist())) > 8


@pytest.fixture
def reordered(encoded_clip: EncodedClip) -> Path:
    return encoded_clip(
        *("mpeg4",),
        container="avi",
        size=SIZE,
        num_frames=13,
        bf=1,
        b_strategy=0,
        flags="+mv4",
        g=100,
    )


def test_packed_b_frames_are_those_of_the_unpacked_stream(reordered: Path, tmp_path: Path) -> None:
    chunks = mpeg4_writer.pack(mpeg4_writer.packets_of(reordered))
    packed = mpeg4_writer.write_avi(tmp_path / "packed.avi", chunks, SIZE)
    plain = oracles.assert_frames_as_shown(reordered)
    assert "".join(plain.picture_types) == "I" + "BP" * 6
    vectors = oracles.assert_seam_changes_nothing(packed)
    assert "".join(vectors.picture_types) == "I" + "BP" * 6
    for name in oracles.ROW_FIELDS:
        assert np.array_equal(getattr(plain, name), getattr(vectors, name)), name
    oracles.assert_equals_export(packed)


def test_pictures_that_are_not_coded_give_no_frame_but_count_no_distance(
    encoded_clip: EncodedClip, tmp_path: Path
) -> None:
    path = encoded_clip("mpeg4", container="avi", size=SIZE, num_frames=6, g=100)
    pictures = mpeg4_writer.packets_of(path)
    chunks = [*pictures[:3], mpeg4_writer.not_coded(3), *pictures[3:]]
    holed = mpeg4_writer.write_avi(tmp_path / "holed.avi", chunks, SIZE)
    vectors = oracles.assert_frames_as_shown(holed)
    plain = mgm_ext.read_motion_vectors(path)
    for name in oracles.ROW_FIELDS:
        assert np.array_equal(getattr(plain, name), getattr(vectors, name)), name
    assert not vectors.info.damaged


def test_a_stream_that_ends_with_a_picture_not_coded_repeats_the_last(
    encoded_clip: EncodedClip, tmp_path: Path
) -> None:
    path = encoded_clip("mpeg4", container="avi", size=SIZE, num_frames=6, g=100)
    chunks = [*mpeg4_writer.packets_of(path), mpeg4_writer.not_coded(6)]
    vectors = oracles.assert_frames_as_shown(
        mpeg4_writer.write_avi(tmp_path / "ends.avi", chunks, SIZE)
    )
    assert len(vectors) == 7
    assert np.diff(vectors.offsets)[-1] == 0
    assert np.diff(vectors.offsets)[-2] > 0


def test_a_stream_that_begins_with_b_frames_refers_to_nothing_unknown(
    reordered: Path, tmp_path: Path
) -> None:
    # Without the first picture the P that follows has no reference, and the B-frames are dropped.
    first, *rest = mpeg4_writer.packets_of(reordered)
    headers = first[: first.index(mpeg4_writer.VOP)]
    path = mpeg4_writer.write_avi(tmp_path / "late.avi", [headers + rest[0], *rest[1:]], SIZE)
    vectors = oracles.assert_seam_changes_nothing(path)
    assert len(vectors) == len(list(oracles.pyav_frames(path)))
    unknown = np.isnan(vectors.reference_distance)
    assert unknown.any()
    assert not unknown.all()
    frame = np.repeat(np.arange(len(vectors)), np.diff(vectors.offsets))
    assert frame[unknown].max() <= 2
    assert (np.abs(vectors.reference_distance[~unknown]) <= 2).all()


def test_scroll_in_b_frames_is_true_after_packing(tmp_path: Path) -> None:
    frames = clips.scroll(motion=(2, -1), size=SIZE, num_frames=9)
    path = clips.encode(tmp_path / "plain.avi", frames, "mpeg4", bf=1, b_strategy=0, g=100)
    chunks = mpeg4_writer.pack(mpeg4_writer.packets_of(path))
    packed = mpeg4_writer.write_avi(tmp_path / "packed.avi", chunks, SIZE)
    vectors = mgm_ext.read_motion_vectors(packed)
    assert oracles.true_motion_share(vectors, (2, -1)) > 0.95
