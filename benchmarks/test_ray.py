"""What Ray adds: processor time of a survey on Ray, all of Ray's processes included."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import paired
from benchmarks.conftest import Record
from mgm_ext import read_motion_field
from mgm_ext.data import SourceClip
from mgm_ext.data.survey_row import survey_clip
from tests.conftest import ROOT, RealClip

# Both runs must have work for both actors from the beginning: of fewer clips than a few batches
# for each, one actor may take all, and the other's start is then counted as work on the clips.
FEW, MORE = 96, 608
# Orphans of Ray's become children of this program, and their time is counted when they end.
PROGRAM = """
import ctypes, os, resource, subprocess, sys
ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)
subprocess.run([sys.executable, "-c", sys.argv[1], *sys.argv[2:]], check=True)
while True:
    try:
        os.wait()
    except ChildProcessError:
        break
spent = resource.getrusage(resource.RUSAGE_CHILDREN)
print(spent.ru_utime + spent.ru_stime)
"""
SURVEY = """
import sys, threading, time
import psutil, ray
from mgm_ext.adapters.ray import survey_dataset
spent = {}  # of the processes that read clips, by their number
def watch():
    while True:
        for process in psutil.Process().children(recursive=True):
            try:
                if "mgm_ext.data.worker" in process.cmdline():
                    times = process.cpu_times()
                    spent[process.pid] = times.user + times.system
            except psutil.Error:
                pass
        time.sleep(0.1)
ray.init(num_cpus=4, include_dashboard=False, object_store_memory=100 << 20)
threading.Thread(target=watch, daemon=True).start()
path, count = sys.argv[1], int(sys.argv[2])
items = [{"path": path, "id": str(i)} for i in range(count)]
rows = survey_dataset(ray.data.from_items(items, override_num_blocks=8), key="id").take_all()
assert {row["key"] for row in rows} == {item["id"] for item in items}
assert len(spent) == 2, spent
print("readers", sum(spent.values()))
ray.shutdown()
"""


def on_ray(path: Path, count: int) -> float:
    """Processor time of all processes but those that read the clips."""
    command = [sys.executable, "-c", PROGRAM, SURVEY, str(path), str(count)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    (readers,) = re.findall(r"^readers (\S+)$", run.stdout, re.MULTILINE)
    return float(run.stdout.split()[-1]) - float(readers)


@pytest.mark.timeout(1800)
def test_ray_adds_little(record: Record, real_clip: RealClip) -> None:
    pytest.importorskip("ray.data")
    pytest.importorskip("psutil")
    path = real_clip("arm_wrestling.mp4")
    clip = SourceClip("clip", str(path))
    # The readers' own time is compared in pairs, as the machine's speed changes meanwhile.
    survey = paired.ratio(
        lambda: survey_clip(clip, full=True), lambda: read_motion_field(path, cell=16), pairs=25
    )
    few = min(on_ray(path, FEW) for _ in range(2))
    added = (min(on_ray(path, MORE) for _ in range(2)) - few) / (MORE - FEW)
    read = survey.ours_seconds
    record("data", "Ray, the read of a clip by itself", 1000 * read, unit=" ms")
    record("data", "Ray, added to the reads of 1,000 clips", 1000 * added, unit=" s")
    record("data", "Ray, its start and end", few - FEW * added, unit=" s")
    each = survey.median * read + added
    note = "two reads' time over that of a clip's survey and Ray's share"
    record("data", "Ray, two workers", 2 * read / each, unit="x", at_least=1.7, note=note)
