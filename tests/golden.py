"""The bits of every mask in this version: what a recipe makes never changes within one.

`python -m tests.golden` prints the hashes. They change with the version, and with a line in the
changelog.
"""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np

import mgm_ext
from mgm_ext.masks import MASKINGS

GRID = (8, 14, 14)
RATIOS = (0.5, 0.75)
PRESETS = ("literal", "smooth", "robust")


def field() -> mgm_ext.MotionField:
    """16 frames of 224 x 224: two things that move over a ground that pans, and hold still at last.

    Velocities are whole 64ths of a pixel, so that nothing depends on how floats are rounded.
    """
    t, y, x = np.ogrid[:16, :224, :224]
    flow = np.zeros((16, 224, 224, 2), np.float32)
    flow[..., 0] = 1.5 + ((x * 7 + y * 3) % 5) / 64
    flow[..., 1] = -0.5 + ((x + y * 11) % 3) / 64
    first = (abs(x - (30 + 9 * t)) < 24) & (abs(y - 80) < 30)
    second = (abs(x - 170) < 18) & (abs(y - (200 - 6 * t)) < 18)
    flow[first] = (4.25, 0.75)
    flow[second] = (0.5, -3.125)
    flow[14:] = 0
    return mgm_ext.MotionField.from_flow(flow)


def masks(name: str, motion: mgm_ext.MotionField) -> str:
    """One hash over the masks of a generator, for some seeds, ratios, presets and a view."""
    digest = hashlib.sha256()
    view = mgm_ext.View(crop=(20.0, 10.0, 180.0, 190.0), size=(224, 224), hflip=True)
    settings: list[dict[str, Any]] = [{}]
    if name == "motion_guided":
        settings = [{"preset": preset} for preset in PRESETS]
    if name == "boxes":
        settings = [{"boxes": [[(40, 60, 120, 130)]] * GRID[0]}]
    for ratio in RATIOS:
        for options in settings:
            masking = mgm_ext.make_masking(name, input_size=GRID, mask_ratio=ratio, **options)
            for seed in (0, 1, 2**64 - 1):
                digest.update(np.packbits(masking(motion, view=view, seed=seed)).tobytes())
    return digest.hexdigest()[:32]


def main() -> None:
    motion = field()
    for name in sorted(MASKINGS):
        print(f'    "{name}": "{masks(name, motion)}",')


if __name__ == "__main__":
    main()
