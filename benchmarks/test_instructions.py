"""Instructions of the main paths beside their rivals', and how near to the decoder's floor."""

from __future__ import annotations

import pytest

from benchmarks import instructions
from benchmarks.conftest import Record
from benchmarks.instructions import Code
from tests.conftest import RealClip

OURS = "import mgm_ext, numpy; path = {path!r}; clip = 4 * numpy.arange(16)"
RIVALS = (
    "from pathlib import Path; from benchmarks import rivals_decode as rival; path = Path({path!r})"
)
MASKS = """
from benchmarks import rivals_masks as rival
import mgm_ext, numpy
field = mgm_ext.read_motion_field({path!r}, frame_indices=4 * numpy.arange(16))
score = mgm_ext.motion_score(field, camera="none")
random = numpy.random.default_rng(0)
"""
CLIPS = ("arm_wrestling.mp4", "bikes.mp4")
FILES = {
    "read_motion_field": (
        "mgm_ext.read_motion_field(path)",
        "rival.full_decode_field(path)",
        "our own full decode with the same field",
    ),
    'read_motion_vectors, blocks="libavcodec"': (
        'mgm_ext.read_motion_vectors(path, blocks="libavcodec")',
        "rival.pyav_rows(path)",
        "PyAV export, to_ndarray",
    ),
}
STRICT = "the same with strict=True, which reads pictures without vectors too"
# The results are compared where the same pairs are timed, in test_masks.
RULES = {
    "motion_guided_mask smooth from a field": (
        'mgm_ext.motion_guided_mask(field, preset="smooth", seed=3)',
        "rival.smooth_mask(rival.motion_score(field, (8, 14, 14)), 147, 3)",
        "vectorised NumPy",
    ),
    "motion_guided_mask smooth from a score": (
        'mgm_ext.motion_guided_mask(score, peak="smooth", seed=3)',
        "rival.smooth_mask(score.values, 147, 3)",
        "vectorised NumPy",
    ),
    "motion_guided_mask smooth from a score, ": (
        'mgm_ext.motion_guided_mask(score, peak="smooth", seed=3)',
        "rival.tube(random, 8, 196, 147)",
        "NumPy tube mask",
    ),
}
needs_valgrind = pytest.mark.skipif(not instructions.available(), reason="valgrind is missing")


def compare(record: Record, row: str, ours: Code, theirs: Code, rival: str) -> None:
    mine, other = instructions.count(ours), instructions.count(theirs)
    note = f"{mine / 1000:,.0f} against {other / 1000:,.0f} thousand instructions"
    record("instructions", row, other / mine, unit="x", rival=rival, note=note)


@needs_valgrind
@pytest.mark.parametrize("what", FILES)
@pytest.mark.parametrize("clip", CLIPS)
def test_files(record: Record, real_clip: RealClip, clip: str, what: str) -> None:
    path = str(real_clip(clip))
    ours, theirs, rival = FILES[what]
    compare(
        record,
        f"{what}, {clip}",
        Code(OURS.format(path=path), ours),
        Code(RIVALS.format(path=path), theirs),
        rival,
    )


@needs_valgrind
@pytest.mark.parametrize("clip", CLIPS)
def test_without_reading_intra_pictures(record: Record, real_clip: RealClip, clip: str) -> None:
    setup = OURS.format(path=str(real_clip(clip)))
    compare(
        record,
        f"read_motion_field, {clip}",
        Code(setup, FILES["read_motion_field"][0]),
        Code(setup, "mgm_ext.read_motion_field(path, strict=True)"),
        STRICT,
    )


@needs_valgrind
@pytest.mark.parametrize("what", RULES)
def test_masks(record: Record, real_clip: RealClip, what: str) -> None:
    ours, theirs, rival = RULES[what]
    setup = MASKS.format(path=str(real_clip("arm_wrestling.mp4")))
    compare(record, what.rstrip(", "), Code(setup, ours), Code(setup, theirs), rival)


@needs_valgrind
@pytest.mark.parametrize("clip", ["arm_wrestling.mp4", "bigbuckbunny.mp4"])
def test_share_of_the_entropy_decoder(record: Record, real_clip: RealClip, clip: str) -> None:
    code = Code(OURS.format(path=str(real_clip(clip))), "mgm_ext.read_motion_field(path)")
    *parsers, whole = instructions.inside(
        code, "mgm_h264_decode_mb_cabac", "ff_h264_decode_mb_ca*", "mgm::read_motion_field(*"
    )
    parsing = sum(parsers)
    row = f"share of read_motion_field that parses macroblocks, {clip}"
    if not (parsing and whole):
        record("instructions", row, None, note="the library was built without symbols")
        pytest.skip("no symbols")
    assert parsing < whole
    note = "instructions inside h264_decode_mb_{cabac,cavlc}, which nothing can leave out"
    record("instructions", row, parsing / whole, at_least=0.85, note=note)
