"""What Ray adds: processor time of a survey on Ray, all of Ray's processes included."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest

from benchmarks.conftest import Record
from mgm_ext import read_motion_field
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
import sys
import ray
from mgm_ext.adapters.ray import survey_dataset
ray.init(num_cpus=4, include_dashboard=False, object_store_memory=100 << 20)
path, count = sys.argv[1], int(sys.argv[2])
items = [{"path": path, "id": str(i)} for i in range(count)]
rows = survey_dataset(ray.data.from_items(items, override_num_blocks=8), key="id").take_all()
assert {row["key"] for row in rows} == {item["id"] for item in items}
ray.shutdown()
"""


def on_ray(path: Path, count: int) -> float:
    command = [sys.executable, "-c", PROGRAM, SURVEY, str(path), str(count)]
    run = subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT)
    return float(run.stdout.split()[-1])


def in_a_loop(path: Path, count: int) -> float:
    """Processor time of one read, in this process."""
    begin = time.process_time()
    for _ in range(count):
        read_motion_field(path, cell=16)
    return (time.process_time() - begin) / count


@pytest.mark.timeout(1800)
def test_ray_adds_little(record: Record, real_clip: RealClip) -> None:
    pytest.importorskip("ray.data")
    path = real_clip("arm_wrestling.mp4")
    # Half of the loop before and half after: the machine's speed changes meanwhile.
    few = on_ray(path, FEW)
    first = in_a_loop(path, (MORE - FEW) // 2)
    many = on_ray(path, MORE)
    loop = (first + in_a_loop(path, (MORE - FEW) // 2)) / 2
    each = (many - few) / (MORE - FEW)
    record("data", "Ray, the read of a clip by itself", 1000 * loop, unit=" ms")
    record("data", "Ray, added to the reads of 1,000 clips", 1000 * (each - loop), unit=" s")
    record("data", "Ray, its start and end", few - FEW * each, unit=" s")
    note = "processor time of a clip on Ray, all processes included, over two workers"
    record("data", "Ray, two workers", 2 * loop / each, unit="x", at_least=1.7, note=note)
