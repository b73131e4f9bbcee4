"""How the cost grows with resolution, bitrate, length and key-frame spacing, and by codec."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import rivals_decode as rival
from benchmarks.conftest import Record
from benchmarks.paired import ratio
from mgm_ext import read_motion_field, read_motion_vectors
from tests.clips import Frames
from tests.conftest import EncodedClip

LINES = (240, 360, 480, 720, 1080)
QUALITIES = (18, 23, 28, 33, 38)
LENGTHS = (60, 120, 240, 480)
SPACINGS = (12, 25, 50, 100, 250)
CODECS = {
    "libx264": "H.264",
    "libx265": "HEVC",
    "libvpx-vp9": "VP9",
    "libvpx": "VP8",
    "libsvtav1": "AV1",
    "mpeg4": "MPEG-4",
    "mpeg2video": "MPEG-2",
    "wmv2": "WMV2",
}
Footage = Callable[..., Frames]


def there_and_back(frames: Frames, length: int) -> Frames:
    """Footage of any length: played forwards, backwards, and so on."""
    turn = np.concatenate([frames, frames[-2:0:-1]])
    return turn[np.arange(length) % len(turn)]


def time_vectors(record: Record, path: Path, table: str, row: str, at: float, note: str) -> None:
    """Rows of the public export, ours against PyAV's, equal first."""
    ours = read_motion_vectors(path, blocks="libavcodec")
    rival.assert_equals_export(ours, rival.pyav_rows(path))
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
    record: Record, encoded_clip: EncodedClip, real_footage: Footage, lines: int
) -> None:
    size = (lines, (lines * 16 // 9 + 1) // 2 * 2)
    frames = real_footage("bigbuckbunny.mp4", size=size, num_frames=40)
    path = encoded_clip("libx264", kind=frames, preset="faster")
    time_vectors(record, path, "resolution", f"{lines} lines", lines, speed_of(path, 40))


@pytest.mark.parametrize("quality", QUALITIES)
def test_bitrate(
    record: Record, encoded_clip: EncodedClip, real_footage: Footage, quality: int
) -> None:
    frames = real_footage("bikes.mp4", size=(480, 854), num_frames=50)
    path = encoded_clip("libx264", kind=frames, preset="faster", crf=quality)
    kilobits = path.stat().st_size * 8 / 1000 / (50 / 25)
    time_vectors(record, path, "bitrate", f"480 lines, crf {quality}", kilobits, speed_of(path, 50))


def speed_of(path: Path, frames: int) -> str:
    return f"{path.stat().st_size * 8 * 25 / 1000 / frames:.0f} kbit/s at 25 frames per second"


@pytest.mark.parametrize("length", LENGTHS)
def test_length(
    record: Record, encoded_clip: EncodedClip, real_footage: Footage, length: int
) -> None:
    frames = there_and_back(real_footage("bikes.mp4", size=(144, 340), num_frames=120), length)
    path = encoded_clip("libx264", kind=frames, preset="faster", g=48)
    time_vectors(record, path, "length", f"whole file of {length} frames", length, "")


@pytest.mark.parametrize("spacing", SPACINGS)
def test_key_frame_spacing(
    record: Record, encoded_clip: EncodedClip, real_footage: Footage, spacing: int
) -> None:
    frames = there_and_back(real_footage("bikes.mp4", size=(144, 340), num_frames=120), 480)
    path = encoded_clip("libx264", kind=frames, preset="faster", g=spacing, sc_threshold=0)
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


@pytest.mark.parametrize("codec", CODECS)
def test_codec(
    record: Record, encoded_clip: EncodedClip, real_footage: Footage, codec: str
) -> None:
    frames = real_footage("bikes.mp4", size=(240, 426), num_frames=100)
    path = encoded_clip(codec, kind=frames)
    field, full = read_motion_field(path), rival.full_decode_field(path)
    np.testing.assert_array_equal(field.vectors, full.vectors)
    record(
        "codecs",
        f"read_motion_field, {CODECS[codec]} 426x240",
        ratio(lambda: rival.full_decode_field(path), lambda: read_motion_field(path), budget=8),
        rival="our own full decode with the same field",
        frames=100,
        note=speed_of(path, 100),
    )
