"""OmniMAE's data set of videos, followed while it makes a sample; see `omnimae.capture`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import numpy as np
import torch

from ..errors import DecodeError, NoMotionVectors
from ..masks import seed_for
from ..video_reader import VideoReader
from ..views import View
from .crops import view_of_source
from .followed import Followed
from .sources import FallbackCount, MaskSource, Motion, motion_of, no_motion
from .transform_steps import swapped
from .wrapped_dataset import WrappedDataset

__all__ = ["CapturedVideos"]


class CapturedVideos(WrappedDataset):
    """OmniMAE's `VideoPathDataset`, with masks that follow what its transforms show.

    Args:
        dataset: of omnivision.
        shape: makes the masks.
        seed: of the masks, in [0, 2^64); None: torch's initial seed.
        max_fallback: largest share of videos without motion over the first 1,000 of all workers.

    Attributes:
        fallbacks: how many videos had no motion, and why; `fallbacks.summary()` says it.

    Raises:
        TypeError: the data set reads or masks in another way.
    """

    def __init__(self, dataset: Any, shape: Any, *, seed: int | None, max_fallback: float) -> None:
        super().__init__(dataset, seed=seed)
        self.shape = shape
        self.fallbacks = FallbackCount(max_fallback)
        self._video: _Video | None = None
        self._views: list[View | None] = []
        if not hasattr(dataset, "_get_video_object") or not hasattr(dataset, "frame_sampler"):
            raise TypeError(f"{type(dataset).__name__} is no VideoPathDataset of omnivision")
        if not list(_maskers(dataset.transforms)):
            raise TypeError("none of its transforms is a MaskingTransform with a pred_shape")

    def replaced(self) -> list[str]:
        """Names of what made the masks."""
        maskers = _maskers(self.dataset.transforms)
        return sorted({_name(masker.pred_shape) for masker in maskers})

    def __getitem__(self, index: int) -> Any:
        """The data set's sample or list of samples, each mask from what it shows.

        Raises:
            ValueError: a transform cannot be followed.
            TooManyFallbacks: too many videos have no motion.
        """
        base, epoch = self.seeds.visit(index)
        self.fallbacks.begin_epoch(epoch)
        self._video, self._views = None, []
        with self._followed():
            self.shape.prepare(self._due, lambda n: seed_for(base, epoch, index % len(self), n))
            try:
                sample = self.dataset[index]
            finally:
                self.shape.prepare(None, None)
        self._made_from(index, self.shape.source)
        return sample

    @contextmanager
    def _followed(self) -> Iterator[None]:
        opened, sampler = self.dataset._get_video_object, self.dataset.frame_sampler
        with ExitStack() as stack:
            enter = stack.enter_context
            enter(swapped(self.dataset, "_get_video_object", lambda path: self._open(opened, path)))
            enter(swapped(self.dataset, "frame_sampler", lambda clip: self._sample(sampler, clip)))
            for holder, name in _moving(self.dataset.transforms):
                enter(swapped(holder, name, _Recording(getattr(holder, name), self._views)))
            for masker in _maskers(self.dataset.transforms):
                enter(swapped(masker, "pred_shape", self.shape))
            yield

    def _open(self, opened: Any, path: Any) -> Any:
        self._video = _Video(opened(path), path)
        return self._video

    def _sample(self, sampler: Any, clip: torch.Tensor) -> Any:
        if self._video is not None:
            places = torch.arange(clip.shape[1]).view(1, -1, 1, 1)
            self._video.chosen = sampler(places).reshape(-1).numpy()
        return sampler(clip)

    def _due(self) -> list[tuple[Motion, View | None]]:
        """The motion of the clip and the view of each of its masks."""
        motion = Motion(None, MaskSource.FALLBACK, "cannot be decoded")
        if self._video is not None:
            motion = self._video.motion()
        self.fallbacks.record(motion.source, motion.reason, motion.path)
        clip: Any = motion.motion
        if clip is None or self._video is None:
            return [(motion, None)] * max(1, len(self._views))
        size = self._video.size
        views = self._views or [None]
        return [(motion, v and view_of_source(v, size, clip.field)) for v in views]


class _Video:
    """pytorchvideo's, which is read by time; recorded is which frames that gave."""

    def __init__(self, video: Any, path: Any) -> None:
        self._theirs, self._path = video, path
        self._span, self._count = (0.0, 0.0), 0
        self.size = (0, 0)
        self.chosen: Any = None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_theirs":
            raise AttributeError(name)
        return getattr(self._theirs, name)

    def get_clip(self, start: Any, end: Any) -> Any:
        """As pytorchvideo's."""
        made = self._theirs.get_clip(start, end)
        if made["video"] is not None:
            self._span = float(start), float(end)
            self._count = made["video"].shape[1]
            self.size = made["video"].shape[3], made["video"].shape[2]
        return made

    def motion(self) -> Motion:
        """Of the frames that were chosen."""
        if self.chosen is None:
            return Motion(None, MaskSource.FALLBACK, "no frames were sampled")
        try:
            reader = VideoReader(self._path)
            times = reader.frame_seconds - reader.frame_seconds[0]
            start, end = (edge - 1e-6 for edge in self._span)
            inside = np.flatnonzero((times >= start) & (times < end))
            if len(inside) != self._count:
                why = "frames are not where their times say"
                return Motion(None, MaskSource.FALLBACK, why, reader.path)
            clip = reader.read_clip(inside[self.chosen])
        except (DecodeError, NoMotionVectors, OSError) as error:
            return no_motion(error)
        return motion_of(clip, reader.info, reader.path)


class _Recording:
    """A transform of one clip or of a list of them, whose views are recorded."""

    def __init__(self, transform: Any, views: list[View | None]) -> None:
        self._transform, self._views = transform, views

    def __call__(self, given: Any) -> Any:
        if not isinstance(given, list):
            return self._one(0, self._transform, given)
        inner = self._transform.base_transform  # ListTransform's
        return [self._one(i, inner, clip) for i, clip in enumerate(given)]

    def _one(self, place: int, transform: Any, clip: Any) -> Any:
        followed = Followed(transform)
        result = followed(clip)
        while len(self._views) <= place:
            self._views.append(None)
        before = self._views[place]
        made = followed.view
        self._views[place] = made if before is None or made is None else before.compose(made)
        return result


def _name(made: Any) -> str:
    return str(getattr(made, "__name__", type(made).__name__))


def _children(transform: Any) -> list[Any]:
    held = [getattr(transform, name, None) for name in ("base_transform", "transforms")]
    return [t for h in held if h is not None for t in (h if isinstance(h, list) else [h])]


def _maskers(transforms: Any) -> Iterator[Any]:
    """Every object with a `pred_shape`."""
    for transform in transforms:
        masker = getattr(transform, "masking_object", None)
        if hasattr(masker, "pred_shape"):
            yield masker
        yield from _maskers(_children(transform))


def _moving(transforms: Any) -> Iterator[tuple[Any, str]]:
    """(holder, name) of the transforms of the pixels, but for copying."""
    for transform in transforms:
        if getattr(transform, "field", None) == "vision" and hasattr(transform, "base_transform"):
            if type(transform.base_transform).__name__ != "Replicate":
                yield transform, "base_transform"
        elif not hasattr(transform, "masking_object"):
            yield from _moving(_children(transform))
