"""After a clip's last frame only rows are left to read, without pixels; later clips have theirs."""

from __future__ import annotations

import io
from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from mgm_ext import VideoReader
from tests import clips
from tests.conftest import EncodedClip
from tests.field_pictures import DOWN, WIDTH, Field, parameter_sets, write_field
from tests.test_clip_containers import remux

FRAMES = 72
STREAMS: dict[str, dict[str, Any]] = {
    "libx264": {"x264_params": "bframes=3:b-pyramid=strict:keyint=48:scenecut=0"},
    "libx265": {"x265_params": "bframes=4:b-pyramid=1:keyint=48:open-gop=1:scenecut=0"},
    "libvpx-vp9": {"g": 48},
    "libvpx": {"g": 48},
    "libsvtav1": {"g": 48},
    "mpeg4": {"bf": 2, "g": 48},
    "mpeg2video": {"bf": 2, "g": 48, "container": "mkv"},
    "mpeg1video": {"bf": 2, "g": 48, "container": "mkv"},
    "h263": {"g": 48},
    "flv": {"g": 48},
    "msmpeg4": {"g": 48},
    "wmv2": {"g": 48},
}


@pytest.fixture(params=STREAMS)
def path(request: pytest.FixtureRequest, encoded_clip: EncodedClip) -> Path:
    options = STREAMS[request.param]
    size = (96, 128)
    return encoded_clip(request.param, kind="object", size=size, num_frames=FRAMES, **options)


def frames_of(reader: VideoReader, indices: Sequence[int]) -> NDArray[np.generic]:
    frames = reader.read_clip(indices).frames
    assert frames is not None
    return frames


def check(reader: VideoReader, whole: Any, indices: list[int]) -> None:
    clip = reader.read_clip(indices)
    np.testing.assert_array_equal(clip.frames, whole.frames[indices])
    for samples, row in enumerate(clip.field.row_frames.tolist()):
        np.testing.assert_array_equal(clip.field.vectors[samples], whole.field.vectors[row])
        np.testing.assert_array_equal(clip.field.coded[samples], whole.field.coded[row])


@pytest.mark.parametrize("stride", [1, 4, 5])
def test_every_end_of_a_clip(path: Path, stride: int) -> None:
    whole = VideoReader(path).read_clip(range(FRAMES))
    assert whole.field.row_frames.tolist() == list(range(FRAMES))
    for first in range(0, FRAMES - stride, 3):
        check(VideoReader(path), whole, [first, first + stride])


@pytest.mark.parametrize("step", [1, 3, 11])
def test_clips_in_a_row(path: Path, step: int) -> None:
    whole = VideoReader(path).read_clip(range(FRAMES))
    reader = VideoReader(path)
    for first in range(0, FRAMES - 8, step):
        if first % 5 == 4:
            reader.read_clip([first], pixels=False)
        check(reader, whole, [first, first + 4, first + 8])
    check(reader, whole, [1, 5, 9])


class Counted(io.BytesIO):
    """Counts the bytes that are read."""

    count = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.count += len(data)
        return data


def test_clips_in_a_row_are_read_once(encoded_clip: EncodedClip) -> None:
    path = encoded_clip(
        "libx264", kind="noise", size=(192, 256), num_frames=FRAMES, crf=18, bf=3, g=FRAMES
    )
    data = Counted(path.read_bytes())
    size = path.stat().st_size
    reader = VideoReader(data)
    reader.read_clip([0, 4])
    opened = data.count
    for first in range(8, FRAMES - 8, 8):
        reader.read_clip([first, first + 4])
    # One return to the key frame, after which the reader knows how it is used; 8 would be 4 sizes.
    assert data.count - opened < 1.5 * size


def broken(path: Path, copy: Path, number: int) -> Path:
    """The clip without what one packet holds."""

    def note(at: int, packet: Any) -> Any:
        if at != number:
            return packet
        empty = av.Packet(bytes(16))
        empty.pts, empty.dts, empty.time_base = packet.pts, packet.dts, packet.time_base
        empty.duration, empty.is_keyframe = packet.duration, packet.is_keyframe
        return empty

    remux(path, copy, note)
    return copy


