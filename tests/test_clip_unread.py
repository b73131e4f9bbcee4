"""Without pixels, blocks that no wanted frame needs stay unread; the field is the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
import pytest

import mgm_ext
from mgm_ext import VideoReader
from tests import clips, codec_table, frame_pictures, mpeg4_writer, oracles
from tests.conftest import EncodedClip, RealClip
from tests.test_tap_h264_streams import field_stream as field_stream
from tests.test_tap_mpegvideo_fields import write

Window = Literal["centred", "interval", "frame"]
FRAMES, SIZE = 40, (96, 128)  # a size of H.263
PICKS: tuple[tuple[list[int], Window], ...] = (
    (list(range(0, FRAMES, 7)), "frame"),
    (list(range(3, FRAMES, 16)), "frame"),
    ([2, 11, 12, 30], "frame"),
    ([5, 19, 33], "centred"),
    ([17], "frame"),
    ([30, 31], "interval"),
)


def check(path: Path, frames: int = FRAMES) -> None:
    """Clips of few frames against a reader that reads everything, and against the whole file."""
    whole = mgm_ext.read_motion_field(path, strict=True)
    went_on = VideoReader(path)
    for picks, window in PICKS:
        indices = [i for i in picks if i < frames]
        if not indices:
            continue
        full = VideoReader(path, strict=True).read_clip(indices, pixels=False, window=window)
        for reader in (VideoReader(path), went_on):
            got = reader.read_clip(indices, pixels=False, window=window)
            assert not got.info.damaged
            np.testing.assert_array_equal(got.picture_types, full.picture_types)
            for name in ("vectors", "coded", "cuts", "row_frames"):
                found = getattr(got.field, name)
                np.testing.assert_array_equal(found, getattr(full.field, name), err_msg=name)
            rows = got.field.row_frames
            np.testing.assert_array_equal(got.field.vectors, whole.vectors[rows])


H264: dict[str, dict[str, Any]] = {
    "P": {"bf": 0, "x264_params": "ref=4"},
    "B": {"x264_params": "bframes=3:b-pyramid=none:direct=temporal"},
    "pyramid": {"x264_params": "bframes=5:b-adapt=0:b-pyramid=normal:direct=temporal:ref=4"},
    "spatial, slices": {"x264_params": "bframes=3:direct=spatial:weightp=2:ref=6:slices=3"},
    "CAVLC": {"x264_params": "bframes=3:cabac=0:direct=auto"},
    "MBAFF": {"flags": "+ildct+ilme", "x264_params": "tff=1:bframes=3:direct=temporal"},
    "MBAFF, spatial": {"flags": "+ildct+ilme", "x264_params": "bff=1:bframes=3:direct=spatial"},
    "open groups": {"x264_params": "bframes=3:open-gop=1:keyint=12:min-keyint=12"},
    "refresh": {"x264_params": "bframes=2:intra-refresh=1:keyint=30"},
    "transport stream": {"x264_params": "bframes=3", "container": "ts"},
}
FAMILY: dict[str, tuple[str, dict[str, Any]]] = {
    "MPEG-1": ("mpeg1video", {"bf": 2, "container": "mpg"}),
    "MPEG-2": ("mpeg2video", {"bf": 2, "container": "mp4"}),
    "MPEG-2, interlaced": ("mpeg2video", {"bf": 2, "flags": "+ildct+ilme", "container": "mp4"}),
    "MPEG-4": ("mpeg4", {"bf": 0}),
    "MPEG-4, B": ("mpeg4", {"bf": 2, "b_strategy": 0, "flags": "+mv4"}),
    "MPEG-4, interlaced B": ("mpeg4", {"bf": 2, "flags": "+ildct+ilme+mv4"}),
    "MPEG-4, quarter pixels": ("mpeg4", {"bf": 1, "flags": "+qpel+mv4+aic"}),
    "MPEG-4 in AVI": ("mpeg4", {"bf": 2, "b_strategy": 0, "container": "avi"}),
    "MPEG-4, partitions": ("mpeg4", {"data_partitioning": 1, "ps": 200, "bf": 1}),
    "MPEG-4, packets": ("mpeg4", {"ps": 200, "bf": 1}),
    "H.263": ("h263", {}),
    "H.263+": ("h263p", {"flags": "+mv4+aic+loop"}),
    "Sorenson": ("flv", {}),
    "Microsoft 2": ("msmpeg4v2", {}),
    "Microsoft 3": ("msmpeg4", {}),
    "WMV1": ("wmv1", {}),
    "WMV2": ("wmv2", {}),
    "RealVideo 2": ("rv20", {"bf": 0}),
}


@pytest.fixture(scope="module")
def moving() -> clips.Frames:
    """Pictures of an object that moves, drawn once."""
    return clips.content("object", size=SIZE, num_frames=FRAMES)


@pytest.mark.parametrize("name", H264)
def test_h264(encoded_clip: EncodedClip, moving: clips.Frames, name: str) -> None:
    check(encoded_clip("libx264", kind=moving, **H264[name]))


@pytest.mark.parametrize("name", FAMILY)
def test_the_mpeg_family(encoded_clip: EncodedClip, moving: clips.Frames, name: str) -> None:
    codec, options = FAMILY[name]
    key = 20 if name.startswith("MPEG-2") else 100
    check(encoded_clip(codec, kind=moving, g=key, **options))


@pytest.mark.parametrize("codec", ["libx265", "libvpx", "libvpx-vp9", "libsvtav1"])
def test_codecs_that_need_every_picture(
    encoded_clip: EncodedClip, moving: clips.Frames, codec: str
) -> None:
    check(encoded_clip(codec, kind=moving))


ALONE = "temporal-mvp=0:bframes=3:b-pyramid=1:ref=4"  # of other pictures' vectors


@pytest.mark.parametrize("more", ["", ":slices=3:ctu=16", ":wpp=1:ctu=16", ":keyint=12:open-gop=1"])
def test_hevc_without_temporal_vectors(
    encoded_clip: EncodedClip, moving: clips.Frames, more: str
) -> None:
    check(encoded_clip("libx265", kind=moving, container="mp4", x265_params=ALONE + more))


@pytest.mark.parametrize("more", ["", ":wpp=1:ctu=16"])
def test_hevc_without_temporal_vectors_passes_over_damage(
    encoded_clip: EncodedClip, moving: clips.Frames, tmp_path: Path, more: str
) -> None:
    path = encoded_clip("libx265", kind=moving, container="mp4", x265_params=ALONE + more)
    damaged = distort(path, tmp_path / "damaged.mp4")
    assert mgm_ext.read_motion_field(damaged).damaged
    types = mgm_ext.read_motion_vectors(path).picture_types
    spoilt = set(spoilt_frames(path))
    indices = [i for i in range(1, FRAMES, 5) if i not in spoilt and types[i] != "I"]
    got = VideoReader(damaged).read_clip(indices, pixels=False, window="frame")
    assert not got.info.damaged
    whole = VideoReader(path).read_clip(indices, pixels=False, window="frame")
    np.testing.assert_array_equal(got.field.vectors, whole.field.vectors)


def test_long_term_references_and_gaps_in_frame_num(tmp_path: Path) -> None:
    path = tmp_path / "frames.h264"
    path.write_bytes(frame_pictures.stream(3))
    types = oracles.assert_seam_changes_nothing(path).picture_types
    assert "".join(types) == 3 * "IPBBPPPPBBPP"
    check(path, 36)


def test_field_pictures(field_stream: Path) -> None:
    check(field_stream, 5)


def test_field_pictures_of_mpeg2(tmp_path: Path) -> None:
    path = tmp_path / "fields.m2v"
    path.write_bytes(write(1, top_first=True).writer.to_bytes())
    check(path, 7)


def test_packed_mpeg4(encoded_clip: EncodedClip, moving: clips.Frames, tmp_path: Path) -> None:
    plain = encoded_clip("mpeg4", kind=moving[:31], container="avi", bf=1, b_strategy=0, g=100)
    chunks = mpeg4_writer.pack(mpeg4_writer.packets_of(plain))
    check(mpeg4_writer.write_avi(tmp_path / "packed.avi", chunks, SIZE), 31)


@pytest.mark.parametrize("name", ["arm_wrestling.mp4", "bikes.mp4", "bigbuckbunny.mp4"])
def test_real_clips(real_clip: RealClip, name: str) -> None:
    check(real_clip(name))


ENCODERS = {
    "libx264": "h264",
    "libx265": "hevc",
    "mpeg1video": "mpeg1video",
    "mpeg2video": "mpeg2video",
    "mpeg4": "mpeg4",
    "h263": "h263",
    "flv": "flv1",
}


def packets_of(path: Path) -> list[tuple[int, int, int]]:
    """Place, size and time of each, as they are decoded."""
    with av.open(str(path)) as container:
        found = [packet for packet in container.demux(video=0) if packet.size]
        return [(packet.pos or 0, packet.size, packet.pts or 0) for packet in found]


def spoilt_frames(path: Path) -> list[int]:
    """The frames that `distort` spoils, in display order."""
    times = [pts for _, _, pts in packets_of(path)]
    return [sorted(times).index(pts) for n, pts in enumerate(times) if n % 8 in (3, 5)]


def distort(path: Path, copy: Path) -> Path:
    """The same file, but that the macroblocks of some packets between every eighth are spoilt."""
    data = bytearray(path.read_bytes())
    for number, (at, size, _) in enumerate(packets_of(path)):
        if number % 8 in (3, 5):
            begin = at + size // 2
            data[begin : at + size - 4] = bytes(b ^ 0x55 for b in data[begin : at + size - 4])
    copy.write_bytes(data)
    return copy


@pytest.mark.parametrize("encoder", ENCODERS)
def test_what_is_damaged_between_is_not_even_seen(
    encoded_clip: EncodedClip, moving: clips.Frames, encoder: str, tmp_path: Path
) -> None:
    options: dict[str, Any] = {"x265_params": "bframes=0"} if encoder == "libx265" else {}
    container = "avi" if encoder in ("h263", "flv") else "mp4"
    path = encoded_clip(encoder, kind=moving, container=container, bf=0, g=100, **options)
    damaged = distort(path, tmp_path / f"damaged.{container}")
    assert mgm_ext.read_motion_field(damaged).damaged
    indices = list(range(8, FRAMES, 8))
    got = VideoReader(damaged).read_clip(indices, pixels=False, window="frame")
    family = next(f for f in codec_table.FAMILIES if ENCODERS[encoder] in f.codecs)
    assert got.info.damaged == family.unread.startswith("none")
    if not got.info.damaged:
        whole = VideoReader(path).read_clip(indices, pixels=False, window="frame")
        np.testing.assert_array_equal(got.field.vectors, whole.field.vectors)
