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
from tests.conftest import RealClip

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
        budget=4,
    )
    note = "a fresh interpreter each time, with NumPy, its own start included"
    record("start", "import mgm_ext", timed, rival=f"import {IMPORTS[name]}", note=note)


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
