"""What edit lists hide, cut and show twice."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from pathlib import Path

import av
import numpy as np
import pytest

import mgm_ext
from tests.conftest import EncodedClip
from tests.test_frame_numbers import check_reads, decode_all

SIZE, FRAMES, RATE = (96, 128), 60, 25


def with_edits(path: Path, target: Path, edits: Sequence[tuple[int, int]]) -> Path:
    """A copy whose video shows `edits`: (first frame, frames) of its media, one after another."""
    data = path.read_bytes()
    with av.open(str(path)) as container:
        ticks = container.streams.video[0].time_base.denominator // RATE  # type: ignore[union-attr]
    movie = int.from_bytes(data[(at := data.index(b"mvhd")) + 16 : at + 20], "big")
    start = data.index(b"elst")
    size = int.from_bytes(data[start - 4 : start], "big")
    count = int.from_bytes(data[start + 8 : start + 12], "big")
    (first,) = struct.unpack(">i", data[start + 12 * count + 4 : start + 12 * count + 8])
    entries = b"".join(
        struct.pack(">IiI", frames * movie // RATE, first + place * ticks, 1 << 16)
        for place, frames in edits
    )
    body = data[start : start + 8] + struct.pack(">I", len(edits)) + entries
    grown = bytearray(data[:start] + body + data[start - 4 + size :])
    for name in (b"moov", b"trak", b"edts", b"elst"):
        at = data.rindex(name, 0, start + 4) - 4
        old = int.from_bytes(data[at : at + 4], "big")
        grown[at : at + 4] = struct.pack(">I", old + len(body) + 4 - size)
    target.write_bytes(grown)
    return target


@pytest.fixture
def base(encoded_clip: EncodedClip) -> Path:
    """Its header behind its data, so that no place in the file moves."""
    path = encoded_clip(
        "libx264", kind="object", size=SIZE, num_frames=FRAMES, bf=2, g=20, container="mp4",
        x264_params="b-adapt=0:scenecut=0",
    )  # fmt: skip
    assert path.read_bytes().index(b"mdat") < path.read_bytes().index(b"moov")
    return path


@pytest.mark.parametrize(
    ("edits", "count"),
    [
        ([(0, 60)], 60),
        ([(7, 30)], 30),
        ([(0, 20), (40, 20)], 40),
        ([(5, 18), (33, 20)], 38),
        ([(25, 12), (3, 9), (47, 10)], 31),
        ([(10, 25), (10, 25)], 50),
    ],
    ids=str,
)
def test_frames_are_those_that_edits_show(
    base: Path, tmp_path: Path, edits: list[tuple[int, int]], count: int
) -> None:
    path = with_edits(base, tmp_path / "edited.mp4", edits)
    theirs = decode_all(path)
    assert abs(len(theirs) - count) <= 2 * len(edits)  # libavformat's idea of where an edit ends
    reader = check_reads(path, count=len(theirs), step=1)
    assert mgm_ext.probe(path).num_frames == len(theirs)
    types = mgm_ext.read_motion_vectors(path).picture_types
    keys = reader.key_frames
    assert (types[keys] == "I").all()
    assert keys.tolist() == np.flatnonzero(types == "I").tolist()
    assert (np.diff(reader.frame_seconds) >= 0).all()
