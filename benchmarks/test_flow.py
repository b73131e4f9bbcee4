"""What motion costs when it is computed from pixels instead of read from the file."""

from __future__ import annotations

import shutil

import numpy as np
import pytest

from benchmarks import rivals_flow as rival
from benchmarks.conftest import PeerFixture, Record
from benchmarks.paired import ratio
from mgm_ext import read_motion_field
from tests.conftest import EncodedClip, RealClip

# Those whose objects are labelled, so that the table of the boxes shows what the cost buys.
CLIPS = ("basketball_426x240.mp4", "bigbuckbunny.mp4", "carphone_pristine.mp4")

FRAMES = 24


@pytest.mark.parametrize("name", ["DIS", "Farneback"])
def test_both_see_a_known_motion(peer: PeerFixture, encoded_clip: EncodedClip, name: str) -> None:
    cv2 = peer("OpenCV")
    path = encoded_clip("libx264", motion=(3, 2), num_frames=8)
    field = read_motion_field(path)
    flow = np.stack(rival.file_flow(cv2, path, rival.method(cv2, name)))
    assert len(flow) == len(field.row_frames) - 1
    np.testing.assert_allclose(np.median(field.velocity[field.valid], axis=0), (3, 2), atol=0.05)
    np.testing.assert_allclose(np.median(flow, axis=(0, 1, 2)), (3, 2), atol=0.05)


@pytest.mark.parametrize("name", ["DIS", "Farneback"])
@pytest.mark.parametrize("clip", CLIPS)
def test_flow(record: Record, peer: PeerFixture, real_clip: RealClip, clip: str, name: str) -> None:
    cv2, path = peer("OpenCV"), real_clip(clip)
    flow = rival.method(cv2, name)
    first = range(FRAMES)
    assert len(rival.file_flow(cv2, path, flow, FRAMES)) == FRAMES
    assert len(read_motion_field(path, frame_indices=first, window="frame").row_frames) == FRAMES
    timed = ratio(
        lambda: rival.file_flow(cv2, path, flow, FRAMES),
        lambda: read_motion_field(path, frame_indices=first, window="frame"),
        pairs=5,
        budget=0,
    )
    record(
        "flow",
        f"read_motion_field, {clip}",
        timed,
        rival=f"PyAV's pixels, OpenCV's {name} flow",
        frames=FRAMES,
        note=cost(timed.ours_seconds, timed.rival_seconds),
    )


@pytest.mark.parametrize("clip", CLIPS)
def test_mestimate(record: Record, real_clip: RealClip, clip: str) -> None:
    if shutil.which("ffmpeg") is None:
        record("flow", f"read_motion_field, {clip}", None, rival="mestimate", note="no ffmpeg here")
        pytest.skip("no program ffmpeg")
    path, first = real_clip(clip), range(FRAMES)
    timed = ratio(
        lambda: rival.mestimate(path, FRAMES),
        lambda: read_motion_field(path, frame_indices=first, window="frame"),
        clock="tree",
        pairs=5,
        budget=0,
    )
    record(
        "flow",
        f"read_motion_field, {clip}",
        timed,
        rival="ffmpeg's mestimate",
        frames=FRAMES,
        note=cost(timed.ours_seconds, timed.rival_seconds),
    )


def cost(ours: float, theirs: float) -> str:
    return f"about {1e3 * ours / FRAMES:.2g} against {1e3 * theirs / FRAMES:.2g} ms per frame"
