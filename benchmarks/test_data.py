"""Surveys and stores of many clips against a loop of reads, and a clip's field from a store."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from benchmarks.conftest import Record
from benchmarks.instructions import available, of_processes
from benchmarks.paired import ratio
from mgm_ext import read_motion_field
from mgm_ext.data import FieldStore, precompute, survey
from mgm_ext.data.clips import SourceClip
from mgm_ext.data.jobs import precompute_clip
from tests.conftest import RealClip
from tests.data_sets import assert_same_field, write_tar

CLIPS = ("arm_wrestling.mp4", "basketball_426x240.mp4", "bikes.mp4")
COPIES = 100
ROWS = range(64)


@pytest.fixture(scope="module")
def folder(real_clip: RealClip, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three real clips, a hundred times."""
    folder = tmp_path_factory.mktemp("videos")
    for name in CLIPS:
        for copy in range(COPIES):
            (folder / f"{copy:03d}-{name}").symlink_to(real_clip(name))
    return folder


def store(folder: Path, side: Path) -> None:
    shutil.rmtree(side, ignore_errors=True)
    assert precompute(folder, side, workers=2).clips == len(CLIPS) * COPIES


def look(folder: Path, side: Path) -> None:
    report = survey(folder, side.with_suffix(".parquet"), full=True, workers=2)
    assert report.clips == len(CLIPS) * COPIES


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("clock", ["wall", "tree"])
@pytest.mark.parametrize(("name", "work"), [("precompute", store), ("survey --full", look)])
def test_two_workers_against_a_loop(
    record: Record,
    folder: Path,
    tmp_path: Path,
    name: str,
    work: Callable[[Path, Path], None],
    clock: str,
) -> None:
    paths = sorted(folder.iterdir())

    def loop() -> None:
        for path in paths:
            read_motion_field(path, cell=16)

    def ours() -> None:
        work(folder, tmp_path / "side")

    ours()
    timed = ratio(loop, ours, clock=clock, pairs=5, sample=0, budget=1)  # type: ignore[arg-type]
    row = f"{name}, {len(paths)} clips, two workers"
    if clock == "wall":
        record("data", row, timed, rival="a loop of read_motion_field", at_least=1.8)
    else:
        note = "the processor's time of all processes, their start included"
        record("data", f"{row}, in all", timed, rival="a loop of read_motion_field", note=note)


# A killed process leaves no count: the worker is left to end when its parent hangs up.
SETUP = """
import pathlib, sys
from mgm_ext import read_motion_field
from mgm_ext.data import precompute, process, survey
process.Process.close = lambda self: (self.pipe.close(), self._child.wait())
folder = pathlib.Path(sys.argv[1])
"""
RUNS = {
    "precompute": "precompute(folder, folder.parent / 'side', workers=1)",
    "survey --full": "survey(folder, folder.parent / 'side.parquet', full=True, workers=1)",
    "loop": "[read_motion_field(path, cell=16) for path in sorted(folder.iterdir())]",
}


def instructions(run: str, folder: Path) -> tuple[int, int]:
    """Of the program itself, and of its worker process."""
    program = f"{SETUP}\n{RUNS[run]}\n"
    found = of_processes(program, str(folder))
    workers = [total for command, total in found.items() if "mgm_ext.data.worker" in command]
    assert len(workers) == (run != "loop")
    return sum(found.values()) - sum(workers), sum(workers)


@pytest.mark.timeout(3600)
@pytest.mark.skipif(not available(), reason="needs valgrind")
def test_two_workers_by_instructions(record: Record, real_clip: RealClip, tmp_path: Path) -> None:
    """Neighbours change times; the instructions on the longest way through the run stay.

    What one worker and its parent spend on a few clips and on more gives what they spend on any
    number. Two workers then take half of the clips each; the parent is counted in full.
    """
    few, more, clips = 3, 6, len(CLIPS) * COPIES
    spent = {}
    for name in RUNS:
        counts = []
        for count in (few, more):
            folder = tmp_path / f"{name}{count}" / "videos"
            folder.mkdir(parents=True)
            for i in range(count):
                (folder / f"{i}.mp4").symlink_to(real_clip(CLIPS[i % 3]))
            counts.append(instructions(name, folder))
        each = np.subtract(counts[1], counts[0]) / (more - few)
        spent[name] = each, counts[0] - few * each
    loop = clips * spent["loop"][0][0]
    for name in ("precompute", "survey --full"):
        each, start = spent[name]
        parent = clips * each[0] + start[0] - spent["loop"][1][0]
        worker = clips / 2 * each[1] + start[1]
        note = f"parent {100 * parent / loop:.1f} % of the loop's, start of a worker included"
        record(
            "data",
            f"{name}, {clips} clips, two workers, by instructions",
            loop / (parent + worker),
            unit="x",
            rival="a loop of read_motion_field",
            at_least=1.8,
            note=note,
        )


