"""Any video file, read by PyAV in one thread and by us: what differs.

    python -m tests.differential FOLDER_OR_FILE... [--seconds 60] [--megabytes 3000] [-o OUT.jsonl]

Each file is read in a process of its own, with limits of time and memory. Of each: number and order
of frames, pixels, libavcodec's export row for row, reads with and without pixels, single reads in
fresh readers, and whether damage is told. PyAV is no oracle for damaged streams: of those it says
only that we read them, and alike in every way.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

import mgm_ext
from mgm_ext import VideoReader
from tests import oracles

MOST_FRAMES = 120  # whose pixels are compared
MOST_BYTES = 400 << 20
LEVELS = 2
SINGLES = 6
# Of these libavcodec exports vectors, rightly where one thread decodes.
EXPORTED = {"h264", "mpeg1video", "mpeg2video", "mpeg4", "h263", "flv1", "msmpeg4v3", "wmv1"}


@dataclass
class Truth:
    """What PyAV says of a file."""

    count: int = 0
    codec: str = ""
    frames: list[NDArray[np.uint8]] = field(default_factory=list)
    damaged: bool = False
    sizes: set[tuple[int, int]] = field(default_factory=set)


def decode(path: Path) -> Truth:
    """Every frame by PyAV; pixels of the first ones."""
    truth, room = Truth(), MOST_BYTES
    with av.open(str(path), metadata_errors="ignore") as container:
        stream = oracles.in_one_thread(container)
        truth.codec = stream.codec_context.name
        for packet in container.demux(stream):
            try:
                for frame in packet.decode():
                    truth.count += 1
                    truth.damaged |= bool(getattr(frame, "is_corrupt", False))
                    truth.sizes.add((frame.height, frame.width))
                    if len(truth.frames) < MOST_FRAMES and room > 0:
                        pixels = frame.to_ndarray(format="rgb24").astype(np.uint8, copy=False)
                        truth.frames.append(pixels)
                        room -= pixels.nbytes
            except av.error.FFmpegError:
                truth.damaged = True
    return truth


def compare_pixels(path: Path, truth: Truth) -> Iterator[str]:
    """In one clip, and each frame alone in a fresh reader."""
    shape = truth.frames[0].shape
    same = [i for i, frame in enumerate(truth.frames) if frame.shape == shape]
    indices = range(len(truth.frames))
    clip = VideoReader(path, rotate=False).read_clip(indices, window="frame")
    assert clip.frames is not None
    # libavcodec crops the left and the top only as far as memory is aligned.
    high, wide = clip.frames.shape[1:3]
    theirs = [frame[-high:, -wide:] for frame in truth.frames]
    if theirs[0].shape != clip.frames.shape[1:] or shape[0] - high > 16 or shape[1] - wide > 64:
        yield f"size: {clip.frames.shape[1:3]}, PyAV {shape[:2]}"
        return
    if shape[0] % 2 == 0:
        wrong = [i for i in same if not is_close(clip.frames[i], theirs[i])]
        if wrong:
            yield f"pixels: of {len(wrong)} of {len(same)} frames, {wrong[:5]} first"
    rng = np.random.default_rng(0)
    for index in sorted(rng.choice(indices, min(SINGLES, len(indices)), replace=False).tolist()):
        yield from compare_single(path, clip, index)


def compare_single(path: Path, clip: mgm_ext.Clip, index: int) -> Iterator[str]:
    """One frame in fresh readers, with pixels and without, against a clip of all."""
    alone = VideoReader(path, rotate=False).read_clip([index], window="frame")
    dark = VideoReader(path, rotate=False).read_clip([index], window="frame", pixels=False)
    assert clip.frames is not None
    assert alone.frames is not None
    if not np.array_equal(alone.frames[0], clip.frames[index]):
        yield f"seek: pixels of frame {index} alone"
    if alone.stand_in[0] != clip.stand_in[index] or dark.stand_in[0] != clip.stand_in[index]:
        yield f"seek: frame {index} stands in differently alone"
    if not np.array_equal(alone.field.vectors[0], clip.field.vectors[index]):
        yield f"seek: vectors of frame {index} alone"
    if not np.array_equal(dark.field.vectors, alone.field.vectors):
        yield f"vectors of frame {index} without pixels"


def is_close(ours: NDArray[np.uint8], theirs: NDArray[np.uint8]) -> bool:
    return int(np.abs(ours.astype(np.int16) - theirs).max()) <= LEVELS


def compare_rows(path: Path, truth: Truth) -> Iterator[str]:
    """libavcodec's export, row for row."""
    rows = []
    for frame in oracles.pyav_frames(path, export=True):
        rows.append(oracles.exported_rows(frame))
        if len(rows) == len(truth.frames):
            break
    ours = mgm_ext.read_motion_vectors(path, blocks="libavcodec", stop=len(rows))
    try:
        oracles.assert_rows(ours, rows)
    except AssertionError as error:
        yield f"export: {str(error).strip().splitlines()[0]}"


