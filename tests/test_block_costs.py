"""Bits of blocks: with headers they are the slices, to the bit, and lie where they were spent."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from mgm_ext import BlockCosts, DecodeError, View, _core, read_block_costs, read_motion_field
from mgm_ext.decode import read_options
from tests import clips, slice_sizes
from tests.conftest import EncodedClip, RealClip

H264 = {
    "cabac": "bframes=3:b-adapt=0",
    "cavlc": "cabac=0:bframes=3:b-adapt=0",
    "slices": "slice-max-mbs=7:bframes=2",
    "cavlc_slices": "cabac=0:slices=3",
    "mbaff": "bff=1:bframes=3:b-adapt=0",
    "mbaff_cavlc": "bff=1:cabac=0",
    "lossless": "qp=0",
}
HEVC = {
    "default": "",
    "small_trees": "ctu=16:wpp=0",
    "slices": "slices=2:ctu=16",
    "lossless": "lossless=1:ctu=32",
}
FAMILY = {
    "mpeg4": slice_sizes.whole,
    "h263p": slice_sizes.whole,
    "flv": slice_sizes.whole,
    "msmpeg4": slice_sizes.whole,
    "msmpeg4v2": slice_sizes.whole,
    "wmv1": slice_sizes.whole,
    "wmv2": slice_sizes.whole,
    "mpeg1video": slice_sizes.from_first_slice,
    "mpeg2video": slice_sizes.from_first_slice,
}


@pytest.fixture(scope="module")
def busy() -> clips.Frames:
    frames = clips.moving_object(box=(24, 16, 72, 64), size=(96, 128), num_frames=10)
    grain = np.random.default_rng(0).normal(0, 4, frames.shape)
    return np.clip(frames + grain, 0, 255).astype(np.uint8)


def total(costs: BlockCosts) -> list[int]:
    summed = costs.bits.sum((1, 2)) + costs.header_bits + costs.end_bits
    return [int(bits) for bits in summed]


def assert_exact(path: Path, expected: list[list[int]]) -> BlockCosts:
    costs = read_block_costs(path, strict=True)
    assert costs.valid.all()
    assert total(costs) == [sum(slices) for slices in expected]
    assert (costs.bits >= 0).all()
    assert (costs.header_bits > 0).all()
    return costs


@pytest.mark.parametrize("name", H264)
def test_bits_and_headers_are_h264s_slices(
    name: str, encoded_clip: EncodedClip, busy: clips.Frames
) -> None:
    path = encoded_clip("libx264", kind=busy, x264_params=H264[name])
    expected = slice_sizes.sizes(path, slice_sizes.slices_264)
    costs = assert_exact(path, expected)
    slices = np.array([len(one) for one in expected])
    # The arithmetic decoder ends at the bit that ends the slice; x264 may write others behind it.
    exact = "cavlc" in name
    assert (costs.end_bits == slices).all() if exact else (costs.end_bits < 8 * slices).all()
    assert costs.unit == 16
    assert costs.bits.shape[1:] == (6, 8)


@pytest.mark.parametrize("name", HEVC)
def test_bits_and_headers_are_hevcs_slices(
    name: str, encoded_clip: EncodedClip, busy: clips.Frames
) -> None:
    path = encoded_clip("libx265", kind=busy, x265_params=HEVC[name])
    costs = assert_exact(path, slice_sizes.sizes(path, slice_sizes.slices_265))
    assert (costs.end_bits == 0).all()
    assert costs.unit == {"small_trees": 16, "slices": 16, "lossless": 32}.get(name, 64)


@pytest.mark.parametrize("codec", FAMILY)
def test_bits_and_headers_are_the_packets(
    codec: str, encoded_clip: EncodedClip, busy: clips.Frames
) -> None:
    path = encoded_clip(codec, kind=busy)
    costs = assert_exact(path, slice_sizes.sizes(path, FAMILY[codec]))
    assert (costs.end_bits < 32).all()


@pytest.mark.parametrize(
    ("codec", "options"),
    [
        ("libvpx-vp9", {}),
        ("libvpx-vp9", {"tile-columns": 1, "tile-rows": 1}),
        ("libvpx", {}),
        ("libvpx", {"slices": 4}),
    ],
)
def test_bits_and_headers_are_vp8s_and_vp9s_frames(
    codec: str, options: dict[str, Any], encoded_clip: EncodedClip
) -> None:
    path = encoded_clip(codec, size=(96, 512), num_frames=8, **options)
    costs = assert_exact(path, slice_sizes.sizes(path, slice_sizes.whole))
    parts = 4 if options else 1
    assert (costs.end_bits < 32 * parts).all()
    assert costs.unit == (16 if codec == "libvpx" else 8)
    if codec == "libvpx":  # rows, shared out
        assert (np.ptp(costs.bits, axis=2) <= 1).all()


@pytest.mark.parametrize("tiles", [1, 4])
def test_av1s_tiles_end_at_their_last_bit(tiles: int, encoded_clip: EncodedClip) -> None:
    options = "pred-struct=1" + (":tile-columns=1:tile-rows=1" if tiles == 4 else "")
    path = encoded_clip("libsvtav1", size=(96, 512), num_frames=8, svtav1_params=options)
    costs = read_block_costs(path, strict=True)
    sizes = slice_sizes.sizes(path, slice_sizes.tiles_av1)
    assert costs.valid.all()
    before = [size - bits for (size, _), bits in zip(sizes, total(costs), strict=True)]
    assert all(0 < bits < 8 * 64 and bits % 8 == 0 for bits in before)  # the frame's header
    zeros = np.array([last for _, last in sizes])
    if tiles == 1:
        np.testing.assert_array_equal(costs.end_bits, zeros)
    else:
        assert ((zeros <= costs.end_bits) & (costs.end_bits < 8 * tiles)).all()


@pytest.mark.parametrize(
    "codec", ["libx264", "libx265", "mpeg4", "mpeg2video", "libvpx-vp9", "libsvtav1"]
)
def test_bits_lie_where_they_were_spent(codec: str, encoded_clip: EncodedClip) -> None:
    frames = np.full((12, 128, 192, 3), 128, np.uint8)
    noise = np.random.default_rng(0).integers(0, 256, (12, 32, 32, 3))
    frames[:, 64:96, 128:160] = noise
    costs = read_block_costs(encoded_clip(codec, kind=frames, g=12))
    grid = costs.on_grid((2, 3))  # cells of 64 pixels
    share = grid[:, 1, 2] / grid.sum((1, 2))
    assert (share[1:] > 0.85).all()  # of the first picture the rest has to be sent, too


def test_costs_do_not_depend_on_pixels_or_on_what_else_is_read(real_clip: RealClip) -> None:
    path = real_clip("bikes.mp4")
    whole = read_block_costs(path)
    full, *_ = _core.read_block_costs(str(path), read_options(vectors_only=False), None, False)
    np.testing.assert_array_equal(full["bits"], whole.bits)
    wanted = [100, 3, 3, -1, 41]
    some = read_block_costs(path, frame_indices=wanted)
    places = [100, 3, 3, len(whole.bits) - 1, 41]
    assert some.frame_indices.tolist() == places
    for name in ("bits", "header_bits", "end_bits", "picture_bytes", "picture_types", "quantisers"):
        np.testing.assert_array_equal(getattr(some, name), getattr(whole, name)[places], name)
    assert (8 * whole.picture_bytes >= total(whole)).all()
    assert whole.info.num_frames == len(read_motion_field(path).cuts)


def test_quantisers_are_the_streams(encoded_clip: EncodedClip, busy: clips.Frames) -> None:
    path = encoded_clip("libx264", kind=busy, x264_params="qp=23:ipratio=1:pbratio=1:aq-mode=0")
    assert read_block_costs(path).quantisers.tolist() == [23.0] * 10


def test_a_turned_picture_has_turned_cells(real_clip: RealClip) -> None:
    for angle in (90, 180, 270):
        path = real_clip(f"rotated_{angle}.mov")
        plain = read_block_costs(path, rotate=False, frame_indices=[0, 1])
        turned = read_block_costs(path, frame_indices=[0, 1])
        assert (plain.rotation, turned.rotation) == (0, angle)
        grid = (4, 6) if angle == 180 else (6, 4)
        expected = np.rot90(plain.on_grid((4, 6)), -angle // 90, axes=(1, 2))
        np.testing.assert_allclose(turned.on_grid(grid), expected, rtol=1e-5)
        assert (turned.height, turned.width) == (
            (plain.height, plain.width) if angle == 180 else (plain.width, plain.height)
        )


def test_cells_share_what_is_shown_and_nothing_is_lost(real_clip: RealClip) -> None:
    costs = read_block_costs(real_clip("bikes.mp4"), frame_indices=range(0, 40, 8))
    sums = costs.bits.sum((1, 2))
    for grid in ((1, 1), (14, 14), (3, 5)):
        np.testing.assert_allclose(costs.on_grid(grid).sum((1, 2)), sums, rtol=1e-5)
    cells = costs.on_grid((2, 2))
    half = costs.width / 2
    left = View(crop=(0, 0, half, costs.height), size=(64, 64))
    flipped = View(crop=(0, 0, costs.width, costs.height), size=(64, 64), hflip=True)
    np.testing.assert_allclose(costs.on_grid((2, 1), view=left)[..., 0], cells[..., 0], rtol=1e-5)
    np.testing.assert_array_equal(costs.on_grid((2, 2), view=flipped), cells[..., ::-1])


def test_a_frame_that_is_damaged_is_marked(encoded_clip: EncodedClip, busy: clips.Frames) -> None:
    path = encoded_clip("libx264", kind=busy, x264_params="bframes=0:cabac=0")
    whole = read_block_costs(path)
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        place, size = packets[5].pos or 0, packets[5].size
    data[place + size // 2 : place + size // 2 + 40] = b"\xff" * 40
    costs = read_block_costs(bytes(data))
    assert costs.info.damaged
    assert not costs.valid[5]
    assert not costs.bits[5].any()
    assert costs.valid[:5].all()
    np.testing.assert_array_equal(costs.bits[:5], whole.bits[:5])
    with pytest.raises(DecodeError, match="damaged"):
        read_block_costs(bytes(data), strict=True)


def test_bits_that_lie_in_partitions_are_not_vouched_for(encoded_clip: EncodedClip) -> None:
    path = encoded_clip("mpeg4", size=(96, 128), num_frames=4, data_partitioning=1)
    costs = read_block_costs(path)
    assert not costs.info.damaged
    assert not costs.valid.any()
    assert not costs.bits.any()


def test_what_is_not_counted_is_refused(encoded_clip: EncodedClip) -> None:
    path = encoded_clip("rv10", size=(96, 128), num_frames=3)
    with pytest.raises(DecodeError, match="bits of blocks are not read from codec rv10"):
        read_block_costs(path)
    with pytest.raises(DecodeError, match="bits of blocks are not read from codec rv10"):
        read_block_costs(path, frame_indices=[0])


def test_bad_arguments_say_what_is_allowed(encoded_clip: EncodedClip) -> None:
    path = encoded_clip("libx264", size=(96, 128), num_frames=3)
    with pytest.raises(ValueError, match="signal must be one of"):
        read_block_costs(path, signal="pixels")  # type: ignore[arg-type]
    with pytest.raises(IndexError, match="frame index 3 is out of range"):
        read_block_costs(path, frame_indices=[3])
    with pytest.raises(DecodeError, match="max_bytes"):
        read_block_costs(path, max_bytes=100)
    costs = read_block_costs(path)
    with pytest.raises(ValueError, match="grid must be"):
        costs.on_grid((0, 3))
    again = pickle.loads(pickle.dumps(costs))
    np.testing.assert_array_equal(again.bits, costs.bits)
    assert not again.bits.flags.writeable
    assert "int64[3, 6, 8]" in repr(costs)
