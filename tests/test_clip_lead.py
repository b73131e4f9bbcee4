"""Without pixels, blocks before the first wanted frame stay unread; the field is the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgm_ext import VideoReader
from tests.conftest import EncodedClip, RealClip
from tests.test_clip_containers import remux

FRAMES = 60


def check(path: Path, indices: Any) -> None:
    whole = VideoReader(path).read_clip(indices).field
    alone = VideoReader(path).read_clip(indices, pixels=False).field
    np.testing.assert_array_equal(alone.vectors, whole.vectors)
    np.testing.assert_array_equal(alone.coded, whole.coded)
    np.testing.assert_array_equal(alone.cuts, whole.cuts)


@pytest.mark.parametrize(
    "options",
    [
        {"bf": 0},
        {"bf": 3},
        {"x264_params": "bframes=5:b-pyramid=strict:direct=temporal:ref=4"},
        {"x264_params": "bframes=3:direct=spatial:weightp=2:ref=6:slices=3"},
        {"x264_params": "bframes=3:cabac=0:direct=temporal"},
        {"flags": "+ildct+ilme", "x264_params": "tff=1:bframes=3:direct=temporal"},
        {"x264_params": "bframes=2:intra-refresh=1:keyint=30"},
    ],
    ids=lambda options: "-".join(map(str, options.values())),
)
def test_the_field_far_from_a_key_frame(encoded_clip: EncodedClip, options: dict[str, Any]) -> None:
    path = encoded_clip("libx264", kind="object", size=(96, 128), num_frames=FRAMES, **options)
    for first in (1, 7, 30, 41):
        check(path, range(first, min(first + 20, FRAMES), 3))
    check(path, [50])
    reader = VideoReader(path)  # which goes on from where it stands
    for first in (5, 20, 35):
        got = reader.read_clip([first, first + 3], pixels=False).field
        wanted = VideoReader(path).read_clip([first, first + 3]).field
        np.testing.assert_array_equal(got.vectors, wanted.vectors)


@pytest.mark.parametrize("name", ["arm_wrestling.mp4", "bikes.mp4", "bigbuckbunny.mp4"])
def test_real_clips(real_clip: RealClip, name: str) -> None:
    for first in (20, 61, 97):
        check(real_clip(name), range(first, first + 24, 4))


def test_a_picture_that_is_needed_after_all(encoded_clip: EncodedClip, tmp_path: Path) -> None:
    base = encoded_clip(
        "libx264",
        kind="object",
        size=(96, 128),
        num_frames=12,
        x264_params="bframes=2:b-adapt=0:scenecut=0:direct=temporal",
    )
    times: dict[int, int] = {}

    def note(number: int, packet: Any) -> Any:
        times[number] = packet.pts
        return packet

    remux(base, tmp_path / "copy.mp4", note)
    # Of I P B B, P takes the time of the first B and that takes P's: P, to which the B's direct
    # blocks look, then seems to lie before.
    times[1], times[2] = times[2], times[1]

    def swap(number: int, packet: Any) -> Any:
        packet.pts = times[number]
        return packet

    path = remux(base, tmp_path / "swapped.mp4", swap)
    check(path, [3])
