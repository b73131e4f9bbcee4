"""How the cost grows with resolution, bitrate, length and key-frame spacing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import rivals_decode as rival
from benchmarks.conftest import Record
from benchmarks.footage import bitrate, clip_of_length, clip_of_lines, kilobits
from benchmarks.paired import ratio
from mgm_ext import read_motion_field, read_motion_vectors
from tests import oracles
from tests.conftest import EncodedClip, RealFootage

LINES = (240, 360, 480, 720, 1080)
QUALITIES = (18, 23, 28, 33, 38)
LENGTHS = (60, 120, 240, 480)
SPACINGS = (12, 25, 50, 100, 250)


def time_vectors(record: Record, path: Path, table: str, row: str, at: float, note: str) -> None:
    """Rows of the public export, ours against PyAV's, equal first."""
    ours = read_motion_vectors(path, blocks="libavcodec")
    oracles.assert_rows(ours, rival.pyav_rows(path))
    timed = ratio(
        lambda: rival.pyav_rows(path),
        lambda: read_motion_vectors(path, blocks="libavcodec"),
        pairs=9,
        budget=8,
    )
    record(
        table,
        row,
        timed,
        rival="PyAV export, to_ndarray",
        frames=len(ours),
        series='read_motion_vectors, blocks="libavcodec"',
        at=at,
        note=note,
    )


@pytest.mark.parametrize("lines", LINES)
def test_resolution(
    record: Record, encoded_clip: EncodedClip, real_footage: RealFootage, lines: int
) -> None:
    path = clip_of_lines(encoded_clip, real_footage, lines)
    time_vectors(record, path, "resolution", f"{lines} lines", lines, bitrate(path, 40))


@pytest.mark.parametrize("quality", QUALITIES)
def test_bitrate(
    record: Record, encoded_clip: EncodedClip, real_footage: RealFootage, quality: int
) -> None:
    frames = real_footage("bikes.mp4", size=(480, 854), num_frames=50)
    path = encoded_clip("libx264", kind=frames, preset="faster", crf=quality)
    row, rate = f"480 lines, crf {quality}", kilobits(path, 50)
    time_vectors(record, path, "bitrate", row, rate, bitrate(path, 50))


@pytest.mark.parametrize("length", LENGTHS)
def test_length(
    record: Record, encoded_clip: EncodedClip, real_footage: RealFootage, length: int
) -> None:
    path = clip_of_length(encoded_clip, real_footage, length)
    time_vectors(record, path, "length", f"whole file of {length} frames", length, "")


@pytest.mark.parametrize("spacing", SPACINGS)
def test_key_frame_spacing(
    record: Record, encoded_clip: EncodedClip, real_footage: RealFootage, spacing: int
) -> None:
    path = clip_of_length(encoded_clip, real_footage, 480, g=spacing, sc_threshold=0)
    whole = read_motion_vectors(path, blocks="libavcodec")
    field = read_motion_field(path)
    random = np.random.default_rng(0)
    clips = [start + 4 * np.arange(16) for start in random.integers(0, 480 - 64, 8)]

    def ours() -> list[Any]:
        return [read_motion_field(path, frame_indices=clip, window="frame") for clip in clips]

    def theirs() -> list[list[Any]]:
        return [rival.pyav_clip_rows(path, whole.pts[clip]) for clip in clips]

    for clip, found, rows in zip(clips, ours(), theirs(), strict=True):
        np.testing.assert_array_equal(found.vectors, field.vectors[clip])
        assert [0 if r is None else len(r) for r in rows] == np.diff(whole.offsets)[clip].tolist()
    record(
        "key_frames",
        f"8 random clips of 16 frames, a key frame every {spacing}",
        ratio(theirs, ours, pairs=9, budget=8),
        rival="PyAV seek, export, to_ndarray",
        frames=8 * 16,
        series="read_motion_field(frame_indices=...)",
        at=spacing,
    )