@pytest.mark.parametrize("name", [*CLIPS, "bigbuckbunny.mp4"])
def test_what_a_store_costs_beside_the_read(record: Record, real_clip: RealClip, name: str) -> None:
    path = real_clip(name)
    clip = SourceClip(name, str(path))
    timed = ratio(
        lambda: precompute_clip(clip, cell=16, compact=False),
        lambda: read_motion_field(path, cell=16),
        pairs=21,
    )
    note = "a clip's whole field read, compressed and packed, against the read alone"
    record(
        "data", f"store one clip, {name}", 100 * (timed.median - 1), unit="%", at_most=10, note=note
    )


@pytest.mark.parametrize("kind", ["store", "sidecar tar"])
@pytest.mark.parametrize("name", [*CLIPS, "bigbuckbunny.mp4"])
def test_sixty_four_rows_from_a_store(
    record: Record, real_clip: RealClip, tmp_path: Path, name: str, kind: str
) -> None:
    path = real_clip(name)
    archive = write_tar(tmp_path / "s.tar", {name: path.read_bytes()})
    precompute(archive, tmp_path / "side", sidecar=True, workers=1)
    fields = FieldStore(tmp_path / "side" / ("" if kind == "store" else "s.mgf.tar"))
    key = path.stem

    def live() -> object:
        return read_motion_field(path, frame_indices=ROWS, cell=16)

    def stored() -> object:
        # So that nothing of this clip is at hand.
        fields._recent.clear()
        return fields.field(key, ROWS)

    assert_same_field(fields.field(key, ROWS), live())  # type: ignore[arg-type]
    timed = ratio(live, stored, pairs=15)
    row = f"64 rows from a {kind}, {name}"
    record("data", row, timed, rival="read_motion_field of the same", at_least=10)


def test_bytes_of_a_second(record: Record, real_clip: RealClip, tmp_path: Path) -> None:
    paths = [real_clip(name) for name in (*CLIPS, "bigbuckbunny.mp4")]
    for compact in (False, True):
        side = tmp_path / f"side{compact}"
        precompute(paths, side, compact=compact, workers=2)
        fields = FieldStore(side)
        kind = "compact, lossy" if compact else "as it is"
        for path in paths:
            clip = fields.clip(str(path))
            spent = clip.batch.nbytes / (clip.num_frames / clip.average_fps) / 1000
            bound = {"at_most": 5.0} if compact else {}
            record("data", f"a second of {path.name}, {kind}", spent, unit="kB", **bound)  # type: ignore[arg-type]


def test_masks_from_a_compact_store(record: Record, real_clip: RealClip, tmp_path: Path) -> None:
    from mgm_ext import motion_guided_mask

    paths = [real_clip(name) for name in (*CLIPS, "bigbuckbunny.mp4")]
    stores = []
    for compact in (False, True):
        precompute(paths, tmp_path / f"side{compact}", compact=compact, workers=2)
        stores.append(FieldStore(tmp_path / f"side{compact}"))
    for mask_ratio in (0.5, 0.75):
        agreement = []
        for path in map(str, paths):
            for start in range(0, stores[0].clip(path).num_frames - 64, 16):
                fields = [one.field(path, range(start, start + 64, 4)) for one in stores]
                masks = [
                    motion_guided_mask(field, weight="none", mask_ratio=mask_ratio, seed=start)
                    for field in fields
                ]
                agreement.append((masks[0] & masks[1]).sum() / (masks[0] | masks[1]).sum())
        record(
            "data",
            f"compact masks, intersection over union at {mask_ratio}",
            float(np.mean(agreement)),
            note=f"mean of {len(agreement)} clips; a tenth is under "
            f"{np.percentile(agreement, 10):.2f}",
        )
