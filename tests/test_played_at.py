"""Frames by time."""

from __future__ import annotations

import itertools
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

import mgm_ext
from mgm_ext import VideoReader
from mgm_ext.played_at import indices_played_at
from tests.conftest import EncodedClip

FRAMES = 20


def shown(path: Path) -> list[float]:
    """When PyAV shows each frame."""
    with av.open(str(path)) as container:
        return [float(frame.time) for frame in container.decode(video=0) if frame.time is not None]


@pytest.mark.parametrize("container", ["mp4", "mkv", "ts", "avi"])
@pytest.mark.parametrize("fps", [25, 30])
def test_frames_are_played_until_the_next(
    encoded_clip: EncodedClip, container: str, fps: int
) -> None:
    path = encoded_clip(
        "libx264", kind="object", size=(96, 130), num_frames=FRAMES, container=container, fps=fps
    )
    reader = VideoReader(path)
    # AVI has no times of display: libav's are late by the reorder delay.
    starts = [i / fps for i in range(FRAMES)] if container == "avi" else shown(path)
    middles = [(a + b) / 2 for a, b in itertools.pairwise(starts)]
    clip = reader.get_frames_played_at([*middles, starts[-1] + 0.4 / fps])
    assert clip.frame_indices.tolist() == list(range(FRAMES))
    np.testing.assert_allclose(clip.seconds, starts, atol=1e-9)
    wanted = reader.read_clip(range(FRAMES))
    np.testing.assert_array_equal(clip.frames, wanted.frames)
    np.testing.assert_array_equal(clip.field.vectors, wanted.field.vectors)
    exact = reader.get_frames_played_at(starts, pixels=False, window="frame", cell=16)
    assert exact.frame_indices.tolist() == list(range(FRAMES))
    assert (exact.frames, exact.field.cell, exact.field.window) == (None, 16, "frame")


@pytest.mark.parametrize("container", ["mp4", "mkv", "ts", "avi"])
@pytest.mark.parametrize("fps", [25, 30, 60])
def test_whole_multiples_of_the_frames_length_meet_their_frames(
    encoded_clip: EncodedClip, container: str, fps: int
) -> None:
    path = encoded_clip(
        "libx264", kind="object", size=(96, 130), num_frames=FRAMES, container=container, fps=fps
    )
    reader = VideoReader(path)
    begin = reader.frame_seconds[0]
    clip = reader.get_frames_played_at([begin + i / fps for i in range(FRAMES)], pixels=False)
    assert clip.frame_indices.tolist() == list(range(FRAMES))


def test_any_order_and_repeats(encoded_clip: EncodedClip) -> None:
    reader = VideoReader(encoded_clip("libx264", kind="object", size=(96, 130), num_frames=FRAMES))
    clip = reader.get_frames_played_at(np.array([0.5, 0.0, 0.799, 0.5], np.float32))
    assert clip.frame_indices.tolist() == [12, 0, 19, 12]
    assert reader.get_frames_played_at([0]).frame_indices.tolist() == [0]


@pytest.mark.parametrize(
    ("seconds", "error", "text"),
    [
        ([-0.1], IndexError, r"no frame at -0\.1 s: .*\.mp4 plays from 0\.0 s to 0\.8 s"),
        ([0.1, 0.8], IndexError, r"no frame at 0\.8 s"),
        ([float("inf")], IndexError, "no frame at inf s"),
        ([0.1, float("nan")], IndexError, "no frame at nan s"),
        ([], ValueError, r"seconds must be a non-empty sequence of numbers, got .* shape \(0,\)"),
        (0.1, ValueError, r"got float64 with shape \(\)"),
        (["0.1"], ValueError, "seconds must be a non-empty sequence of numbers, got <U3"),
        ([True], ValueError, "got bool"),
    ],
)
def test_times_that_are_refused(
    encoded_clip: EncodedClip, seconds: Any, error: type[Exception], text: str
) -> None:
    reader = VideoReader(encoded_clip("libx264", kind="object", size=(96, 130), num_frames=FRAMES))
    with pytest.raises(error, match=text):
        reader.get_frames_played_at(seconds)


def test_a_stream_without_times_is_refused(encoded_clip: EncodedClip) -> None:
    path = encoded_clip(
        "libx264", kind="object", size=(96, 130), num_frames=FRAMES, container="h264"
    )
    with pytest.raises(mgm_ext.DecodeError, match="does not tell when each frame is shown"):
        VideoReader(path).get_frames_played_at([0.1])


@pytest.mark.parametrize(
    ("seconds", "index"),
    [(0.0, 0), (0.099, 0), (0.1, 1), (0.1994, 1), (0.2, 2), (0.499, 2), (0.4997, 3), (0.5, 3)],
)
def test_unequal_frames(encoded_clip: EncodedClip, seconds: float, index: int) -> None:
    info = mgm_ext.probe(encoded_clip("libx264", kind="object", size=(96, 130), num_frames=FRAMES))
    object.__setattr__(info, "time_base", (1, 1000))
    starts = np.array([0.0, 0.1, 0.2, 0.5])
    assert indices_played_at([seconds], starts, info, "x").tolist() == [index]
