"""What an installed wheel makes of clips; run by a plain Python with only what the wheel needs.

    python wheel_masks.py FRAMES_FOLDER CLIP...

Prints a JSON object: for each clip the SHA-256 of its vectors, its field and its masks, which every
architecture must give alike, and writes the RGB frames to FRAMES_FOLDER/CLIP.npy.
"""

from __future__ import annotations

import hashlib
import importlib
import json
import sys
from pathlib import Path
from typing import Any

import numpy as np

MASKS = ("motion_guided", "tracked", "motion_topk", "inverse_motion", "random", "tube", "block")
COLUMNS = ("source", "w", "h", "dst_x", "dst_y", "motion_x", "motion_y", "flags")


def digest(*arrays: Any) -> str:
    sha = hashlib.sha256()
    for array in arrays:
        sha.update(f"{array.dtype} {array.shape}".encode())
        sha.update(np.ascontiguousarray(array).tobytes())
    return sha.hexdigest()


def describe(mgm_ext: Any, clip: Path, frames: Path) -> dict[str, str]:
    vectors = mgm_ext.read_motion_vectors(clip)
    field = mgm_ext.read_motion_field(clip)
    read = mgm_ext.VideoReader(clip).read_clip(np.arange(0, 16))
    np.save(frames / f"{clip.name}.npy", read.frames)
    masks = {}
    for name in MASKS:
        make = mgm_ext.make_masking(name, input_size=(8, 12, 16), mask_ratio=0.75)
        masks[f"mask {name}"] = digest(make(field=read.field, seed=7))
    return {
        "vectors": digest(*(getattr(vectors, name) for name in COLUMNS), vectors.offsets),
        "field": digest(field.vectors, field.coded, field.cuts),
        "clip field": digest(read.field.vectors, read.field.coded),
        **masks,
    }


def main() -> None:
    mgm_ext: Any = importlib.import_module("mgm_ext")
    frames, *clips = map(Path, sys.argv[1:])
    print(json.dumps({clip.name: describe(mgm_ext, clip, frames) for clip in clips}))


if __name__ == "__main__":
    main()
