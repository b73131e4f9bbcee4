"""What threads of one process that read clips would queue for: pages, and the GIL."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from mgm_ext import read_motion_field
from tests.conftest import EncodedClip, RealClip, RealFootage

# Page faults of a clip, its file opened for it, once each thread has read half of its own.
CLIPS = """
import json, resource, sys, threading
import mgm_ext

path, pixels, count = sys.argv[1], sys.argv[2] == "pixels", 60
faults = []

def read():
    for number in range(2 * count):
        if number == count:
            half.wait()
        reader = mgm_ext.VideoReader(path, size=112)
        reader.read_clip(range(number % 16, number % 16 + 32, 2), pixels=pixels)

half = threading.Barrier(2, lambda: faults.append(resource.getrusage(0).ru_minflt))
threads = [threading.Thread(target=read) for _ in range(2)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
print((resource.getrusage(0).ru_minflt - faults[0]) / (2 * count))
"""


@pytest.fixture(scope="module")
def path(encoded_clip: EncodedClip, real_footage: RealFootage) -> Path:
    frames = real_footage("bigbuckbunny.mp4", size=(240, 320), num_frames=48)
    return encoded_clip("libx264", kind=frames, preset="superfast", bf=2)


@pytest.mark.parametrize("what", ["vectors", "pixels"])
def test_a_clip_finds_its_memory_where_the_last_one_left_it(path: Path, what: str) -> None:
    command = [sys.executable, "-c", CLIPS, str(path), what]
    faults = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    assert faults < 60


def test_a_thread_that_reads_does_not_ask_for_the_gil(real_clip: RealClip) -> None:
    data = real_clip("bigbuckbunny.mp4").read_bytes()
    waits, done = [], threading.Event()

    def read() -> None:
        before = resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw
        read_motion_field(data)  # takes a second
        waits.append(resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw - before)
        done.set()

    thread = threading.Thread(target=read)
    thread.start()
    while not done.is_set():  # with the GIL
        json.dumps(list(range(1000)))
    thread.join()
    # The GIL once it is over: it is waited for in turns of 5 ms.
    assert waits[0] < 8
