"""The clips that other tests trust: their motion, their caching, their errors."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from tests import clips
from tests.conftest import EncodedClip, RealFootage


def decode(path: Path) -> list[av.VideoFrame]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


@pytest.mark.parametrize("motion", [(3, 2), (-4, 1), (0, -5)])
def test_scrolled_content_moves_by_the_stated_motion(motion: tuple[int, int]) -> None:
    frames = clips.scroll(motion=motion, size=(64, 80), num_frames=2)
    dx, dy = motion
    moved = np.roll(frames[0], (dy, dx), axis=(0, 1))
    assert np.array_equal(moved[8:-8, 8:-8], frames[1, 8:-8, 8:-8])
    assert not np.array_equal(frames[0, 8:-8, 8:-8], frames[1, 8:-8, 8:-8])


def test_fractions_of_a_pixel_add_up() -> None:
    frames = clips.scroll(motion=(0.25, -0.5), size=(64, 80), num_frames=5)
    moved = np.roll(frames[0], (-2, 1), axis=(0, 1))
    assert np.abs(moved[8:-8, 8:-8].astype(int) - frames[4, 8:-8, 8:-8]).max() <= 1


def test_object_moves_over_a_background_that_rests() -> None:
    frames = clips.moving_object(motion=(4, 0), box=(16, 16, 48, 48), size=(64, 96), num_frames=3)
    assert np.array_equal(frames[0, 16:48, 16:48], frames[2, 16:48, 24:56])
    assert np.array_equal(frames[0, :16], frames[2, :16])


@pytest.mark.parametrize("codec", clips.ENCODERS)
def test_every_encoder_gives_the_frames_back(encoded_clip: EncodedClip, codec: str) -> None:
    size = (144, 176)  # the only small one that H.263 has
    path = encoded_clip(codec, size=size, num_frames=6)
    decoded = decode(path)
    assert len(decoded) == 6
    last = decoded[-1].to_ndarray(format="rgb24").astype(int)
    errors = [np.abs(last - truth).mean() for truth in clips.scroll(size=size, num_frames=6)]
    assert np.argmin(errors) == 5
    assert errors[5] < 16


def test_a_clip_is_encoded_once(encoded_clip: EncodedClip) -> None:
    first = encoded_clip("libx264", num_frames=4, bf=0)
    stamp = first.stat().st_mtime_ns
    assert encoded_clip("libx264", num_frames=4, bf=0).stat().st_mtime_ns == stamp
    other = encoded_clip("libx264", num_frames=4, bf=2)
    assert other != first
    assert "bf=2" in other.name


def test_picture_types_follow_the_options(encoded_clip: EncodedClip) -> None:
    without = [int(f.pict_type) for f in decode(encoded_clip("libx264", num_frames=12, bf=0))]
    assert without == [1] + [2] * 11
    types = {int(f.pict_type) for f in decode(encoded_clip("libx264", num_frames=12, bf=2))}
    assert types == {1, 2, 3}


def test_unknown_encoder_option_is_an_error(tmp_path: Path) -> None:
    frames = clips.still(num_frames=2)
    with pytest.raises(ValueError, match="libx264 has no option bogus"):
        clips.encode(tmp_path / "a.mp4", frames, "libx264", bogus=1)


def test_real_footage_is_scaled(real_footage: RealFootage) -> None:
    frames = real_footage("bikes.mp4", size=(96, 128), num_frames=3)
    assert frames.shape == (3, 96, 128, 3)
    assert frames.std() > 10
