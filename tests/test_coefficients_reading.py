"""What is read along with the energy of coefficients, and what is refused."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from mgm_ext import DecodeError, View, patch_scores, read_block_costs
from tests.conftest import EncodedClip, RealClip

HALVED = "superres-denom=16:superres-kf-denom=16"


@pytest.fixture(scope="module")
def clip(encoded_clip: EncodedClip) -> Path:
    """A square of 64 pixels that moves over a still ground."""
    return encoded_clip("libx264", kind="object", size=(192, 256), num_frames=30)


def test_bits_and_the_rest_are_as_without(real_clip: RealClip) -> None:
    path = real_clip("bikes.mp4")
    bits = read_block_costs(path, frame_indices=[0, 7, 40])
    both = read_block_costs(path, frame_indices=[0, 7, 40], signal="coefficients")
    assert (bits.luma_energy, bits.chroma_energy, bits.cell) == (None, None, 0)
    for name in ("bits", "valid", "header_bits", "end_bits", "quantisers", "picture_types"):
        np.testing.assert_array_equal(getattr(both, name), getattr(bits, name), name)


@pytest.mark.parametrize(
    "codec", ["libx264", "libx265", "libvpx", "libvpx-vp9", "libsvtav1", "mpeg4", "mpeg2video"]
)
def test_single_frames_have_the_energy_of_the_whole(codec: str, encoded_clip: EncodedClip) -> None:
    path = encoded_clip(codec, kind="object", size=(96, 128), num_frames=20, g=8)
    whole = read_block_costs(path, signal="coefficients", strict=True)
    wanted = [17, 3, 3, -1, 9]
    some = read_block_costs(path, frame_indices=wanted, signal="coefficients")
    assert whole.cell == (16 if codec in {"libx264", "libvpx", "mpeg4", "mpeg2video"} else 8)
    for name in ("luma_energy", "chroma_energy"):
        energy = getattr(whole, name)
        assert energy.dtype == np.int64
        assert energy.shape == (20, 96 // whole.cell, 128 // whole.cell)
        assert (energy >= 0).all()
        assert energy.sum() > 0
        np.testing.assert_array_equal(getattr(some, name), energy[wanted])


def test_cells_of_a_grid_hold_luma_and_chroma(clip: Path) -> None:
    costs = read_block_costs(clip, signal="coefficients")
    assert costs.luma_energy is not None
    assert costs.chroma_energy is not None
    both = costs.luma_energy + costs.chroma_energy
    np.testing.assert_array_equal(costs.on_grid((12, 16), signal="coefficients"), both)
    halves = costs.on_grid((1, 2), signal="coefficients")[:, 0]
    np.testing.assert_allclose(halves[:, 0], both[..., :8].sum((1, 2)))
    flipped = View(crop=(0, 0, 256, 192), size=(64, 64), hflip=True)
    mirrored = costs.on_grid((1, 2), view=flipped, signal="coefficients")[:, 0]
    np.testing.assert_array_equal(mirrored, halves[:, ::-1])
    weight = costs.weight(grid=(5, 12, 16), signal="coefficients")
    assert weight.max() == 65536
    again = pickle.loads(pickle.dumps(costs))
    np.testing.assert_array_equal(again.chroma_energy, costs.chroma_energy)
    assert not again.luma_energy.flags.writeable


def test_patches_score_their_energy(clip: Path) -> None:
    wanted = [4, 5, 6]
    scores = patch_scores(clip, wanted, (6, 8), signal="coefficients")
    costs = read_block_costs(clip, frame_indices=wanted, signal="coefficients")
    assert scores.dtype == np.float32
    np.testing.assert_array_equal(scores, costs.on_grid((6, 8), signal="coefficients"))
    with pytest.raises(ValueError, match='read the costs with signal="coefficients"'):
        read_block_costs(clip, frame_indices=wanted).on_grid((6, 8), signal="coefficients")


@pytest.mark.parametrize(
    ("codec", "words"),
    [
        ("wmv2", "the coefficients of blocks are not read from codec wmv2: .*several sizes"),
        ("rv10", "the bits of blocks are not read from codec rv10"),
    ],
)
def test_codecs_that_do_not_show_them_are_refused(
    codec: str, words: str, encoded_clip: EncodedClip
) -> None:
    path = encoded_clip(codec, size=(96, 128), num_frames=3)
    with pytest.raises(DecodeError, match=words):
        read_block_costs(path, signal="coefficients")
    with pytest.raises(DecodeError, match=words):
        patch_scores(path, [0, 1], (3, 4), signal="coefficients")


@pytest.mark.parametrize(
    ("codec", "options"),
    [
        ("mpeg4", {"data_partitioning": 1}),
        ("libvpx-vp9", {"lossless": 1}),
        (
            "libsvtav1",
            {"preset": 8, "svtav1_params": f"superres-mode=1:{HALVED}"},
        ),
        ("libsvtav1", {"svtav1_params": "pred-struct=1:lossless=1"}),
    ],
)
def test_energy_that_nobody_can_say_is_not_valid(
    codec: str, options: dict[str, Any], encoded_clip: EncodedClip
) -> None:
    path = encoded_clip(codec, num_frames=10, **options)
    costs = read_block_costs(path, signal="coefficients")
    assert not costs.info.damaged
    assert not costs.valid.any()
    assert np.isnan(patch_scores(path, [1, 2], (3, 4), signal="coefficients")).all()


def test_a_damaged_frame_has_no_energy_and_leaves_none_to_the_next(
    encoded_clip: EncodedClip,
) -> None:
    path = encoded_clip(
        "libx264", kind="object", size=(96, 128), num_frames=12, x264_params="bframes=0:keyint=6"
    )
    whole = read_block_costs(path, signal="coefficients")
    data = bytearray(path.read_bytes())
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
        place, size = packets[4].pos or 0, packets[4].size
    data[place + size // 2 : place + size // 2 + 40] = b"\xff" * 40
    costs = read_block_costs(bytes(data), signal="coefficients")
    assert whole.luma_energy is not None
    assert costs.luma_energy is not None
    assert not costs.valid[4]
    assert not costs.luma_energy[4].any()
    good = costs.valid.nonzero()[0]
    assert 6 in good  # the key frame behind it
    np.testing.assert_array_equal(costs.luma_energy[good], whole.luma_energy[good])


def test_memory_for_energy_is_bounded(clip: Path) -> None:
    bits = 30 * 12 * 16 * 8
    assert read_block_costs(clip, max_bytes=bits).valid.all()
    with pytest.raises(DecodeError, match="max_bytes"):
        read_block_costs(clip, max_bytes=bits, signal="coefficients")
    assert read_block_costs(clip, max_bytes=3 * bits, signal="coefficients").valid.all()
