"""Bits of blocks in streams that no encoder here writes, and of pictures that are not shown."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from mgm_ext import read_block_costs
from tests import clips, slice_sizes
from tests.conftest import TwoPassClip
from tests.field_pictures import DOWN, WIDTH, default_list, parameter_sets, write_field
from tests.test_tap_h264_streams import FIELDS
from tests.test_tap_mpegvideo_fields import write


def test_rows_share_the_bits_of_both_fields(tmp_path: Path) -> None:
    samples = clips.scroll(size=(16 * DOWN, WIDTH), num_frames=1)[0, :, :, 0]
    stream, sizes = parameter_sets(2), [0] * 5
    for i, field in enumerate(FIELDS):
        active = [max(len(default_list(FIELDS, i, which)), 1) for which in (0, 1)]
        unit = write_field(field, active, samples)
        stream += unit
        sizes[field.frame] += slice_sizes.payload_bits(unit.split(b"\x00\x00\x01")[1])
    path = tmp_path / "fields.h264"
    path.write_bytes(stream)
    costs = read_block_costs(path, strict=True)
    assert costs.valid.all()
    assert (costs.bits.sum((1, 2)) + costs.header_bits + costs.end_bits).tolist() == sizes
    assert (costs.end_bits == 2).all()  # of two slices, each the bit that ends it
    pairs = costs.bits.reshape(5, DOWN, 2, -1)
    assert (np.abs(pairs[:, :, 0] - pairs[:, :, 1]) <= 2).all()  # one odd bit of each field


@pytest.mark.parametrize("top_first", [True, False])
def test_field_pictures_of_mpeg2_add_up(tmp_path: Path, top_first: bool) -> None:
    path = tmp_path / "fields.m2v"
    path.write_bytes(write(0, top_first=top_first).writer.to_bytes())
    costs = read_block_costs(path)
    sizes = slice_sizes.sizes(path, slice_sizes.from_first_slice)
    found = costs.bits.sum() + costs.header_bits.sum() + costs.end_bits.sum()
    assert costs.valid.all()
    assert found == sum(bits for (bits,) in sizes)


def test_a_hidden_picture_counts_where_it_is_shown(two_pass_clip: TwoPassClip) -> None:
    path = two_pass_clip("libvpx-vp9", clips.scroll(size=(96, 128), num_frames=40), auto_alt_ref=1)
    costs = read_block_costs(path)
    assert costs.valid.all()
    found = costs.bits.sum((1, 2)) + costs.header_bits + costs.end_bits
    with av.open(str(path)) as container:
        packets = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    frames = [slice_sizes.frames_vp9(packet) for packet in packets]
    assert max(map(len, frames)) > 1  # some hold a hidden picture
    whole = [8 * sizes[-1] for sizes in frames]
    shown_again = np.array([sizes[-1] for sizes in frames]) <= 2
    np.testing.assert_array_equal(found[~shown_again], np.array(whole)[~shown_again])
    hidden = {8 * size for sizes in frames for size in sizes[:-1]}
    assert all(bits == 0 or bits in hidden for bits in found[shown_again].tolist())


def test_raw_macroblocks_add_nothing(tmp_path: Path) -> None:
    samples = clips.scroll(size=(16 * DOWN, WIDTH), num_frames=1)[0, :, :, 0]
    stream = parameter_sets(2)
    for i, field in enumerate(FIELDS):
        active = [max(len(default_list(FIELDS, i, which)), 1) for which in (0, 1)]
        stream += write_field(field, active, samples)
    path = tmp_path / "fields.h264"
    path.write_bytes(stream)
    costs = read_block_costs(path, signal="coefficients", strict=True)
    assert costs.valid.all()
    assert costs.luma_energy is not None
    assert costs.bits.sum() > 8 * samples.size
    assert not costs.luma_energy.any()


def test_rows_share_the_energy_of_both_fields(tmp_path: Path) -> None:
    path = tmp_path / "fields.m2v"
    path.write_bytes(write(0, top_first=True).writer.to_bytes())
    costs = read_block_costs(path, signal="coefficients")
    assert costs.valid.all()
    assert costs.luma_energy is not None
    assert costs.luma_energy.any()
    pairs = costs.luma_energy.reshape(len(costs.valid), -1, 2, costs.luma_energy.shape[2])
    assert (np.abs(pairs[:, :, 0] - pairs[:, :, 1]) <= 1).all()
