"""Motion from a file by other means, as fast as each allows."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType

import av
import numpy as np
from numpy.typing import NDArray

from mgm_ext import MotionField, MotionVectors, _core
from mgm_ext.decode import read_options
from tests.oracles import EXPORTED, exported_rows, in_one_thread, pyav_frames

INVALID = -32768
# Of motion-vector-extractor.
COLUMNS = [name for name in EXPORTED if name != "flags"]


def full_decode_field(path: Path) -> MotionField:
    """`read_motion_field` on a decoder that reconstructs every picture."""
    values, _ = _core.read_motion_field(str(path), read_options(vectors_only=False), None)
    return MotionField(**values, window="centred")


def pyav_rows(path: Path, **options: str) -> list[NDArray[np.void] | None]:
    """Rows of each frame, structured; None where a frame has none."""
    return [exported_rows(frame) for frame in pyav_frames(path, export=True, **options)]


def pyav_field(path: Path, cell: int, size: tuple[int, int]) -> NDArray[np.int16]:
    """The field [M, R, C, 2] of a picture of `size` = (W, H), from PyAV's rows by NumPy.

    The export does not tell the distance, so every reference is taken for a neighbour.
    """
    return bin_rows(pyav_rows(path), cell, size)


def bin_rows(
    rows: list[NDArray[np.void] | None], cell: int, size: tuple[int, int]
) -> NDArray[np.int16]:
    """Velocity per cell, all frames at once: blocks to 8x8 units, units to cells."""
    across, down = (-(-side // 8) for side in size)
    counts = [0 if r is None else len(r) for r in rows]
    units = len(rows) * down * across
    sums, hits = np.zeros((2, units)), np.zeros(units)
    if sum(counts):
        table = np.concatenate([r for r in rows if r is not None])
        frame = np.repeat(np.arange(len(rows)), counts)
        place, motion = _units(table, frame, down, across)
        hits = np.bincount(place, minlength=units).astype(np.float64)
        sums = np.stack([np.bincount(place, m, minlength=units) for m in motion])
    with np.errstate(invalid="ignore", divide="ignore"):
        mean = np.where(hits, sums / hits, 0).reshape(2, len(rows), down, across)
    return _cells(mean, (hits > 0).reshape(mean.shape[1:]), cell, size)


def _units(
    table: NDArray[np.void], frame: NDArray[np.int64], down: int, across: int
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Flat index of every 8x8 unit that a block covers, and the block's velocity in 1/64 pixel."""
    width, height = table["w"].astype(np.int64), table["h"].astype(np.int64)
    column = (table["dst_x"].astype(np.int64) - (width >> 1)) >> 3
    row = (table["dst_y"].astype(np.int64) - (height >> 1)) >> 3
    scale = 64.0 / (table["motion_scale"] * table["source"].astype(np.float64))
    motion = np.rint(np.stack([table["motion_x"] * scale, table["motion_y"] * scale]))
    places, motions = [], []
    for below in range(2):
        for beside in range(2):
            x, y = column + beside, row + below
            kept = (width > 8 * beside) & (height > 8 * below) & (x < across) & (y < down)
            places.append(((frame * down + y) * across + x)[kept])
            motions.append(motion[:, kept])
    return np.concatenate(places), np.concatenate(motions, axis=1)


def _cells(
    mean: NDArray[np.float64], valid: NDArray[np.bool_], cell: int, size: tuple[int, int]
) -> NDArray[np.int16]:
    """Means over the valid displayed area of each cell, which is at least half of it."""
    step = cell // 8
    shown = [np.clip(side - 8 * np.arange(-(-side // 8)), 0, 8) for side in size]
    pixels = np.outer(shown[1], shown[0]).astype(np.float64)
    area = _pool(valid * pixels, step)
    total = _pool(mean * (valid * pixels), step)
    with np.errstate(invalid="ignore", divide="ignore"):
        velocity = np.clip(np.rint(total / area), -32767, 32767)
    good = (2 * area >= _pool(pixels, step)) & (area > 0)
    field = np.where(good[..., None], np.moveaxis(velocity, 0, -1), (INVALID, 0))
    result: NDArray[np.int16] = field.astype(np.int16)
    return result


def _pool(values: NDArray[np.float64], step: int) -> NDArray[np.float64]:
    """Sums of `step` x `step` units over the last two axes."""
    if step == 1:
        return values
    for axis in (-2, -1):
        starts = np.arange(0, values.shape[axis], step)
        values = np.add.reduceat(values, starts, axis=axis)
    return values


def extractor_rows(module: ModuleType, path: Path) -> list[NDArray[np.int32]]:
    """motion-vector-extractor's rows of each frame, without pixels."""
    capture = module.VideoCap()
    assert capture.open(str(path))
    capture.set_decode_frames(False)
    frames: list[NDArray[np.int32]] = []
    while True:
        good, _, rows, _ = capture.read()
        if not good:
            capture.release()
            return frames
        frames.append(rows)


def wrong_frames(theirs: list[NDArray[np.int32]], ours: MotionVectors) -> int:
    """How many frames' rows differ from the true export in number or in any field."""
    truth = np.stack([getattr(ours, name).astype(np.int32) for name in COLUMNS], axis=-1)
    wrong = abs(len(theirs) - len(ours))
    for i, rows in enumerate(theirs[: len(ours)]):
        wrong += not np.array_equal(rows, truth[ours.frame(i)])
    return wrong


@contextmanager
def one_core() -> Iterator[None]:
    """Pins this process, and threads it starts meanwhile, to one of its cores."""
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {min(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)


def pyav_clip_rows(path: Path, pts: NDArray[np.int64]) -> list[NDArray[np.void] | None]:
    """Rows of the frames with these ascending time stamps, decoded from the key frame before."""
    wanted = set(pts.tolist())
    rows: list[NDArray[np.void] | None] = []
    with av.open(str(path)) as container:
        stream = in_one_thread(container, export=True)
        container.seek(int(pts[0]), stream=stream, backward=True)
        for frame in container.decode(stream):
            if frame.pts in wanted:
                rows.append(exported_rows(frame))
            if frame.pts is not None and frame.pts >= pts[-1]:
                break
    return rows
