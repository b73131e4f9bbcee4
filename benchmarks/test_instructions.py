"""Instructions of the main paths beside their rivals', and how near to the decoder's floor."""

from __future__ import annotations

import pytest

from benchmarks import instructions
from benchmarks.conftest import Record
from benchmarks.instructions import Pair
from tests.conftest import EncodedClip, RealClip

READERS = """
from pathlib import Path
import mgm_ext
from benchmarks import rivals_decode as rival
path = Path({path!r})
"""
MASKS = """
from benchmarks import rivals_masks as rival
import mgm_ext, numpy
field = mgm_ext.read_motion_field({path!r}, frame_indices=4 * numpy.arange(16))
score = mgm_ext.motion_score(field, camera="none")
random = numpy.random.default_rng(0)
"""
FIELD = "mgm_ext.read_motion_field(path)"
ROWS = 'mgm_ext.read_motion_vectors(path, blocks="libavcodec")'
FROM_SCORE = 'mgm_ext.motion_guided_mask(score, peak="smooth", seed=3)'


# Results are compared where the same pairs are timed, in test_decode and test_masks.
def of_file(clip: str) -> list[Pair]:
    return [
        Pair(
            f"read_motion_field, {clip}",
            FIELD,
            "rival.full_decode_field(path)",
            "our own full decode with the same field",
        ),
        Pair(
            f"read_motion_field, {clip}",
            FIELD,
            "mgm_ext.read_motion_field(path, strict=True)",
            "the same with strict=True, which reads pictures without vectors too",
        ),
        Pair(
            f'read_motion_vectors, blocks="libavcodec", {clip}',
            ROWS,
            "rival.pyav_rows(path)",
            "PyAV export, to_ndarray",
        ),
    ]


RULES = [
    Pair(
        "motion_guided_mask smooth from a field",
        'mgm_ext.motion_guided_mask(field, preset="smooth", seed=3)',
        "rival.smooth_mask(rival.motion_score(field, (8, 14, 14)), 147, 3)",
        "vectorised NumPy",
    ),
    Pair(
        "motion_guided_mask smooth from a score",
        FROM_SCORE,
        "rival.smooth_mask(score.values, 147, 3)",
        "vectorised NumPy",
    ),
    Pair(
        "motion_guided_mask smooth from a score",
        FROM_SCORE,
        "rival.tube(random, 8, 196, 147)",
        "NumPy tube mask",
    ),
]
needs_valgrind = pytest.mark.skipif(not instructions.available(), reason="valgrind is missing")


@needs_valgrind
@pytest.mark.parametrize("clip", ["arm_wrestling.mp4", "bikes.mp4"])
def test_files(record: Record, real_clip: RealClip, clip: str) -> None:
    setup = READERS.format(path=str(real_clip(clip)))
    instructions.compare(record, setup, of_file(clip))


@needs_valgrind
@pytest.mark.parametrize("codec", ["libx264", "libx265", "libvpx-vp9", "libsvtav1", "mpeg2video"])
def test_bits_of_blocks(record: Record, encoded_clip: EncodedClip, codec: str) -> None:
    path = encoded_clip(codec, kind="object", size=(256, 344), num_frames=48)
    name = codec.removeprefix("lib")
    pair = Pair(
        f"read_block_costs, {name}",
        "mgm_ext.read_block_costs(path)",
        "mgm_ext.read_motion_field(path, strict=True, cell=16)",
        "the field with strict=True, which reads the same pictures",
        at_least=0.97,
    )
    instructions.compare(record, READERS.format(path=str(path)), [pair])


@needs_valgrind
@pytest.mark.parametrize("codec", ["libx264", "libx265"])
def test_bits_of_sampled_frames(record: Record, encoded_clip: EncodedClip, codec: str) -> None:
    path = encoded_clip(codec, kind="object", size=(256, 344), num_frames=48)
    pair = Pair(
        f"read_block_costs of 8 frames of 48, {codec.removeprefix('lib')}",
        "mgm_ext.read_block_costs(path, frame_indices=range(3, 48, 6))",
        "mgm_ext.read_block_costs(path)",
        "of all",
        at_least=2,
    )
    instructions.compare(record, READERS.format(path=str(path)), [pair])


@needs_valgrind
@pytest.mark.parametrize(
    "codec",
    ["libx264", "libx265", "libvpx", "libvpx-vp9", "libsvtav1", "mpeg2video", "mpeg4"],
)
def test_coefficients_of_blocks(record: Record, encoded_clip: EncodedClip, codec: str) -> None:
    path = encoded_clip(codec, kind="object", size=(256, 344), num_frames=48)
    name = codec.removeprefix("lib")
    pair = Pair(
        f"read_block_costs with coefficients, {name}",
        'mgm_ext.read_block_costs(path, signal="coefficients")',
        "mgm_ext.read_motion_field(path, strict=True, cell=16)",
        "the field with strict=True, which reads the same pictures",
        at_least=0.87,
    )
    instructions.compare(record, READERS.format(path=str(path)), [pair])


@needs_valgrind
def test_masks(record: Record, real_clip: RealClip) -> None:
    setup = MASKS.format(path=str(real_clip("arm_wrestling.mp4")))
    instructions.compare(record, setup, RULES)


@needs_valgrind
@pytest.mark.parametrize("clip", ["arm_wrestling.mp4", "bigbuckbunny.mp4"])
def test_share_of_the_entropy_decoder(record: Record, real_clip: RealClip, clip: str) -> None:
    setup = f"import mgm_ext; path = {str(real_clip(clip))!r}"
    *parsers, whole = instructions.inside(
        setup,
        FIELD,
        "mgm_h264_decode_mb_cabac",
        "ff_h264_decode_mb_ca*",
        "mgm::read_motion_field(*",
    )
    parsing = sum(parsers)
    row = f"share of read_motion_field that parses macroblocks, {clip}"
    if not (parsing and whole):
        record("instructions", row, None, note="the library was built without symbols")
        pytest.skip("no symbols")
    assert parsing < whole
    note = "instructions inside h264_decode_mb_{cabac,cavlc}, which nothing can leave out"
    record("instructions", row, parsing / whole, at_least=0.85, note=note)
