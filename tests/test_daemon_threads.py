"""Daemon threads that are at work when Python ends."""

from __future__ import annotations

import subprocess
import sys

import pytest

from tests.conftest import ROOT, EncodedClip

DAEMONS = """
import io, sys, threading, time
import mgm_ext
data = open(sys.argv[1], "rb").read()
reader = mgm_ext.VideoReader(data, num_threads=2)
score = mgm_ext.motion_score(mgm_ext.read_motion_field(data, frame_indices=range(16)))
works = {
    "field": lambda: mgm_ext.read_motion_field(data),
    "file": lambda: mgm_ext.read_motion_field(io.BytesIO(data)),
    "reader": lambda: reader.read_clip(range(0, 60, 4)),
    "mask": lambda: mgm_ext.motion_guided_mask(score),
}
begun = threading.Semaphore(0)
def work():
    while True:
        works[sys.argv[2]]()
        begun.release()
for _ in range(3):
    threading.Thread(target=work, daemon=True).start()
for _ in range(6):
    begun.acquire()
"""


@pytest.mark.parametrize("work", ["field", "file", "reader", "mask"])
def test_a_daemon_thread_at_work_ends_with_python(encoded_clip: EncodedClip, work: str) -> None:
    path = encoded_clip("libx264", kind="object", size=(96, 130), num_frames=60, bf=2, g=15)
    child = subprocess.run(
        [sys.executable, "-c", DAEMONS, str(path), work], cwd=ROOT, capture_output=True, timeout=250
    )
    assert (child.returncode, child.stderr) == (0, b"")
