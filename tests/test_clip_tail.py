"""After a clip's last frame only rows are left to read, without pixels; later clips have theirs."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgm_ext import VideoReader
from tests.conftest import EncodedClip

FRAMES = 72
STREAMS: dict[str, dict[str, Any]] = {
    "libx264": {"x264_params": "bframes=3:b-pyramid=strict:keyint=48:scenecut=0"},
    "libx265": {"x265_params": "bframes=4:b-pyramid=1:keyint=48:open-gop=1:scenecut=0"},
    "libvpx-vp9": {"g": 48},
    "libvpx": {"g": 48},
    "libsvtav1": {"g": 48},
    "mpeg4": {"bf": 2, "g": 48},
    "mpeg2video": {"bf": 2, "g": 48, "container": "mkv"},
    "mpeg1video": {"bf": 2, "g": 48, "container": "mkv"},
    "h263": {"g": 48},
    "flv": {"g": 48},
    "msmpeg4": {"g": 48},
    "wmv2": {"g": 48},
}


@pytest.fixture(params=STREAMS)
def path(request: pytest.FixtureRequest, encoded_clip: EncodedClip) -> Path:
    options = STREAMS[request.param]
    size = (96, 128)
    return encoded_clip(request.param, kind="object", size=size, num_frames=FRAMES, **options)


def check(reader: VideoReader, whole: Any, indices: list[int]) -> None:
    clip = reader.read_clip(indices)
    np.testing.assert_array_equal(clip.frames, whole.frames[indices])
    for samples, row in enumerate(clip.field.row_frames.tolist()):
        np.testing.assert_array_equal(clip.field.vectors[samples], whole.field.vectors[row])
        np.testing.assert_array_equal(clip.field.coded[samples], whole.field.coded[row])


@pytest.mark.parametrize("stride", [1, 4, 5])
def test_every_end_of_a_clip(path: Path, stride: int) -> None:
    whole = VideoReader(path).read_clip(range(FRAMES))
    assert whole.field.row_frames.tolist() == list(range(FRAMES))
    for first in range(0, FRAMES - stride, 3):
        check(VideoReader(path), whole, [first, first + stride])


@pytest.mark.parametrize("step", [1, 3, 11])
def test_clips_in_a_row(path: Path, step: int) -> None:
    whole = VideoReader(path).read_clip(range(FRAMES))
    reader = VideoReader(path)
    for first in range(0, FRAMES - 8, step):
        if first % 5 == 4:
            reader.read_clip([first], pixels=False)
        check(reader, whole, [first, first + 4, first + 8])
    check(reader, whole, [1, 5, 9])


class Counted(io.BytesIO):
    """Counts the bytes that are read."""

    count = 0

    def read(self, size: int | None = -1, /) -> bytes:
        data = super().read(size)
        self.count += len(data)
        return data


def test_clips_in_a_row_are_read_once(encoded_clip: EncodedClip) -> None:
    path = encoded_clip(
        "libx264", kind="noise", size=(192, 256), num_frames=FRAMES, crf=18, bf=3, g=FRAMES
    )
    data = Counted(path.read_bytes())
    size = path.stat().st_size
    reader = VideoReader(data)
    reader.read_clip([0, 4])
    opened = data.count
    for first in range(8, FRAMES - 8, 8):
        reader.read_clip([first, first + 4])
    # One return to the key frame, after which the reader knows how it is used; 8 would be 4 sizes.
    assert data.count - opened < 1.5 * size
