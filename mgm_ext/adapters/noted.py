"""What a sample read, where its frames were cut from, and the mask that is due to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..masks import seed_for
from ..motion_field import Clip, MotionField
from ..views import View
from .sources import MaskSource, Motion, motion_of

__all__ = ["Capture", "ClipContext", "Taken", "flipped", "locate"]


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
        """Notes a crop of what was there before.

        Args:
            frames: (width, height) of what was cropped.
            box: (x, y, w, h) in pixels of it.
            hflip: mirrored after the crop.
        """
        before = self.view
        if before is None:
            field = self.clip.field if isinstance(self.clip, Clip) else self.clip
            before = View.full(field.width, field.height)
        crop = View(box, (max(1, round(box[3])), max(1, round(box[2]))), hflip)
        self.view = replace(before, size=(frames[1], frames[0])).compose(crop)

    def flip(self, frames: tuple[int, int]) -> None:
        """Notes that all of it was mirrored; `frames` is its (width, height)."""
        self.crop(frames, (0, 0, *frames), hflip=True)


class Taken(NamedTuple):
    """What one mask is made from.

    Attributes:
        motion: of the clip, or why there is none.
        view: what the trainer sees, in source pixels; None where there is no motion.
        seed: of the mask; None: the generator's own next one.
    """

    motion: Motion
    view: View | None
    seed: int | None


class Capture:
    """What a sample read and cropped; each mask takes it once, so that none follows stale motion.

    Attributes:
        motion: of the clip that was read last in this sample; None: nothing was.
        masks: how many were made in this sample.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(
        self,
        base: int | None = None,
        epoch: int = 0,
        index: int = 0,
        *,
        num_frames: int | None = None,
    ) -> None:
        """Forgets the sample before.

        Args:
            base, epoch, index: of the seeds of this sample's masks; without a base, the generator
                draws its own.
            num_frames: of the trainer's clips, where it says so.
        """
        self._num_frames = num_frames
        self.motion: Motion | None = None
        self.masks = 0
        self._seed = None if base is None else (base, epoch, index)
        self._clip: Clip | None = None
        self._singles: list[tuple[Any, int]] = []
        self._context: ClipContext | None = None
        self._due = False

    def read(self, clip: Clip, motion: Motion) -> None:
        """Notes a clip."""
        self.motion, self._clip = motion, clip
        self._context, self._due = ClipContext(clip), False

    def single(self, reader: Any, number: int) -> None:
        """Notes one frame of a clip that is read frame by frame."""
        self._singles.append((reader, number))

    def transform(self, images: Sequence[Any]) -> None:
        """Notes that these images begin their way through the transforms.

        Raises:
            RuntimeError: they are not the frames that this sample read.
        """
        self._gather()
        self._due = False
        if self._clip is None or self._clip.frames is None:
            return
        frames = self._clip.frames
        wanted = len(frames) if self._num_frames is None else self._num_frames
        if not len(images) == len(frames) == wanted:
            raise RuntimeError(
                f"{len(images)} images are to be transformed, {len(frames)} frames were read, and "
                f"a clip has {wanted}: one mask can follow one clip only"
            )
        size = (frames.shape[2], frames.shape[1])
        some = sorted({0, len(images) // 2, len(images) - 1})
        place = locate([np.asarray(images[i]) for i in some], [frames[i] for i in some])
        if place is None:
            self.motion = Motion(None, MaskSource.FALLBACK, "place of the frames unknown")
            return
        self._context = ClipContext(self._clip)
        high, wide = np.asarray(images[0]).shape[:2]
        self._context.crop(size, (*place, wide, high))

    def crop(
        self, frames: tuple[int, int], box: tuple[float, float, float, float], hflip: bool = False
    ) -> None:
        """Notes a crop of the images; see `ClipContext.crop`."""
        if self._context is not None:
            self._context.crop(frames, box, hflip)
        self._due = True

    def ready(self) -> None:
        """Notes that the images are as the trainer will see them: a mask is due."""
        self._due = True

    def flip(self, frames: tuple[int, int]) -> None:
        """Notes a flip of the images; see `ClipContext.flip`."""
        if self._context is not None:
            self._context.flip(frames)

    def take(self) -> Taken:
        """The clip's motion, the view of its crop, and the seed of the mask.

        Raises:
            RuntimeError: nothing was cropped since the last mask, or nothing yet.
        """
        if not self._due:
            raise RuntimeError("no crop was captured since the last mask; crop before masking")
        self._due = False
        seed = None if self._seed is None else seed_for(*self._seed, self.masks)
        self.masks += 1
        if self.motion is None:
            reason = "frames that no followed reader read"
            return Taken(Motion(None, MaskSource.FALLBACK, reason), None, seed)
        view = None if self._context is None else self._context.view
        return Taken(self.motion, view, seed)

    def _gather(self) -> None:
        """Frames that were read one by one, as a clip."""
        if self._clip is not None or not self._singles:
            return
        reader = self._singles[-1][0]
        numbers = np.array([number for owner, number in self._singles if owner is reader])
        clip = reader.read_clip(numbers)
        self.read(clip, motion_of(clip, reader.info))


def locate(
    images: Sequence[NDArray[np.uint8]], frames: Sequence[NDArray[np.uint8]]
) -> tuple[int, int] | None:
    """Where in the frames the images were cut out, (x, y), pixel by pixel.

    Args:
        images: [h, w, 3] each.
        frames: [H, W, 3] each, as many.

    Returns:
        The place, or None where several fit: flat pictures.

    Raises:
        RuntimeError: no place fits.
    """
    places = _candidates(images, frames)
    fitting = [place for place in places[:1000] if _fits(images, frames, place)]
    if not fitting:
        raise RuntimeError(
            f"the images to be transformed, {images[0].shape}, are not cut out of the frames that "
            f"were read, {frames[0].shape}: something between changed them"
        )
    return (int(fitting[0][0]), int(fitting[0][1])) if len(fitting) == 1 else None


def _candidates(images: Sequence[Any], frames: Sequence[Any]) -> NDArray[np.int64]:
    """Places (x, y) at which some pixels agree, int64 [N, 2]."""
    (h, w), (high, wide) = images[0].shape[:2], frames[0].shape[:2]
    if h > high or w > wide:
        return np.zeros((0, 2), np.int64)
    open_to = np.ones((high - h + 1, wide - w + 1), np.bool_)
    for image, frame in zip(images, frames, strict=True):
        for row, column in ((0, 0), (h // 2, w // 2), (h - 1, w - 1), (0, w - 1), (h - 1, 0)):
            part = frame[row : row + len(open_to), column : column + open_to.shape[1]]
            open_to &= (part == image[row, column]).all(-1)
    return np.argwhere(open_to)[:, ::-1]


def _fits(images: Sequence[Any], frames: Sequence[Any], place: NDArray[np.int64]) -> bool:
    x, y = place
    h, w = images[0].shape[:2]
    return all(
        np.array_equal(image, frame[y : y + h, x : x + w])
        for image, frame in zip(images, frames, strict=True)
    )


def flipped(before: Sequence[Any], after: Sequence[Any]) -> bool:
    """Whether images were mirrored left to right.

    Raises:
        RuntimeError: they were neither mirrored nor left as they were.
    """
    if after[0] is before[0]:
        return False
    first, last = np.asarray(before[0]), np.asarray(after[0])
    if np.array_equal(last, first[:, ::-1]):
        return True
    if np.array_equal(last, first):
        return False
    raise RuntimeError("a flip changed more than left and right: its images cannot be followed")
