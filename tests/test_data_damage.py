"""Whatever bit of a store changes: the store's own error, or the same field."""

from __future__ import annotations

import contextlib
import os
import tarfile
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest

from mgm_ext import DecodeError
from mgm_ext.data import (
    FieldStore,
    ShardError,
    StoreError,
    merge,
    precompute,
    stored_clip,
    survey,
)
from mgm_ext.data.sources import shards_of
from tests.conftest import EncodedClip
from tests.data_sets import small_files, write_parquet, write_tar

FLIPS = 120


@pytest.fixture
def side(encoded_clip: EncodedClip, tmp_path: Path) -> Path:
    files = small_files(encoded_clip)
    chosen = {name: files[name] for name in ("moving.mp4", "still.mp4", "broken.mp4")}
    write_tar(tmp_path / "s.tar", chosen)
    precompute(tmp_path / "s.tar", tmp_path / "side", sidecar=True, workers=1)
    return tmp_path / "side"


def _contents(path: Path) -> dict[str, Any]:
    """All that a store tells, and its own errors."""
    try:
        store = FieldStore(path)
        keys = set(store.keys())
    except StoreError:
        return {}
    told: dict[str, Any] = {}
    for key in keys:
        try:
            clip = store.clip(key)
            facts = (clip.key, clip.num_frames, clip.size, clip.cell, clip.error, clip.damaged)
            times = clip.key_frames.tobytes(), clip.frame_seconds.tobytes()
            field = None if clip.error else clip.field()
            rows = field and (field.vectors.tobytes(), field.coded.tobytes(), field.cuts.tobytes())
            told[key] = facts, times, rows
        except StoreError:
            continue
    return told


@pytest.mark.parametrize("name", ["s.arrow", "s.mgf.tar", "index.arrow"])
def test_a_flipped_bit_is_an_error_or_nothing(side: Path, name: str) -> None:
    merge(side)
    path = side / name
    opened = path if name != "index.arrow" else side
    whole, data, stamp = _contents(opened), path.read_bytes(), path.stat()
    assert len(whole) == 3
    rng = np.random.default_rng(0)
    for _ in range(FLIPS):
        damaged = bytearray(data)
        at = int(rng.integers(len(data) if "tar" not in name else len(data) - 10240))
        damaged[at] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        os.utime(path, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))
        told = _contents(opened)
        if name == "index.arrow":
            assert told == whole
        if "tar" not in name:
            assert all(told[key] == whole[key] for key in told)
        else:  # a member's name has tar's own checksum alone
            assert [told[key] for key in told if key in whole] == [
                whole[key] for key in told if key in whole
            ]


def test_a_cut_file_is_an_error(side: Path) -> None:
    path = side / "s.arrow"
    data = path.read_bytes()
    for size in (*range(0, 200, 7), *range(200, len(data), 97), len(data) - 1):
        path.write_bytes(data[:size])
        with pytest.raises(StoreError, match=r"s\.arrow"):
            FieldStore(path)


def test_another_run_makes_a_damaged_file_anew(side: Path) -> None:
    path = side / "s.arrow"
    data = path.read_bytes()
    for place in (len(data) // 20, len(data) - 40):
        damaged = bytearray(data)
        damaged[place] ^= 1
        path.write_bytes(damaged)
        with pytest.raises(StoreError, match=r"s\.arrow.* is damaged .*run precompute again"):
            FieldStore(path)
        precompute(side.parent / "s.tar", side, sidecar=True, workers=1)
        assert path.read_bytes() == data


def test_a_member_is_checked_before_arrow_sees_it(side: Path) -> None:
    with tarfile.open(side / "s.mgf.tar") as archive:
        member = archive.extractfile("moving.mgf")
        assert member is not None
        data = member.read()
    whole = stored_clip(data).field().vectors.tobytes()
    for place in range(0, len(data), 13):
        damaged = bytearray(data)
        damaged[place] ^= 4
        with contextlib.suppress(StoreError):
            assert stored_clip(bytes(damaged)).field().vectors.tobytes() == whole


def test_an_error_has_the_name_of_its_class_once(side: Path) -> None:
    with pytest.raises(DecodeError) as raised:
        FieldStore(side).field("broken")
    assert str(raised.value).startswith("broken: ")
    assert "DecodeError" not in str(raised.value)


def test_merge_says_what_helps_where_an_archive_is_torn(side: Path) -> None:
    torn = side.parent / "torn.tar"
    torn.write_bytes((side.parent / "s.tar").read_bytes()[:3000])
    precompute([torn, side.parent / "s.tar"], side, sidecar=True, workers=1)
    with pytest.raises(StoreError, match=r"lacks 1 of 2 shards, such as torn: .*merge --partial"):
        merge(side)
    assert len(merge(side, partial=True)) == 3


def test_a_damaged_parquet_file_is_named_with_the_row(
    encoded_clip: EncodedClip, tmp_path: Path
) -> None:
    files = small_files(encoded_clip)
    path = write_parquet(tmp_path / "s.parquet", {"moving.mp4": files["moving.mp4"]})
    data = path.read_bytes()
    rng = np.random.default_rng(0)
    named = whole = 0
    for _ in range(60):
        damaged = bytearray(data)
        damaged[int(rng.integers(len(data) - 2500, len(data)))] ^= 1 << int(rng.integers(8))
        path.write_bytes(damaged)
        (shard,) = shards_of(path)
        try:
            assert len(list(shard.clips())) == 1
        except ShardError as error:
            named += str(path) in str(error)
        else:
            whole += 1
    assert named > 10
    assert named + whole == 60


def test_a_damaged_part_of_a_survey_is_made_anew(encoded_clip: EncodedClip, tmp_path: Path) -> None:
    files = small_files(encoded_clip)
    for name in ("a", "b"):
        write_tar(tmp_path / f"{name}.tar", {f"{name}.mp4": files["still.mp4"]})
    tars, output = [tmp_path / "a.tar", tmp_path / "b.tar"], tmp_path / "survey.parquet"
    survey(tars, output, workers=1)
    whole = output.read_bytes()
    first = next(shard for shard in shards_of(tars) if shard.name == "a")
    parts = tmp_path / "survey.parquet.parts"
    with (
        mock.patch("mgm_ext.data.survey._join", side_effect=KeyboardInterrupt),
        pytest.raises(KeyboardInterrupt),
    ):
        survey(tars, output, workers=1)
    part = parts / f"{first.name}.rows"
    data = part.read_bytes()
    for place in (len(data) // 4, len(data) - 60):
        damaged = bytearray(data)
        damaged[place] ^= 1
        part.write_bytes(damaged)
        with (
            mock.patch("mgm_ext.data.survey._join", side_effect=KeyboardInterrupt),
            pytest.raises(KeyboardInterrupt),
        ):
            survey(tars, output, workers=1)
        assert part.read_bytes() == data
    survey(tars, output, workers=1)
    assert output.read_bytes() == whole
