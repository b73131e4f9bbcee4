"""Notes what a trainer's data set reads and where it crops, while it makes a sample."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from types import SimpleNamespace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..motion_field import Clip, MotionField
from ..views import View
from . import decord
from .crops import view_of_source
from .sources import Motion, motion_of

__all__ = ["Capture", "CapturedDataset", "ClipContext", "FollowedCrop"]


class ClipContext:
    """A clip on its way through a trainer's transforms, and where they cropped it.

    Attributes:
        clip: the clip, or its field.
        view: in source pixels; the whole picture until a crop says otherwise.
    """

    def __init__(self, clip: Clip | MotionField) -> None:
        self.clip = clip
        self.view: View | None = None

    def crop(
        self, frames: tuple[int, int], box: tuple[float, float, float, float], hflip: bool = False
    ) -> None:
        """Notes a crop.

        Args:
            frames: (width, height) of what was cropped.
            box: (x, y, w, h) in pixels of it.
            hflip: mirrored after the crop.
        """
        field = self.clip.field if isinstance(self.clip, Clip) else self.clip
        view = View(box, (max(1, round(box[3])), max(1, round(box[2]))), hflip)
        self.view = view_of_source(view, frames, field)


class Capture:
    """What was read and cropped last; one mask takes the crop, so no mask follows a stale one."""

    def __init__(self) -> None:
        self.motion: Motion | None = None
        self._context: ClipContext | None = None
        self._cropped = False

    def read(self, clip: Clip, motion: Motion) -> None:
        """Notes a clip."""
        self.motion = motion
        self._context = ClipContext(clip)
        self._cropped = False

    def crop(
        self, frames: tuple[int, int], box: tuple[float, float, float, float], hflip: bool = False
    ) -> None:
        """Notes a crop of the clip that was read last; see `ClipContext.crop`."""
        if self._context is not None:
            self._context.crop(frames, box, hflip)
            self._cropped = True

    def take(self) -> tuple[Motion, View | None]:
        """The clip's motion and the view of the last crop.

        Raises:
            RuntimeError: no clip was read, or it was not cropped since the last mask.
        """
        if self.motion is None or self._context is None:
            raise RuntimeError("no clip was captured: frames came from elsewhere; give the clip")
        if not self._cropped:
            raise RuntimeError("no crop was captured since the last mask; crop before masking")
        self._cropped = False
        return self.motion, self._context.view


class _Reader(decord.VideoReader):
    """decord's reader that notes each batch."""

    noted: Capture

    def _clip(self, numbers: NDArray[np.int64]) -> Clip:
        clip = super()._clip(numbers)
        if len(numbers) > 1:
            self.noted.read(clip, motion_of(clip, self._reader.info))
        return clip


class FollowedCrop:
    """A `Group*` crop of the VideoMAE family that tells the `ClipContext` in the spare slot.

    Args:
        crop: with `_sample_crop_size(size) -> (w, h, x, y)`, called with (images, label).
    """

    def __init__(self, crop: Any) -> None:
        self.worker = crop

    def __call__(self, img_tuple: tuple[Any, Any]) -> Any:
        """The crop's own result; the context, where there is one, has the view."""
        context = img_tuple[1]
        if not isinstance(context, ClipContext):
            return self.worker(img_tuple)
        with _swapped(
            self.worker, "_sample_crop_size", _noting(self.worker._sample_crop_size, context)
        ):
            return self.worker(img_tuple)


def _noting(sample: Callable[..., Any], noted: ClipContext | Capture) -> Callable[..., Any]:
    def sampled(size: tuple[int, int]) -> Any:
        w, h, x, y = result = sample(size)
        noted.crop(size, (x, y, w, h))
        return result

    return sampled


@contextmanager
def _swapped(owner: Any, name: str, value: Any) -> Iterator[None]:
    """`owner.name` is `value` within the block."""
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


class CapturedDataset:
    """A trainer's data set; see `videomae.capture`. Everything else is the data set's own.

    Args:
        dataset: the trainer's.
        generator: name of the mask generator in its transform.
        masks: what stands there while a sample is made.
        noted: where clip and crop are noted.

    Raises:
        TypeError: the data set has no reader or crop that can be followed.
    """

    def __init__(
        self, dataset: Any, generator: str, masks: Callable[..., Any], noted: Capture
    ) -> None:
        self.dataset = dataset
        self.masks = masks
        self._generator = generator
        self._noted = noted
        crop = getattr(dataset.transform, "train_augmentation", None)
        if not hasattr(crop, "_sample_crop_size"):
            raise TypeError("transform.train_augmentation must have _sample_crop_size, or be given")
        if not self._loads() and not hasattr(self._module(), "decord"):
            raise TypeError(
                f"{type(dataset).__name__} reads neither by video_loader nor by decord; use the "
                "explicit form"
            )

    def __len__(self) -> int:
        return len(self.dataset)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "dataset":
            raise AttributeError(name)
        return getattr(self.dataset, name)

    def __getitem__(self, index: int) -> Any:
        """The data set's sample, its mask from the clip's motion."""
        crop = self.dataset.transform.train_augmentation
        with ExitStack() as stack:
            enter = stack.enter_context
            enter(_swapped(self.dataset.transform, self._generator, self.masks))
            enter(_swapped(crop, "_sample_crop_size", _noting(crop._sample_crop_size, self._noted)))
            if self._loads():
                enter(_swapped(self.dataset, "video_loader", self._open))
            else:
                names = {name: getattr(decord, name) for name in ("bridge", "cpu", "gpu")}
                ours = SimpleNamespace(VideoReader=self._open, **names)
                enter(_swapped(self._module(), "decord", ours))
            return self.dataset[index]

    def _module(self) -> Any:
        return sys.modules[type(self.dataset).__module__]

    def _loads(self) -> bool:
        return callable(getattr(self.dataset, "video_loader", None))

    def _open(self, *args: Any, **options: Any) -> _Reader:
        options.pop("ctx", None)
        reader = _Reader(*args, **options)
        reader.noted = self._noted
        return reader
