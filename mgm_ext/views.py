"""Which part of the picture a trainer sees, and at what size."""

from __future__ import annotations

import operator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ._collate import collate_as_list

__all__ = ["View", "crop_and_flip"]

_LIMIT: Final = 1 << 24


def _floats(values: ArrayLike, *, last: int, name: str) -> NDArray[Any]:
    array = np.asarray(values)
    if array.dtype.kind not in "iuf" or array.ndim == 0 or array.shape[-1] != last:
        raise ValueError(f"{name} must be numbers [..., {last}], not {array.dtype} {array.shape}")
    return array.astype(np.result_type(array.dtype, np.float32), copy=False)


@dataclass(frozen=True, slots=True)
class View:
    """Crop, then resize, then flip: the way from source pixels to a trainer's frames.

    Positions are continuous: the picture spans [0, width] x [0, height], the view [0, W] x [0, H],
    and the middle of the first pixel is at 0.5.

    Attributes:
        crop: (x, y, w, h) in pixels of the turned source picture, within +-2^24; w and h at least
            1/256. Fractions are allowed, and so are crops that reach beyond the picture.
        size: (H, W) of the result in pixels. The two axes may be scaled differently.
        hflip: mirrored left to right, after the resize.

    Raises:
        ValueError: a number is outside its range.
    """

    crop: tuple[float, float, float, float]
    size: tuple[int, int]
    hflip: bool = False

    def __post_init__(self) -> None:
        try:
            x, y, w, h = (float(value) for value in self.crop)
        except (TypeError, ValueError):
            raise ValueError(f"crop must be four numbers (x, y, w, h), not {self.crop!r}") from None
        if not all(abs(value) <= _LIMIT for value in (x, y, w, h)) or min(w, h) < 1 / 256:
            raise ValueError(
                f"crop must be (x, y, w, h) within +-{_LIMIT} with w and h at least 1/256, "
                f"not {self.crop!r}"
            )
        try:
            height, width = (operator.index(value) for value in self.size)
        except (TypeError, ValueError):
            raise ValueError(f"size must be two integers (H, W), not {self.size!r}") from None
        if not (1 <= height <= _LIMIT and 1 <= width <= _LIMIT):
            raise ValueError(f"size must be (H, W) from 1 to {_LIMIT}, not {self.size!r}")
        if not isinstance(self.hflip, bool | np.bool_):
            raise ValueError(f"hflip must be True or False, not {self.hflip!r}")
        object.__setattr__(self, "crop", (x, y, w, h))
        object.__setattr__(self, "size", (height, width))
        object.__setattr__(self, "hflip", bool(self.hflip))
        collate_as_list(View)

    @classmethod
    def full(cls, width: int, height: int, size: tuple[int, int] | None = None) -> View:
        """The whole picture, resized to `size` = (H, W); without it, as it is."""
        return cls(crop=(0, 0, width, height), size=(height, width) if size is None else size)

    @property
    def scale(self) -> tuple[float, float]:
        """(horizontal, vertical): pixels of the view per source pixel."""
        return self.size[1] / self.crop[2], self.size[0] / self.crop[3]

    def compose(self, other: View) -> View:
        """This view, then `other`, as one view of the source.

        Args:
            other: a view whose crop is given in pixels of this view's result.

        Returns:
            A view with `other`'s size that maps every point as the two do in turn, but for the
            rounding of floats.
        """
        x, y, w, h = other.crop
        if self.hflip:
            x = self.size[1] - x - w
        across, down = self.scale
        return View(
            crop=(self.crop[0] + x / across, self.crop[1] + y / down, w / across, h / down),
            size=other.size,
            hflip=self.hflip != other.hflip,
        )

    def points_to_view(self, points: ArrayLike) -> NDArray[Any]:
        """Source positions (x, y) [..., 2] as positions in the view; float32 stays float32."""
        given = _floats(points, last=2, name="points")
        result: NDArray[Any] = (given - np.array(self.crop[:2])) * self.scale
        if self.hflip:
            result[..., 0] = self.size[1] - result[..., 0]
        return result.astype(given.dtype, copy=False)

    def points_to_source(self, points: ArrayLike) -> NDArray[Any]:
        """Positions (x, y) [..., 2] in the view as source positions; float32 stays float32."""
        given = _floats(points, last=2, name="points")
        result: NDArray[Any] = given.astype(np.float64)
        if self.hflip:
            result[..., 0] = self.size[1] - result[..., 0]
        result = result / self.scale + np.array(self.crop[:2])
        return result.astype(given.dtype, copy=False)

    def boxes_to_view(self, boxes: ArrayLike) -> NDArray[Any]:
        """Source boxes xyxy [..., 4] as boxes in the view, not clipped; a flip keeps x0 <= x1."""
        return self._boxes(boxes, self.points_to_view)

    def boxes_to_source(self, boxes: ArrayLike) -> NDArray[Any]:
        """Boxes xyxy [..., 4] in the view as source boxes; a flip keeps x0 <= x1."""
        return self._boxes(boxes, self.points_to_source)

    def velocities_to_view(self, velocities: ArrayLike) -> NDArray[Any]:
        """Source velocities (dx, dy) [..., 2] in pixels of the view; a flip negates dx."""
        given = _floats(velocities, last=2, name="velocities")
        return (given * self._signed_scale()).astype(given.dtype, copy=False)

    def velocities_to_source(self, velocities: ArrayLike) -> NDArray[Any]:
        """Velocities (dx, dy) [..., 2] in pixels of the view as source pixels."""
        given = _floats(velocities, last=2, name="velocities")
        return (given / self._signed_scale()).astype(given.dtype, copy=False)

    def _signed_scale(self) -> NDArray[np.float64]:
        across, down = self.scale
        return np.array((-across if self.hflip else across, down))

    def _boxes(self, boxes: ArrayLike, mapped: Any) -> NDArray[Any]:
        given = _floats(boxes, last=4, name="boxes")
        corners = mapped(given.reshape(*given.shape[:-1], 2, 2))
        if self.hflip:
            corners[..., 0] = corners[..., ::-1, 0].copy()
        result: NDArray[Any] = corners.reshape(given.shape)
        return result


def crop_and_flip(
    view: View | None, width: int, height: int
) -> tuple[tuple[float, float, float, float], bool]:
    """What the core takes of a view; without one, the whole picture of that size."""
    if view is None:
        return (0, 0, width, height), False
    return view.crop, view.hflip
