"""Frame numbers and times of odd containers: what PyAV decodes, in the order in which it comes."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

import mgm_ext
from mgm_ext import VideoReader
from tests.conftest import EncodedClip

FRAMES = 40
Edit = Callable[[int, Any], Any]


def remux(source: Path, target: Path, edit: Edit, **options: str) -> Path:
    """Copies packets; `edit(number, packet)` changes one or drops it (None)."""
    with av.open(str(source)) as theirs, av.open(str(target), "w", options=options) as ours:
        stream = ours.add_stream_from_template(theirs.streams.video[0])
        for number, packet in enumerate(theirs.demux(video=0)):
            if packet.dts is not None and (edited := edit(number, packet)) is not None:
                edited.stream = stream
                ours.mux(edited)
    return target


def later(ticks: int) -> Edit:
    def edit(_: int, packet: Any) -> Any:
        packet.pts, packet.dts = packet.pts + ticks, packet.dts + ticks
        return packet

    return edit


def check(path: Path, count: int) -> VideoReader:
    """Every frame and its time are PyAV's, in one clip and in clips at random."""
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
        theirs = np.stack([frame.to_ndarray(format="rgb24") for frame in frames])
        times = np.array([np.nan if frame.time is None else frame.time for frame in frames])
    reader = VideoReader(path)
    assert len(reader) == len(theirs) == count
    clip = reader.read_clip(range(count))
    np.testing.assert_array_equal(clip.frames, theirs)
    known = ~np.isnan(times)
    np.testing.assert_allclose(clip.seconds[known], times[known], atol=1e-9)
    rng = np.random.default_rng(0)
    for indices in rng.integers(-count, count, (4, 5)):
        np.testing.assert_array_equal(VideoReader(path).read_clip(indices).frames, theirs[indices])
        np.testing.assert_array_equal(reader.read_clip(indices).frames, theirs[indices])
    return reader


@pytest.fixture
def base(encoded_clip: EncodedClip) -> Path:
    """40 ms a frame, key frames at 0, 12, 24, 36."""
    return encoded_clip("libx264", kind="object", size=(96, 128), num_frames=FRAMES, bf=2, g=12)


def frame_ticks(path: Path) -> int:
    with av.open(str(path)) as container:
        time_base = container.streams.video[0].time_base
    assert time_base is not None
    return int(Fraction(1, 25) / time_base)


def test_an_edit_list_that_cuts_the_start(base: Path, tmp_path: Path) -> None:
    cut = remux(
        base,
        tmp_path / "cut.mp4",
        later(-5 * frame_ticks(base)),
        avoid_negative_ts="disabled",
        use_editlist="1",
    )
    reader = check(cut, FRAMES - 5)
    assert reader.key_frames.tolist() == [7, 19, 31]  # the first one is hidden


def test_an_edit_list_that_delays_the_start(base: Path, tmp_path: Path) -> None:
    path = remux(base, tmp_path / "late.mp4", later(7 * frame_ticks(base)), use_editlist="1")
    assert check(path, FRAMES).frame_seconds[0] == pytest.approx(0.28)


