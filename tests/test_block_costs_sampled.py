"""Bits of sampled frames are those of a whole read, though pictures between are passed over."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgm_ext import BlockCosts, DecodeError, read_block_costs
from tests import clips
from tests.conftest import EncodedClip
from tests.test_clip_unread import FAMILY, H264, distort
from tests.test_tap_h264_streams import field_stream as field_stream

FRAMES = 36
PICKS = ([0], [7], [35], [3, 4, 20], list(range(1, FRAMES, 5)), list(range(FRAMES)))
HEVC = {
    "open groups": "keyint=12:min-keyint=12",
    "closed groups": "keyint=12:min-keyint=12:no-open-gop=1",
    "pyramid": "bframes=7:b-adapt=0:b-pyramid=1:ref=5",
    "P alone": "bframes=0",
    "slices": "slices=3",
    "rows in turn": "wpp=1:ctu=16",
    "without rows": "wpp=0:ctu=32",
    "intra refresh": "intra-refresh=1:keyint=20:bframes=0",
    "no motion from other pictures": "no-temporal-mvp=1",
    "transquant bypass": "cu-lossless=1:lossless=1",
}


@pytest.fixture(scope="module")
def moving() -> clips.Frames:
    """Pictures of an object that moves, drawn once."""
    return clips.content("object", size=(112, 160), num_frames=FRAMES)


def check(path: Path, frames: int = FRAMES) -> BlockCosts:
    whole = read_block_costs(path, strict=True)
    assert whole.valid.mean() > 0.95  # one frame of MBAFF is not vouched for
    for picks in PICKS:
        wanted = [pick for pick in picks if pick < frames] or [1, 3]
        found = read_block_costs(path, frame_indices=wanted)
        assert not found.info.damaged
        for name in ("valid", "bits", "header_bits", "end_bits", "quantisers", "picture_types"):
            given, own = getattr(whole, name)[wanted], getattr(found, name)
            np.testing.assert_array_equal(own, given, err_msg=f"{name} of {wanted}")
    return whole


@pytest.mark.parametrize("name", H264)
def test_h264(name: str, encoded_clip: EncodedClip, moving: clips.Frames) -> None:
    check(encoded_clip("libx264", kind=moving, **H264[name]))


def test_h264_in_fields(field_stream: Path) -> None:
    check(field_stream, len(read_block_costs(field_stream).bits))


@pytest.mark.parametrize("name", HEVC)
def test_hevc(name: str, encoded_clip: EncodedClip, moving: clips.Frames) -> None:
    options: dict[str, Any] = {"x265-params": f"log-level=none:{HEVC[name]}"}
    check(encoded_clip("libx265", kind=moving, **options))


@pytest.mark.parametrize("name", ["MPEG-4, B", "MPEG-4, interlaced B", "MPEG-2"])
def test_b_pictures_of_mpeg4_skip_what_the_next_one_skips(
    name: str, encoded_clip: EncodedClip, moving: clips.Frames
) -> None:
    codec, options = FAMILY[name]
    check(encoded_clip(codec, kind=moving, g=100, **options))


@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_what_is_damaged_between_changes_no_bit(
    codec: str, encoded_clip: EncodedClip, moving: clips.Frames, tmp_path: Path
) -> None:
    hevc = {"x265-params": "log-level=none:bframes=0"}
    options: dict[str, Any] = hevc if codec == "libx265" else {}
    path = encoded_clip(codec, kind=moving, bf=0, g=100, **options)
    damaged = distort(path, tmp_path / "damaged.mp4")
    assert not read_block_costs(damaged).valid.all()
    wanted = [8, 16, 24, 32]
    found = read_block_costs(damaged, frame_indices=wanted)
    assert found.valid.all()
    np.testing.assert_array_equal(found.bits, read_block_costs(path).bits[wanted])
    with pytest.raises(DecodeError, match="damaged"):
        read_block_costs(damaged, frame_indices=wanted, strict=True)
