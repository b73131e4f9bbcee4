"""Every clip gets a mask, says where it came from, and too many fallbacks end the run."""

from __future__ import annotations

import pickle
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgm_ext import (
    Masking,
    NoMotionVectors,
    VideoReader,
    make_masking,
    motion_guided_mask,
    read_motion_field,
    simulated_motion_mask,
)
from mgm_ext.adapters import FieldReader, MaskSource, Motion, SafeMasking, TooManyFallbacks
from mgm_ext.adapters import field_for as read_field
from mgm_ext.adapters.sources import motion_of
from mgm_ext.motion_field import INVALID
from tests.children import in_child
from tests.conftest import EncodedClip
from tests.fields import random_field

pytestmark = pytest.mark.filterwarnings("ignore::mgm_ext.adapters.FallbackWarning")

GRID = (4, 6, 6)
FIELD = random_field(1, slots=4, tubelet=2, high=9, wide=9)
INDICES = np.arange(0, 16, 2)
SIZE = (96, 128)
NO_VECTORS = Motion(None, MaskSource.FALLBACK, "gif")


def guided(**options: Any) -> Masking:
    return make_masking("motion_guided", input_size=GRID, mask_ratio=0.75, **options)


def guided_motion() -> Motion:
    return Motion(FIELD, MaskSource.GUIDED)


def test_a_guided_mask_is_the_maskings_own() -> None:
    mask, source = SafeMasking(guided())(guided_motion(), seed=3)
    np.testing.assert_array_equal(mask, motion_guided_mask(FIELD, grid=GRID, seed=3))
    assert source is MaskSource.GUIDED


def test_without_motion_the_fallback_masks_as_many_tokens() -> None:
    mask, source = SafeMasking(guided())(NO_VECTORS, seed=3)
    np.testing.assert_array_equal(mask, simulated_motion_mask(grid=GRID, seed=3))
    assert source is MaskSource.FALLBACK


@pytest.mark.parametrize("fallback", ["random", "tube", "block", "fixed_box", "jumping_box"])
@pytest.mark.parametrize("ratio", [0.6, 0.75, 0.9])
def test_every_fallback_has_the_count_of_the_mask(fallback: str, ratio: float) -> None:
    masks = SafeMasking(
        make_masking("motion_guided", input_size=(8, 14, 14), mask_ratio=ratio), fallback=fallback
    )
    for motion in (NO_VECTORS, Motion(random_field(2, slots=8, tubelet=2, high=9, wide=9), 0)):  # type: ignore[arg-type]
        assert masks(motion, seed=1)[0].sum() == masks.num_masked


def test_the_default_fallback_is_one_that_can_count() -> None:
    uneven = make_masking("motion_topk", input_size=GRID, num_masked=109, scope="clip")
    assert SafeMasking(uneven)(NO_VECTORS, seed=1)[0].sum() == 109
    groups = np.arange(144).reshape(GRID) % 9
    grouped = make_masking(
        "motion_topk", input_size=GRID, num_masked=108, scope="clip", groups=groups
    )
    mask, _ = SafeMasking(grouped)(NO_VECTORS, seed=1)
    np.testing.assert_array_equal(np.bincount(groups[mask]), 12)
    with pytest.raises(ValueError, match="fallback 'tube' cannot count by groups"):
        SafeMasking(grouped, fallback="tube")


def test_masks_that_know_no_motion_never_fall_back() -> None:
    masks = SafeMasking(make_masking("tube", input_size=GRID), max_fallback=0.0)
    assert masks(NO_VECTORS, seed=1)[1] is MaskSource.GUIDED


def test_too_many_fallbacks_name_codecs_and_shares() -> None:
    masks = SafeMasking(guided(), max_fallback=0.2, samples=20)
    for motion in (guided_motion(), NO_VECTORS, NO_VECTORS, NO_VECTORS):
        masks(motion, seed=0)
    masks(Motion(None, MaskSource.FALLBACK, "mjpeg"), seed=0)
    with pytest.raises(TooManyFallbacks, match=r"5 of the first 6 .*gif: 80%, mjpeg: 20%"):
        masks(NO_VECTORS, seed=0)


def test_fallbacks_after_the_first_samples_are_let_through() -> None:
    masks = SafeMasking(guided(), max_fallback=0.2, samples=5)
    for _ in range(5):
        masks(guided_motion(), seed=0)
    assert [masks(NO_VECTORS, seed=i)[1] for i in range(9)] == [MaskSource.FALLBACK] * 9


