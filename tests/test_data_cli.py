"""The commands on data sets: what they print, write and exit with."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from mgm_ext import cli
from mgm_ext.data import FieldStore
from tests.conftest import EncodedClip
from tests.data_sets import small_files, write_folder, write_parquet, write_tar

WRITE = {"folder": write_folder, "tar": write_tar, "parquet": write_parquet}


@pytest.fixture(scope="module")
def files(encoded_clip: EncodedClip) -> dict[str, bytes]:
    return small_files(encoded_clip)


@pytest.fixture(autouse=True)
def with_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("precompute", "survey"):
        module = importlib.import_module(f"mgm_ext.data.{name}")
        monkeypatch.setattr(module, "_JOB", f"tests.data_jobs:{name}_job")


def ran(capsys: pytest.CaptureFixture[str], *arguments: object) -> dict[str, Any]:
    assert cli.main([*map(str, arguments), "--json"]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


@pytest.mark.parametrize("kind", WRITE)
def test_every_command_on_a_data_set_with_bad_files(
    kind: str, files: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = WRITE[kind](tmp_path / (kind if kind == "folder" else f"s-000.{kind}"), files)
    given = str(source).replace("000", "{000..000}")
    table, page, side = (tmp_path / name for name in ("s.parquet", "s.html", "side"))
    drawn = ("--html", page) if kind == "folder" else ()  # drawing takes the test's time
    said = ran(capsys, "survey", given, "-o", table, "--full", "--workers", 1, *drawn)
    assert (said["clips"], said["codec_mjpeg"], said["mask_simulated"]) == (8, 1, 1)
    assert (said["error_DecodeError"], said["error_Quarantined"]) == (2, 1)
    assert any("mjpeg: no vectors" in line for line in said["advice"])
    assert page.exists() == bool(drawn)
    said = ran(capsys, "precompute", given, "-o", side, "--workers", 1)
    assert (said["clips_written"], said["shards_written"]) == (8, 1)
    assert [Path(key).stem for key in said["quarantined"]] == ["hang"]
    said = ran(capsys, "status", side)
    assert (said["clips"], said["shards_missing"], said["error_Quarantined"]) == (8, 0, 1)
    assert ran(capsys, "merge", side)["clips"] == 8
    assert len(FieldStore(side)) == 8
    assert cli.main(["status", str(side)]) == 0
    assert "error Quarantined" in capsys.readouterr().out


def test_options_reach_the_store(
    files: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = write_tar(tmp_path / "s.tar", {"a.mp4": files["moving.mp4"]})
    side = tmp_path / "side"
    ran(capsys, "precompute", source, "-o", side, "--cell", 8, "--sidecar", "--shard", "0/1")
    assert FieldStore(side).field("a").cell == 8
    assert FieldStore(side / "s.mgf.tar").field("a").cell == 8
    compact = tmp_path / "compact"
    ran(capsys, "precompute", source, "-o", compact, "--compact", "--workers", 1)
    assert FieldStore(compact).clip("a").quantum > 1


def test_failures_have_their_exit_codes(
    files: dict[str, bytes], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    torn = tmp_path / "t.tar"
    torn.write_bytes(write_tar(torn, {"a.mp4": files["moving.mp4"]}).read_bytes()[:900])
    side, table = tmp_path / "side", tmp_path / "o.parquet"
    cases: list[tuple[list[object], int, str]] = [
        (["survey", tmp_path / "none", "-o", table], 1, "no such file or folder"),
        (["survey", torn, "-o", tmp_path / "o.csv"], 2, "-o must end in .parquet"),
        (["survey", torn, "-o", table], 1, "no whole, uncompressed tar"),
        (["precompute", torn, "-o", side, "--shard", "1/1"], 2, "counted from 0 to 0"),
        (["precompute", torn, "-o", side], 1, "no whole, uncompressed tar"),
        (["precompute", torn, "-o", side, "--cell", "9"], 2, "must be 8, 16, 32 or auto, not '9'"),
        (["precompute", torn, "-o", side, "--cell", "x"], 2, "must be 8, 16, 32 or auto, not 'x'"),
        (["status", tmp_path], 1, "is no store"),
        (["merge", side], 1, "lacks 1 of 1 shards"),
    ]
    for arguments, code, text in cases:
        assert cli.main([*map(str, arguments)]) == code, arguments
        assert text in capsys.readouterr().err


def test_without_pyarrow_the_extra_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in [name for name in sys.modules if name.startswith("mgm_ext.data")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.delattr("mgm_ext.data", raising=False)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    with pytest.raises(SystemExit, match=r"survey needs the extra `data` \(pyarrow is missing\)"):
        cli.main(["survey", str(tmp_path), "-o", "x.parquet"])
