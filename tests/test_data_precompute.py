"""Stores are made exactly once, whole, by any number of processes, whatever kills them."""

from __future__ import annotations

import functools
import importlib
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgm_ext.data import FieldStore, StoreError, clips_of, merge, precompute, status
from tests.conftest import EncodedClip
from tests.data_sets import GOOD, small_files, write_folder, write_parquet, write_tar

BAD = {
    "mjpeg": "NoMotionVectors",
    "empty": "DecodeError",
    "broken": "DecodeError",
    "hang": "Quarantined",
}


@pytest.fixture(scope="module")
def files(encoded_clip: EncodedClip) -> dict[str, bytes]:
    return small_files(encoded_clip)


@pytest.fixture
def with_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    module = importlib.import_module("mgm_ext.data.precompute")
    monkeypatch.setattr(module, "_JOB", "tests.data_jobs:precompute_job")


def whole_files(side: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in side.rglob("*") if path.name[0] != "."}


def keys_of(store: Path) -> list[str]:
    return sorted(FieldStore(store).keys())


@pytest.mark.usefixtures("with_hangs")
@pytest.mark.parametrize("kind", ["folder", "tar", "parquet"])
def test_bad_files_are_records_and_the_run_goes_on(
    kind: str, files: dict[str, bytes], tmp_path: Path
) -> None:
    write = {"folder": write_folder, "tar": write_tar, "parquet": write_parquet}[kind]
    source = write(tmp_path / (kind if kind == "folder" else f"s.{kind}"), files)
    report = precompute(source, tmp_path / "side", workers=2)
    assert report.clips == len(files)
    assert report.errors == {"NoMotionVectors": 1, "DecodeError": 2, "Quarantined": 1}
    assert [Path(key).stem for key in report.quarantined] == ["hang"]
    store = FieldStore(tmp_path / "side")
    assert sorted(store.keys()) == sorted(clip.key for clip in clips_of(source))
    for key in store.keys():  # noqa: SIM118
        clip = store.clip(key)
        assert clip.error_class == BAD.get(Path(key).stem), key
        assert (clip.error_class is None) == (Path(key).stem in GOOD)
    hang = next(key for key in store.keys() if "hang" in key)  # noqa: SIM118
    assert "took more than 120 seconds" in str(store.clip(hang).error)
    found = status(tmp_path / "side")
    assert (found.clips, found.errors, found.missing) == (len(files), report.errors, [])
    assert found.quarantined == report.quarantined


