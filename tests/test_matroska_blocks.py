"""Matroska opened by the headers of its blocks: the packets that reading all of them would list."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from mgm_ext import VideoReader, read_motion_field
from mgm_ext._core import _testing
from mgm_ext.decode import read_options
from tests import clips, ebml
from tests.conftest import EncodedClip
from tests.ebml import Element
from tests.fuzz_mutants import mutate

Packets = Any  # arrays by name
Change = Callable[[Element], None]


def packets(source: Any, *, read: bool, **options: Any) -> Packets:
    return _testing.list_packets(source, read_options(**options), read=read)


def assert_as_read(source: Any, **options: Any) -> None:
    """By headers, and the same as by reading."""
    one, other = (packets(source, read=read, **options) for read in (False, True))
    assert one is not None
    assert other is not None
    for name, values in other.items():
        np.testing.assert_array_equal(one[name], values, err_msg=name)


STREAMS: dict[str, tuple[str, dict[str, Any]]] = {
    "H.264": ("libx264", {"bf": 2, "g": 9}),
    "H.264, open groups": ("libx264", {"x264_params": "open-gop=1:keyint=9:bframes=3"}),
    "H.264, intra refresh": ("libx264", {"x264_params": "intra-refresh=1:keyint=9"}),
    # I-pictures that are no IDR pictures: key frames where there is one reference.
    "H.264, one reference": ("libx264", {"x264_params": "ref=1:bframes=0:keyint=12:min-keyint=12"}),
    "H.264, fields": ("libx264", {"flags": "+ildct", "x264_params": "tff=1:bframes=2:keyint=9"}),
    "HEVC": ("libx265", {"x265_params": "keyint=9:bframes=2:open-gop=1"}),
    "VP8": ("libvpx", {"g": 9, "auto-alt-ref": 1, "lag-in-frames": 8}),
    "VP9": ("libvpx-vp9", {"g": 9, "auto-alt-ref": 1, "lag-in-frames": 8}),
    "AV1": ("libsvtav1", {"g": 9}),
}


@pytest.mark.parametrize("name", STREAMS)
def test_packets_are_those_that_reading_finds(name: str, encoded_clip: EncodedClip) -> None:
    codec, options = STREAMS[name]
    if not clips.has_encoder(codec):
        pytest.skip(f"no {codec}")
    path = encoded_clip(
        codec, kind="noise", size=(64, 96), num_frames=24, container="mkv", **options
    )
    assert_as_read(str(path))


@pytest.fixture(scope="module")
def mkv(encoded_clip: EncodedClip) -> bytes:
    """24 frames with B-frames, groups of 9."""
    path = encoded_clip(
        "libx264", kind="object", size=(64, 96), num_frames=24, container="mkv", bf=2, g=9
    )
    return path.read_bytes()


def changed(mkv: bytes, change: Change) -> bytes:
    header, body = ebml.segment(mkv)
    change(body)
    return header.written() + body.written()


def each_cluster(change: Change) -> Change:
    def clusters(body: Element) -> None:
        for cluster in body.find(ebml.CLUSTER):
            change(cluster)

    return clusters


def unknown_sizes(body: Element) -> None:
    body.sized = False
    for cluster in body.find(ebml.CLUSTER):
        cluster.sized = False


def one_cluster_each(body: Element) -> None:
    """For every block but the first of a cluster, a cluster of its own."""
    whole = list(body.find(ebml.CLUSTER))
    body.children = [one for one in body.children if one.id != ebml.CLUSTER]
    for cluster in whole:
        stamp = next(cluster.find(ebml.TIMESTAMP))
        for block in cluster.find(ebml.SIMPLE_BLOCK):
            body.children.append(Element(ebml.CLUSTER, children=[stamp, block]))


def more_between(body: Element) -> None:
    """What readers pass over, everywhere."""
    void = Element(ebml.VOID, bytes(300))
    for cluster in body.find(ebml.CLUSTER):
        ebml.in_groups(cluster)
        for group in cluster.find(ebml.GROUP):
            group.children.insert(0, void)
        cluster.children.append(Element("af", b"of no known kind"))
    attached = Element(ebml.ATTACHED, b"\x46\x6e\x81a\x46\x5c\x84abcd\x46\xae\x81\x05")
    tail = [Element(ebml.ATTACHMENTS, children=[attached]), Element(ebml.TAGS, b"\xec\x80")]
    body.children = [void, *body.children, void, *tail]


def other_track(body: Element) -> None:
    """A track of sound, laced, among the pictures."""
    fields = [Element("d7", b"\x02"), Element("83", b"\x02"), Element("86", b"A_PCM/INT/LIT")]
    next(body.find(ebml.TRACKS)).children.append(Element(ebml.TRACK, children=fields))
    for cluster in body.find(ebml.CLUSTER):
        laced = Element(ebml.SIMPLE_BLOCK, b"\x82\0\0\x04\x01" + bytes(64))
        cluster.children[2:2] = [laced, laced]


def repeated(body: Element) -> None:
    body.children += list(body.find(ebml.CLUSTER))


ALIKE: dict[str, Change] = {
    "as it is": lambda body: None,
    "unknown sizes": unknown_sizes,
    "block groups": each_cluster(ebml.in_groups),
    "a cluster for each block": one_cluster_each,
    "more between": more_between,
    "a track of sound": other_track,
    "clusters twice": repeated,
}


@pytest.mark.parametrize("name", ALIKE)
def test_structure_does_not_matter(name: str, mkv: bytes) -> None:
    data = changed(mkv, ALIKE[name])
    assert_as_read(data)
    expected = packets(mkv, read=True)
    found = packets(data, read=False)
    assert expected is not None
    assert found is not None
    count = len(expected["pts"])
    for field in ("pts", "size", "key"):
        np.testing.assert_array_equal(found[field][:count], expected[field])


def first_block(change: Callable[[bytearray], None]) -> Change:
    def of_body(body: Element) -> None:
        block = next(body.find(ebml.CLUSTER, ebml.SIMPLE_BLOCK))
        data = bytearray(block.data)
        change(data)
        block.data = bytes(data)

    return of_body


def laced(data: bytearray) -> None:
    data[3] |= 0x02
    data[4:4] = b"\x01\x01"  # of two frames the first has a byte


def padded(body: Element) -> None:
    for cluster in body.find(ebml.CLUSTER):
        ebml.in_groups(cluster)
        next(cluster.find(ebml.GROUP)).children.append(Element(ebml.PADDING, b"\x00"))


def compressed(body: Element) -> None:
    """Each packet lacks its first byte, 0, which the track names."""
    encoding = Element(ebml.ENCODING, b"\x50\x34\x88\x42\x54\x81\x03\x42\x55\x81\0")
    next(body.find(ebml.TRACKS, ebml.TRACK)).children.append(
        Element(ebml.ENCODINGS, children=[encoding])
    )
    for block in body.find(ebml.CLUSTER, ebml.SIMPLE_BLOCK):
        assert block.data[4] == 0
        block.data = block.data[:4] + block.data[5:]


def stamp_last(cluster: Element) -> None:
    stamp = next(cluster.find(ebml.TIMESTAMP))
    cluster.children.remove(stamp)
    cluster.children.append(stamp)


DOUBTFUL: dict[str, Change] = {
    "lacing": first_block(laced),
    "padding": padded,
    "stripped headers": compressed,
    "before time 0": first_block(lambda data: data.__setitem__(slice(1, 3), b"\xff\xf0")),
    "nothing in a block": first_block(lambda data: data.__delitem__(slice(4, None))),
    "of no track": first_block(lambda data: data.__setitem__(0, 0x85)),
    "time behind blocks": each_cluster(stamp_last),
    "unknown sizes in a known one": each_cluster(lambda cluster: setattr(cluster, "sized", False)),
}


@pytest.mark.parametrize("name", DOUBTFUL)
def test_what_headers_do_not_prove_is_read(name: str, mkv: bytes) -> None:
    assert packets(changed(mkv, DOUBTFUL[name]), read=False) is None


def test_what_is_cut_off_or_joined_is_read(mkv: bytes, encoded_clip: EncodedClip) -> None:
    for data in (mkv[:-1000], mkv + b"\0", mkv + mkv):
        assert packets(data, read=False) is None
    other = encoded_clip("mpeg4", kind="object", size=(64, 96), container="mkv", g=9)
    assert packets(str(other), read=False) is None
    assert len(VideoReader(changed(mkv, DOUBTFUL["stripped headers"]))) == 24


def test_damaged_files_are_as_read_or_read(mkv: bytes) -> None:
    structures = [changed(mkv, change) for change in ALIKE.values()]
    by_headers = 0
    for seed in range(400):
        damaged = mutate(structures[seed % len(structures)], np.random.default_rng(seed))
        try:
            found = packets(damaged, read=False)
        except ValueError:
            continue
        if found is not None:
            by_headers += 1
            assert_as_read(damaged)
    assert by_headers > 50


def test_each_of_two_videos_has_its_own_packets(mkv: bytes, tmp_path: Path) -> None:
    path = tmp_path / "two.mkv"
    with av.open(str(path), "w") as out:
        for rate in (25, 10):
            stream = out.add_stream("libx264", rate=rate)
            stream.width, stream.height = 96, 64
        for number in range(12):
            for stream in out.streams.video:
                picture = clips.noise(size=(64, 96), num_frames=1, seed=number)[0]
                out.mux(stream.encode(av.VideoFrame.from_ndarray(picture)))
        for stream in out.streams.video:
            out.mux(stream.encode(None))
    for index in (0, 1):
        assert_as_read(str(path), stream=index)


@pytest.mark.parametrize("change", ["as it is", "unknown sizes", "a cluster for each block"])
def test_clips_of_a_file_without_cues_are_found(change: str, mkv: bytes) -> None:
    data = changed(mkv, ALIKE[change])
    frames = VideoReader(data).read_clip(range(24)).frames
    assert frames is not None
    vectors = read_motion_field(data).vectors
    reader = VideoReader(data)
    for start in (20, 3, 11, 0):
        clip = reader.read_clip(range(start, start + 4), window="frame")
        np.testing.assert_array_equal(clip.frames, frames[start : start + 4])
        np.testing.assert_array_equal(clip.field.vectors, vectors[start : start + 4])


def test_opening_a_gigabyte_reads_less_than_a_hundredth(encoded_clip: EncodedClip) -> None:
    # 5 Mbit a second, as films of 1080 lines have.
    path = encoded_clip(
        "libx264", kind="noise", size=(192, 256), num_frames=25, container="mkv", g=25, b="5M"
    )
    header, body = ebml.segment(path.read_bytes())
    (cluster,) = body.find(ebml.CLUSTER)
    body.children.remove(cluster)
    body.sized = False
    times = 10**9 // len(cluster.written())
    file: Any = ebml.Repeated(header.written() + body.written(), cluster, times=times, ticks=1000)
    reader = VideoReader(file)
    assert len(reader) == 25 * times
    assert file.size > 0.99e9
    assert file.fetched < file.size / 100
    before = file.fetched
    reader.read_clip(range(25 * (times - 2), 25 * times, 7))
    assert file.fetched - before < file.size / 100
