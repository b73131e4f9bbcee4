"""Draws docs/onevision.png: what a frame of the demo clip scores, and which patches are kept.

python -m benchmarks.onevision_picture
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from benchmarks.signals_picture import CLIP, ROOT, heat
from mgm_ext import VideoReader, patch_scores
from mgm_ext.adapters.onevision import CodecRules, codec_patches, visible_indices

WIDTH, FRAMES, SIDE, CHOSEN = 300, 16, 16, 512
Picture = NDArray[np.uint8]


def kept(picture: Picture, patches: NDArray[np.bool_]) -> Picture:
    """The picture, dark but for patches bool [h, w]."""
    size = (picture.shape[1], picture.shape[0])
    mask = Image.fromarray(patches.astype(np.float32)).resize(size, Image.Resampling.NEAREST)
    return (picture * (0.25 + 0.75 * np.asarray(mask)[..., None])).astype(np.uint8)


def codec_row(reader: VideoReader) -> list[Picture]:
    """A frame, its bits in the canvas's patches, and the blocks of it that canvases hold."""
    rules = CodecRules(num_sampled_frames=FRAMES, max_group_frames=FRAMES, images_per_group=3)
    made = codec_patches(CLIP, rules=rules, pixels=False)
    frame = int(made.frame_ids[FRAMES // 2])
    pixels = reader.read_clip([frame]).frames
    assert pixels is not None
    size = (WIDTH, WIDTH * made.grid[0] // made.grid[1])
    shown = np.asarray(Image.fromarray(pixels[0]).resize(size, Image.Resampling.BILINEAR))
    scores = patch_scores(CLIP, [frame], made.grid, signal="bits")[0]
    patches = np.zeros(made.grid, np.bool_)
    found = made.positions[made.positions[:, 0] == frame]
    patches[found[:, 1], found[:, 2]] = True
    return [shown, heat(np.log1p(scores), size), kept(shown, patches)]


def encoder_row(reader: VideoReader) -> list[Picture]:
    """The square in the middle of a frame, its motion, and the patches of it that are visible."""
    frames = np.linspace(0, len(reader) - 1, FRAMES).astype(int).tolist()
    chosen = visible_indices(CLIP, CHOSEN, frame_indices=frames, grid=(SIDE, SIDE), still_frames=0)
    by_frame = np.zeros(FRAMES * SIDE * SIDE, np.bool_)
    by_frame[chosen] = True
    patches = by_frame.reshape(FRAMES, SIDE, SIDE)
    place = FRAMES // 2
    pixels = reader.read_clip([frames[place]]).frames
    assert pixels is not None
    height, width = pixels.shape[1:3]
    left = (width - height) // 2
    square = Image.fromarray(pixels[0, :, left : left + height])
    shown = np.asarray(square.resize((WIDTH, WIDTH), Image.Resampling.BILINEAR))
    scores = patch_scores(CLIP, frames, (SIDE, SIDE * width // height))[place]
    start = (scores.shape[1] - SIDE) // 2
    return [
        shown,
        heat(scores[:, start : start + SIDE], (WIDTH, WIDTH)),
        kept(shown, patches[place]),
    ]


def main() -> None:
    reader = VideoReader(CLIP)
    rows = [np.concatenate(row(reader), 1) for row in (codec_row, encoder_row)]
    sheet = Image.fromarray(np.concatenate(rows))
    sheet.save(ROOT / "docs" / "onevision.png", optimize=True)


if __name__ == "__main__":
    main()
