"""Colours of a clip against PyAV: depths, subsampling, matrices, ranges, fields, cropping."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from mgm_ext import VideoReader
from tests import clips
from tests.conftest import EncodedClip

MOST = 2  # levels; DESIGN's promise
FRAMES = 6

STREAMS: dict[str, tuple[str, dict[str, Any]]] = {
    "8 bit": ("libx264", {}),
    "8 bit 4:2:2": ("libx264", {"pixel_format": "yuv422p"}),
    "8 bit 4:4:4": ("libx264", {"pixel_format": "yuv444p"}),
    "10 bit": ("libx264", {"pixel_format": "yuv420p10le", "bf": 2}),
    "10 bit 4:2:2": ("libx264", {"pixel_format": "yuv422p10le"}),
    "10 bit 4:4:4": ("libx264", {"pixel_format": "yuv444p10le"}),
    "10 bit HEVC": ("libx265", {"pixel_format": "yuv420p10le"}),
    "12 bit HEVC": ("libx265", {"pixel_format": "yuv420p12le"}),
    "10 bit AV1": ("libsvtav1", {"pixel_format": "yuv420p10le"}),
    "BT.709": ("libx264", {"x264_params": "colormatrix=bt709"}),
    "BT.709 10 bit": (
        "libx264",
        {"pixel_format": "yuv420p10le", "x264_params": "colormatrix=bt709"},
    ),
    "full range": ("libx264", {"x264_params": "fullrange=on:colormatrix=bt709"}),
    "chroma on the luma rows": (
        "libx264",
        {"pixel_format": "yuv420p10le", "x264_params": "chromaloc=2"},
    ),
    "chroma below": ("libx264", {"pixel_format": "yuv420p10le", "x264_params": "chromaloc=5"}),
    "interlaced": ("libx264", {"flags": "+ildct+ilme", "x264_params": "tff=1"}),
    "interlaced 10 bit": (
        "libx264",
        {"pixel_format": "yuv420p10le", "flags": "+ildct+ilme", "x264_params": "bff=1"},
    ),
    "interlaced MPEG-2": ("mpeg2video", {"flags": "+ildct+ilme"}),
}


def theirs(path: Path) -> clips.Frames:
    with av.open(str(path)) as container:
        frames = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    return np.stack(frames)


@pytest.mark.parametrize("content", ["noise", "object"])
@pytest.mark.parametrize("stream", STREAMS)
def test_colours_are_pyavs(encoded_clip: EncodedClip, stream: str, content: str) -> None:
    codec, options = STREAMS[stream]
    container = "ts" if codec == "mpeg2video" else None
    path = encoded_clip(
        codec, kind=content, size=(96, 128), num_frames=FRAMES, container=container, **options
    )
    wanted = theirs(path)
    frames = VideoReader(path).read_clip(range(len(wanted))).frames
    assert frames is not None
    assert np.abs(frames - wanted.astype(np.int16)).max() <= MOST


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuv420p10le"])
def test_odd_heights(encoded_clip: EncodedClip, pixel_format: str) -> None:
    path = encoded_clip(
        "libx264",
        kind="noise",
        size=(96, 128),
        num_frames=FRAMES,
        pixel_format=pixel_format,
        x264_params="crop-rect=0,0,0,2",
    )
    wanted = theirs(path)
    assert wanted.shape == (FRAMES, 94, 128, 3)
    frames = VideoReader(path).read_clip(range(FRAMES)).frames
    assert frames is not None
    assert np.abs(frames - wanted.astype(np.int16)).max() <= MOST


def test_a_picture_cropped_at_every_side(encoded_clip: EncodedClip) -> None:
    path = encoded_clip(
        "libx264",
        kind="object",
        size=(96, 128),
        num_frames=FRAMES,
        x264_params="crop-rect=16,8,4,2",
    )
    wanted = theirs(path)[:, :, 16:]  # PyAV's decoder leaves a left crop undone
    clip = VideoReader(path).read_clip(range(FRAMES))
    np.testing.assert_array_equal(clip.frames, wanted)
    assert (clip.field.height, clip.field.width) == (86, 108)
