"""Motion as NeMo Curator paints it: blocks of libavcodec's export over the picture's pixels."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from ..decode import read_motion_vectors
from ..errors import NoMotionVectors
from ..motion_vectors import MotionVectors

__all__ = ["Frame", "Painting", "Plan", "plan_of", "sampled_frames"]

_SHAPES: Final = ((8, 8), (16, 16), (16, 8), (8, 16))
"""(width, height) of the blocks that are painted, in this order; others are left out."""
_MPEG: Final = ("mpeg1video", "mpeg2video", "mpeg4", "msmpeg4v1", "msmpeg4v2", "msmpeg4v3")
_EXPORTED: Final = frozenset(["h264", "h263", "h263p", "flv1", "wmv1", "wmv2", *_MPEG])
"""Codecs whose vectors libavcodec exports; Curator sees none of others."""
_LEAST: Final = 10  # frames looked at
_CHUNK: Final = 64  # frames read at a time
_PATCH: Final = 256


@dataclass(frozen=True, slots=True)
class Plan:
    """Which frames the rule looks at: every `step`-th, until `frames` of them have vectors.

    No `step`: none, as the codec's vectors are not exported.
    """

    step: int
    frames: int


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame that the rule looks at.

    Attributes:
        width, height: of the coded picture, cropped.
        rows: int64 [N, 7] of w, h, dst_x, dst_y, motion_x, motion_y, motion_scale.
    """

    width: int
    height: int
    rows: NDArray[np.int64]


def plan_of(data: Any, target_fps: float, ratio: float) -> Plan:
    """Reads the header as Curator does, oddities included.

    A stream's own duration counts only where its time base is whole seconds, the container's is cut
    to whole seconds, and what is then not positive counts as 30.
    """
    try:
        import av
    except ImportError as error:
        raise ImportError("compat=True needs PyAV, as Curator does: pip install av") from error
    opened = io.BytesIO(data) if isinstance(data, bytes) else data
    container: Any = av.open(opened, metadata_errors="ignore")
    with container:
        stream = container.streams.video[0]
        if stream.codec_context.name not in _EXPORTED:
            return Plan(0, 0)
        fps = float(stream.average_rate or stream.base_rate or 30)
        seconds = 0.0
        if stream.duration is not None and stream.time_base is not None:
            seconds = stream.duration * int(stream.time_base)
        if seconds <= 0 and container.duration is not None:
            seconds = int(container.duration / av.time_base)
    if seconds <= 0:
        seconds = 30
    return Plan(max(1, round(fps / target_fps)), max(_LEAST, round(target_fps * seconds * ratio)))


def sampled_frames(data: Any, target_fps: float, ratio: float) -> Iterator[Frame]:
    """The frames that the rule looks at, in order; those without vectors have no rows.

    Raises:
        DecodeError: what it has to decode is damaged; FFmpeg's error ends Curator's reading, too.
    """
    plan = plan_of(data, target_fps, ratio)
    if not plan.step:
        return
    found = first = 0
    while found < plan.frames:
        # So many more are needed, and most likely one key frame among them.
        ahead = plan.step * (plan.frames - found) + 1
        try:
            part = _read(data, first, first + max(ahead, _CHUNK))
        except NoMotionVectors:
            return
        count = len(part.offsets) - 1
        for place in range(-first % plan.step, count, plan.step):
            frame = Frame(part.info.width, part.info.height, _rows(part, place))
            found += bool(len(frame.rows))
            yield frame
            if found == plan.frames:
                return
        if count < max(ahead, _CHUNK):
            return
        first += count


def _read(data: Any, start: int, stop: int) -> MotionVectors:
    if hasattr(data, "seek"):
        data.seek(0)
    return read_motion_vectors(
        data, start=start, stop=stop, blocks="libavcodec", rotate=False, strict=True
    )


def _rows(vectors: MotionVectors, place: int) -> NDArray[np.int64]:
    rows = slice(vectors.offsets[place], vectors.offsets[place + 1])
    names = ("w", "h", "dst_x", "dst_y", "motion_x", "motion_y", "motion_scale")
    return np.stack([getattr(vectors, name)[rows].astype(np.int64) for name in names], axis=1)


