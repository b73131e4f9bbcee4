"""Headers that come late in a stream are those of what follows them, never of what lies before."""

from __future__ import annotations

import itertools
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from mgm_ext import VideoReader
from tests import boxes, clips, start_codes
from tests.fuzz_readings import digest_of

X264 = "bframes=0:scenecut=0:keyint=6"
X265 = f"{X264}:min-keyint=6"


def _same(header: bytes) -> bytes:
    return header


def _with_matrix(header: bytes) -> bytes:
    """A sequence header of MPEG-2 with a matrix of its own for intra blocks."""
    at = header.index(start_codes.PREFIX) + 4
    if header[at - 1] != 0xB3:
        return header
    fixed = int.from_bytes(header[at : at + 8], "big") >> 2  # up to the two flags of matrices
    bits = fixed << 514 | 1 << 513 | int.from_bytes(bytes([8] + 63 * [90]), "big") << 1
    return header[:at] + bits.to_bytes(72, "big")


@dataclass(frozen=True)
class Codec:
    """Two streams whose headers differ in what pictures do not show, and which units are
    headers, given what follows their start code."""

    is_header: Callable[[bytes], bool]
    options: dict[str, Any] = field(default_factory=dict)
    later: dict[str, Any] = field(default_factory=dict)
    change: Callable[[bytes], bytes] = _same  # of the later one's headers


CODECS = {
    "libx264": Codec(
        lambda unit: unit[0] & 31 in (7, 8),
        {"x264_params": X264},
        {"x264_params": f"{X264}:chroma-qp-offset=9"},
    ),
    "libx265": Codec(
        lambda unit: unit[0] >> 1 in (32, 33, 34),
        {"x265_params": X265},
        {"x265_params": f"{X265}:cbqpoffs=9"},
    ),
    "mpeg4": Codec(
        lambda unit: unit[0] < 0x30 or unit[0] in (0xB0, 0xB5),
        {"bf": 0, "g": 6},
        {"bf": 0, "g": 6, "flags": "+qpel"},
    ),
    "mpeg2video": Codec(
        lambda unit: unit[0] == 0xB3 or (unit[0] == 0xB5 and unit[1] >> 4 == 1),
        {"bf": 0, "g": 6, "sc_threshold": 10**9},
        change=_with_matrix,
    ),
}


RAW = {"libx264": "h264", "libx265": "hevc", "mpeg4": "m4v", "mpeg2video": "m2v"}


def _packets(path: Path, keeps: Callable[[int, bytes], Iterator[bytes]]) -> list[av.Packet[Any]]:
    made: list[av.Packet[Any]] = []
    with av.open(str(path)) as container:
        for packet in container.demux(video=0):
            if packet.size:
                units = start_codes.split(bytes(packet))
                kept = [one for unit in units for one in keeps(len(made), unit)]
                made.append(av.Packet(b"".join(kept)))
                made[-1].is_keyframe = packet.is_keyframe
    return made


def _both(folder: Path, name: str, container: str) -> tuple[Path, Path]:
    """Two streams of 12 pictures, the first and the seventh of each a key picture."""
    codec = CODECS[name]
    tiles = np.random.default_rng(0).integers(0, 256, (6, 8, 3), np.uint8)  # in colour
    picture = tiles.repeat(16, axis=0).repeat(16, axis=1)
    frames = np.stack([np.roll(picture, 2 * i, axis=1) for i in range(12)])
    first, later = codec.options, {**codec.options, **codec.later}
    return (
        clips.encode(folder / f"first.{container}", frames, name, **first),
        clips.encode(folder / f"second.{container}", frames, name, **later),
    )


def _late_headers(folder: Path, name: str, *, container: str = "mkv", once: bool = False) -> bytes:
    """The two after one another, the second key picture of the first without headers; once: that
    of the other one, too."""
    codec = CODECS[name]
    first, second = _both(folder, name, "ts")

    def is_header(unit: bytes) -> bool:
        rest = unit[unit.index(start_codes.PREFIX) + 3 :]
        return bool(rest) and codec.is_header(rest)

    def keep_first(number: int, unit: bytes) -> Iterator[bytes]:
        if number == 0 or not is_header(unit):
            yield unit

    def change(number: int, unit: bytes) -> Iterator[bytes]:
        if not is_header(unit):
            yield unit
        elif number == 0 or not once:
            yield codec.change(unit)

    packets = [*_packets(first, keep_first), *_packets(second, change)]
    if container in RAW.values():
        return b"".join(bytes(packet) for packet in packets)  # muxers put headers in
    path = folder / f"joined.{container}"
    with av.open(str(first)) as source, av.open(str(path), "w") as joined:
        stream = joined.add_stream_from_template(source.streams.video[0])
        for number, packet in enumerate(packets):
            packet.stream, packet.pts, packet.dts = stream, number, number
            packet.time_base = Fraction(1, 25)
            joined.mux(packet)
    return path.read_bytes()


