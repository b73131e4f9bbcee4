"""Frames whose pixels say where they are, and the view that a transform made of them."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..views import View

__all__ = ["PATTERNS", "as_frames", "like", "pattern", "view_of"]

PATTERNS: Final = ("x", "y", "low", "high", "waves")
"""Ramps along each axis, both ends of the range, and waves that reach both ends in any crop."""

Frames = NDArray[np.float64]
_WAVE: Final = 32


def pattern(name: str, height: int, width: int) -> Frames:
    """One grey frame [H, W] in [0, 1]."""
    across, down = np.linspace(0, 1, width), np.linspace(0, 1, height)
    made = {
        "x": np.broadcast_to(across, (height, width)),
        "y": np.broadcast_to(down[:, None], (height, width)),
        "low": np.zeros((height, width)),
        "high": np.ones((height, width)),
        "waves": np.broadcast_to(
            np.abs((np.arange(width) / _WAVE + 0.5) % 1 * 2 - 1), (height, width)
        ),
    }
    return np.array(made[name])


class _Layout(NamedTuple):
    """How frames are held: a list, and the order of the axes of an array."""

    listed: bool
    axes: str


def _layout(frames: Any) -> _Layout:
    if isinstance(frames, list | tuple):
        if not len(frames):
            raise ValueError("frames must not be an empty list")
        if hasattr(frames[0], "getbands"):
            return _Layout(True, "HWC")
        return _Layout(True, _axes(tuple(frames[0].shape), ("HWC", "CHW")))
    return _Layout(False, _axes(tuple(frames.shape), ("THWC", "CTHW", "TCHW")))


def _axes(shape: tuple[int, ...], orders: Sequence[str]) -> str:
    fitting = [o for o in orders if len(o) == len(shape) and shape[o.index("C")] == 3]
    if not fitting:
        raise ValueError(
            f"frames must be {' or '.join(orders)} with three channels, not of shape {shape}"
        )
    return fitting[0]


def as_frames(frames: Any) -> Frames:
    """Frames of any kind as float64 [T, H, W, 3].

    Args:
        frames: an array or a tensor [T, H, W, 3], [3, T, H, W] or [T, 3, H, W]; or a list of
            pictures, arrays or tensors.

    Raises:
        ValueError: they are something else.
    """
    layout = _layout(frames)
    if layout.listed:
        frames = np.stack([_array(frame) for frame in frames])
        axes = "T" + layout.axes
    else:
        frames, axes = _array(frames), layout.axes
    moved: Frames = frames.transpose([axes.index(axis) for axis in "THWC"]).astype(np.float64)
    return moved


def _array(value: Any) -> NDArray[Any]:
    return np.asarray(value.detach().cpu() if hasattr(value, "detach") else value)


def like(frames: Any, made: Callable[[int], Frames | None]) -> Any:
    """Frames of the same kind, with a grey one wherever `made(i)` gives it.

    Greys are in [0, 1]; integers and floats beyond 1 span [0, 255].
    """
    layout = _layout(frames)
    if layout.listed:
        greys = [made(i) for i in range(len(frames))]
        return [
            frame if grey is None else _painted(frame, grey, layout.axes, _peak(frame))
            for frame, grey in zip(frames, greys, strict=True)
        ]
    moved = frames.clone() if hasattr(frames, "clone") else frames.copy()
    time, axes, peak = layout.axes.index("T"), layout.axes.replace("T", ""), _peak(frames)
    for i in range(moved.shape[time]):
        grey = made(i)
        if grey is not None:
            place = (*(slice(None),) * time, i)
            moved[place] = _painted(moved[place], grey, axes, peak)
    return moved


def _peak(frame: Any) -> float:
    if hasattr(frame, "getbands") or "int" in str(frame.dtype):
        return 255.0
    return 255.0 if float(frame.max()) > 1 else 1.0


def _painted(frame: Any, grey: Frames, axes: str, peak: float) -> Any:
    """A frame of that kind, of that grey."""
    levels = grey * peak
    if hasattr(frame, "getbands") or "int" in str(frame.dtype):
        levels = np.floor(levels + _dither(*levels.shape))
    values = np.repeat(levels[..., None], 3, axis=-1)
    if hasattr(frame, "getbands"):
        made = frame.convert("RGB").copy()
        made.frombytes(values.astype(np.uint8).tobytes())
        return made
    values = values.transpose(["HWC".index(axis) for axis in axes])
    return frame.new_tensor(values) if hasattr(frame, "new_tensor") else values.astype(frame.dtype)


def _dither(height: int, width: int) -> Frames:
    """Fractions in [0, 1) whose means along rows and columns are even: 8 bits tell more then."""
    rows, columns = np.indices((height, width))
    made: Frames = (0.7548776662 * rows + 0.5698402910 * columns) % 1
    return made


def view_of(seen: dict[str, Frames], width: int, height: int) -> View:
    """The view that a transform made of frames of width x height.

    Args:
        seen: what it made of each pattern, [h, w, 3].

    Raises:
        ValueError: it did more than crop, scale and mirror left to right, or it changed colours
            otherwise than by one factor and one offset for every pixel.
    """
    low, high = seen["low"].mean(-1), seen["high"].mean(-1)
    span = high - low
    kept = np.abs(span) > 0.5 * np.abs(span).max()
    if kept.mean() < 0.5:
        raise ValueError("most of the picture is filled, erased or outside of it")
    with np.errstate(divide="ignore", invalid="ignore"):
        share = {
            name: np.where(kept, (seen[name].mean(-1) - low) / span, np.nan)
            for name in ("x", "y", "waves")
        }
    across, down = _line(share["x"], 1), _line(share["y"], 0)
    left, right = _ends(across, share["x"].shape[1], width)
    top, bottom = _ends(down, share["x"].shape[0], height)
    if bottom < top:
        raise ValueError("the picture is turned upside down")
    _check_waves(share["waves"], (right - left) / share["x"].shape[1], left)
    x, w = min(left, right), abs(right - left)
    crop = _whole((x, top, w, bottom - top))
    return View(crop, share["x"].shape, right < left)


_SLACK: Final = 0.012
"""Of the range: three levels of 256."""
_APART: Final = 1.5
"""Source pixels between where the ramps and where the waves are found."""


def _medians(values: Frames, axis: int) -> Frames:
    """Medians along an axis of what is not NaN; NaN where all is."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "All-NaN slice encountered", RuntimeWarning)
        return np.asarray(np.nanmedian(values, axis=axis))