@pytest.mark.parametrize(
    ("codec", "number"),
    [
        *(("libx264", number) for number in (20, 22, 23, 24)),  # lost references are as memory was
        *(("mpeg4", number) for number in range(20, 26)),
        *(("mpeg2video", number) for number in range(20, 26)),
    ],
)
def test_what_stands_in_for_a_frame_has_pixels(
    encoded_clip: EncodedClip, tmp_path: Path, codec: str, number: int
) -> None:
    options: dict[str, Any] = {"bf": 3, "g": 48, "container": "mp4"}
    if codec == "libx264":
        options["x264_params"] = "b-adapt=0:b-pyramid=none:scenecut=0"
    whole = encoded_clip(codec, kind="object", size=(96, 128), num_frames=48, **options)
    path = broken(whole, tmp_path / "broken.mp4", number)
    frames = {frame.tobytes() for frame in frames_of(VideoReader(path), range(48))}
    for first in range(14, 30):
        for frame in frames_of(VideoReader(path), [first, first + 4, first + 8]):
            assert frame.tobytes() in frames, first


@pytest.mark.parametrize("codec", ["mpeg2video", "mpeg4", "libx264", "libx265"])
@pytest.mark.parametrize("bf", [0, 2])
def test_what_stands_in_for_a_lost_key_frame_is_a_frame_before_the_damage(
    encoded_clip: EncodedClip, tmp_path: Path, codec: str, bf: int
) -> None:
    options: dict[str, Any] = {"bf": bf, "g": 12, "container": "mp4"}
    if codec == "libx264":
        options["x264_params"] = "scenecut=0"
    whole = encoded_clip(codec, kind="object", size=(96, 128), num_frames=48, **options)
    reader = VideoReader(whole)
    frames = frames_of(reader, range(48))
    key = int(reader.info.key_frames[1])
    with av.open(str(whole)) as container:
        packets = [packet.is_keyframe for packet in container.demux(video=0)]
    path = broken(whole, tmp_path / "broken.mp4", packets.index(True, 1))
    assert VideoReader(path).info.key_frames[1] == key
    damaged = VideoReader(path).read_clip(range(48))
    assert damaged.frames is not None
    same = np.array([np.array_equal(a, b) for a, b in zip(damaged.frames, frames, strict=True)])
    before = int(np.flatnonzero(same[:key])[-1])  # B pictures before a lost one refer to it
    assert before == key - 1 or (bf == 2 and before >= key - 4)
    alone = VideoReader(path).read_clip([key])
    assert alone.frames is not None
    assert alone.stand_in.tolist() == [True]
    np.testing.assert_array_equal(alone.frames[0], frames[before])
    for index in np.flatnonzero(damaged.stand_in).tolist():
        assert any(np.array_equal(damaged.frames[index], frame) for frame in frames), index


def test_the_second_field_of_the_last_frame_has_its_own_packet(tmp_path: Path) -> None:
    samples = clips.scroll(size=(16 * DOWN, WIDTH), num_frames=32)[..., 0]
    fields = [Field(place // 2, place % 2 == 1, place // 2) for place in range(32)]
    packets = [write_field(f, [1, 1], s) for f, s in zip(fields, samples, strict=True)]
    packets[0] = parameter_sets(2) + packets[0]
    stream, path = tmp_path / "fields.h264", tmp_path / "fields.mp4"
    stream.write_bytes(b"".join(packets))
    with av.open(str(stream)) as theirs, av.open(str(path), "w") as ours:
        copy = ours.add_stream_from_template(theirs.streams.video[0])
        for place, data in enumerate(packets):
            packet = av.Packet(data)
            packet.stream, packet.time_base = copy, Fraction(1, 50)
            packet.pts = packet.dts = place
            packet.duration, packet.is_keyframe = 1, place == 0
            ours.mux(packet)
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    assert len(frames) == 16
    assert len(VideoReader(path)) == 16
    for place in range(16):
        got = frames_of(VideoReader(path), [place])
        np.testing.assert_array_equal(got[0], frames[place])
