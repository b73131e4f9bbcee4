"""Clips of real footage that more than one table is measured on."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from tests.clips import Frames
from tests.conftest import EncodedClip, RealFootage

FPS = 25  # of every clip


def there_and_back(frames: Frames, length: int) -> Frames:
    """Footage of any length: played forwards, backwards, and so on."""
    turn = np.concatenate([frames, frames[-2:0:-1]])
    return turn[np.arange(length) % len(turn)]


def clip_of_lines(encoded_clip: EncodedClip, real_footage: RealFootage, lines: int) -> Path:
    """40 frames of H.264, 16:9."""
    size = (lines, (lines * 16 // 9 + 1) // 2 * 2)
    frames = real_footage("bigbuckbunny.mp4", size=size, num_frames=40)
    return encoded_clip("libx264", kind=frames, preset="faster")


def clip_of_length(
    encoded_clip: EncodedClip,
    real_footage: RealFootage,
    length: int,
    *,
    g: int = 48,
    **options: Any,
) -> Path:
    """H.264, 144 lines, a key frame every `g` frames."""
    frames = there_and_back(real_footage("bikes.mp4", size=(144, 340), num_frames=120), length)
    return encoded_clip("libx264", kind=frames, preset="faster", g=g, **options)


def kilobits(path: Path, frames: int) -> float:
    """Per second."""
    return path.stat().st_size * 8 * FPS / 1000 / frames


def bitrate(path: Path, frames: int) -> str:
    """For a row's note."""
    return f"{kilobits(path, frames):.0f} kbit/s at {FPS} frames per second"
