"""Memory: the decoder's own pictures, the result, and little else."""

from __future__ import annotations

import pytest

from benchmarks import peak
from mgm_ext import read_motion_field
from tests.conftest import EncodedClip, RealFootage

SLACK = 2.0  # MiB: what the allocator rounds up


@pytest.mark.parametrize("size", [(240, 426), (480, 854), (1080, 1920)], ids=str)
def test_field_needs_the_decoders_pictures_and_the_result(
    encoded_clip: EncodedClip, real_footage: RealFootage, size: tuple[int, int]
) -> None:
    frames = real_footage("bigbuckbunny.mp4", size=size, num_frames=24)
    path = encoded_clip("libx264", kind=frames, preset="superfast", bf=2)
    field = read_motion_field(path)
    result = (field.vectors.nbytes + field.coded.nbytes) / (1 << 20)
    # PyAV's decoder holds the same pictures, and its loop keeps none of them.
    pictures = peak.mebibytes(path, peak.PYAV_DECODES)
    assert peak.mebibytes(path, peak.FIELD) < pictures + result + SLACK


def test_field_of_a_longer_file_needs_only_the_longer_result(
    encoded_clip: EncodedClip, real_footage: RealFootage
) -> None:
    used, results = [], []
    for count in (60, 240):
        frames = real_footage("bikes.mp4", size=(144, 256), num_frames=count)
        path = encoded_clip("libx264", kind=frames, preset="superfast")
        field = read_motion_field(path)
        results.append((field.vectors.nbytes + field.coded.nbytes) / (1 << 20))
        used.append(peak.mebibytes(path, peak.FIELD))
    assert used[1] - used[0] < 2 * (results[1] - results[0]) + 1
