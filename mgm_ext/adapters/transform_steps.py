"""The steps of a trainer's transform: those that move pixels are followed, or refused by name."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, Protocol

import numpy as np

from .crop_search import flipped, locate
from .crops import frame_size

__all__ = ["Recorder", "follow_steps", "swapped"]

IN_PLACE: Final = frozenset(
    [
        "IdentityTransform",
        "Identity",
        "Stack",
        "ToTorchFormatTensor",
        "ToTensor",
        "PILToTensor",
        "ToPILImage",
        "ConvertImageDtype",
        "Normalize",
        "GroupNormalize",
        "NormalizeVideo",
        "ColorJitter",
        "GroupColorJitter",
        "Grayscale",
        "GroupGrayScale",
        "RandomGrayscale",
        "GaussianBlur",
        "RandomErasing",
        "GroupRandomErasing",
    ]
)
"""Steps that leave each pixel where it is."""

SCALES: Final = frozenset(["GroupScale"])
"""Steps that scale the whole picture: shares of it stay what they are."""

FLIPS: Final = frozenset(["GroupRandomHorizontalFlip"])
CROPS: Final = frozenset(["GroupRandomCrop", "GroupCenterCrop"])


class Recorder(Protocol):
    """Where crops and flips are recorded: `Capture`, `ClipContext`."""

    def crop(
        self, frames: tuple[int, int], box: tuple[float, float, float, float], hflip: bool = ...
    ) -> None:
        """A crop of `frames` = (width, height) at `box` = (x, y, w, h)."""

    def flip(self, frames: tuple[int, int]) -> None:
        """All of it mirrored."""

    def lose(self) -> None:
        """Flat pictures do not say where they were cropped."""


def follow_steps(
    steps: Sequence[Any],
    recorder: Callable[[Any], Recorder | None],
    *,
    in_place: Collection[str] = (),
) -> list[Any]:
    """The same steps, which record where pixels went.

    Args:
        steps: of the VideoMAE family, called with (images, label).
        recorder: from the label, where to record; None: nowhere.
        in_place: names of classes that leave each pixel where it is, beside those known here.

    Raises:
        TypeError: a step may move pixels in a way that is not followed.
    """
    return [_followed(step, recorder, in_place) for step in steps]


def _followed(
    step: Any, recorder: Callable[[Any], Recorder | None], in_place: Collection[str]
) -> Any:
    name = type(step).__name__
    if hasattr(step, "_sample_crop_size"):
        if getattr(step, "per_frame_crop", False):
            raise TypeError(
                f"{name} crops every frame elsewhere (per_frame_crop): one mask cannot follow; "
                "turn it off"
            )
        return _Sampled(step, recorder)
    if name in FLIPS:
        return _Flip(step, recorder)
    if name in CROPS:
        return _Crop(step, recorder)
    if name in IN_PLACE | SCALES or name in in_place:
        return step
    raise TypeError(
        f"{name} may move pixels, and is not followed; in_place=[{name!r}] says that it leaves "
        "each pixel where it is"
    )


class _Step:
    def __init__(self, step: Any, recorder: Callable[[Any], Recorder | None]) -> None:
        self.step = step
        self.recorder = recorder

    def __repr__(self) -> str:
        return repr(self.step)


class _Sampled(_Step):
    """A crop whose `_sample_crop_size(size)` gives (w, h, x, y)."""

    def __call__(self, img_tuple: tuple[Any, Any]) -> Any:
        recorder = self.recorder(img_tuple[1])
        if recorder is None:
            return self.step(img_tuple)
        sample, boxes = self.step._sample_crop_size, []

        def sampled(size: tuple[int, int]) -> Any:
            boxes.append((size, result := sample(size)))
            return result

        with swapped(self.step, "_sample_crop_size", sampled):
            result = self.step(img_tuple)
        if len(boxes) != 1:
            raise RuntimeError(
                f"{type(self.step).__name__} drew {len(boxes)} boxes for one clip: one mask cannot "
                "follow"
            )
        size, (w, h, x, y) = boxes[0]
        recorder.crop(size, (x, y, w, h))
        return result


class _Flip(_Step):
    """A flip that may or may not happen."""

    def __call__(self, img_tuple: tuple[Any, Any]) -> Any:
        recorder = self.recorder(img_tuple[1])
        result = self.step(img_tuple)
        if recorder is not None and flipped(img_tuple[0], result[0]):
            recorder.flip(frame_size(result[0]))
        return result


class _Crop(_Step):
    """A crop without a resize, found again by its pixels."""

    def __call__(self, img_tuple: tuple[Any, Any]) -> Any:
        recorder = self.recorder(img_tuple[1])
        result = self.step(img_tuple)
        if recorder is None:
            return result
        ends = (0, len(result[0]) - 1)
        before, after = ([np.asarray(side[i]) for i in ends] for side in (img_tuple[0], result[0]))
        place = locate(after, before)
        if place is None:
            recorder.lose()
        else:
            recorder.crop(frame_size(img_tuple[0]), (*place, *frame_size(result[0])))
        return result


@contextmanager
def swapped(owner: Any, name: str, value: Any) -> Iterator[None]:
    """`owner.name` is `value` within the block; a dict's item likewise."""
    if isinstance(owner, dict):
        before, owner[name] = owner[name], value
        try:
            yield
        finally:
            owner[name] = before
        return
    own = name in vars(owner)
    before = getattr(owner, name)
    setattr(owner, name, value)
    try:
        yield
    finally:
        if own:
            setattr(owner, name, before)
        else:
            delattr(owner, name)
