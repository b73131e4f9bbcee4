"""Surveys: a row about every clip, a fixed schema, advice, and a page."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import mgm_ext
from mgm_ext.data import survey
from mgm_ext.data.drawn import drawings
from mgm_ext.data.report import write_report
from mgm_ext.data.sources import shards_of
from mgm_ext.data.summary import summarise
from mgm_ext.data.survey_row import SURVEY_SCHEMA
from tests import clips
from tests.conftest import EncodedClip, RealClip
from tests.data_sets import small_files, write_folder, write_parquet, write_tar


@pytest.fixture(scope="module")
def files(encoded_clip: EncodedClip) -> dict[str, bytes]:
    return small_files(encoded_clip)


@pytest.fixture
def with_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("mgm_ext.data.survey")
    monkeypatch.setattr(module, "_JOB", "tests.data_jobs:survey_job")


def rows_of(path: Path) -> dict[str, dict[str, Any]]:
    table = pq.read_table(path)
    assert table.schema.equals(SURVEY_SCHEMA)
    return {Path(row["key"]).stem: row for row in table.to_pylist()}


@pytest.mark.usefixtures("with_hangs")
@pytest.mark.parametrize(
    ("kind", "full"), [("folder", False), ("folder", True), ("tar", False), ("parquet", False)]
)
def test_every_clip_has_a_row(
    kind: str, full: bool, files: dict[str, bytes], tmp_path: Path
) -> None:
    write = {"folder": write_folder, "tar": write_tar, "parquet": write_parquet}[kind]
    source = write(tmp_path / (kind if kind == "folder" else f"s.{kind}"), files)
    report = survey(source, tmp_path / "out.parquet", full=full, workers=1)
    rows = rows_of(tmp_path / "out.parquet")
    assert sorted(rows) == sorted(Path(name).stem for name in files)
    errors = {key: row["error_class"] for key, row in rows.items() if row["error_class"]}
    assert errors == {"empty": "DecodeError", "broken": "DecodeError", "hang": "Quarantined"}
    assert report.errors == {"DecodeError": 2, "Quarantined": 1}
    assert all(row["bytes"] == len(files[name]) for name, row in
               ((name, rows[Path(name).stem]) for name in files))  # fmt: skip
    assert rows["mjpeg"]["has_vectors"] is False
    assert {rows[key]["mask_source"] for key in ("mjpeg", "empty", "broken")} == {"fallback"}
    assert rows["moving"]["codec"] == "h264"
    assert rows["moving"]["key_frame_median"] == 12
    assert rows["moving"]["mask_source"] == ("guided" if full else None)
    assert (rows["webm"]["inter_share"] is not None) == full
    assert not (tmp_path / "out.parquet.parts").exists()


def test_a_full_row_says_how_a_clip_moves(files: dict[str, bytes], tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "videos", files)
    survey(folder, tmp_path / "out.parquet", full=True, workers=1)
    rows = rows_of(tmp_path / "out.parquet")
    for key, name in (("moving", "moving.mp4"), ("b_frames", "b_frames.mp4")):
        field = mgm_ext.read_motion_field(files[name], cell=16)
        row = rows[key]
        assert row["frames"] == len(field.cuts)
        assert row["inter_share"] == pytest.approx(field.valid.mean())
        assert row["inter_share"] + row["intra_share"] == pytest.approx(1)
        speed = np.hypot(*np.moveaxis(field.velocity[field.valid], -1, 0))
        assert row["still_share"] == pytest.approx((speed < 0.02).sum() / field.valid.size)
        some = np.hypot(*np.moveaxis(field.velocity[::4][field.valid[::4]], -1, 0))
        assert row["median_speed"] == pytest.approx(np.median(some), abs=1 / 64)
        assert row["p95_speed"] == pytest.approx(np.percentile(some, 95), abs=0.1)
        assert row["cuts"] == field.cuts.sum()
        assert row["damaged"] is False
    assert [rows[key]["b_frames"] for key in ("moving", "b_frames")] == [False, True]
    assert rows["still"]["mask_source"] == "simulated"
    assert rows["still"]["camera_share"] in (None, 0.0)


def test_the_camera_has_its_share(encoded_clip: EncodedClip, tmp_path: Path) -> None:
    size = (192, 256)
    pan = encoded_clip("libx264", kind="scroll", motion=(4, 0), size=size, num_frames=20, bf=0)
    thing = encoded_clip("libx264", kind="object", motion=(4, 0), size=size, num_frames=20, bf=0)
    survey([pan, thing], tmp_path / "out.parquet", full=True, workers=1)
    shares = {row["key"]: row["camera_share"]
              for row in pq.read_table(tmp_path / "out.parquet").to_pylist()}  # fmt: skip
    assert shares[str(pan)] > 0.9
    assert shares[str(thing)] < 0.3


def test_damage_is_a_fact_of_the_clip_not_an_error(real_clip: RealClip, tmp_path: Path) -> None:
    survey([real_clip("corrupted.mp4")], tmp_path / "out.parquet", full=True, workers=1)
    (row,) = rows_of(tmp_path / "out.parquet").values()
    assert (row["damaged"], row["mask_source"], row["error_class"]) == (True, "damaged", None)


def test_an_unfinished_survey_goes_on(
    files: dict[str, bytes], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b"):
        write_tar(tmp_path / f"{name}.tar", {f"{name}.mp4": files["moving.mp4"]})

    def progress(_: int, total: int | None) -> None:
        if total is not None:
            raise KeyboardInterrupt

    source, output = tmp_path / "{a,b}.tar", tmp_path / "out.parquet"
    with pytest.raises(KeyboardInterrupt):
        survey(source, output, workers=1, progress=progress)
    assert not output.exists()
    report = survey(source, output, workers=1)
    assert (report.skipped, report.shards) == (1, 1)
    assert sorted(rows_of(output)) == ["a", "b"]


def test_a_survey_of_bad_files_alone_can_be_read(tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "videos", {"a.mp4": b"", "b.mp4": b"x"})
    survey(folder, tmp_path / "out.parquet", full=True, workers=1)
    assert len(rows_of(tmp_path / "out.parquet")) == 2
    assert summarise(pq.read_table(tmp_path / "out.parquet")).codecs == {"unreadable": 2}


def rows(*changed: dict[str, Any]) -> pa.Table:
    usual = {"key": "k", "bytes": 10, "codec": "h264", "has_vectors": True, "frames": 100,
             "key_frame_median": 50.0, "key_frame_longest": 50, "version": "1"}  # fmt: skip
    return pa.Table.from_pylist([usual | change for change in changed], SURVEY_SCHEMA)


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"codec": "mjpeg", "has_vectors": False}, "50 % are mjpeg: no vectors.* mgm-ext convert"),
        ({"key_frame_median": 2.0}, "50 % have a key frame every 2 frames.* one row in 2"),
        ({"key_frame_median": 2.0, "inter_share": 0.33}, "33 % of their cells have motion"),
        ({"key_frame_longest": 900}, r"50 % have over 300 frames .* \(the longest 900\)"),
        ({"error_class": "DecodeError"}, r"1 clip \(50 %\): DecodeError"),
        ({"error_class": "Quarantined"}, r"1 clip \(50 %\): were given up"),
        ({"damaged": True}, r"1 clip \(50 %\): damaged in part"),
        ({"inter_share": 0.9, "still_share": 0.9}, "50 % hardly move"),
    ],
)
def test_advice_names_the_share_and_what_to_do(change: dict[str, Any], text: str) -> None:
    moving = {"inter_share": 0.9, "still_share": 0.1} if "still_share" in change else {}
    (advice,) = summarise(rows(moving, change)).advice
    assert re.search(text, advice)
    assert summarise(rows(moving, moving)).advice == []


def test_short_clips_are_not_taken_for_many_key_frames() -> None:
    short = {"frames": 3, "key_frame_median": 3.0, "key_frame_longest": 3}
    assert summarise(rows(short, short)).advice == []


def test_the_page_needs_nothing_else_and_quotes_what_files_say(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    named = {"<script>.mp4": files["moving.mp4"], "<b>.mp4": b"", "a.avi": files["mjpeg.avi"]}
    folder = write_folder(tmp_path / "videos", named)
    survey(folder, tmp_path / "out.parquet", full=True, workers=1)
    table = pq.read_table(tmp_path / "out.parquet")
    drawn = drawings(table, shards_of(folder), budget=60)
    assert {one.kind: bool(one.picture) for one in drawn} == {
        "h264, guided": True,
        "mjpeg, fallback": True,
        "unreadable, fallback": False,
    }
    captions = {one.kind: one.text for one in drawn}
    assert "pixels per frame" in captions["h264, guided"]
    assert "carries no motion that can be read, so there is no box" in captions["mjpeg, fallback"]
    write_report(tmp_path / "none.html", table, summarise(table), title="", drawn=None)
    assert "No clips are drawn: that needs the extra" in (tmp_path / "none.html").read_text()
    write_report(tmp_path / "out.html", table, summarise(table), title="<i>", drawn=drawn)
    page = (tmp_path / "out.html").read_text()
    assert not re.search(r"<script|<b>\.mp4|<i>|https?://(?!www\.w3)|src=\"(?!data:)", page)
    assert page.count("data:image/jpeg;base64,") == 2
    for title in ("Codec", "Speed, median", "Clips without a result", "What to do"):
        assert title in page


def test_pictures_in_the_page_are_of_the_clip(encoded_clip: EncodedClip, tmp_path: Path) -> None:
    from io import BytesIO

    from PIL import Image

    frames = clips.moving_object(size=(96, 128), num_frames=20)
    path = encoded_clip("libx264", kind=frames, bf=0)
    survey([path], tmp_path / "out.parquet", full=True, workers=1)
    table = pq.read_table(tmp_path / "out.parquet")
    (one,) = drawings(table, shards_of([path]), budget=60)
    with Image.open(BytesIO(one.picture)) as picture:
        assert picture.size == (3 * 320 + 2 * 4, 240)  # vectors, score, mask, gaps between
    assert "pixels per frame" in one.text
