"""Surveys, fields and masks on a local Ray: bad files are rows, dead actors cost nothing."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest

from mgm_ext import make_masking, read_motion_field
from mgm_ext.data import stored_clip
from mgm_ext.data.clip_jobs import clip_of_key
from mgm_ext.data.survey_row import SURVEY_SCHEMA
from tests.conftest import ROOT, EncodedClip
from tests.data_sets import assert_same_field

pytest.importorskip("ray.data", reason="needs the extra ray")
pytestmark = pytest.mark.filterwarnings("ignore")

GOOD = ["0.mp4", "1.mp4", "2.mp4", "3.mp4"]


@pytest.fixture(scope="module")
def adapter() -> Iterator[ModuleType]:
    """One node; four logical processors, for with two Ray waits for ever to replace an actor."""
    import ray
    from ray.data import DataContext

    ray.init(
        num_cpus=4,
        include_dashboard=False,
        object_store_memory=100 << 20,
        runtime_env={"env_vars": {"PYTHONPATH": str(ROOT)}},
        configure_logging=False,
    )
    DataContext.get_current().enable_progress_bars = False
    import mgm_ext.adapters.ray as adapter

    yield adapter
    ray.shutdown()


@pytest.fixture
def folder(encoded_clip: EncodedClip, tmp_path: Path) -> Path:
    data = encoded_clip("libx264", kind="object", size=(112, 160), num_frames=60, bf=2).read_bytes()
    for name in (*GOOD, "actor.mp4", "crash.mp4"):
        (tmp_path / name).write_bytes(data)
    (tmp_path / "broken.mp4").write_bytes(data[:300])
    (tmp_path / "empty.mp4").touch()
    return tmp_path


def listed(folder: Path) -> Any:
    import ray

    paths = [str(path) for path in sorted(folder.glob("*.mp4"))]
    return ray.data.from_items([{"path": path, "label": len(path)} for path in paths])


def by_name(rows: list[dict[str, Any]], column: str = "path") -> dict[str, dict[str, Any]]:
    assert len(rows) == len({row[column] for row in rows})
    return {Path(row[column]).name: row for row in rows}


def test_a_killed_actor_is_replaced_and_a_killing_file_given_up(
    adapter: ModuleType, folder: Path
) -> None:
    from tests.data_jobs import RaySurvey

    run = adapter._mapped(listed(folder), RaySurvey, ("path", None, None), 2, 60, {"full": True})
    rows = by_name(run.take_all(), "key")
    assert (folder / "actor.mp4.killed").exists()
    assert sorted(rows) == sorted(path.name for path in folder.glob("*.mp4"))
    errors = {name: row["error_class"] for name, row in rows.items() if row["error_class"]}
    assert errors == {
        "broken.mp4": "DecodeError",
        "crash.mp4": "Quarantined",
        "empty.mp4": "DecodeError",
    }
    assert rows["crash.mp4"]["error"].startswith("killed its worker twice: SIGSEGV")
    assert {rows[name]["frames"] for name in (*GOOD, "actor.mp4")} == {60}


def test_what_is_done_is_left_out_and_the_schema_is_the_same(
    adapter: ModuleType, folder: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    some = [str(folder / name) for name in ("broken.mp4", "empty.mp4", *GOOD)]
    whole = listed(folder)
    left = adapter.without_done(whole, out)
    done = adapter.without_done(left, [row for row in paths_of(whole) if row not in some])
    adapter.survey_dataset(done).write_parquet(str(out))
    files = sorted(out.glob("*.parquet"))
    assert all(pq.read_schema(file).names == SURVEY_SCHEMA.names for file in files)
    again = adapter.without_done(whole, out)
    assert sorted(paths_of(again)) == [str(folder / name) for name in ("actor.mp4", "crash.mp4")]


def paths_of(dataset: Any) -> list[str]:
    return [row["path"] for row in dataset.take_all()]


def test_fields_and_masks_are_those_of_a_live_read(adapter: ModuleType, folder: Path) -> None:
    import ray

    data = [{"id": p.name, "bytes": p.read_bytes()} for p in sorted(folder.glob("[0b]*.mp4"))]
    dataset = ray.data.from_items(data)
    both = adapter.add_masks(
        adapter.add_fields(dataset, data="bytes", key="id").drop_columns(["error_class", "error"]),
        data="bytes",
        key="id",
        frames=8,
        stride=3,
        grid=(4, 7, 10),
        seed=5,
    )
    rows = by_name(both.take_all(), "id")
    good, bad = rows["0.mp4"], rows["broken.mp4"]
    assert bad["mask"] is None
    assert bad["mgf"] is None
    assert bad["error_class"] == "DecodeError"
    indices, seed = clip_of_key("0.mp4", seed=5, num_frames=60, frames=8, stride=3)
    assert list(good["frame_indices"]) == indices
    live = read_motion_field(good["bytes"], frame_indices=indices)
    want = make_masking("motion_guided", input_size=(4, 7, 10))(live, seed=seed)
    np.testing.assert_array_equal(np.asarray(good["mask"]).reshape(4, 7, 10), want)
    stored = stored_clip(good["mgf"]).field(indices)
    assert_same_field(stored, read_motion_field(good["bytes"], frame_indices=indices, cell=16))


def test_a_clips_frames_are_a_function_of_key_and_seed() -> None:
    found = {clip_of_key("k", seed=s, num_frames=60, frames=8, stride=3)[0][0] for s in range(40)}
    assert min(found) >= 0
    assert 10 < max(found) <= 38
    indices, _ = clip_of_key("k", seed=0, num_frames=5, frames=4, stride=3)
    assert indices[0] == 0
    assert max(indices) == 4
