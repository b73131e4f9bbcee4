"""Tries an installed wheel; run by a plain Python with nothing but the wheel's own needs.

    python wheel_smoke.py CLIP [--neighbours=before|after]

CLIP scrolls by (3, 2) pixels a frame and has no B-frames. With neighbours, PyAV and OpenCV are
imported in the same process, before or after mgm_ext has decoded, and all must go on working.
"""

from __future__ import annotations

import importlib
import os
import platform
import sys
from pathlib import Path
from typing import Any


def try_mgm_ext(clip: str) -> None:
    import numpy as np

    mgm_ext: Any = importlib.import_module("mgm_ext")
    installed = Path(mgm_ext.__file__).resolve()
    assert "site-packages" in installed.parts, installed
    assert not {"torch", "av"} & set(sys.modules) - NEIGHBOURS

    info = mgm_ext.probe(clip)
    assert (info.codec, info.width, info.height) == ("h264", 256, 192), info

    field = mgm_ext.read_motion_field(clip)
    inner = field.velocity[1:, 2:-2, 2:-2][field.valid[1:, 2:-2, 2:-2]]
    exact = np.abs(inner - (3, 2)).max(axis=-1) <= 0.25
    assert len(inner) > 0
    assert exact.mean() >= 0.95, exact.mean()

    # The quicker decoders run wherever the processor has what they are compiled for.
    processor = set(Path("/proc/cpuinfo").read_text().split())
    quick = platform.machine() == "x86_64" and {"bmi1", "bmi2", "abm"} <= processor
    assert mgm_ext._core.build_info()["entropy"] == ("mgm-ext" if quick else "libavcodec")

    mask = mgm_ext.motion_guided_mask(field, grid=(8, 12, 16), mask_ratio=0.75, seed=1)
    assert mask.shape == (8, 12, 16)
    assert mask.dtype == np.bool_
    assert 0 < mask.sum() < mask.size


def try_neighbours(clip: str) -> None:
    import av
    import cv2
    import numpy as np

    mgm_ext: Any = importlib.import_module("mgm_ext")
    theirs = []
    with av.open(clip) as container:
        container.streams.video[0].codec_context.options = {"flags2": "+export_mvs"}
        for frame in container.decode(video=0):
            side_data = frame.side_data.get("MOTION_VECTORS")
            theirs += [] if side_data is None else [side_data.to_ndarray()]
    rows = np.concatenate(theirs)
    ours = mgm_ext.read_motion_vectors(clip, blocks="libavcodec")
    for name in ("source", "w", "h", "dst_x", "dst_y", "motion_x", "motion_y", "motion_scale"):
        assert np.array_equal(getattr(ours, name), rows[name]), name

    capture = cv2.VideoCapture(clip)
    good, picture = capture.read()
    assert good
    assert picture.shape == (192, 256, 3)


def main() -> None:
    clip, *options = sys.argv[1:]
    if NEIGHBOURS:
        if "--neighbours=before" in options:
            try_neighbours(clip)
        try_mgm_ext(clip)
        try_neighbours(clip)
    try_mgm_ext(clip)
    system = f"{platform.machine()}, {os.confstr('CS_GNU_LIBC_VERSION')}"
    print(f"Python {sys.version.split()[0]} on {system}: smoke test passed", *options)


NEIGHBOURS = {"av", "cv2"} if len(sys.argv) > 2 else set()

if __name__ == "__main__":
    main()
