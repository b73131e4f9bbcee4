"""HEVC: vectors against content that moves as we said, the decoder's own pictures, and PyAV."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

import mgm_ext
from tests import oracles
from tests.conftest import EncodedClip, RealFootage
from tests.inspection import inspect
from tests.prediction import prediction

HIERARCHY = "bframes=4:b-adapt=0:b-pyramid=1:ref=3:weightp=0"
GOOD: dict[str, Any] = {"x265_params": HIERARCHY, "crf": 20}
SIZE, LARGE = (192, 256), (256, 320)
SKIP, MERGE, LIST1, CODED, INTRA, SECOND = 1, 2, 4, 16, 32, 64  # csrc/taps/blocks.h
MOTIONS = [(1, 0), (2, 2), (0, 4), (-5, 5), (-7, 0), (-8, -9), (0, -11), (12, -12)]

# Streams that between them use every tool that x265 has and the tap could stumble over.
ENCODINGS: dict[str, dict[str, Any]] = {
    "main": {},
    "main10": {"pixel_format": "yuv420p10le"},
    "main12": {"pixel_format": "yuv420p12le"},
    "4:2:2": {"pixel_format": "yuv422p"},
    "4:2:2 10": {"pixel_format": "yuv422p10le"},
    "4:4:4": {"pixel_format": "yuv444p"},
    "4:4:4 10": {"pixel_format": "yuv444p10le"},
    "grey": {"pixel_format": "gray"},
    "partitions": {"x265_params": "rect=1:amp=1:ctu=64:min-cu-size=8:tu-inter-depth=4"},
    "small trees": {"x265_params": "ctu=16:min-cu-size=8:max-merge=5:rect=1"},
    "slices": {"x265_params": "slices=3:ctu=16"},
    "wavefront": {"x265_params": "wpp=1:ctu=16"},
    "no wavefront": {"x265_params": "wpp=0"},
    "no temporal candidates": {"x265_params": "temporal-mvp=0"},
    "weighted": {"x265_params": "weightp=1:weightb=1:ref=4"},
    "closed GOPs": {"x265_params": "keyint=9:open-gop=0:bframes=3"},
    "open GOPs": {"x265_params": "keyint=9:min-keyint=9:open-gop=1:bframes=3"},
    "intra refresh": {"x265_params": "intra-refresh=1:keyint=12"},
    "lossless": {"x265_params": "lossless=1:cu-lossless=1"},
    "transform skip": {"x265_params": "tskip=1:crf=12"},
    "no loop filters": {"x265_params": "deblock=-6,-6:no-deblock=1:no-sao=1"},
    "low delay": {"x265_params": "bframes=0:ref=5"},
    "quantiser per block": {"x265_params": "aq-mode=3:aq-strength=2:qg-size=8:crf=34"},
    "size without whole trees": {"size": (150, 202)},
}


@pytest.fixture(scope="module")
def make(encoded_clip: EncodedClip) -> Callable[[str], Path]:
    """One of ENCODINGS, of an object that moves over a moving background."""

    def encode(name: str) -> Path:
        options = {"motion": (5, -3), "camera": (-2, 1), **ENCODINGS[name]}
        return encoded_clip("libx265", kind="object", num_frames=16, **options)

    return encode


@pytest.mark.parametrize("motion", MOTIONS)
def test_scrolled_texture_tells_its_motion(
    encoded_clip: EncodedClip, motion: tuple[int, int]
) -> None:
    path = encoded_clip("libx265", motion=motion, size=LARGE, num_frames=20, **GOOD)
    vectors = mgm_ext.read_motion_vectors(path)
    # What enters within the distance of the last reference has no source.
    oracles.assert_known_motion(vectors, motion, size=LARGE, margin=64)
    assert vectors.reference_distance.min() <= -4
    assert vectors.reference_distance.max() >= 2


@pytest.mark.parametrize("options", ["keyint=9:open-gop=0", "keyint=9:min-keyint=9:open-gop=1"])
def test_picture_order_starts_again_at_key_frames(encoded_clip: EncodedClip, options: str) -> None:
    parameters = f"{HIERARCHY}:{options}"
    path = encoded_clip("libx265", motion=(3, -2), size=SIZE, x265_params=parameters, crf=20)
    vectors = mgm_ext.read_motion_vectors(path)
    assert vectors.key_frames.sum() == 4
    oracles.assert_known_motion(vectors, (3, -2), size=SIZE)


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv420p10le", "yuv422p", "yuv444p10le"])
def test_prediction_is_the_displaced_block(encoded_clip: EncodedClip, pixel_format: str) -> None:
    path = encoded_clip(
        "libx265", motion=(3, 2), x265_params=HIERARCHY, crf=20, pixel_format=pixel_format
    )
    compared, total = prediction(path, averaged=True)
    print(f"{pixel_format}: {compared / total:.1%} of the inter area")
    assert compared > 0.5 * total


@pytest.mark.parametrize("name", ["bikes.mp4", "arm_wrestling.mp4", "basketball_426x240.mp4"])
def test_prediction_of_real_footage(
    encoded_clip: EncodedClip, real_footage: RealFootage, name: str
) -> None:
    frames = real_footage(name, size=(256, 340), num_frames=40)
    path = encoded_clip("libx265", kind=frames, x265_params="weightp=0:amp=1:rect=1")
    compared, total = prediction(path, averaged=True)
    print(f"{name}: {compared / total:.1%} of the inter area")
    assert compared > 0.05 * total


@pytest.mark.parametrize("name", ENCODINGS)
def test_seam_changes_nothing(make: Callable[[str], Path], name: str) -> None:
    path = make(name)
    assert len(oracles.assert_seam_changes_nothing(path).w) > 300
    # The field knows what the vectors do not say: what is intra or carries coefficients.
    reader = mgm_ext.VideoReader(path)
    indices = range(len(reader))
    slow = reader.read_clip(indices, cell=8, window="frame").field
    fast = reader.read_clip(indices, pixels=False, cell=8, window="frame").field
    np.testing.assert_array_equal(fast.vectors, slow.vectors)
    np.testing.assert_array_equal(fast.coded, slow.coded)
    np.testing.assert_array_equal(fast.cuts, slow.cuts)
    assert fast.coded[0].all()
    assert not fast.coded.all()


def test_pictures_between_those_asked_for_lose_their_pixels_only(
    make: Callable[[str], Path],
) -> None:
    reader = mgm_ext.VideoReader(make("main"))
    whole = reader.read_clip(range(len(reader)))
    assert whole.frames is not None
    for indices in ([3, 9], [1, 6, 11], [2, 5, 8, 12]):
        some = reader.read_clip(indices)
        assert some.frames is not None
        np.testing.assert_array_equal(some.frames, whole.frames[indices])
        field = reader.read_clip(indices, pixels=False).field
        np.testing.assert_array_equal(some.field.vectors, field.vectors)
        np.testing.assert_array_equal(some.field.coded, field.coded)


@pytest.mark.parametrize("name", ["bigbuckbunny.mp4", "carphone_pristine.mp4", "bikes.mp4"])
def test_seam_changes_nothing_on_real_footage(
    encoded_clip: EncodedClip, real_footage: RealFootage, name: str
) -> None:
    path = encoded_clip("libx265", kind=real_footage(name, size=(180, 320), num_frames=40))
    assert len(oracles.assert_seam_changes_nothing(path).w) > 1000


@pytest.mark.parametrize("name", ENCODINGS)
def test_frames_are_pyavs(make: Callable[[str], Path], name: str) -> None:
    vectors = oracles.assert_frames_as_shown(make(name))
    assert not vectors.info.damaged
    assert not np.isnan(vectors.reference_distance).any()
    assert vectors.info.codec == "hevc"


@pytest.mark.parametrize("name", ENCODINGS)
def test_blocks_tile_every_picture(make: Callable[[str], Path], name: str) -> None:
    found = inspect(make(name), luma=True)
    cover = np.zeros(found.luma.shape, dtype=np.int32)
    height, width = found.luma.shape[1:]
    left, top = found.x - found.w // 2, found.y - found.h // 2
    for i in np.flatnonzero((found.flags & SECOND) == 0):
        x, y, w, h = left[i], top[i], found.w[i], found.h[i]
        assert x + w <= width
        assert y + h <= height
        cover[found.frame[i], y : y + h, x : x + w] += 1
    assert (cover == 1).all()


def test_blocks_have_their_real_sizes(make: Callable[[str], Path]) -> None:
    found = inspect(make("partitions"))
    inter = (found.flags & INTRA) == 0
    w, h, flags = found.w[inter].astype(int), found.h[inter].astype(int), found.flags[inter]
    sizes = set(zip(w.tolist(), h.tolist(), strict=True))
    assert {(64, 64), (32, 16), (16, 32), (8, 8)} <= sizes
    assert sizes & {(32, 8), (32, 24), (8, 32), (24, 32), (16, 4), (16, 12), (4, 16), (12, 16)}
    second = (flags & SECOND) != 0
    assert second.any()
    assert (flags[second] & LIST1).all()
    smallest = w + h == 12
    assert smallest.any()
    assert not second[smallest].any()  # the standard forbids two vectors there


def test_flags_agree_with_each_other(make: Callable[[str], Path]) -> None:
    flags = inspect(make("main")).flags
    skip, merge = (flags & SKIP) != 0, (flags & MERGE) != 0
    coded, intra = (flags & CODED) != 0, (flags & INTRA) != 0
    assert skip.any()
    assert (merge & ~skip).any()
    assert (~merge & ~intra).any()
    assert not (skip & coded).any()
    assert merge[skip].all()
    assert coded[intra].all()
    assert (coded & ~intra).any()
    assert (~coded & ~skip).any()


def without_packets(path: Path, output: Path, dropped: set[int]) -> Path:
    """Copies a file without some of its packets, numbered in decoding order."""
    with av.open(str(path)) as source, av.open(str(output), "w") as sink:
        stream = sink.add_stream_from_template(source.streams.video[0])
        number = 0
        for packet in source.demux(video=0):
            if packet.dts is None:
                continue
            packet.stream = stream
            if number not in dropped:
                sink.mux(packet)
            number += 1
    return output


def test_reference_that_is_not_there_is_found_by_picture_order(
    encoded_clip: EncodedClip, tmp_path: Path
) -> None:
    path = encoded_clip("libx265", motion=(3, 2), x265_params="bframes=0:ref=1:keyint=60", crf=20)
    broken = without_packets(path, tmp_path / "broken.mkv", {5})
    found = mgm_ext.read_motion_vectors(broken)
    assert len(found) == 29
    assert found.info.damaged
    assert set(found.reference_distance[found.frame(5)].tolist()) == {-1.0}
    assert len(oracles.assert_seam_changes_nothing(broken).w) > 100
    with pytest.raises(mgm_ext.DecodeError, match="strict=True"):
        mgm_ext.read_motion_vectors(broken, strict=True)


def test_start_without_key_frame_recovers_at_the_next(
    encoded_clip: EncodedClip, tmp_path: Path
) -> None:
    options = f"{HIERARCHY}:keyint=9:min-keyint=9:open-gop=1"
    path = encoded_clip("libx265", motion=(3, 2), x265_params=options, crf=20)
    whole = mgm_ext.read_motion_vectors(path)
    late = without_packets(path, tmp_path / "late.mkv", set(range(4)))
    found = mgm_ext.read_motion_vectors(late)
    assert found.info.damaged
    oracles.assert_seam_changes_nothing(late)
    key = int(whole.info.key_frames[1])
    after = len(whole) - key
    assert (np.diff(found.offsets)[-after:] == np.diff(whole.offsets)[-after:]).all()
    rows, true_rows = (v.to_structured()[v.offsets[-1 - after] :] for v in (found, whole))
    assert len(rows) > 500
    assert np.array_equal(rows, true_rows)


def test_seam_changes_nothing_on_damaged_streams(make: Callable[[str], Path]) -> None:
    whole = make("main").read_bytes()
    start = whole.index(b"mdat")
    rng = np.random.default_rng(0)
    damaged = 0
    for _ in range(40):
        data = bytearray(whole)
        for place in rng.integers(start + 8, len(data), 6):
            data[place] ^= 1 << int(rng.integers(8))
        try:
            damaged += oracles.assert_seam_changes_nothing(bytes(data)).info.damaged
        except mgm_ext.DecodeError:
            damaged += 1
    assert damaged > 10
