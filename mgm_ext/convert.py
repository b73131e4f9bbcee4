"""Re-encodes videos to H.264 that is good to learn motion from. Needs the extra `draw` (PyAV)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.filter import Graph
from av.sidedata.sidedata import Type as SideData

from .errors import DecodeError

__all__ = ["convert_video"]

_ODDEST_RATE = 1001  # denominators above it are rounding errors of a container


def convert_video(
    source: Path | str,
    output: Path | str,
    *,
    short_side: int | None = None,
    gop: int = 48,
    b_frames: int = 0,
    references: int = 1,
    crf: int = 20,
    progress: Callable[[int, int | None], object] | None = None,
) -> int:
    """Re-encodes the best video stream of a file as 8-bit 4:2:0 H.264, upright, without sound.

    The defaults make every vector point to the frame before: one reference, no B-frames. Times,
    colour matrix and range stay as they are. The output appears once it is whole.

    Args:
        source: any file that PyAV decodes.
        output: to write, .mp4 or .mkv.
        short_side: of the output in pixels; None keeps the size. Sides are rounded to even numbers.
        gop: most frames from one key frame to the next; a random clip decodes half of it in vain.
        b_frames: most B-frames in a row, 0 to 16.
        references: most reference pictures, 1 to 16.
        crf: x264's constant rate factor, 0 (lossless) to 51.
        progress: called with the number of frames written so far, and with that of all frames
            where the container says it (else None).

    Returns:
        Number of frames written.

    Raises:
        FileNotFoundError and friends: as the system says.
        DecodeError: nothing can be decoded.
        ValueError: a bad argument.
    """
    source, output = Path(source), Path(output)
    _check(source, output, short_side=short_side)
    limits = {"gop": (gop, 1, 1 << 20), "b_frames": (b_frames, 0, 16)}
    limits |= {"references": (references, 1, 16), "crf": (crf, 0, 51)}
    for name, (value, low, high) in limits.items():
        if not low <= value <= high:
            raise ValueError(f"{name} must be in [{low}, {high}], got {value}")
    options = {"g": str(gop), "bf": str(b_frames), "refs": str(references), "crf": str(crf)}
    partial = output.with_stem(f"{output.stem}.partial")
    count = 0
    try:
        with av.open(str(source)) as theirs:
            reading = theirs.streams.best("video")
            if reading is None:
                raise DecodeError(str(source), None, "no video stream in the file")
            with av.open(str(partial), "w") as ours:
                for count in _encode(theirs, ours, short_side, options):
                    if progress is not None:
                        progress(count, reading.frames or None)
        if count == 0:
            raise DecodeError(str(source), None, "no frame could be decoded")
        partial.replace(output)
    except av.InvalidDataError as error:
        raise DecodeError(str(source), None, error.strerror or str(error)) from error
    finally:
        partial.unlink(missing_ok=True)
    return count


def _check(source: Path, output: Path, *, short_side: int | None) -> None:
    if output.suffix.lower() not in (".mp4", ".mkv"):
        raise ValueError(f"output must end in .mp4 or .mkv, not {output}")
    if short_side is not None and not 16 <= short_side <= 1 << 13:
        raise ValueError(f"short_side must be in [16, {1 << 13}] or None, got {short_side}")
    if output.exists() and output.samefile(source):
        raise ValueError(f"output must be another file than the source {source}")


def _encode(
    theirs: Any, ours: Any, short_side: int | None, options: dict[str, str]
) -> Iterator[int]:
    """Encodes every frame that can be decoded; yields the number so far."""
    reading = theirs.streams.best("video")
    reading.thread_type = "AUTO"
    rate = Fraction(reading.average_rate or reading.guessed_rate or 25)
    clock = _Clock(reading.time_base, rate)
    writing: Any = None
    turn: _Turn | None = None
    for count, frame in enumerate(_frames(theirs, reading), start=1):
        if turn is None:
            turn = _Turn.of(frame, short_side)
            writing = ours.add_stream(
                "libx264", rate=rate.limit_denominator(_ODDEST_RATE), options=options
            )
            _describe(writing.codec_context, reading.codec_context, turn, clock.time_base)
        picture = turn(frame)
        picture.pts, picture.time_base = clock.tick(frame.pts), clock.time_base
        picture.pict_type = av.video.frame.PictureType.NONE  # x264 chooses
        ours.mux(writing.encode(picture))
        yield count
    if writing is not None:
        ours.mux(writing.encode(None))


def _describe(to: Any, like: Any, turn: _Turn, time_base: Fraction) -> None:
    to.width, to.height, to.pix_fmt = turn.width, turn.height, "yuv420p"
    to.time_base = time_base
    for name in ("color_range", "colorspace", "color_primaries", "color_trc"):
        setattr(to, name, getattr(like, name))


def _frames(container: Any, stream: Any) -> Iterator[Any]:
    """What can be decoded: a damaged packet costs its own frames, a damaged end the rest."""
    try:
        for packet in container.demux(stream):
            try:
                yield from packet.decode()
            except av.InvalidDataError:
                continue
    except av.InvalidDataError:
        return


class _Clock:
    """Rising times in the source's ticks, where it has them, else one frame after another."""

    def __init__(self, time_base: Fraction | None, rate: Fraction) -> None:
        self.time_base = time_base or 1 / rate
        self._step = max(1, round(1 / (rate * self.time_base)))
        self._last: int | None = None

    def tick(self, pts: int | None) -> int:
        least = 0 if self._last is None else self._last + 1
        if pts is None:
            pts = 0 if self._last is None else self._last + self._step
        self._last = pts if self._last is None else max(pts, least)
        return self._last


