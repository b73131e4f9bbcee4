"""The energy of coefficients is that of the residual which a full decode adds, in every codec."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mgm_ext import BlockCosts, read_block_costs
from tests import clips
from tests.conftest import EncodedClip
from tests.inspection import inspect
from tests.residual import residual

SIZE = (128, 192)
INTRA = 32  # MGM_BLOCK_INTRA of csrc/taps/blocks.h
# Vectors of whole samples, and blocks that are mere copies.
X264 = "keyint=99:me=dia:subme=0:me_range=4:weightp=0:bframes=0"
X265 = "keyint=99:subme=0:me=dia:merange=0:weightp=0:bframes=0"
STILL: dict[str, Any] = {"g": 99, "motion_est": "zero"}
# Codec, its options, and the side of the squares that no transform reaches across.
CASES: dict[str, tuple[str, dict[str, Any], int]] = {
    "mpeg1": ("mpeg1video", STILL, 16),
    "mpeg2": ("mpeg2video", STILL, 16),
    "mpeg2_422": ("mpeg2video", {**STILL, "pixel_format": "yuv422p"}, 16),
    "mpeg2_fields": ("mpeg2video", {**STILL, "flags": "+ildct+ilme", "alternate_scan": 1}, 16),
    "mpeg4": ("mpeg4", STILL, 16),
    "mpeg4_matrix": ("mpeg4", {**STILL, "mpeg_quant": 1}, 16),
    "h263p": ("h263p", STILL, 16),
    "flv": ("flv", STILL, 16),
    "msmpeg4": ("msmpeg4", STILL, 16),
    "msmpeg4v2": ("msmpeg4v2", STILL, 16),
    "wmv1": ("wmv1", STILL, 16),
    "h264": ("libx264", {"x264_params": X264}, 16),
    "h264_cavlc": ("libx264", {"x264_params": f"{X264}:cabac=0"}, 16),
    "h264_4x4": ("libx264", {"x264_params": f"{X264}:8x8dct=0"}, 16),
    "h264_matrix": ("libx264", {"x264_params": f"{X264}:cqm=jvt"}, 16),
    "h264_lossless": ("libx264", {"x264_params": f"{X264}:qp=0"}, 16),
    "h264_422": ("libx264", {"x264_params": X264, "pixel_format": "yuv422p"}, 16),
    "h264_444": ("libx264", {"x264_params": X264, "pixel_format": "yuv444p"}, 16),
    "h264_10": ("libx264", {"x264_params": X264, "pixel_format": "yuv420p10le"}, 16),
    "h264_422_10": ("libx264", {"x264_params": X264, "pixel_format": "yuv422p10le"}, 16),
    "hevc": ("libx265", {"x265_params": X265}, 64),
    "hevc_small": ("libx265", {"x265_params": f"{X265}:ctu=16:max-tu-size=8"}, 16),
    "hevc_skip": ("libx265", {"x265_params": f"{X265}:qp=20:tskip=1"}, 64),
    "hevc_matrix": ("libx265", {"x265_params": f"{X265}:scaling-list=default"}, 64),
    "hevc_lossless": ("libx265", {"x265_params": f"{X265}:lossless=1"}, 64),
    "hevc_422": ("libx265", {"x265_params": X265, "pixel_format": "yuv422p"}, 64),
    "hevc_444": ("libx265", {"x265_params": X265, "pixel_format": "yuv444p"}, 64),
    "hevc_10": ("libx265", {"x265_params": X265, "pixel_format": "yuv420p10le"}, 64),
    "vp8": ("libvpx", {"g": 99, "b": "200k"}, 16),
    "vp9": ("libvpx-vp9", {"g": 99}, 64),
    "vp9_coarse": ("libvpx-vp9", {"g": 99, "b": "150k"}, 64),
    "vp9_444": ("libvpx-vp9", {"g": 99, "pixel_format": "yuv444p"}, 64),
    "av1": ("libsvtav1", {"g": 99, "svtav1_params": "pred-struct=1"}, 64),
    "av1_fine": ("libsvtav1", {"g": 99, "svtav1_params": "pred-struct=1", "qp": 12}, 64),
    "av1_10": (
        "libsvtav1",
        {"g": 99, "svtav1_params": "pred-struct=1", "pixel_format": "yuv420p10le"},
        64,
    ),
}


def drawn(still: float, new: float) -> clips.Frames:
    """A still texture under another one that is new in each frame: nothing moves, much is added."""
    ys, xs = np.arange(SIZE[0], dtype=float), np.arange(SIZE[1], dtype=float)
    ground = 128 + still * clips.texture(xs, ys)
    added = [new * clips.texture(xs / 2, ys / 2, seed=100 + t) for t in range(6)]
    grain = np.random.default_rng(0).normal(0, new / 7, (6, *SIZE, 3))
    frames = np.rint(ground + np.stack(added) + grain)
    return np.clip(frames, 20, 235).astype(np.uint8)  # no decoder clips a sample


@pytest.fixture(scope="module")
def flicker() -> clips.Frames:
    return drawn(20, 7)


@pytest.fixture(scope="module")
def faint() -> clips.Frames:
    """For lossless coding, which would not predict the other one from the frame before."""
    return drawn(25, 2)


def in_squares(cells: NDArray[np.int64], side: int, shape: tuple[int, ...]) -> NDArray[Any]:
    rows, columns = shape[1:]
    whole = cells[:, : rows * side, : columns * side]
    sums: NDArray[Any] = whole.reshape(len(cells), rows, side, columns, side).sum((2, 4))
    return sums


def assert_energy(found: NDArray[Any], added: NDArray[Any], samples: int) -> None:
    """Rounding changes each sample by half a level at most: so far apart may the two vectors be."""
    apart = np.abs(np.sqrt(found) - np.sqrt(added)) / np.sqrt(samples)
    assert apart.max() < 0.55
    assert found.sum() == pytest.approx(added.sum(), rel=0.03)
    assert added.sum() > added.size * samples  # on average more than a level


@pytest.mark.parametrize("name", CASES)
def test_energy_is_that_of_the_residual(
    name: str, encoded_clip: EncodedClip, flicker: clips.Frames, faint: clips.Frames
) -> None:
    codec, options, side = CASES[name]
    path = encoded_clip(codec, kind=faint if "lossless" in name else flicker, **options)
    costs = read_block_costs(path, signal="coefficients", strict=True)
    expected = residual(path, side)
    assert costs.valid.all()
    assert expected.known.mean() > 0.2
    assert costs.luma_energy is not None
    assert costs.chroma_energy is not None
    shape, per = expected.luma.shape, side // costs.cell
    luma, chroma = (in_squares(c, per, shape) for c in (costs.luma_energy, costs.chroma_energy))
    known = expected.known
    assert_energy(luma[known], expected.luma[known], expected.samples[0])
    assert_energy(chroma[known], expected.chroma[known], expected.samples[1])


def energies(costs: BlockCosts) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    assert costs.luma_energy is not None
    assert costs.chroma_energy is not None
    return costs.luma_energy, costs.chroma_energy


@pytest.mark.parametrize("codec", ["mpeg1video", "mpeg2video", "mpeg4", "h263p", "msmpeg4", "wmv1"])
def test_of_unpredicted_intra_blocks_it_is_what_varies(
    codec: str, encoded_clip: EncodedClip, flicker: clips.Frames
) -> None:
    """The MPEG family predicts no intra sample: all but the mean of each 8x8 is coded."""
    path = encoded_clip(codec, kind=flicker, **STILL)
    luma, chroma = energies(read_block_costs(path, signal="coefficients", frame_indices=[0]))
    found = inspect(path, luma=True)
    for energy, planes in ((luma, found.luma[:1]), (chroma, found.chroma[0])):
        blocks = planes.reshape(len(planes), planes.shape[1] // 8, 8, -1, 8).astype(np.float64)
        blocks = ((blocks - blocks.mean((2, 4), keepdims=True)) ** 2).sum((2, 4))
        per = blocks.shape[1] // energy.shape[1]
        added = blocks.sum(0).reshape(energy.shape[1], per, energy.shape[2], per).sum((1, 3))
        assert_energy(energy[0], added, 64 * per * per * len(planes))


@pytest.mark.parametrize("options", ["", ":cabac=0", ":qp=0"])
@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv422p", "yuv420p10le"])
def test_of_h264s_intra_blocks_the_means_are_in_it(
    options: str, pixel_format: str, encoded_clip: EncodedClip
) -> None:
    """In slices of one macroblock those of 16x16 know nothing: they are predicted as mid-grey."""
    frames = np.stack([drawn(0, 14)[t] for t in (0, 3)])  # unlike each other
    params = f"{X264}:scenecut=0:partitions=none:slice-max-mbs=1{options}"
    path = encoded_clip("libx264", kind=frames, x264_params=params, pixel_format=pixel_format)
    luma, chroma = energies(read_block_costs(path, signal="coefficients", frame_indices=[1]))
    found = inspect(path, loop_filters=False, luma=True)
    second = (found.flags[found.offsets[1] :] & INTRA) != 0
    assert len(second) == luma[0].size  # one block each
    intra = second.reshape(luma[0].shape)
    assert intra.sum() > 20
    grey = 512 if "10" in pixel_format else 128
    for energy, planes in ((luma, found.luma[1:2]), (chroma, found.chroma[1])):
        squares = (planes.astype(np.float64) - grey) ** 2
        h, w = planes.shape[1] // energy.shape[1], planes.shape[2] // energy.shape[2]
        added = squares.reshape(len(planes), -1, h, energy.shape[2], w).sum((0, 2, 4))
        assert_energy(energy[0][intra], added[intra], h * w * len(planes))
