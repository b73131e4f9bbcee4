"""Time and memory of choosing patches of 64 frames at 1080p, without NumPy's own threads."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np

import mgm_ext
from mgm_ext.adapters.onevision import codec_patches

FRAMES, GRID, CHOSEN = 64, (20, 36), 2048
SCALED = "-vf scale=1920:1080:flags=lanczos,unsharp,noise=alls=6:allf=t"
FORMS = {
    "H.264": f"{SCALED} -c:v libx264 -preset medium -b:v 8M",
    "HEVC": f"{SCALED} -c:v libx265 -preset fast -b:v 6M -x265-params log-level=error",
}
LENGTHS = {"10 s": 10, "30 s": 30}
PAIRS = {"10 s": 5, "30 s": 3}
PROGRAM = """
import sys, mgm_ext
from pathlib import Path
read, path = sys.argv[1:]
frames = [i * (len(mgm_ext.VideoReader(path)) - 1) // 63 for i in range(64)]
if read != "ours":
    from codec_video_prep.cv_reader_fast import read_video_fast_selected
def kib(name):
    lines = Path("/proc/self/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(name)))
Path("/proc/self/clear_refs").write_text("5")
before = kib("VmRSS")
if read == "ours":
    mgm_ext.top_patches(mgm_ext.patch_scores(path, frames, (20, 36), signal="bits"), 2048)
else:
    read_video_fast_selected(path, frames, thread_count=1, export_bitcost=1, thread_type="slice")
print(kib("VmHWM") - before)
"""


class Convert(Protocol):
    def __call__(self, source: Path, options: str, path: Path, *, before: str = "") -> Path: ...


def files(source: Path, work: Path, convert: Convert) -> dict[tuple[str, str], Path]:
    """1080p, real footage in a loop, by codec and length; the longer is the shorter again."""
    found = {}
    for codec, options in FORMS.items():
        short = work / f"hd_{codec}_10.mp4"
        if not short.exists():
            convert(source, options, short, before="-stream_loop 9 -t 10")
        long = work / f"hd_{codec}_30.mp4"
        if not long.exists():
            convert(short, "-c copy", long, before="-stream_loop 2")
        found[codec, "10 s"], found[codec, "30 s"] = short, long
    return found


def ours(path: str, frames: list[int]) -> None:
    mgm_ext.top_patches(mgm_ext.patch_scores(path, frames, GRID, signal="bits"), CHOSEN)


def prepared(path: str, frames: list[int]) -> None:
    codec_patches(path, frame_indices=frames, pixels=False)


def theirs(path: str, frames: list[int]) -> None:
    """Their decoder, and the scores of 2x2 patches by their rules; no canvases."""
    from codec_selector.plugins.groupers.readiness import precompute_frame_block_scores
    from codec_selector.plugins.scorers.bitcost import bitcost_items_to_score_maps
    from codec_video_prep.cv_reader_fast import read_video_fast_selected

    os.environ["CVR_DISABLE_TARGET_ONLY"] = "1"
    items = read_video_fast_selected(
        path, frames, thread_count=1, export_bitcost=1, thread_type="slice"
    )
    codec = mgm_ext.probe(path).codec
    maps = bitcost_items_to_score_maps(
        [item["bitcost"] for item in items], 280, 504, "adaptive", 99.0, True, codec
    )
    scores = np.stack(precompute_frame_block_scores(maps, 14))
    np.argpartition(-scores.ravel(), CHOSEN // 4)


def decoded(path: str, frames: list[int]) -> None:
    """All frames up to the last wanted, one thread; nothing is done with them."""
    import av

    with av.open(path) as container:
        container.streams.video[0].codec_context.thread_count = 1
        for number, _ in enumerate(container.decode(video=0)):
            if number == frames[-1]:
                return


def seconds(call: Callable[[str, list[int]], None], path: Path, frames: list[int]) -> float:
    begun = time.process_time()
    call(str(path), frames)
    return time.process_time() - begun


def speed(source: Path, work: Path, convert: Convert) -> list[dict[str, Any]]:
    """Processor time of the others over ours, in pairs that follow each other."""
    rows = []
    for (codec, length), path in files(source, work, convert).items():
        total = len(mgm_ext.VideoReader(path))
        frames = np.linspace(0, total - 1, FRAMES).astype(int).tolist()
        row: dict[str, Any] = {"codec": codec, "length": length, "frames": total}
        row["megabits"] = path.stat().st_size * 8e-6 / LENGTHS[length]
        for name, call in {"codec-video-prep": theirs, "full decode": decoded}.items():
            pairs = [
                seconds(call, path, frames) / seconds(ours, path, frames)
                for _ in range(PAIRS[length])
            ]
            row[name] = sorted(pairs)
        pairs = [seconds(theirs, path, frames) / seconds(prepared, path, frames) for _ in range(3)]
        row["codec_patches"] = sorted(pairs)
        print(row)
        rows.append(row)
    return rows


def memory(source: Path, work: Path, convert: Convert) -> list[dict[str, Any]]:
    """KiB by which a process grows at most when it reads the frames."""
    rows = []
    for (codec, length), path in files(source, work, convert).items():
        row: dict[str, Any] = {"codec": codec, "length": length}
        for read in ("ours", "codec-video-prep"):
            command = [sys.executable, "-c", PROGRAM, read, str(path)]
            done = subprocess.run(command, check=True, capture_output=True, text=True)
            row[read] = int(done.stdout.split()[-1])
        print(row)
        rows.append(row)
    return rows