def _means(values: Frames, axis: int) -> Frames:
    """The same of means."""
    known = np.isfinite(values)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.where(known, values, 0).sum(axis) / known.sum(axis))


def _line(share: Frames, axis: int) -> tuple[float, float]:
    """Slope and start of a ramp along an axis, by its middle part."""
    middle = _medians(share, 1 - axis)
    off = np.abs(share - np.expand_dims(middle, 1 - axis))
    along = _means(np.where(off < _SLACK, share, np.nan), 1 - axis)
    if (off[np.isfinite(off)] < _SLACK).mean() < 0.9:
        raise ValueError("it is turned, sheared or warped")
    edge = max(1, len(along) // 16) if len(along) > 4 else 0
    places = np.arange(len(along))[edge : len(along) - edge]
    known = np.isfinite(along[places])
    if known.sum() < 2:
        raise ValueError("most of the picture is filled, erased or outside of it")
    slope, start = np.polyfit(places[known], along[places][known], 1)
    if np.abs(along[places][known] - (start + slope * places[known])).max() > _SLACK:
        raise ValueError("it is warped, or its colours are not changed by one factor")
    return float(slope), float(start)


def _ends(line: tuple[float, float], count: int, side: int) -> tuple[float, float]:
    """Where the first and the last edge of the result lie in the source."""
    slope, start = (value * (side - 1) for value in line)
    first = start + 0.5 - slope / 2
    return first, first + slope * count


def _check_waves(waves: Frames, scale: float, left: float) -> None:
    """Waves must be where the ramp says, as deep as they were: a changed contrast shows here."""
    row = _medians(waves, 0)
    at = left + scale * (np.arange(len(row)) + 0.5) - 0.5
    expected = np.abs((at / _WAVE + 0.5) % 1 * 2 - 1)
    off = np.abs(row - expected)
    if np.median(off[np.isfinite(off)]) > _APART * 2 / _WAVE:
        raise ValueError("its colours are not changed by one factor: contrast, or equalised levels")


def _whole(crop: tuple[float, ...]) -> tuple[float, float, float, float]:
    """Whole pixels where the crop is as near to them as 8 bits can tell."""
    x, y, w, h = crop
    rounded = [round(value) for value in (x, y, x + w, y + h)]
    near = max(abs(a - b) for a, b in zip(rounded, (x, y, x + w, y + h), strict=True)) < 0.2
    if not near:
        return x, y, w, h
    return rounded[0], rounded[1], rounded[2] - rounded[0], rounded[3] - rounded[1]
