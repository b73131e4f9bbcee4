"""Vectors and fields of files against PyAV, motion-vector-extractor and our own full decode."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from typing import Any

import numpy as np
import pytest

from benchmarks import rivals_decode as rival
from benchmarks.conftest import PeerFixture, Record
from benchmarks.paired import ratio
from mgm_ext import MotionField, read_motion_field, read_motion_vectors
from tests import oracles
from tests.conftest import EncodedClip, RealClip, RealFootage

CLIPS = ("arm_wrestling.mp4", "bikes.mp4", "bigbuckbunny.mp4")


def assert_same_field(one: MotionField, other: MotionField) -> None:
    for name in ("vectors", "coded", "cuts", "row_frames", "sample_offsets"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), err_msg=name)


@pytest.mark.parametrize("name", CLIPS)
def test_field_against_our_full_decode(record: Record, real_clip: RealClip, name: str) -> None:
    path = real_clip(name)
    field = read_motion_field(path)
    assert_same_field(field, rival.full_decode_field(path))
    timed = ratio(lambda: rival.full_decode_field(path), lambda: read_motion_field(path))
    record(
        "decode",
        f"read_motion_field, {name}",
        timed,
        rival="our own full decode with the same field",
        at_least=1.6,
        frames=len(field.row_frames),
    )


@pytest.mark.parametrize("name", CLIPS)
def test_field_without_reading_intra_pictures(
    record: Record, real_clip: RealClip, name: str
) -> None:
    path = real_clip(name)
    field = read_motion_field(path)
    assert_same_field(field, read_motion_field(path, strict=True))
    record(
        "decode",
        f"read_motion_field, {name}",
        ratio(lambda: read_motion_field(path, strict=True), lambda: read_motion_field(path)),
        rival="the same with strict=True, which reads pictures without vectors too",
        frames=len(field.row_frames),
    )


def pyav_field(path: Path, field: MotionField) -> Any:
    return rival.pyav_field(path, field.cell, (field.width, field.height))


def time_field_against_pyav(
    record: Record, path: Path, name: str, note: str, at_least: float | None = None
) -> None:
    field = read_motion_field(path)
    timed = ratio(lambda: pyav_field(path, field), lambda: read_motion_field(path))
    record(
        "decode",
        f"read_motion_field, {name}",
        timed,
        rival="PyAV export, to_ndarray, NumPy binning",
        at_least=at_least,
        note=note,
        frames=len(field.row_frames),
    )


@pytest.mark.parametrize("name", CLIPS)
def test_field_against_pyav(record: Record, real_clip: RealClip, name: str) -> None:
    path = real_clip(name)
    field = read_motion_field(path)
    theirs = pyav_field(path, field)
    either = field.valid | (theirs[..., 0] != rival.INVALID)
    same = (field.vectors == theirs).all(axis=-1)
    agreement = float(same[either].mean())
    assert agreement > 0.4
    note = f"PyAV has no distances: {agreement:.0%} of the cells that either has are equal"
    time_field_against_pyav(record, path, name, note, at_least=3)


@pytest.mark.parametrize("name", CLIPS)
def test_field_against_pyav_where_it_can_be_right(
    record: Record,
    encoded_clip: EncodedClip,
    real_footage: RealFootage,
    real_clip: RealClip,
    name: str,
) -> None:
    info = read_motion_vectors(real_clip(name), stop=1).info
    frames = real_footage(name, size=(info.height, info.width), num_frames=60)
    path = encoded_clip(
        "libx264", kind=frames, bf=0, refs=1, preset="faster", partitions="p8x8,i8x8,i4x4"
    )
    field = read_motion_field(path)
    theirs = pyav_field(path, field)
    theirs[field.cuts] = (rival.INVALID, 0)
    np.testing.assert_array_equal(field.vectors, theirs)
    note = "equal fields: one reference, no B-frames, nothing finer than 8x8"
    time_field_against_pyav(record, path, f"{name} encoded anew", note)


@pytest.mark.parametrize("name", CLIPS)
def test_exported_rows_against_pyav(record: Record, real_clip: RealClip, name: str) -> None:
    path = real_clip(name)
    ours = read_motion_vectors(path, blocks="libavcodec")
    oracles.assert_rows(ours, rival.pyav_rows(path))
    oracles.assert_rows(ours, rival.pyav_rows(path, skip_loop_filter="all"))
    label = f'read_motion_vectors, blocks="libavcodec", {name}'
    timed = ratio(
        lambda: rival.pyav_rows(path), lambda: read_motion_vectors(path, blocks="libavcodec")
    )
    record("decode", label, timed, rival="PyAV export, to_ndarray", at_least=1.8, frames=len(ours))
    timed = ratio(
        lambda: rival.pyav_rows(path, skip_loop_filter="all"),
        lambda: read_motion_vectors(path, blocks="libavcodec"),
    )
    record("decode", label, timed, rival="the same with skip_loop_filter=all", frames=len(ours))


@pytest.mark.parametrize("blocks", ["coded", "libavcodec"])
def test_vectors_against_the_extractor(
    record: Record, real_clip: RealClip, peer: PeerFixture, blocks: Any
) -> None:
    module = peer("motion-vector-extractor")
    ratios = []
    for name in CLIPS:
        path = real_clip(name)
        truth = read_motion_vectors(path, blocks="libavcodec")
        torn = rival.wrong_frames(rival.extractor_rows(module, path), truth)
        with rival.one_core():
            wrong = rival.wrong_frames(rival.extractor_rows(module, path), truth)
            if "B" not in truth.picture_types.astype(str):
                assert wrong == 0
            timed = ratio(
                lambda path=path: rival.extractor_rows(module, path),  # type: ignore[misc]
                lambda path=path: read_motion_vectors(path, blocks=blocks),  # type: ignore[misc]
            )
        ratios.append(timed.median)
        record(
            "decode",
            f'read_motion_vectors, blocks="{blocks}", {name}, one core',
            timed,
            rival="motion-vector-extractor 2.0.0 without pixels",
            at_least=1.8,
            note=f"its wrong frames: {wrong} of {len(truth)}, on all cores {torn}",
            frames=len(truth),
        )
    record(
        "decode",
        f'read_motion_vectors, blocks="{blocks}", geometric mean of the three',
        float(np.exp(np.mean(np.log(ratios)))),
        rival="motion-vector-extractor 2.0.0 without pixels",
        unit="x",
        at_least=2.2,
    )


def test_two_files_in_two_threads(record: Record, real_clip: RealClip) -> None:
    # Halves of nearly the same length: the same file, twice over in each thread.
    path = real_clip("bigbuckbunny.mp4")
    expected = read_motion_field(path)
    results: list[MotionField] = []

    def read() -> None:
        results.append(read_motion_field(path))

    def threads() -> None:
        results.clear()
        in_two_threads(read)

    def one_after_the_other() -> None:
        results.clear()
        read()
        read()

    threads()
    assert len(results) == 2
    for field in results:
        assert_same_field(field, expected)
    timed = ratio(one_after_the_other, threads, clock="wall", pairs=25)
    record(
        "decode",
        "two files in two Python threads",
        timed,
        rival="one after the other",
        at_least=1.7,
        note=f"two threads that only hash, in the same minute: {gain_of_hashing():.2f}x",
        frames=2 * len(expected.row_frames),
    )


def in_two_threads(function: Callable[[], Any]) -> None:
    """Calls it once in each."""
    started = [Thread(target=function) for _ in range(2)]
    for thread in started:
        thread.start()
    for thread in started:
        thread.join()


def gain_of_hashing() -> float:
    """What two threads that surely hold no GIL gain on this machine, as busy as it is now."""
    data = bytes(16 << 20)

    def digest() -> None:
        hashlib.sha256(data)

    def one_after_the_other() -> None:
        digest()
        digest()

    timed = ratio(one_after_the_other, lambda: in_two_threads(digest), clock="wall", pairs=25)
    return timed.median