class Painting:
    """Mean motion of every pixel over frames.

    Blocks of one shape go over those of the shape before it, within a shape later ones over earlier
    ones. What reaches over an edge is squeezed into the picture's outermost pixels. Where all edges
    lie on multiples of 8 pixels, as in H.264, the outermost pixels and cells of 8 pixels are
    painted instead of every pixel.
    """

    def __init__(self, width: int, height: int) -> None:
        self._size = height, width
        self.frames = 0
        self._sums: dict[int, NDArray[np.float64]] = {}

    def add(self, rows: NDArray[np.int64]) -> None:
        """Paints one frame; rows as `Frame.rows`."""
        self.frames += 1
        shapes = [rows[(rows[:, 0] == wide) & (rows[:, 1] == high)] for wide, high in _SHAPES]
        chosen = np.concatenate(shapes)
        if not len(chosen):
            return
        corners = chosen[:, 2:4] - chosen[:, 0:2] // 2
        cell = 1 if (corners % 8).any() else 8
        places = [_Intervals(side, cell) for side in self._size]
        canvas = np.zeros([one.count for one in places], np.float32)
        motion = -(chosen[:, 4:6] / chosen[:, 6:7]).astype(np.float32)
        speeds = np.sqrt((motion * motion).sum(1)) / np.float32(sum(self._size))
        _paint(canvas, places, chosen[:, 1::-1] // cell, corners[:, ::-1] // cell, speeds)
        if cell not in self._sums:
            self._sums[cell] = np.zeros(canvas.shape)
        self._sums[cell] += canvas

    def scores(self) -> tuple[float, float]:
        """The mean over frames and pixels, and the least of the picture made 256 times smaller."""
        height, width = self._size
        whole = 0.0
        small = np.zeros([max(1, round(side / _PATCH)) for side in self._size])
        for cell, sums in self._sums.items():
            rows, columns = (_Intervals(side, cell) for side in self._size)
            whole += float(rows.lengths @ sums @ columns.lengths)
            across = _halved(sums[:, columns.of_pixels(width)], width)
            small += _halved(across[rows.of_pixels(height)].T, height).T
        return whole / (self.frames * height * width), float(small.min()) / self.frames


def _halved(lines: NDArray[np.float64], side: int) -> NDArray[np.float64]:
    """A bilinear resize of the last axis by 1/256: the mean of the two pixels in the middle."""
    middles = _PATCH * np.arange(max(1, round(side / _PATCH))) + _PATCH // 2
    pair = (np.minimum(middles - 1, side - 1), np.minimum(middles, side - 1))
    halved: NDArray[np.float64] = (lines[..., pair[0]] + lines[..., pair[1]]) / 2
    return halved


class _Intervals:
    """One axis of the picture in cells, the first and the last pixel by themselves."""

    def __init__(self, side: int, cell: int) -> None:
        edges = np.union1d(np.arange(0, side, cell), [0, 1, side - 1, side])
        self.count = len(edges) - 1
        self.lengths = np.diff(edges).astype(np.float64)
        self._edges = edges
        cells = -(-side // cell)
        starts = cell * np.arange(cells)
        # A cell is one interval or two or, in a picture of one cell, three.
        first = np.searchsorted(edges, starts)
        last = np.searchsorted(edges, np.minimum(starts + cell, side)) - 1
        middle = np.minimum(first + 1, last)
        self.table = np.stack([first, middle, last], axis=1)

    def of_cells(self, cells: NDArray[np.int64]) -> NDArray[np.int64]:
        """[..., 3]: the intervals that cells lie in; those outside lie in the outermost pixel."""
        inside = self.table[np.clip(cells, 0, len(self.table) - 1)]
        inside[cells < 0] = 0
        inside[cells >= len(self.table)] = self.count - 1
        return inside

    def of_pixels(self, side: int) -> NDArray[np.int64]:
        """[side]: the interval of each pixel."""
        return np.searchsorted(self._edges, np.arange(side), side="right") - 1


def _paint(
    canvas: NDArray[np.float32],
    places: list[_Intervals],
    sizes: NDArray[np.int64],
    corners: NDArray[np.int64],
    speeds: NDArray[np.float32],
) -> None:
    """Blocks in their order; sizes and corners [N, 2] in cells, (rows, columns)."""
    start = 0
    while start < len(sizes):
        # Runs of one shape are painted at once.
        differ = np.flatnonzero((sizes[start:] != sizes[start]).any(1))
        stop = start + int(differ[0]) if len(differ) else len(sizes)
        run = slice(start, stop)
        high, wide = sizes[start]
        down = places[0].of_cells(corners[run, :1] + np.arange(high)).reshape(stop - start, -1)
        across = places[1].of_cells(corners[run, 1:] + np.arange(wide)).reshape(stop - start, -1)
        where = down[:, :, None] * canvas.shape[1] + across[:, None, :]
        values = np.broadcast_to(speeds[run, None, None], where.shape)
        canvas.reshape(-1)[where.reshape(-1)] = values.reshape(-1)
        start = stop
