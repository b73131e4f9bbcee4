"""Crops that say where they cropped, so that the motion can follow."""

from __future__ import annotations

import math
import random as global_random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from ..motion_field import MotionField
from ..views import View

__all__ = [
    "CenterCrop",
    "Crop",
    "MultiScaleCrop",
    "Random",
    "RandomResizedCrop",
    "RecordedCrop",
    "frame_size",
    "view_of_source",
]


Random: TypeAlias = Any
"""What a crop draws from: the module `random`, as trainers do, or a `random.Random`."""


class Crop(Protocol):
    """Anything that draws a view of frames of a given size."""

    def __call__(self, width: int, height: int, random: Random = ...) -> View:
        """A view in pixels of frames of width x height."""


def view_of_source(view: View, frames: tuple[int, int], field: MotionField) -> View:
    """A view of frames as the view of source pixels that masks take.

    Args:
        view: in pixels of the frames.
        frames: their (width, height), which may differ from the file's.
        field: of the same clip; it knows the file's size.
    """
    width, height = frames
    return View.full(field.width, field.height, (height, width)).compose(view)


def frame_size(frames: Any) -> tuple[int, int]:
    """(width, height) of uint8 frames [T, H, W, 3], or of a list of PIL images or arrays."""
    if isinstance(frames, list | tuple):
        if not len(frames):
            raise ValueError("frames must not be an empty list")
        return frame_size(frames[0])
    if hasattr(frames, "getbands"):
        return int(frames.size[0]), int(frames.size[1])
    shape: tuple[int, ...] = tuple(getattr(frames, "shape", ()))
    if len(shape) not in (3, 4) or shape[-1] not in (1, 3):
        raise ValueError(f"frames must be [T, H, W, 3] or PIL images, not {shape or type(frames)}")
    return int(shape[-2]), int(shape[-3])


@dataclass(frozen=True, slots=True)
class MultiScaleCrop:
    """The crop of the VideoMAE family: sides from a few scales of the short side, no flip.

    The same draws, in the same order, as `GroupMultiScaleCrop`: with the same state of `random`,
    the same crop.

    Attributes:
        size: side of the square result in pixels.
        scales: of the short side; width and height are at most `max_distort` steps apart.
        max_distort: see `scales`.
        fixed: at one of 13 places of a grid, or anywhere.
    """

    size: int = 224
    scales: tuple[float, ...] = (1, 0.875, 0.75, 0.66)
    max_distort: int = 1
    fixed: bool = True

    def __call__(self, width: int, height: int, random: Random = global_random) -> View:
        """A view of frames of width x height pixels."""
        short = min(width, height)
        sides = [int(short * scale) for scale in self.scales]
        sides = [self.size if abs(side - self.size) < 3 else side for side in sides]
        pairs = [
            (wide, high)
            for i, high in enumerate(sides)
            for j, wide in enumerate(sides)
            if abs(i - j) <= self.max_distort
        ]
        w, h = random.choice(pairs)
        if self.fixed:
            x, y = random.choice(_places((width - w) // 4, (height - h) // 4))
        else:
            x, y = random.randint(0, width - w), random.randint(0, height - h)
        return View((x, y, w, h), (self.size, self.size))


def _places(across: int, down: int) -> list[tuple[int, int]]:
    # Corners, centre, edges, quarters: the order of VideoMAE's list, which choice() depends on.
    steps = [(0, 0), (4, 0), (0, 4), (4, 4), (2, 2), (0, 2), (4, 2), (2, 4), (2, 0)]
    steps += [(1, 1), (3, 1), (1, 3), (3, 3)]
    return [(i * across, j * down) for i, j in steps]


@dataclass(frozen=True, slots=True)
class RandomResizedCrop:
    """A random area with a log-uniform aspect, and a flip: MAE-ST, SlowFast, V-JEPA.

    Attributes:
        size: side of the square result in pixels.
        area: (low, high) share of the picture; MAE-ST (0.5, 1), V-JEPA (0.3, 1).
        aspect: (low, high) width over height; V-JEPA (0.75, 1.35).
        hflip: probability of a flip.
    """

    size: int = 224
    area: tuple[float, float] = (0.5, 1.0)
    aspect: tuple[float, float] = (3 / 4, 4 / 3)
    hflip: float = 0.5

    def __call__(self, width: int, height: int, random: Random = global_random) -> View:
        """A view of frames of width x height pixels; the largest centred one if ten draws miss."""
        box = None
        for _ in range(10):
            area = random.uniform(*self.area) * width * height
            aspect = math.exp(random.uniform(*(math.log(end) for end in self.aspect)))
            w, h = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
            if 0 < w <= width and 0 < h <= height:
                box = (random.randint(0, width - w), random.randint(0, height - h), w, h)
                break
        if box is None:
            low, high = self.aspect
            w = min(width, round(height * high))
            h = min(height, round(width / low))
            box = ((width - w) // 2, (height - h) // 2, w, h)
        return View(box, (self.size, self.size), random.random() < self.hflip)


@dataclass(frozen=True, slots=True)
class CenterCrop:
    """The largest centred square, or a share of it, without any draw.

    Attributes:
        size: side of the square result in pixels.
        share: of the short side.
    """

    size: int = 224
    share: float = 1.0

    def __call__(self, width: int, height: int, random: Random = global_random) -> View:
        """A view of frames of width x height pixels."""
        side = max(1, round(self.share * min(width, height)))
        return View(((width - side) // 2, (height - side) // 2, side, side), (self.size, self.size))


class RecordedCrop:
    """Any crop that can tell its box: called like it, returns what it does, keeps the view.

    Args:
        crop: a callable of the frames (and whatever else) that returns (result, box) or
            (result, box, flipped), box = (x, y, w, h) in pixels of the frames.

    Attributes:
        view: of the last call, in pixels of the frames; None before the first.
        frames: (width, height) of the last call's frames.
    """

    def __init__(self, crop: Callable[..., tuple[Any, ...]]) -> None:
        self.crop = crop
        self.view: View | None = None
        self.frames: tuple[int, int] | None = None

    def __call__(self, frames: Any, *args: Any, **options: Any) -> Any:
        """Crops, and returns the crop's result alone.

        Raises:
            ValueError: the crop returned no box.
        """
        result = self.crop(frames, *args, **options)
        if not isinstance(result, tuple) or len(result) not in (2, 3):
            raise ValueError(
                "the crop must return (result, box) or (result, box, flipped), not "
                f"{type(result).__name__}"
            )
        self.frames = frame_size(frames)
        x, y, w, h = result[1]
        size = (max(1, round(h)), max(1, round(w)))
        self.view = View((x, y, w, h), size, bool(result[2]) if len(result) == 3 else False)
        return result[0]

    def source_view(self, field: MotionField) -> View:
        """The last crop as a view of source pixels.

        Raises:
            ValueError: nothing was cropped yet.
        """
        if self.view is None or self.frames is None:
            raise ValueError("no crop was recorded yet, call the crop before the mask")
        return view_of_source(self.view, self.frames, field)
