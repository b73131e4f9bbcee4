"""Draws and encodes the clip of `mgm-ext demo`: python release/demo_clip.py mgm_ext/demo.mp4

Nothing in it is taken from elsewhere; it is dedicated to the public domain (CC0-1.0).
"""

from __future__ import annotations

import sys
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

WIDTH, HEIGHT, FRAMES, FPS = 320, 180, 72, 24
PAN = 2.5
"""Pixels per frame that the camera moves to the right."""


def ball_at(frame: int) -> tuple[float, float]:
    """Middle of the ball (x, y) in pixels: it bounces to the right, faster than the camera."""
    hop = abs(np.sin(np.pi * frame / 24))
    return 40 + 3.4 * frame, 132 - 80 * hop


def picture(frame: int) -> NDArray[np.uint8]:
    """Hills that the camera pans over, and a ball: uint8 [HEIGHT, WIDTH, 3]."""
    ys, xs = np.mgrid[:HEIGHT, :WIDTH].astype(float)
    across = xs + PAN * frame
    sky = np.stack([120 + 0.35 * ys, 170 + 0.25 * ys, 225 - 0.1 * ys], -1)
    clouds = np.sin(across / 23 + np.sin(ys / 9)) * np.sin(ys / 13 + across / 71)
    scene = sky + 18 * np.clip(clouds, 0, 1)[..., None]
    ridge = 112 + 16 * np.sin(across / 37) + 9 * np.sin(across / 15 + 1)
    grass = 14 * np.sin(across / 5 + np.sin(ys / 7) * 2) * np.sin(ys / 4 + across / 29)
    green = np.stack([62 + grass, 128 + grass + 0.3 * (ys - 110), 70 + grass], -1)
    scene = np.where((ys > ridge)[..., None], green, scene)
    x, y = ball_at(frame)
    u, v = xs + 0.5 - x, ys + 0.5 - y
    rim = np.clip(24.5 - np.hypot(u, v), 0, 1)[..., None]
    turn = frame / 9
    patches = np.sign(np.sin((u * np.cos(turn) + v * np.sin(turn)) / 6 + 1))
    light = 1 - 0.012 * (u + v)
    ball = np.stack([205 + 40 * patches, 70 + 55 * patches, 60 - 20 * patches], -1)
    scene = scene * (1 - rim) + ball * light[..., None] * rim
    result: NDArray[np.uint8] = np.clip(np.rint(scene), 0, 255).astype(np.uint8)
    return result


def write(path: Path) -> None:
    """Encodes all frames as H.264."""
    with av.open(str(path), "w") as container:
        options = {"crf": "30", "preset": "veryslow", "bf": "0", "g": "36"}
        options["x264-params"] = "threads=1"
        stream = container.add_stream("libx264", rate=FPS, options=options)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv420p"
        for number in range(FRAMES):
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture(number), "rgb24")))
        container.mux(stream.encode(None))


if __name__ == "__main__":
    write(Path(sys.argv[1]))
