"""Any transform of frames, followed: torchvision, Kornia, pytorchvideo, V-JEPA's own functions.

transform = Followed(transform)
pixels = transform(frames)
view = transform.source_view(field)
"""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from ..motion_field import MotionField
from ..views import View
from .crops import view_of_source
from .marked_frames import PATTERNS, as_frames, like, pattern, view_of

__all__ = ["Followed", "view_of_matrix"]

States = tuple[Any, Any, torch.Tensor]


class Followed:
    """A transform that also knows which view of the frames it made.

    It is run again, with the same random numbers, on frames whose pixels say where they are, so
    that it costs twice as much; the states of `random`, `np.random` and torch are afterwards as
    after one run. A frame of the real ones runs along, to see that both runs did the same. Crops,
    resizes and flips are followed, of whatever functions they are made; all else that moves pixels
    raises. Colours may be changed by one factor and one offset only: leave jitter outside.

    Args:
        transform: takes the frames first: an array or tensor [T, H, W, 3], [3, T, H, W] or
            [T, 3, H, W], or a list of pictures, arrays or tensors; returns the like.

    Attributes:
        view: of the last call, in pixels of the frames; None before the first.
        frames: (width, height) of the last call's frames.
    """

    def __init__(self, transform: Callable[..., Any]) -> None:
        self.transform = transform
        self.view: View | None = None
        self.frames: tuple[int, int] | None = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "transform":
            raise AttributeError(name)
        return getattr(self.transform, name)

    def __call__(self, frames: Any, *args: Any, **options: Any) -> Any:
        """The transform's own result.

        Raises:
            ValueError: it cannot be followed, or the frames are not of a kind that is known.
        """
        before = _states()
        result = self.transform(frames, *args, **options)
        after = _states()
        height, width = as_frames(frames).shape[1:3]
        try:
            seen = self._seen(frames, result, before, (args, options))
            self.view = view_of(seen, width, height)
        except ValueError as error:
            name = getattr(self.transform, "__name__", type(self.transform).__name__)
            raise ValueError(f"{name} cannot be followed: {error}") from error
        finally:
            _restore(after)
        self.frames = (width, height)
        return result

    def source_view(self, field: MotionField) -> View:
        """The last call's view in source pixels.

        Raises:
            ValueError: nothing was transformed yet.
        """
        if self.view is None or self.frames is None:
            raise ValueError("nothing was transformed yet, call the transform before the mask")
        return view_of_source(self.view, self.frames, field)

    def _seen(self, frames: Any, result: Any, before: States, given: Any) -> dict[str, Any]:
        count, height, width = as_frames(frames).shape[:3]
        first = as_frames(result)
        # The last frame stays itself; with one frame alone, it has a run of its own.
        each = max(1, count - 1)
        waiting, seen = [*PATTERNS, "x"], dict[str, Any]()
        while waiting:
            now, waiting = waiting[:each], waiting[each:]
            greys = dict(enumerate(pattern(name, height, width) for name in now))
            made = self._again(like(frames, greys.get), before, given)
            for place, name in enumerate(now):
                if name in seen and not np.allclose(seen[name], made[place], atol=1e-3):
                    raise ValueError("it moves in time: frames are cropped in different places")
                seen[name] = made[place]
            if count > 1:
                _check_same(made[-1], first[-1])
        if count == 1:
            _check_same(self._again(frames, before, given)[0], first[0])
        return seen

    def _again(self, frames: Any, before: States, given: Any) -> Any:
        _restore(before)
        return as_frames(self.transform(frames, *given[0], **given[1]))


def _check_same(again: Any, first: Any) -> None:
    if again.shape != first.shape or not np.allclose(again, first, atol=1e-4, equal_nan=True):
        raise ValueError(
            "two runs with the same random, np.random and torch differ: it has random numbers of "
            "its own, or frames change each other"
        )


def _states() -> States:
    return random.getstate(), np.random.get_state(), torch.get_rng_state()  # noqa: NPY002


def _restore(states: States) -> None:
    random.setstate(states[0])
    np.random.set_state(states[1])  # noqa: NPY002
    torch.set_rng_state(states[2])


def view_of_matrix(matrix: Any, size: tuple[int, int]) -> View:
    """The view of a 3x3 matrix from frames to result, as Kornia's `transform_matrix` has it.

    Args:
        matrix: [3, 3], maps the middles of pixels (x, y, 1) of the frames, the first at 0.
        size: (H, W) of the result in pixels.

    Raises:
        ValueError: the matrix turns, shears, warps, or mirrors top to bottom.
    """
    values = np.asarray(matrix, np.float64)
    if values.shape != (3, 3):
        raise ValueError(f"matrix must be [3, 3], not {values.shape}")
    values = values / values[2, 2]
    apart = np.abs(values[[0, 1, 2, 2], [1, 0, 0, 1]]).max()
    (across, down), (right, low) = (values[0, 0], values[1, 1]), values[:2, 2]
    if apart > 1e-4 or down <= 0 or across == 0:
        raise ValueError(
            f"a view crops, scales and mirrors left to right; this matrix does more: {values}"
        )
    height, width = size
    ends = [(edge - 0.5 - right) / across + 0.5 for edge in (0, width)]
    top, bottom = ((edge - 0.5 - low) / down + 0.5 for edge in (0, height))
    crop = (min(ends), top, abs(ends[1] - ends[0]), bottom - top)
    return View(crop, size, across < 0)
