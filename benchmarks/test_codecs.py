"""What each codec's pass without pixels saves, and what its vectors cost where pixels are made."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks import instructions
from benchmarks import rivals_decode as rival
from benchmarks.conftest import Record
from benchmarks.footage import bitrate
from benchmarks.paired import ratio
from mgm_ext import read_motion_field
from tests.conftest import EncodedClip, RealFootage

# Lines and columns, frames, and the real clip that they are scaled from.
SIZES = {
    "1280x720": ((720, 1280), 48, "bigbuckbunny.mp4"),
    "340x256": ((256, 340), 96, "bikes.mp4"),
    "426x240": ((240, 426), 100, "bikes.mp4"),
}
# The encoder, the sizes that are measured, and the ratio wanted at each.
CODECS: dict[str, tuple[str, dict[str, float | None]]] = {
    "H.264": ("libx264", {"426x240": None}),
    "HEVC": ("libx265", {"1280x720": 1.5, "340x256": 1.4, "426x240": None}),
    "VP9": ("libvpx-vp9", {"1280x720": 1.7, "340x256": 1.6, "426x240": None}),
    "VP8": ("libvpx", {"1280x720": 1.4, "340x256": 1.3, "426x240": None}),
    "AV1": ("libsvtav1", {"1280x720": 1.5, "340x256": 1.4, "426x240": None}),
    "MPEG-4": ("mpeg4", {"1280x720": None, "340x256": None, "426x240": None}),
    "MPEG-2": ("mpeg2video", {"1280x720": None, "340x256": None, "426x240": None}),
    "WMV2": ("wmv2", {"426x240": None}),
}
SETUP = """
from mgm_ext._core import _testing
from mgm_ext.decode import read_options
options = read_options(vectors_only=False)
def decode(vectors):
    _testing.inspect({path!r}, options, vectors=vectors, loop_filters=True, luma=False)
"""


@pytest.mark.parametrize(
    ("codec", "size"), [(codec, size) for codec, (_, sizes) in CODECS.items() for size in sizes]
)
def test_field_without_pixels(
    record: Record, encoded_clip: EncodedClip, real_footage: RealFootage, codec: str, size: str
) -> None:
    shape, num_frames, name = SIZES[size]
    encoder, wanted = CODECS[codec]
    path = encoded_clip(encoder, kind=real_footage(name, size=shape, num_frames=num_frames))
    field, full = read_motion_field(path), rival.full_decode_field(path)
    for column in ("vectors", "coded", "cuts"):
        np.testing.assert_array_equal(getattr(field, column), getattr(full, column))
    record(
        "codecs",
        f"read_motion_field, {codec} {size}",
        ratio(lambda: rival.full_decode_field(path), lambda: read_motion_field(path), budget=8),
        rival="our own full decode with the same field",
        at_least=wanted[size],
        frames=num_frames,
        note=bitrate(path, num_frames),
    )


@pytest.mark.skipif(not instructions.available(), reason="valgrind is missing")
@pytest.mark.parametrize("codec", CODECS)
def test_vectors_beside_pixels_cost_little(
    record: Record, encoded_clip: EncodedClip, real_footage: RealFootage, codec: str
) -> None:
    encoder, wanted = CODECS[codec]
    path = encoded_clip(encoder, kind=real_footage("bikes.mp4", size=(256, 340), num_frames=24))
    setup = SETUP.format(path=str(path))
    ours, without = instructions.counts(setup, ["decode(True)", "decode(False)"])
    record(
        "codecs",
        f"full decode with vectors, {codec} 340x256",
        ours / without,
        rival="instructions of a full decode without",
        unit="x",
        at_most=1.05 if any(wanted.values()) else None,
        note="every block's values copied out included",
    )
