"""Draws docs/signals.png: what each signal says of one frame of the demo clip.

python -m benchmarks.signals_picture
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mgm_ext import VideoReader, patch_scores, top_patches
from mgm_ext.signals import SIGNALS
from mgm_ext.visualise.layers import heat_colours

ROOT = Path(__file__).parents[1]
CLIP = ROOT / "mgm_ext" / "demo.mp4"
STRIDE, GRID, CHOSEN, SHOWN = 4, (16, 16), 512, 6
WIDTH = 360  # of a panel


def panel(pixels: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    return np.asarray(Image.fromarray(pixels).resize(size, Image.Resampling.BILINEAR))


def heat(scores: NDArray[np.float32], size: tuple[int, int]) -> NDArray[np.uint8]:
    """A patch a colour; unknown ones grey."""
    share = np.clip(scores / max(float(np.nanpercentile(scores, 99)), 1e-6), 0, 1)
    colours = heat_colours(np.nan_to_num(share))
    colours[np.isnan(scores)] = 118
    image = Image.fromarray(colours.astype(np.uint8))
    return np.asarray(image.resize(size, Image.Resampling.NEAREST))


def main() -> None:
    reader = VideoReader(CLIP)
    frames = list(range(0, len(reader) - STRIDE, STRIDE))[: 2 * SHOWN + 1]
    picture = reader.read_clip([frames[SHOWN]]).frames
    assert picture is not None
    size = (WIDTH, WIDTH * picture.shape[1] // picture.shape[2])
    top = [panel(picture[0], size)]
    below = [np.full((size[1], WIDTH, 3), 255, np.uint8)]
    for signal in SIGNALS:
        scores = patch_scores(CLIP, frames, GRID, signal=signal)
        top.append(heat(scores[SHOWN], size))
        chosen = np.zeros(scores.shape, np.float32)
        chosen[tuple(top_patches(scores, CHOSEN, anchor=0).T)] = 1
        mask = Image.fromarray(chosen[SHOWN]).resize(size, Image.Resampling.NEAREST)
        shade = 0.25 + 0.75 * np.asarray(mask)[..., None]
        below.append((top[0] * shade).astype(np.uint8))
    sheet = np.concatenate([np.concatenate(row, 1) for row in (top, below)])
    Image.fromarray(sheet).save(ROOT / "docs" / "signals.png", optimize=True)


if __name__ == "__main__":
    main()
