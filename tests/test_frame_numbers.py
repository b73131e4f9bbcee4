"""Every frame is the frame its number says, in files whose times or packets do not tell it."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

import mgm_ext
from mgm_ext import VideoReader
from tests import clips
from tests.conftest import EncodedClip
from tests.field_pictures import DOWN, WIDTH, Field, parameter_sets, write_field
from tests.test_clip_containers import frame_ticks, remux

SIZE, FRAMES = (96, 128), 60


def decode_all(path: Path) -> clips.Frames:
    """Every frame in libavcodec's output order: uint8 [N, H, W, 3]."""
    with av.open(str(path)) as container:
        container.streams.video[0].thread_type = "NONE"
        return np.stack([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def check_reads(path: Path, *, count: int, step: int = 7) -> VideoReader:
    """Whole, single and strided reads, with pixels and without, are of libavcodec's frames."""
    theirs = decode_all(path)
    reader = VideoReader(path)
    assert len(reader) == len(theirs) == count
    whole = reader.read_clip(range(count), window="frame")
    assert whole.frames is not None
    np.testing.assert_array_equal(whole.frames, theirs)
    for index in range(0, count, step):
        clip = VideoReader(path).read_clip([index], window="frame")
        assert clip.frames is not None
        np.testing.assert_array_equal(clip.frames[0], theirs[index], err_msg=str(index))
        np.testing.assert_array_equal(clip.field.vectors[0], whole.field.vectors[index])
        alone = VideoReader(path).read_clip([index], window="frame", pixels=False)
        np.testing.assert_array_equal(alone.field.vectors, clip.field.vectors)
        np.testing.assert_array_equal(reader.read_clip([index]).frames, clip.frames)
    whole_field = mgm_ext.read_motion_field(path)
    np.testing.assert_array_equal(whole_field.vectors, whole.field.vectors)
    assert not reader.info.damaged
    assert not whole.stand_in.any()
    return reader


@pytest.fixture
def reordered(encoded_clip: EncodedClip) -> Path:
    return encoded_clip(
        "libx264", kind="object", size=SIZE, num_frames=FRAMES, bf=2, g=20,
        x264_params="b-adapt=0:scenecut=0",
    )  # fmt: skip


def as_decoded(by: int) -> Any:
    """An edit of `remux`: the times at which packets are decoded, later by so many ticks."""

    def edit(_: int, packet: Any) -> Any:
        packet.dts += by
        packet.pts = packet.dts
        return packet

    return edit


@pytest.mark.parametrize("suffix", ["mp4", "mov", "flv", "mkv", "ts"])
def test_times_of_decoding_are_no_display_times(
    reordered: Path, tmp_path: Path, suffix: str
) -> None:
    delay = 2 * frame_ticks(reordered)
    reader = check_reads(remux(reordered, tmp_path / f"a.{suffix}", as_decoded(delay)), count=60)
    assert reader.key_frames.tolist() == [0, 20, 40]
    np.testing.assert_allclose(np.diff(reader.frame_seconds), 0.04, atol=2e-3)


def test_an_edit_list_hides_pictures_by_their_times_of_decoding(
    reordered: Path, tmp_path: Path
) -> None:
    check_reads(remux(reordered, tmp_path / "a.mp4", as_decoded(0)), count=58)


def test_only_later_pictures_show_that_times_are_those_of_decoding(
    encoded_clip: EncodedClip, tmp_path: Path
) -> None:
    types = tmp_path / "types"
    types.write_text("".join(f"{i} {'P' if i % 20 else 'I'} -1\n" for i in range(41)))
    base = encoded_clip(
        "libx264", kind="object", size=SIZE, num_frames=FRAMES, bf=2, g=20,
        x264_params=f"b-adapt=0:scenecut=0:qpfile={types}",
    )  # fmt: skip
    path = remux(base, tmp_path / "a.mkv", as_decoded(2 * frame_ticks(base)))
    theirs = decode_all(path)
    np.testing.assert_array_equal(VideoReader(path).read_clip(range(60)).frames, theirs)
    assert len(mgm_ext.read_motion_vectors(path)) == 60


@pytest.mark.parametrize("suffix", ["mp4", "mkv"])
def test_two_fields_are_one_frame(tmp_path: Path, suffix: str) -> None:
    samples = clips.scroll(size=(16 * DOWN, WIDTH), num_frames=30)[..., 0]
    packets = []
    for place in range(30):
        number, bottom = divmod(place, 2)
        field = Field(number, bottom == 1, number % 5)
        packets.append(write_field(field, [1, 1], samples[place]))
        if field.frame_num == 0 and not bottom:
            packets[-1] = parameter_sets(2) + packets[-1]
    stream = tmp_path / "fields.h264"
    stream.write_bytes(b"".join(packets))
    path = tmp_path / f"fields.{suffix}"
    write_packets(stream, path, packets, keys=range(0, 30, 10), rate=50)
    reader = check_reads(path, count=15, step=1)
    assert reader.key_frames.tolist() == [0, 5, 10]
    assert mgm_ext.probe(path).num_frames in (None, 15)


def write_packets(
    like: Path, path: Path, packets: Sequence[bytes], *, keys: Sequence[int], rate: int
) -> None:
    """A file of packets shown as they come; codec parameters as those of `like`."""
    with av.open(str(like)) as theirs, av.open(str(path), "w") as ours:
        copy = ours.add_stream_from_template(theirs.streams.video[0])
        for place, data in enumerate(packets):
            packet = av.Packet(data)
            packet.stream, packet.time_base = copy, Fraction(1, rate)
            packet.pts = packet.dts = place
            packet.duration, packet.is_keyframe = 1, place in keys
            ours.mux(packet)


def test_raw_mpeg4_with_one_header(encoded_clip: EncodedClip, tmp_path: Path) -> None:
    base = encoded_clip(
        "mpeg4", kind="object", size=SIZE, num_frames=FRAMES, g=12, bf=2, container="mp4"
    )
    path = tmp_path / "a.m4v"
    with av.open(str(base)) as container:
        stream = container.streams.video[0]
        header = bytes(stream.codec_context.extradata or b"")
        path.write_bytes(header + b"".join(bytes(p) for p in container.demux(stream)))
    check_reads(path, count=FRAMES)


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "ts"])
def test_a_refresh_in_many_pictures_is_no_key_frame(encoded_clip: EncodedClip, suffix: str) -> None:
    path = encoded_clip(
        "libx264", kind="object", size=SIZE, num_frames=FRAMES, container=suffix,
        x264_params="bframes=2:intra-refresh=1:keyint=15",
    )  # fmt: skip
    check_reads(path, count=FRAMES, step=1)


