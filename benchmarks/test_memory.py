"""Peak memory of reading vectors and fields, by resolution and by length."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from benchmarks import peak
from benchmarks.conftest import Record
from benchmarks.test_growth import there_and_back
from tests.clips import Frames
from tests.conftest import EncodedClip

Footage = Callable[..., Frames]


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
    record: Record, encoded_clip: EncodedClip, real_footage: Footage, lines: int
) -> None:
    size = (lines, (lines * 16 // 9 + 1) // 2 * 2)
    frames = real_footage("bigbuckbunny.mp4", size=size, num_frames=40)
    path = encoded_clip("libx264", kind=frames, preset="faster")
    record_all(record, path, f"40 frames of {lines} lines")


@pytest.mark.parametrize("length", [120, 480])
def test_peak_by_length(
    record: Record, encoded_clip: EncodedClip, real_footage: Footage, length: int
) -> None:
    frames = there_and_back(real_footage("bikes.mp4", size=(144, 340), num_frames=120), length)
    path = encoded_clip("libx264", kind=frames, preset="faster", g=48)
    record_all(record, path, f"{length} frames of 144 lines")
