"""Clips of VP9 and VP8: what is decoded without pixels leaves those that were asked for right."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mgm_ext import VideoReader, read_motion_field
from tests import clips, libvpx, oracles
from tests.conftest import EncodedClip, TwoPassClip

SIZE = (96, 128)
LENGTH = 40
INDICES = ([3, 9, 20], [39], [5, 6, 7], [1, 30], list(range(0, 40, 5)), [12, 2])


@pytest.fixture(
    scope="module",
    params=["key frames", "hidden pictures", "layers of hidden pictures", "unreferenced pictures"],
)
def kind(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module", params=["libvpx", "libvpx-vp9"])
def path(
    request: pytest.FixtureRequest,
    kind: str,
    encoded_clip: EncodedClip,
    two_pass_clip: TwoPassClip,
    tmp_path_factory: pytest.TempPathFactory,
) -> Path:
    codec = str(request.param)
    frames = clips.moving_object(size=SIZE, num_frames=LENGTH, box=(16, 16, 64, 64), camera=(1, 0))
    if kind == "key frames":
        return encoded_clip(codec, kind=frames, g=12, b="200k")
    if kind == "unreferenced pictures":
        packets = libvpx.encode(
            codec,
            list(frames),
            passes=1,
            lag_in_frames=0,
            kilobits=4000,  # plenty of coefficients to leave behind
            unreferenced=[i for i in range(LENGTH) if i % 3],
        )
        file = tmp_path_factory.mktemp("vpx") / f"{codec}.ivf"
        return libvpx.write_ivf(file, codec, packets, size=SIZE)
    layers = 6 if kind.startswith("layers") and codec == "libvpx-vp9" else 1
    return two_pass_clip(codec, frames, kilobits=200, auto_alt_ref=layers, cpu_used=4)


def test_clips_have_pyavs_pixels_and_one_field(path: Path) -> None:
    shown = [frame.to_ndarray(format="rgb24").astype(int) for frame in oracles.pyav_frames(path)]
    whole = read_motion_field(path)
    assert len(shown) == LENGTH == len(whole.vectors)
    reader = VideoReader(path)
    for indices in INDICES:
        clip = reader.read_clip(indices)
        assert clip.frames is not None
        assert np.abs(clip.frames - np.stack([shown[i] for i in indices])).max() <= 2
        field = reader.read_clip(indices, pixels=False).field
        np.testing.assert_array_equal(field.vectors, clip.field.vectors)
        np.testing.assert_array_equal(field.vectors, whole.vectors[field.row_frames])
        np.testing.assert_array_equal(field.coded, whole.coded[field.row_frames])