@pytest.mark.parametrize("suffix", ["ts", "mkv"])
def test_negative_times(base: Path, tmp_path: Path, suffix: str) -> None:
    target = tmp_path / f"negative.{suffix}"
    shift = later(-5 * frame_ticks(base))
    reader = check(remux(base, target, shift, avoid_negative_ts="disabled"), FRAMES)
    steps = np.diff(reader.frame_seconds)  # of all frames, those included of which libav tells none
    np.testing.assert_allclose(steps, 0.04, atol=1e-9)


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_variable_frame_rate(encoded_clip: EncodedClip, tmp_path: Path, suffix: str) -> None:
    base = encoded_clip("libx264", kind="object", size=(96, 128), num_frames=FRAMES, bf=0, g=12)
    ticks = frame_ticks(base)

    def slower(number: int, packet: Any) -> Any:
        return later(number**2 * ticks // 10)(number, packet)

    reader = check(remux(base, tmp_path / f"variable.{suffix}", slower), FRAMES)
    seconds = [0.04 * (n + n**2 / 10) for n in range(FRAMES)]
    np.testing.assert_allclose(reader.frame_seconds, seconds, atol=2e-3)


@pytest.mark.parametrize("suffix", ["mkv", "mp4", "ts"])
def test_the_first_key_frame_is_missing(base: Path, tmp_path: Path, suffix: str) -> None:
    path = remux(base, tmp_path / f"headless.{suffix}", lambda n, p: p if n else None)
    check(path, FRAMES - 12)


def test_an_open_gop_read_from_its_middle(encoded_clip: EncodedClip, tmp_path: Path) -> None:
    options = {"container": "mkv", "bf": 3, "g": 12, "x264_params": "open-gop=1"}
    base = encoded_clip("libx264", kind="object", size=(96, 128), num_frames=FRAMES, **options)  # type: ignore[arg-type]
    check(base, FRAMES)
    with av.open(str(base)) as container:
        shown = sum(p.pts is not None for p in list(container.demux(video=0))[12:])
    path = remux(base, tmp_path / "open.mkv", lambda n, p: p if n >= 12 else None)
    reader = VideoReader(path)
    assert 0 < len(reader) <= shown
    check(path, len(reader))


@pytest.mark.parametrize(
    ("codec", "container"),
    [
        ("libx264", "mp4"),
        ("libx264", "h264"),
        ("mpeg4", "avi"),
        ("libvpx-vp9", "webm"),
        ("mpeg2video", "mpg"),
        ("gif", "gif"),
    ],
)
def test_a_single_frame(encoded_clip: EncodedClip, codec: str, container: str) -> None:
    path = encoded_clip(codec, kind="object", size=(96, 128), num_frames=1, container=container)
    check(path, 1)
    assert VideoReader(path).read_clip([0, 0]).field.num_samples == 2


def test_no_timestamps_at_all(encoded_clip: EncodedClip) -> None:
    path = encoded_clip(
        "libx264", kind="object", size=(96, 128), num_frames=FRAMES, bf=2, g=12, container="h264"
    )
    reader = check(path, FRAMES)
    assert len(reader.frame_seconds) == 0
    assert reader.key_frames.tolist() == [0, 12, 24, 36]


@pytest.mark.parametrize(
    ("suffix", "reason"),
    [("mp4", r"empty\.mp4: no video stream"), ("mkv", r"empty\.mkv: .*: End of file")],
)
def test_no_frames(tmp_path: Path, suffix: str, reason: str) -> None:
    path = tmp_path / f"empty.{suffix}"
    with av.open(str(path), "w") as container:
        stream: Any = container.add_stream("libx264", rate=25)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        container.start_encoding()
    with pytest.raises(mgm_ext.DecodeError, match=reason):
        VideoReader(path)


@pytest.mark.parametrize(
    ("container", "name"), [("mp4", "mov,mp4,m4a,3gp,3g2,mj2"), ("mkv", "matroska,webm")]
)
def test_the_container_is_named(encoded_clip: EncodedClip, container: str, name: str) -> None:
    path = encoded_clip("libx264", container=container, size=(64, 64), num_frames=4)
    assert mgm_ext.probe(path).container == name
    assert mgm_ext.VideoReader(path).info.container == name


@pytest.mark.parametrize("container", ["mp4", "mkv", "ts", "h264"])
@pytest.mark.parametrize("b_frames", [0, 2])
def test_a_reader_knows_whether_frames_are_reordered(
    encoded_clip: EncodedClip, container: str, b_frames: int
) -> None:
    path = encoded_clip("libx264", container=container, size=(64, 64), num_frames=8, bf=b_frames)
    assert mgm_ext.VideoReader(path).info.reordered is (b_frames > 0)
    assert mgm_ext.probe(path).reordered is None
