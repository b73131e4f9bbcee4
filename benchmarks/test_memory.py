"""Peak memory of reading vectors and fields, by resolution and by length."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import peak
from benchmarks.conftest import Record
from benchmarks.footage import clip_of_length, clip_of_lines
from tests.conftest import EncodedClip, RealFootage


def record_all(record: Record, path: Path, what: str) -> None:
    measured = {
        "read_motion_field": peak.FIELD,
        'read_motion_vectors, blocks="libavcodec"': peak.VECTORS,
        "PyAV, decoding alone": peak.PYAV_DECODES,
        "PyAV export, to_ndarray": peak.PYAV_EXPORTS,
    }
    for name, statements in measured.items():
        used = peak.mebibytes(path, statements)
        record("memory", f"{what}: {name}", used, unit="MiB")


@pytest.mark.parametrize("lines", [240, 480, 1080])
def test_peak_by_resolution(
    record: Record, encoded_clip: EncodedClip, real_footage: RealFootage, lines: int
) -> None:
    path = clip_of_lines(encoded_clip, real_footage, lines)
    record_all(record, path, f"40 frames of {lines} lines")


@pytest.mark.parametrize("length", [120, 480])
def test_peak_by_length(
    record: Record, encoded_clip: EncodedClip, real_footage: RealFootage, length: int
) -> None:
    path = clip_of_length(encoded_clip, real_footage, length)
    record_all(record, path, f"{length} frames of 144 lines")
