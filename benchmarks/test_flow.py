"""What motion costs when it is computed from pixels instead of read from the file."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import rivals_flow as rival
from benchmarks.conftest import PeerFixture, Record
from benchmarks.paired import Clock, ratio
from mgm_ext import MotionField, read_motion_field
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
    assert len(rival.file_flow(cv2, path, flow, FRAMES)) == FRAMES
    compare(
        record,
        path,
        lambda: rival.file_flow(cv2, path, flow, FRAMES),
        f"PyAV's pixels, OpenCV's {name} flow",
    )


@pytest.mark.parametrize("clip", CLIPS)
def test_mestimate(record: Record, real_clip: RealClip, clip: str) -> None:
    if shutil.which("ffmpeg") is None:
        record("flow", f"read_motion_field, {clip}", None, rival="mestimate", note="no ffmpeg here")
        pytest.skip("no program ffmpeg")
    path = real_clip(clip)
    compare(record, path, lambda: rival.mestimate(path, FRAMES), "ffmpeg's mestimate", clock="tree")


def compare(
    record: Record, path: Path, theirs: Callable[[], Any], name: str, *, clock: Clock = "cpu"
) -> None:
    def ours() -> MotionField:
        return read_motion_field(path, frame_indices=range(FRAMES), window="frame")

    assert len(ours().row_frames) == FRAMES
    timed = ratio(theirs, ours, clock=clock, pairs=5, budget=0)
    mine, other = (1e3 * s / FRAMES for s in (timed.ours_seconds, timed.rival_seconds))
    record(
        "flow",
        f"read_motion_field, {path.name}",
        timed,
        rival=name,
        frames=FRAMES,
        note=f"about {mine:.2g} against {other:.2g} ms per frame",
    )
