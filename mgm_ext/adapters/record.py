"""What a sample read, where its frames were cropped from, and the mask that is due to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np

from ..masks import seed_for
from ..motion_field import Clip, MotionField
from ..views import View
from .crop_search import locate
from .sources import MaskSource, Motion, motion_of

__all__ = ["Capture", "ClipContext", "Taken"]


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
        """Records a crop of what was there before.

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
        """Records that all of it was mirrored; `frames` is its (width, height)."""
        self.crop(frames, (0, 0, *frames), hflip=True)

    def lose(self) -> None:
        """Raises: nothing says where flat pictures were cropped."""
        raise RuntimeError("flat pictures do not say where they were cropped; give the view")


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
        """Records a clip."""
        self.motion, self._clip = motion, clip
        self._context, self._due = ClipContext(clip), False

    def single(self, reader: Any, number: int) -> None:
        """Records one frame of a clip that is read frame by frame."""
        self._singles.append((reader, number))

    def transform(self, images: Sequence[Any]) -> None:
        """Records that these images begin their way through the transforms.

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
            self.lose()
            return
        self._context = ClipContext(self._clip)
        high, wide = np.asarray(images[0]).shape[:2]
        self._context.crop(size, (*place, wide, high))

    def crop(
        self, frames: tuple[int, int], box: tuple[float, float, float, float], hflip: bool = False
    ) -> None:
        """Records a crop of the images; see `ClipContext.crop`."""
        if self._context is not None:
            self._context.crop(frames, box, hflip)
        self._due = True

    def lose(self) -> None:
        """Leaves the clip to the fallback mask: nothing says where flat pictures were cropped."""
        path = "" if self.motion is None else self.motion.path
        self.motion = Motion(None, MaskSource.FALLBACK, "place of the frames unknown", path)

    def ready(self) -> None:
        """Records that the images are as the trainer will see them: a mask is due."""
        self._due = True

    def flip(self, frames: tuple[int, int]) -> None:
        """Records a flip of the images; see `ClipContext.flip`."""
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
        self.read(clip, motion_of(clip, reader.info, reader.path))