def _two_descriptions(folder: Path, name: str) -> bytes:
    """The same in an mp4 that has the headers of each in a description of its own."""
    one, other = (boxes.parse(path.read_bytes()) for path in _both(folder, name, "mp4"))
    media = [boxes.find(file, b"mdat")[0].data for file in (one, other)]
    sizes = [boxes.find(file, b"stsz")[0].data[12:] for file in (one, other)]
    entries = [boxes.find(file, b"stsd")[0].data[8:] for file in (one, other)]
    tables = {
        b"stsd": struct.pack(">II", 0, 2) + b"".join(entries),
        b"stsz": struct.pack(">III", 0, 0, 24) + b"".join(sizes),
        b"stts": struct.pack(">IIII", 0, 1, 24, 512),
        b"stsc": struct.pack(">II6I", 0, 2, 1, 12, 1, 2, 12, 2),
        b"stss": struct.pack(">II4I", 0, 4, 1, 7, 13, 19),
        b"stco": bytes(16),
        b"edts": b"",
        b"mdat": media[0] + media[1],
    }
    for box in [box for top in one for box in top.walk() if box.kind in tables]:
        box.data, box.children = tables[box.kind], []
    place = boxes.write(one).index(media[0])
    chunks = struct.pack(">IIII", 0, 2, place, place + len(media[0]))
    boxes.find(one, b"stco")[0].data = chunks
    return boxes.write(one)


@pytest.mark.parametrize("num_threads", [1, 2])
@pytest.mark.parametrize("codec", list(CODECS))
def test_late_headers_change_nothing_before_them(
    tmp_path: Path, codec: str, num_threads: int
) -> None:
    data = _late_headers(tmp_path, codec)
    fresh = VideoReader(data).read_clip([7, 9])
    assert not fresh.info.damaged
    reader = VideoReader(data, num_threads=num_threads)
    assert list(reader.key_frames) == [0, 6, 12, 18]
    for _ in range(2):
        reader.read_clip([14, 20])
        used = reader.read_clip([7, 9])
        assert (digest_of(used), used.info.damaged) == (digest_of(fresh), False)


@pytest.mark.parametrize(
    ("codec", "container"),
    [
        *RAW.items(),
        ("libx265", "ts"),
        ("mpeg2video", "ts"),
        *((codec, "mkv") for codec in CODECS),
    ],
)
def test_a_key_picture_without_headers_has_the_last_ones(
    tmp_path: Path, codec: str, container: str
) -> None:
    repeated = _late_headers(tmp_path, codec, container=container)
    whole = VideoReader(repeated).read_clip(range(24), window="frame")
    data = _late_headers(tmp_path, codec, container=container, once=True)
    assert len(data) < len(repeated) or container == "ts"
    assert whole.frames is not None
    assert not whole.info.damaged
    for index, num_threads in itertools.product((20, 18, 14, 8), (1, 2)):
        reader = VideoReader(data, num_threads=num_threads)
        reader.read_clip([0])
        fresh = VideoReader(data, num_threads=num_threads).read_clip([index], window="frame")
        for clip in (fresh, reader.read_clip([index], window="frame")):
            assert clip.frames is not None
            np.testing.assert_array_equal(clip.frames[0], whole.frames[index])
            np.testing.assert_array_equal(clip.field.vectors[0], whole.field.vectors[index])
            assert not clip.info.damaged


def test_headers_that_change_all_the_time_take_little(tmp_path: Path) -> None:
    """Then what comes before a key picture is not kept, and decoding begins at the first."""
    codec = CODECS["libx264"]
    path, _ = _both(tmp_path, "libx264", "h264")
    units = start_codes.split(path.read_bytes())
    names = b"".join(
        b"\0\0\1\x68" + struct.pack(">I", 0x80000000 | i) for i in range(600)
    )  # parameter sets that nobody refers to
    at = [i for i, unit in enumerate(units) if unit[unit.index(b"\0\0\1") + 3] & 31 == 1][3]
    bomb = tmp_path / "bomb.h264"
    bomb.write_bytes(b"".join([*units[:at], names, *units[at:]]))
    assert codec.is_header(names[3:])
    whole = VideoReader(path).read_clip([8]).frames
    np.testing.assert_array_equal(VideoReader(bomb).read_clip([8]).frames, whole)


@pytest.mark.parametrize("num_threads", [1, 2])
@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
def test_descriptions_of_an_mp4_are_those_of_their_samples(
    tmp_path: Path, codec: str, num_threads: int
) -> None:
    data = _two_descriptions(tmp_path, codec)
    whole = VideoReader(data).read_clip(range(24)).frames
    reader = VideoReader(data, num_threads=num_threads)
    assert list(reader.key_frames) == [0, 6, 12, 18]
    assert whole is not None
    for number, name in enumerate(("first", "second")):
        alone = VideoReader(tmp_path / f"{name}.mp4").read_clip(range(12)).frames
        np.testing.assert_array_equal(whole[12 * number :][:12], alone)
    for index in (7, 14, 20, 15, 8, 9, 21, 1):
        clip = reader.read_clip([index])
        assert clip.frames is not None
        np.testing.assert_array_equal(clip.frames[0], whole[index])
        assert not clip.info.damaged