@pytest.mark.parametrize(
    ("codec", "suffix"),
    [("mpeg2video", "m2v"), ("mpeg2video", "mpg"), ("mpeg4", "avi"), ("libx264", "avi"),
     ("wmv2", "asf"), ("mpeg4", "asf"), ("libx264", "asf")],
)  # fmt: skip
def test_times_of_containers_that_store_them_of_decoding(
    encoded_clip: EncodedClip, codec: str, suffix: str
) -> None:
    options: dict[str, Any] = {} if codec == "wmv2" else {"bf": 2}
    path = encoded_clip(
        codec, kind="object", size=SIZE, num_frames=FRAMES, container=suffix, g=20, **options
    )
    reader = check_reads(path, count=FRAMES)
    steps = np.diff(reader.frame_seconds)
    np.testing.assert_allclose(steps, 0.04, atol=2e-3)
    if suffix in ("avi", "asf"):
        assert reader.frame_seconds[0] == pytest.approx(0, abs=2e-3)
    clip = reader.read_clip(range(FRAMES))
    np.testing.assert_array_equal(clip.seconds, reader.frame_seconds)
    whole = mgm_ext.read_motion_vectors(path)
    np.testing.assert_allclose(whole.seconds, reader.frame_seconds, atol=1e-9)
    assert len(reader.key_frames) >= 3


def test_equal_times_are_numbered_as_they_come(encoded_clip: EncodedClip, tmp_path: Path) -> None:
    base = encoded_clip("libx264", kind="object", size=SIZE, num_frames=FRAMES, bf=0, g=12)

    def twice(number: int, packet: Any) -> Any:
        if number == 31:
            packet.pts = packet.dts = packet.pts - 512
        return packet

    path = remux(base, tmp_path / "ties.mkv", twice)
    with av.open(str(path)) as container:
        times = [packet.pts for packet in container.demux(video=0) if packet.size]
    assert len(set(times)) == FRAMES - 1
    reader = check_reads(path, count=FRAMES)
    assert reader.key_frames.tolist() == [0, 12, 24, 36, 48]


def test_parts_of_whole_reads(reordered: Path) -> None:
    whole = mgm_ext.read_motion_vectors(reordered)
    assert len(whole) == FRAMES
    for start, stop in ((0, 1), (0, 2), (1, 2), (5, 23), (41, 60), (59, 99), (20, 20)):
        part = mgm_ext.read_motion_vectors(reordered, start=start, stop=stop)
        assert len(part) == min(stop, FRAMES) - start
        for name in ("picture_types", "pts", "seconds", "key_frames"):
            np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[start:stop])
        rows = slice(whole.offsets[start], whole.offsets[start + len(part)])
        for name in ("motion_x", "motion_y", "dst_x", "reference_distance", "source"):
            np.testing.assert_array_equal(getattr(part, name), getattr(whole, name)[rows])
