"""Reads and masks in many threads at once; run by a plain Python with only what a wheel needs.

    python wheel_threads.py CLIP...

Every thread must find what one thread alone finds. Without the GIL this is the module's own safety;
importing it must not bring the GIL back.
"""

from __future__ import annotations

import importlib
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

THREADS, ROUNDS = 8, 3


def work(mgm_ext: Any, clip: Path) -> bytes:
    field = mgm_ext.read_motion_field(clip)
    read = mgm_ext.VideoReader(clip).read_clip(np.arange(8))
    masks = [mgm_ext.motion_guided_mask(field, grid=(10, 12, 16), seed=seed) for seed in range(3)]
    arrays = (field.vectors, read.frames, *masks)
    return b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)


def main() -> None:
    mgm_ext: Any = importlib.import_module("mgm_ext")
    clips = [Path(word) for word in sys.argv[1:]]
    alone = {clip: work(mgm_ext, clip) for clip in clips}
    with ThreadPoolExecutor(THREADS) as pool:
        jobs = clips * THREADS * ROUNDS
        for clip, found in zip(jobs, pool.map(lambda clip: work(mgm_ext, clip), jobs), strict=True):
            assert found == alone[clip], clip
    gil = getattr(sys, "_is_gil_enabled", lambda: True)()
    assert not (sys.abiflags == "t" and gil), "the import brought the GIL back"
    print(f"{len(jobs)} reads in {THREADS} threads as alone, GIL {'on' if gil else 'off'}")


if __name__ == "__main__":
    main()