@dataclass
class _Turn:
    """Turns frames upright as the display matrix of the first one says, and scales them."""

    filters: tuple[str, ...]
    width: int
    height: int
    graph: Any = None
    shape: Any = None

    @classmethod
    def of(cls, frame: Any, short_side: int | None) -> _Turn:
        filters = _upright(frame)
        across = any(name.startswith("transpose") for name in filters)
        width, height = (frame.height, frame.width) if across else (frame.width, frame.height)
        scale = 1.0 if short_side is None else short_side / min(width, height)
        width, height = (max(2, 2 * round(scale * side / 2)) for side in (width, height))
        return cls(filters, width, height)

    def __call__(self, frame: Any) -> Any:
        shape = (frame.width, frame.height, frame.format.name)
        if self.graph is None or shape != self.shape:
            self.graph, self.shape = self._make(frame), shape
        self.graph.push(frame)
        return self.graph.pull()

    def _make(self, frame: Any) -> Any:
        graph = Graph()
        nodes = [
            graph.add_buffer(
                width=frame.width,
                height=frame.height,
                format=frame.format,
                time_base=frame.time_base or Fraction(1, 1000),
            )
        ]
        scale = f"scale={self.width}:{self.height}:flags=area"
        for text in (*self.filters, scale, "format=yuv420p", "buffersink"):
            nodes.append(graph.add(*text.split("=", 1)))
        graph.link_nodes(*nodes).configure()
        return graph


def _upright(frame: Any) -> tuple[str, ...]:
    """Filters that do what the frame's display matrix asks for, in quarter turns."""
    data = frame.side_data.get(SideData.DISPLAYMATRIX)
    if data is None:
        return ()
    a, b, _, c, d, *_ = np.sign(np.frombuffer(bytes(data), "<i4"))
    names = {
        (0, 1, -1, 0): ("transpose=clock",),
        (0, -1, 1, 0): ("transpose=cclock",),
        (-1, 0, 0, -1): ("hflip", "vflip"),
        (-1, 0, 0, 1): ("hflip",),
        (1, 0, 0, -1): ("vflip",),
        (0, 1, 1, 0): ("transpose=cclock_flip",),
        (0, -1, -1, 0): ("transpose=clock_flip",),
    }
    return names.get((int(a), int(b), int(c), int(d)), ())
