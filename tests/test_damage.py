"""`info.damaged`: set where a stream is broken though it decodes, and nowhere else."""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any

import av
import numpy as np
import pytest

import mgm_ext
from tests import clips
from tests.conftest import EncodedClip, RealClip
from tests.oracles import assert_same

SIZE = (256, 256)  # x265 writes broken slices when a picture has two rows of trees
STREAMS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "cabac": ("libx264", "mp4", {"bf": 2}),
    "cavlc": ("libx264", "mkv", {"x264_params": "cabac=0"}),
    "slices": ("libx264", "ts", {"x264_params": "slices=3:bframes=2"}),
    "mbaff": ("libx264", "mp4", {"flags": "+ildct", "x264_params": "tff=1:bframes=2"}),
    "hevc": ("libx265", "mp4", {}),
    "wavefront": ("libx265", "mp4", {"x265_params": "wpp=1:slices=2"}),
}

# Share of the wrong bits that must be told. Variable-length codes often fall into step again behind
# one, and with wavefronts every row of trees begins anew.
LEAST = {"cavlc": 0.6, "wavefront": 0.6}


@pytest.fixture(scope="module", params=STREAMS)
def name(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def stream(name: str, encoded_clip: EncodedClip) -> bytes:
    codec, container, options = STREAMS[name]
    frames = clips.moving_object(size=SIZE, num_frames=8, box=(16, 16, 64, 64))
    path = encoded_clip(codec, kind=frames, container=container, g=5, b="600k", **options)
    return path.read_bytes()


def with_one_wrong_bit(stream: bytes, *, count: int, keys_only: bool = False) -> Iterator[bytes]:
    """Copies of a stream in which a bit amid a picture's data differs."""
    rng = np.random.default_rng(0)
    with av.open(io.BytesIO(stream), "r") as container:
        packets = [
            bytes(packet)
            for packet in container.demux(video=0)
            if packet.size > 120 and (packet.is_keyframe or not keys_only)
        ]
    while count:
        packet = packets[int(rng.integers(len(packets)))]
        at = int(rng.integers(len(packet) // 3, len(packet) - 20))
        place = stream.find(packet[at : at + 12])  # a transport stream cuts some in two
        if place >= 0:
            broken = bytearray(stream)
            broken[place] ^= 1 << int(rng.integers(8))
            count -= 1
            yield bytes(broken)


def test_a_whole_stream_is_not_damaged(stream: bytes) -> None:
    assert not mgm_ext.read_motion_vectors(stream, strict=True).info.damaged
    assert not mgm_ext.VideoReader(stream).read_clip([1, 6]).info.damaged
    assert not mgm_ext.read_motion_field(stream).damaged
    assert not mgm_ext.read_motion_field(stream, frame_indices=[1, 6]).damaged


def test_a_wrong_bit_that_changes_vectors_is_told(stream: bytes, name: str) -> None:
    true = mgm_ext.read_motion_vectors(stream)
    told = changed = 0
    for broken in with_one_wrong_bit(stream, count=60):
        vectors = mgm_ext.read_motion_vectors(broken)
        rows = np.array_equal(vectors.motion_x, true.motion_x)
        if not rows or not np.array_equal(vectors.motion_y, true.motion_y):
            changed += 1
            told += vectors.info.damaged
    assert changed > 20
    assert told >= LEAST.get(name, 0.9) * changed


def test_strict_raises_what_is_else_told(stream: bytes) -> None:
    broken = next(
        data
        for data in with_one_wrong_bit(stream, count=60)
        if mgm_ext.read_motion_vectors(data).info.damaged
    )
    with pytest.raises(mgm_ext.DecodeError, match="the stream is damaged"):
        mgm_ext.read_motion_vectors(broken, strict=True)


def test_a_field_tells_what_its_vectors_tell(stream: bytes) -> None:
    told = 0
    for broken in with_one_wrong_bit(stream, count=20):
        damaged = mgm_ext.read_motion_vectors(broken).info.damaged
        assert mgm_ext.read_motion_field(broken).damaged == damaged
        clip = mgm_ext.VideoReader(broken).read_clip(range(8), pixels=False)
        assert clip.field.damaged == clip.info.damaged >= damaged
        field = mgm_ext.read_motion_field(broken, frame_indices=range(8))
        assert field.damaged == clip.field.damaged
        told += damaged
    assert told >= 5


@pytest.mark.parametrize("name", ["cabac", "slices"], indirect=True)
def test_a_wrong_bit_where_no_vectors_are_concerns_strict_readers_alone(stream: bytes) -> None:
    true = mgm_ext.read_motion_vectors(stream)
    raised = 0
    for broken in with_one_wrong_bit(stream, count=12, keys_only=True):
        assert_same(mgm_ext.read_motion_vectors(broken), true)
        try:
            assert_same(mgm_ext.read_motion_vectors(broken, strict=True), true)
        except mgm_ext.DecodeError as error:
            raised += "the stream is damaged" in str(error)
    assert raised >= 6


@pytest.mark.parametrize("clip", ["bikes.mp4", "bigbuckbunny.mp4", "basketball_426x240.mp4"])
def test_real_clips_are_whole(real_clip: RealClip, clip: str) -> None:
    assert not mgm_ext.read_motion_vectors(real_clip(clip)).info.damaged


def test_a_real_clip_that_is_damaged(real_clip: RealClip) -> None:
    assert mgm_ext.read_motion_vectors(real_clip("corrupted.mp4")).info.damaged
