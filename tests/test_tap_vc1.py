"""WMV3: the vectors of a stream written for it, which libavcodec's export does not give."""

from __future__ import annotations

import numpy as np
import pytest

from tests import oracles, wmv3_writer

SIZE = (64, 80)
MACROBLOCKS = 20
SKIP, LIST1 = 1, 4


@pytest.fixture
def stream() -> bytes:
    """Shown as I B P B P, all moving by the same motion."""
    pictures = [wmv3_writer.intra(MACROBLOCKS)]
    for _ in range(2):
        pictures.append(wmv3_writer.uniform(MACROBLOCKS, (16, -8), skipped=[True, False]))
        pictures.append(wmv3_writer.direct(MACROBLOCKS))
    return wmv3_writer.to_rcv(pictures, SIZE)


def test_vectors_have_their_scale_distance_and_direction(stream: bytes) -> None:
    vectors = oracles.assert_seam_changes_nothing(stream)
    assert vectors.info.codec == "wmv3"
    assert not vectors.info.damaged
    assert "".join(vectors.picture_types) == "IBPBP"
    assert np.diff(vectors.offsets).tolist() == [0, 40, 20, 40, 20]
    assert set(vectors.motion_scale) == {4}
    assert set(vectors.w) == set(vectors.h) == {16}
    assert np.array_equal(np.unique(oracles.velocities(vectors), axis=0), [[-2, 1]])
    for frame in (1, 3):
        rows = vectors.frame(frame)
        assert vectors.reference_distance[rows].tolist() == [-1, 1] * MACROBLOCKS
        assert vectors.flags[rows].tolist() == [0, LIST1] * MACROBLOCKS
    for frame in (2, 4):
        rows = vectors.frame(frame)
        assert set(vectors.reference_distance[rows]) == {-2}
        skipped = np.arange(MACROBLOCKS) % 2 == 0
        skipped[0] = False
        assert vectors.flags[rows].tolist() == np.where(skipped, SKIP, 0).tolist()
        x, y = vectors.dst_x[rows].reshape(4, 5), vectors.dst_y[rows].reshape(4, 5)
        assert (x == np.arange(8, 80, 16)).all()
        assert (y == np.arange(8, 64, 16)[:, None]).all()


def test_the_public_export_has_no_rows(stream: bytes) -> None:
    assert len(oracles.read(stream, blocks="libavcodec").w) == 0


def test_a_long_stream_has_no_exported_rows_either() -> None:
    pictures = [wmv3_writer.intra(MACROBLOCKS)]
    for _ in range(10):
        pictures.append(wmv3_writer.uniform(MACROBLOCKS, (16, -8), skipped=[True, False]))
        pictures.append(wmv3_writer.direct(MACROBLOCKS))
    vectors = oracles.read(wmv3_writer.to_rcv(pictures, SIZE), blocks="libavcodec")
    assert len(vectors) == 21
    assert len(vectors.w) == 0
