"""A trainer's data set, followed while it makes a sample; see `videomae.capture`."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

from .fallbacks import FallbackCount
from .readers import ReaderName, follow_readers, reader_names
from .record import Capture, ClipContext
from .transform_steps import follow_steps, swapped
from .wrapped_dataset import WrappedDataset

__all__ = [
    "Capture",
    "CapturedDataset",
    "ClipContext",
    "FollowedCompose",
    "FollowedDataset",
]


class FollowedCompose:
    """A `Compose` of the VideoMAE family that tells the `ClipContext` in the spare slot.

    Crops and flips are followed, wherever they stand; what else may move pixels is refused.

    Args:
        compose: with `transforms`, a list of steps that take (images, label).
        in_place: names of classes that leave each pixel where it is, beside those known.

    Raises:
        TypeError: a step may move pixels in a way that is not followed.
    """

    def __init__(self, compose: Any, *, in_place: Collection[str] = ()) -> None:
        self.transforms = follow_steps(compose.transforms, _context, in_place=in_place)

    def __call__(self, img_tuple: tuple[Any, Any]) -> Any:
        """The steps' own result; the context, where there is one, has the view."""
        for step in self.transforms:
            img_tuple = step(img_tuple)
        return img_tuple


def _context(label: Any) -> ClipContext | None:
    return label if isinstance(label, ClipContext) else None


def _compositions(transform: Any) -> list[Any]:
    """The `Compose`s that a transform holds."""
    held = vars(transform).values() if hasattr(transform, "__dict__") else ()
    return [value for value in (transform, *held) if isinstance(_steps(value), list)]


def _transforms(dataset: Any, generator: str) -> list[str]:
    """The data set's transforms of that generator: InternVideo2 has one for each source.

    Raises:
        TypeError: they mask differently, so that one generator cannot stand in all of them.
    """
    names = [name for name, value in vars(dataset).items() if hasattr(value, generator)]
    made = {name: getattr(getattr(dataset, name), generator) for name in names}
    kinds = {(type(g).__name__, getattr(g, "total_masks", None)) for g in made.values()}
    if len(kinds) > 1:
        raise TypeError(f"the transforms {names} mask differently: {sorted(map(str, kinds))}")
    return names


def _steps(value: Any) -> Any:
    return getattr(value, "transforms", None)


class FollowedDataset(WrappedDataset):
    """A trainer's data set, whose readers are followed while it makes a sample.

    Args:
        dataset: the trainer's; everything else is its own.
        seed: of the masks, in [0, 2^64); None: torch's initial seed.

    Raises:
        TypeError: the data set has no reader that can be followed.
    """

    def __init__(self, dataset: Any, *, seed: int | None = None) -> None:
        super().__init__(dataset, seed=seed)
        self._capture = Capture()
        self._readers: list[ReaderName] | None = reader_names(dataset)
        if not self._readers:
            raise TypeError(
                f"{type(dataset).__name__} reads by no reader of decord or torchcodec that can be "
                "followed; use the explicit form"
            )

    def __getstate__(self) -> dict[str, Any]:
        return {**vars(self), "_readers": None}  # modules' names, which another process has anew

    def _begin(self, index: int | tuple[int, int]) -> tuple[int, int, int]:
        """Forgets the sample before: (base, epoch, number) of this one's seeds."""
        if isinstance(index, tuple):
            visit = (self.seeds.base, *index)
        else:
            visit = (*self.seeds.visit(index), index % len(self))
        self._capture.begin(*visit, num_frames=getattr(self.dataset, "new_length", None))
        return visit

    @contextmanager
    def _followed(self, **parts: Any) -> Iterator[None]:
        """The data set reads by readers that are followed, and has these parts in place of its."""
        with ExitStack() as stack:
            if self._readers is None:
                self._readers = reader_names(self.dataset)
            follow_readers(stack, self._readers, self._capture)
            for name, part in parts.items():
                stack.enter_context(swapped(self.dataset, name, part))
            yield


class CapturedDataset(FollowedDataset):
    """A data set of the VideoMAE family; see `videomae.capture`.

    Args:
        dataset: the trainer's.
        generator: name of the mask generator in its transform.
        made: makes what stands there while a sample is made, from where clip and crop are recorded.
        seed: of the masks, in [0, 2^64); None: torch's initial seed.
        in_place: names of steps that leave each pixel where it is.

    Attributes:
        masks: what was made.
        fallbacks: how many samples had no motion, and why; `fallbacks.summary()` says it.

    Raises:
        TypeError: the data set has no reader or crop that can be followed, or a step that may move
            pixels in a way that is not.
    """

    def __init__(
        self,
        dataset: Any,
        generator: str,
        made: Callable[[Capture], Any],
        *,
        seed: int | None = None,
        in_place: Collection[str] = (),
    ) -> None:
        super().__init__(dataset, seed=seed)
        self.masks = made(self._capture)
        self.fallbacks: FallbackCount = self.masks.fallbacks
        self._generator = generator
        self._in_place = tuple(in_place)
        self._names = _transforms(dataset, generator)
        for transform in (getattr(dataset, name) for name in self._names):
            if not _compositions(transform):
                raise TypeError(
                    f"{type(transform).__name__} holds no Compose whose steps can be followed; use "
                    "the explicit form"
                )
            for compose in _compositions(transform):
                follow_steps(compose.transforms, self._recorder, in_place=in_place)

    def __getitem__(self, index: int | tuple[int, int]) -> Any:
        """The data set's sample, its mask from the clip's motion.

        Args:
            index: of the sample; or (epoch, index), as `EpochSampler` gives it.

        Raises:
            RuntimeError: what was read, cropped and masked cannot be one clip's.
            TooManyFallbacks: too many samples have no motion.
        """
        _, epoch, number = self._begin(index)
        self.fallbacks.begin_epoch(epoch)
        theirs = {name: getattr(self.dataset, name) for name in self._names}
        begun = {name: _Begun(transform, self._capture) for name, transform in theirs.items()}
        with self._followed(**begun), ExitStack() as stack:
            for transform in theirs.values():
                self._enter(stack, transform)
            sample = self.dataset[index[1] if isinstance(index, tuple) else index]
        if not self._capture.masks:
            raise RuntimeError(
                f"{type(self.dataset).__name__} made a sample without transform.{self._generator}: "
                "its mask comes from elsewhere and does not follow the clip"
            )
        self._capture.begin()
        self._made_from(number, self.masks.source)
        return sample

    def _enter(self, stack: ExitStack, transform: Any) -> None:
        """Follows a transform until the stack is closed."""
        stack.enter_context(swapped(transform, self._generator, self.masks))
        if getattr(transform, "mcm", False):  # EVEREST asks its generator for nothing then
            stack.enter_context(swapped(transform, "mcm", False))
        for compose in _compositions(transform):
            steps = follow_steps(compose.transforms, self._recorder, in_place=self._in_place)
            stack.enter_context(swapped(compose, "transforms", [*steps, self._ready]))

    def _ready(self, given: Any) -> Any:
        """The last step: only then is a mask due."""
        self._capture.ready()
        return given

    def _recorder(self, label: Any) -> Capture:
        return self._capture


class _Begun:
    """A transform that says which images it was given."""

    def __init__(self, transform: Any, capture: Capture) -> None:
        self._transform = transform
        self._capture = capture

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") or name == "_transform":
            raise AttributeError(name)
        return getattr(self._transform, name)

    def __call__(self, img_tuple: tuple[Any, Any]) -> Any:
        self._capture.transform(img_tuple[0])
        return self._transform(img_tuple)