def test_a_rerun_makes_what_is_missing_or_changed_and_nothing_else(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    side = tmp_path / "side"
    for name in ("a", "b", "c"):
        write_tar(tmp_path / f"{name}.tar", {f"{name}.mp4": files["moving.mp4"]})
    assert precompute(tmp_path / "{a,b,c}.tar", side, workers=1).shards == 3
    before = whole_files(side)
    report = precompute(tmp_path / "{a,b,c}.tar", side, workers=1)
    assert (report.shards, report.skipped) == (0, 3)
    (side / "b.arrow").unlink()
    write_tar(tmp_path / "c.tar", {"new.mp4": files["b_frames.mp4"]})
    with pytest.raises(StoreError, match="lacks 1 of 3 shards, such as b"):
        merge(side)
    report = precompute(tmp_path / "{a,b,c}.tar", side, workers=1)
    assert (report.shards, report.skipped) == (2, 1)
    after = whole_files(side)
    assert {name for name in after if after[name] != before[name]} == {"c.arrow"}
    assert keys_of(side) == ["a", "b", "new"]


def test_the_output_is_a_function_of_the_shard(files: dict[str, bytes], tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "videos", files)
    sides = []
    for workers in (1, 3):
        precompute(folder, tmp_path / f"side{workers}", workers=workers)
        sides.append(whole_files(tmp_path / f"side{workers}"))
    assert sides[0] == sides[1]


def test_jobs_of_an_array_share_the_work(files: dict[str, bytes], tmp_path: Path) -> None:
    for i in range(5):
        write_tar(tmp_path / f"s-{i}.tar", {f"clip{i}.mp4": files["moving.mp4"]})
    side = tmp_path / "side"
    shards = [
        precompute(tmp_path / "s-*.tar", side, shard=f"{i}/2", workers=1).shards for i in range(2)
    ]
    assert shards == [3, 2]
    assert status(side).missing == []
    assert len(merge(side)) == 5
    for bad, text in (("2/2", "counted from 0 to 1"), ("x", "must be I/N")):
        with pytest.raises(ValueError, match=text):
            precompute(tmp_path / "s-*.tar", side, shard=bad)


def test_a_shard_that_is_torn_is_reported_and_not_written(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    write_tar(tmp_path / "a.tar", {"a.mp4": files["moving.mp4"]})
    torn = write_tar(tmp_path / "b.tar", {"b.mp4": files["moving.mp4"], "c.mp4": b"1" * 9000})
    torn.write_bytes(torn.read_bytes()[:-15_000])
    report = precompute(tmp_path / "{a,b}.tar", tmp_path / "side", workers=1)
    assert list(report.unreadable) == ["b"]
    assert keys_of(tmp_path / "side") == ["a"]
    assert status(tmp_path / "side").missing == ["b"]
    assert len(merge(tmp_path / "side", partial=True)) == 1


def test_one_store_has_one_kind_of_field(files: dict[str, bytes], tmp_path: Path) -> None:
    folder = write_folder(tmp_path / "videos", {"a.mp4": files["moving.mp4"]})
    precompute(folder, tmp_path / "side", workers=1)
    with pytest.raises(ValueError, match=r"was made with \{'cell': 16\}, not \{'cell': 8\}"):
        precompute(folder, tmp_path / "side", cell=8)
    with pytest.raises(ValueError, match="must have a folder of its own"):
        precompute(folder, folder)
    with pytest.raises(ValueError, match="sidecar is for tar shards"):
        precompute(folder, tmp_path / "side", sidecar=True)


def test_an_interrupt_leaves_whole_files_only(files: dict[str, bytes], tmp_path: Path) -> None:
    for i in range(3):
        write_tar(tmp_path / f"s-{i}.tar", {f"{i}.mp4": files["moving.mp4"]})

    def progress(_: int, total: int | None) -> None:
        if total is not None:  # one shard is whole, and the next one has begun
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        precompute(tmp_path / "s-*.tar", tmp_path / "side", workers=1, progress=progress)
    assert [path.name for path in (tmp_path / "side").rglob("*.arrow")] == ["s-0.arrow"]
    assert not list((tmp_path / "side").rglob(".*"))
    precompute(tmp_path / "s-*.tar", tmp_path / "side", workers=1)
    assert keys_of(tmp_path / "side") == ["0", "1", "2"]


def run_and_kill(work: Callable[[], object], seconds: float) -> bool:
    """Whether `work` ended by itself in a child that is killed after so long."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        if os.waitpid(child, os.WNOHANG)[0]:
            return True
        time.sleep(0.002)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_fifty_kills_leave_nothing_missing_doubled_or_torn(
    files: dict[str, bytes], tmp_path: Path
) -> None:
    clips = [files[name] for name in ("moving.mp4", "broken.mp4", "webm.webm")]
    for i in range(6):
        members = {f"{i}-{j}.mp4": data for j, data in enumerate(clips)}
        write_tar(tmp_path / f"s-{i}.tar", members)
    source = tmp_path / "s-*.tar"
    started = time.monotonic()
    precompute(source, tmp_path / "quiet", sidecar=True, workers=1)
    whole = time.monotonic() - started
    want = whole_files(tmp_path / "quiet")
    rng = random.Random(0)
    kills, fresh = 0, 0
    side = tmp_path / "side0"
    while kills < 50:
        work = functools.partial(precompute, source, side, sidecar=True, workers=1)
        ended = run_and_kill(work, rng.uniform(0, 1.1 * whole))
        kills += not ended
        found = whole_files(side) if side.exists() else {}
        assert {name: want.get(name) for name in found} == found
        if ended:
            assert found == want
            assert not list(side.rglob(".*"))
            fresh += 1
            side = tmp_path / f"side{fresh}"
    precompute(source, side, sidecar=True, workers=1)
    assert whole_files(side) == want
    assert not list(side.rglob(".*"))


def test_one_long_file_is_read_by_all_processors(
    encoded_clip: EncodedClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    still = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    pictures = np.stack([np.roll(still, i, axis=0) for i in range(100)])
    path = encoded_clip("libx264", kind=pictures, x264_params="scenecut=0:keyint=20:bframes=0")
    folder = tmp_path / "one"
    folder.mkdir()
    (folder / "long.mp4").write_bytes(path.read_bytes())
    module = importlib.import_module("mgm_ext.data.precompute")
    given = []

    def run(shards: Any, job: str, options: dict[str, Any], **rest: Any) -> Any:
        given.append(options["num_threads"])
        return run_shards(shards, job, options, **rest)

    run_shards = module.run_shards
    monkeypatch.setattr(module, "run_shards", run)
    for workers in (1, 3):
        precompute(folder, tmp_path / f"side{workers}", workers=workers)
    assert given == [1, 3]
    assert whole_files(tmp_path / "side1") == whole_files(tmp_path / "side3")
