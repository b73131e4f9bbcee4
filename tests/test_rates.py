"""Rates and shapes of pixels that the container alone tells, or that only its frames show."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import pytest

import mgm_ext
from tests.conftest import EncodedClip
from tests.test_clip_containers import frame_ticks, later, remux

FRAMES = 40


@pytest.mark.parametrize("suffix", ["mkv", "webm", "ts"])
def test_the_average_rate_of_a_variable_one(
    encoded_clip: EncodedClip, tmp_path: Path, suffix: str
) -> None:
    codec = "libvpx-vp9" if suffix == "webm" else "libx264"
    options: dict[str, Any] = {} if suffix == "webm" else {"bf": 0}
    base = encoded_clip(codec, kind="object", size=(96, 128), num_frames=FRAMES, **options)
    ticks = frame_ticks(base)

    def slower(number: int, packet: Any) -> Any:
        return later(number**2 * ticks // 10)(number, packet)

    path = remux(base, tmp_path / f"variable.{suffix}", slower)
    reader = mgm_ext.VideoReader(path)
    seconds = reader.frame_seconds
    span = 2 * seconds[-1] - seconds[-2] - seconds[0]
    assert reader.average_fps == pytest.approx(FRAMES / span, rel=1e-3)
    assert mgm_ext.read_motion_vectors(path).info.average_fps == reader.average_fps
    assert mgm_ext.VideoReader(base).average_fps == pytest.approx(25)


@pytest.mark.parametrize("suffix", ["mp4", "mov"])
def test_the_shape_of_pixels_that_the_container_alone_tells(
    encoded_clip: EncodedClip, tmp_path: Path, suffix: str
) -> None:
    base = encoded_clip("libx264", kind="object", size=(96, 128), num_frames=4)
    path = tmp_path / f"wide.{suffix}"
    with av.open(str(base)) as theirs, av.open(str(path), "w") as ours:
        stream = ours.add_stream_from_template(theirs.streams.video[0])
        stream.sample_aspect_ratio = Fraction(4, 3)
        for packet in theirs.demux(video=0):
            if packet.dts is not None:
                packet.stream = stream
                ours.mux(packet)
    assert mgm_ext.probe(path).sample_aspect_ratio == (4, 3)
    assert mgm_ext.VideoReader(path).info.sample_aspect_ratio == (4, 3)