@pytest.mark.parametrize(
    ("masking", "options", "words"),
    [
        (guided(fit="clip"), {}, 'fit="clip" masks a varying number'),
        (guided(), {"max_fallback": 1.5}, r"max_fallback must be in \[0, 1\].*1.5"),
        (guided(), {"samples": 0}, "samples at least 1, got 0.2, 0"),
        (guided(), {"fallback": "tracked"}, "knows no motion, not 'tracked'"),
        (guided(), {"fallback": "gaussian"}, "name must be one of .*'gaussian'"),
        (
            make_masking("random", input_size=GRID, num_masked=109),
            {"fallback": "simulated_motion"},
            "'simulated_motion' masks equally.*cannot mask 109",
        ),
    ],
)
def test_arguments_are_checked(masking: Masking, options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        SafeMasking(masking, **options)


def source_of(path: Path, **options: Any) -> tuple[MaskSource, str]:
    motion = FieldReader(**options).motion_for(path, INDICES)
    return motion.source, motion.reason


def test_a_files_condition_is_its_source(encoded_clip: EncodedClip, tmp_path: Path) -> None:
    moving = encoded_clip("libx264", kind="object", size=SIZE)
    assert source_of(moving) == (MaskSource.GUIDED, "")
    assert source_of(encoded_clip("libx264", kind="still", size=SIZE)) == (MaskSource.SIMULATED, "")
    assert source_of(encoded_clip("mjpeg", size=SIZE)) == (MaskSource.FALLBACK, "mjpeg")
    assert source_of(encoded_clip("gif", size=SIZE)) == (MaskSource.FALLBACK, "gif")
    assert source_of(moving, max_seconds=1e-6) == (MaskSource.FALLBACK, "over max_seconds")
    assert FieldReader(max_seconds=1e-6).motion_for(moving, INDICES).path == str(moving)
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    assert source_of(text) == (MaskSource.FALLBACK, "cannot be decoded")
    named = tmp_path / "max_seconds.mp4"
    named.write_text("no video")
    assert source_of(named) == (MaskSource.FALLBACK, "cannot be decoded")
    assert source_of(tmp_path / "none.mp4") == (MaskSource.FALLBACK, "FileNotFoundError")


def test_a_damaged_file_is_said_to_be_damaged(encoded_clip: EncodedClip, tmp_path: Path) -> None:
    data = bytearray(encoded_clip("libx264", kind="object", size=SIZE).read_bytes())
    payload = data.index(b"mdat") + 4
    noise = np.random.default_rng(0).integers(0, 256, 2000).astype(np.uint8).tobytes()
    middle = payload + (len(data) - payload) // 2
    data[middle : middle + len(noise)] = noise
    path = tmp_path / "damaged.mp4"
    path.write_bytes(data)
    motion = FieldReader().motion_for(path, np.arange(0, 28, 2))
    assert motion.source is MaskSource.DAMAGED
    assert motion.motion is not None


def test_a_damaged_file_without_a_vector_falls_back(encoded_clip: EncodedClip) -> None:
    reader = VideoReader(encoded_clip("libx264", kind="object", size=SIZE))
    field = reader.read_clip(INDICES).field
    none = replace(field, vectors=np.full_like(field.vectors, INVALID))
    motion = motion_of(none, replace(reader.info, damaged=True), "x.mp4")
    assert (motion.motion, motion.source) == (None, MaskSource.FALLBACK)
    assert motion.reason == "h264 damaged, no vector left"
    assert motion_of(field, replace(reader.info, damaged=True), "x.mp4").motion is field


def test_fields_of_other_readers_are_the_clips_own(encoded_clip: EncodedClip) -> None:
    path = encoded_clip("libx264", kind="object", size=SIZE)
    field = read_field(path, INDICES)
    np.testing.assert_array_equal(field.vectors, VideoReader(path).read_clip(INDICES).field.vectors)
    frame = read_field(path, INDICES, window="frame", cell=16)
    same = read_motion_field(path, frame_indices=INDICES, window="frame", cell=16)
    np.testing.assert_array_equal(frame.vectors, same.vectors)


def test_no_vectors_are_the_readers_own_words(encoded_clip: EncodedClip) -> None:
    with pytest.raises(NoMotionVectors, match="mjpeg"):
        read_field(encoded_clip("mjpeg", size=SIZE), INDICES)


def test_the_last_fields_are_kept_and_no_more(encoded_clip: EncodedClip) -> None:
    path = encoded_clip("libx264", kind="object", size=SIZE)
    reader = FieldReader(max_fields=2)
    first = reader.field_for(path, INDICES)
    reader.field_for(path, INDICES + 1)
    assert reader.field_for(path, INDICES) is first
    reader.field_for(path, INDICES + 2)
    assert reader.field_for(path, INDICES) is first, "the least recently used goes first"
    assert len(reader) == 2
    with pytest.raises(ValueError, match="at least 1, not 0"):
        FieldReader(max_fields=0)


def test_the_cache_belongs_to_the_process(encoded_clip: EncodedClip) -> None:
    path = encoded_clip("libx264", kind="object", size=SIZE)
    reader = FieldReader()
    for shift in range(3):
        reader.field_for(path, INDICES + shift)
    assert len(pickle.loads(pickle.dumps(reader))) == 0

    def lengths() -> tuple[int, int]:
        before = len(reader)
        reader.field_for(path, INDICES)
        return before, len(reader)

    assert in_child(lengths) == (0, 1)
