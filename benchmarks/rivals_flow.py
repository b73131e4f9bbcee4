"""Motion computed from pixels: what masks from optical flow must pay for, and ours need not."""

from __future__ import annotations

import subprocess
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

SIDE = 256
"""Pixels of the shorter side at which flow is computed: trainers' data are about that small."""

Flow = Callable[[NDArray[np.uint8], NDArray[np.uint8]], NDArray[np.float32]]


def method(cv2: ModuleType, name: str) -> Flow:
    """Optical flow of OpenCV at its usual settings, in one thread."""
    cv2.setNumThreads(1)
    if name == "DIS":
        solver = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_MEDIUM)
        return lambda one, other: np.asarray(solver.calc(one, other, None), np.float32)
    settings: dict[str, Any] = {"pyr_scale": 0.5, "levels": 3, "winsize": 15, "iterations": 3}
    settings |= {"poly_n": 5, "poly_sigma": 1.2, "flags": 0}

    def farneback(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.asarray(cv2.calcOpticalFlowFarneback(one, other, None, **settings), np.float32)

    return farneback


def grey_frames(cv2: ModuleType, path: Path) -> Iterator[NDArray[np.uint8]]:
    """Luma of every frame, one decoder thread, made smaller to SIDE."""
    with av.open(str(path)) as container:
        container.streams.video[0].codec_context.thread_count = 1
        for frame in container.decode(video=0):
            luma = np.asarray(memoryview(frame.planes[0])).view(np.uint8)
            luma = luma.reshape(frame.height, -1)[:, : frame.width]
            scale = SIDE / min(luma.shape)
            if scale < 1:
                luma = cv2.resize(luma, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
            yield np.ascontiguousarray(luma)


def file_flow(
    cv2: ModuleType, path: Path, flow: Flow, count: int | None = None
) -> list[NDArray[np.float32]]:
    """Flow from each of `count` frames to the next, [H, W, 2] in pixels of the smaller picture."""
    frames = islice(grey_frames(cv2, path), None if count is None else count + 1)
    last, found = next(frames), []
    for frame in frames:
        found.append(flow(last, frame))
        last = frame
    return found


def mestimate(path: Path, count: int) -> None:
    """FFmpeg's own block search over `count` pictures, by its program, results dropped."""
    command = ["ffmpeg", "-nostdin", "-v", "error", "-threads", "1", "-i", str(path)]
    command += ["-vf", "mestimate=method=epzs:mb_size=16"]
    command += ["-frames:v", str(count), "-f", "null", "-"]
    subprocess.run(command, check=True)
