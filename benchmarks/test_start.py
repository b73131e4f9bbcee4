"""What it costs to import the package and to open a file, beside other readers."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks.conftest import PeerFixture, Record
from benchmarks.paired import ratio
from mgm_ext import VideoReader, probe
from tests.conftest import EncodedClip, RealClip
from tests.openings import different_files, open_each, own_import_seconds

CLIPS = ("arm_wrestling.mp4", "bigbuckbunny.mp4")
IMPORTS = {
    "PyAV": "av",
    "OpenCV": "cv2",
    "decord": "decord",
    "torchcodec": "torchcodec.decoders",
    "motion-vector-extractor": "mvextractor.videocap",
}


def start(statement: str) -> None:
    # With bytecode cached, as pip leaves an installed package.
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    command = [sys.executable, "-W", "ignore", "-c", statement]
    subprocess.run(command, check=True, env=environment)


@pytest.mark.parametrize("name", IMPORTS)
def test_import(record: Record, peer: PeerFixture, name: str) -> None:
    peer(name)
    timed = ratio(
        lambda: start(f"import numpy, {IMPORTS[name]}"),
        lambda: start("import numpy, mgm_ext"),
        clock="tree",
        pairs=9,
        sample=0,
        budget=4,
    )
    note = "a fresh interpreter each time, with NumPy, its own start included"
    record("start", "import mgm_ext", timed, rival=f"import {IMPORTS[name]}", note=note)


def test_own_share_of_the_import(record: Record) -> None:
    note = "processor time after NumPy is there, the least of 5"
    milliseconds = 1000 * own_import_seconds()
    record("start", "import mgm_ext, its own share", milliseconds, unit="ms", at_most=30, note=note)


def test_a_thousand_files(record: Record, encoded_clip: EncodedClip, tmp_path: Path) -> None:
    path = encoded_clip("libx264", size=(96, 128), num_frames=40, bf=2, g=15)
    files = different_files(path, tmp_path, 1000)
    found = open_each(files)
    record(
        "start",
        "open and first clip, the last hundred of 1,000 files in a row",
        found.last_over_first,
        rival="the same in a process that opened no others",
        unit="x",
        at_most=1.1,
        note="median of their ratios; here less is better",
    )
    growth = found.growth / (1 << 20)
    record("start", "memory gained over the last 800 of them", growth, unit="MiB", at_most=8)


def pyav_facts(module: Any, path: Path) -> tuple[int, int, int]:
    with module.open(str(path)) as container:
        stream = container.streams.video[0]
        return stream.frames, stream.width, stream.height


def decord_facts(module: Any, path: Path) -> tuple[int, int, int]:
    reader = module.VideoReader(str(path), num_threads=1)
    height, width = reader[0].shape[:2]
    return len(reader), width, height


def torchcodec_facts(module: Any, path: Path, seek_mode: str) -> tuple[int, int, int]:
    found = module.VideoDecoder(str(path), seek_mode=seek_mode).metadata
    return found.num_frames, found.width, found.height


FACTS: dict[str, tuple[str, Callable[[Any, Path], tuple[int, int, int]]]] = {
    "av.open": ("PyAV", pyav_facts),
    "decord.VideoReader and its first frame": ("decord", decord_facts),
    "torchcodec.VideoDecoder": ("torchcodec", lambda m, p: torchcodec_facts(m, p, "exact")),
    "torchcodec.VideoDecoder, approximate": (
        "torchcodec",
        lambda m, p: torchcodec_facts(m, p, "approximate"),
    ),
}


@pytest.mark.parametrize("how", FACTS)
@pytest.mark.parametrize("clip", CLIPS)
def test_open(
    record: Record,
    peer: PeerFixture,
    real_clip: RealClip,
    clip: str,
    how: str,
) -> None:
    name, facts = FACTS[how]
    module, path = peer(name), real_clip(clip)

    def opened() -> tuple[int | None, int, int]:
        reader = VideoReader(path)
        return len(reader), reader.info.width, reader.info.height

    def probed() -> tuple[int | None, int, int]:
        info = probe(path)
        return info.num_frames, info.width, info.height

    assert opened() == probed() == facts(module, path)
    timed = ratio(lambda: facts(module, path), opened)
    record("start", f"VideoReader, number of frames and size, {clip}", timed, rival=how)
    if name == "PyAV":
        timed = ratio(lambda: facts(module, path), probed)
        record("start", f"probe, number of frames and size, {clip}", timed, rival=how)