def compare_fields(path: Path, truth: Truth) -> Iterator[str]:
    """A whole read, and one in clips."""
    whole = mgm_ext.read_motion_field(path)
    reader = VideoReader(path)
    if len(whole.row_frames) != len(reader):
        yield f"count: a whole read has {len(whole.row_frames)} frames, a reader {len(reader)}"
        return
    last = min(len(reader), len(truth.frames))
    clip = reader.read_clip(range(last), window="frame", pixels=False)
    if not np.array_equal(clip.field.vectors, whole.vectors[:last]):
        yield "vectors of a clip and of a whole read"


def compare(path: Path) -> tuple[str, list[str]]:
    """The outcome, and its reasons: "same", "differs", "damaged", "refused" or "neither"."""
    try:
        truth = decode(path)
    except (av.error.FFmpegError, IndexError, ValueError) as error:
        truth = Truth()
        neither = str(error)
    try:
        reader = VideoReader(path)
        count = len(reader)
        if not truth.count:
            reader.read_clip([0])  # an index alone is not a frame
    except (mgm_ext.MgmError, OSError) as error:
        return ("refused" if truth.count else "neither"), [str(error)]
    if not truth.count:
        return "differs", [f"PyAV reads nothing ({neither if not truth.codec else 'no frame'})"]
    found: list[str] = []
    if count != truth.count and not truth.damaged:
        found.append(f"count: {count} frames, PyAV {truth.count}")
    for check in checks(truth, reader.info.has_vectors, count):
        found += check(path, truth)
    info = mgm_ext.VideoReader(path)
    info.read_clip(range(min(count, MOST_FRAMES)), pixels=False)
    damaged = info.info.damaged
    if truth.damaged or damaged:
        return "damaged", [*found, f"told by us: {damaged}, by PyAV: {truth.damaged}"]
    return ("differs" if found else "same"), found


def checks(truth: Truth, has_vectors: bool, count: int) -> Iterable[Any]:
    if truth.frames and count >= len(truth.frames):
        yield compare_pixels
    if has_vectors:
        yield compare_fields
    if truth.codec in EXPORTED and not truth.damaged:
        yield compare_rows


def run(path: Path, *, seconds: float, megabytes: int) -> dict[str, Any]:
    """`compare` in a process of its own."""
    command = [sys.executable, "-m", "tests.differential", "--one", str(path)]
    limits = [*command, "--megabytes", str(megabytes)]
    try:
        child = subprocess.run(limits, capture_output=True, timeout=seconds, check=False, text=True)
    except subprocess.TimeoutExpired:
        return {"file": str(path), "outcome": "slow", "reasons": [f"over {seconds} s"]}
    if child.returncode:
        words = (child.stderr.strip().splitlines() or ["?"])[-1]
        return {"file": str(path), "outcome": "crash", "reasons": [f"{child.returncode}: {words}"]}
    found: dict[str, Any] = json.loads(child.stdout.splitlines()[-1])
    return found


def files_of(places: Iterable[Path]) -> list[Path]:
    found: list[Path] = []
    for place in places:
        found += sorted(p for p in place.rglob("*") if p.is_file()) if place.is_dir() else [place]
    return found


def main() -> int:
    """The exit code: 1 where a file differs, crashes or is too slow."""
    parser = argparse.ArgumentParser(description="Reads files by PyAV and by us, and compares.")
    parser.add_argument("places", nargs="*", type=Path)
    parser.add_argument("--one", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, default=60)
    parser.add_argument("--megabytes", type=int, default=3000)
    parser.add_argument("-o", "--out", type=Path, help="a line of JSON for each file")
    arguments = parser.parse_args()
    if arguments.one:
        resource.setrlimit(resource.RLIMIT_AS, (arguments.megabytes << 20,) * 2)
        outcome, reasons = compare(arguments.one)
        print(json.dumps({"file": str(arguments.one), "outcome": outcome, "reasons": reasons}))
        return 0
    total: Counter[str] = Counter()
    lines = []
    for path in files_of(arguments.places):
        found = run(path, seconds=arguments.seconds, megabytes=arguments.megabytes)
        total[found["outcome"]] += 1
        lines.append(json.dumps(found))
        if found["outcome"] != "same":
            print(found["outcome"], path, "; ".join(found["reasons"]), flush=True)
        if arguments.out:
            arguments.out.write_text("\n".join(lines) + "\n")
    print(", ".join(f"{count} {outcome}" for outcome, count in sorted(total.items())))
    return 1 if total["differs"] + total["crash"] + total["slow"] else 0


if __name__ == "__main__":
    sys.exit(main())
