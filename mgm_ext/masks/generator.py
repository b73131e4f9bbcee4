"""A mask as an object for data loaders: settings once, a mask per call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import _core
from .._arrays import read_only
from ..motion_field import MotionField
from ..score import Score, field_input, score_input
from ..views import View
from .options import (
    PRESETS,
    Grid,
    Mask,
    Source,
    group_ids,
    refuse_field_options,
    score_settings,
    split_source,
)
from .seeds import OwnSeeds

__all__ = ["Masking", "MotionMasking"]

_OF_THE_CALL: Final = frozenset({"grid", "mask_ratio", "seed", "view", "score"})
_BOUND: Final = frozenset({"_mask", "_score"})
"""What is read anew where an object is unpickled."""


def _plain(value: Any) -> Any:
    """Arrays and tuples as lists: what JSON gives back is what went in."""
    if isinstance(value, np.ndarray | np.generic):
        return value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return value


class Masking:
    """A mask with its settings; each call makes one mask.

    Calls without a seed draw from the object's own sequence: equal in every run when `seed` is
    given, and different in every worker process, forked or spawned. Neither `random` nor
    `np.random` is touched. For masks that do not depend on workers pass `seed=seed_for(...)`.

    Args:
        input_size: (T, H, W) in tokens; what the functions call grid.
        mask_ratio: share of the tokens to mask, in (0, 1).
        seed: of the object's own sequence, in [0, 2^64); None: from the system.
        options: the other keyword arguments of the function of the same name.

    Raises:
        ValueError: an option is unknown, or outside what is allowed.
    """

    name: ClassVar[str]
    function: ClassVar[Callable[..., Mask]]

    def __init__(
        self,
        input_size: Grid,
        mask_ratio: float = 0.75,
        *,
        seed: int | None = None,
        **options: Any,
    ) -> None:
        known: dict[str, Any] = self.function.__kwdefaults__ or {}
        allowed = known.keys() - _OF_THE_CALL
        if unknown := options.keys() - allowed:
            raise ValueError(f"{self.name} takes {sorted(allowed)}, not {sorted(unknown)}")
        self.input_size = input_size
        self.mask_ratio = mask_ratio
        self.settings: dict[str, Any] = {
            name: options.get(name, known[name]) for name in sorted(allowed)
        }
        self._seed = seed
        self._seeds = OwnSeeds(seed)
        self._bind()

    def _bind(self) -> None:
        """Reads the settings once: what is wrong with them shows here, not in a worker later."""
        given = {**self.settings, "mask_ratio": self.mask_ratio}
        if "groups" in given:
            given["groups"] = group_ids(given["groups"])
        rule = _core.mask_rules[self.name]
        self._mask = rule.bind(self.input_size, {name: given[name] for name, *_ in rule.options})

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name not in _BOUND}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._bind()

    def __call__(
        self,
        field: Source | None = None,
        frames: NDArray[np.uint8] | None = None,
        view: View | None = None,
        seed: int | None = None,
    ) -> Mask:
        """One mask, bool [T, H, W] of tokens, True = masked.

        Args:
            field: the clip's motion: a field, a score or a clip; ignored by masks that know none.
            frames: uint8 [T, H, W, 3] of the whole picture, for texture; a clip brings its own.
            view: what the trainer sees; None: the whole picture.
            seed: in [0, 2^64); None: the object's own next one.
        """
        return self._make(self.input_of(field, frames, view, None), seed)

    def with_sources(
        self,
        field: Source | None = None,
        frames: NDArray[np.uint8] | None = None,
        view: View | None = None,
        seed: int | None = None,
    ) -> tuple[Mask, NDArray[np.uint8] | None]:
        """The mask, and uint8 [T] as `slot_sources` says it; None for masks without such boxes."""
        return self(field, frames, view, seed), None

    def recipe(self) -> dict[str, Any]:
        """Every setting, plain values only: `make_masking(**recipe)` makes an equal generator."""
        return {
            "name": self.name,
            "input_size": _plain(self.input_size),
            "mask_ratio": self.mask_ratio,
            "seed": self._seed,
            **{name: _plain(value) for name, value in self.settings.items()},
        }

    def __repr__(self) -> str:
        settings = ", ".join(f"{name}={value!r}" for name, value in self.settings.items())
        return f"{type(self).__name__}({self.input_size}, {self.mask_ratio}, {settings})"

    def input_of(
        self,
        field: Source | None,
        frames: NDArray[np.uint8] | None,
        view: View | None,
        boxes: ArrayLike | Sequence[ArrayLike] | None,
    ) -> _core.MaskInput | None:
        """What the core makes this mask from; `boxes` only for `BoxesMasking`."""
        return None

    def make_many(
        self, inputs: Sequence[_core.MaskInput | None], seeds: Sequence[int], threads: int
    ) -> Mask:
        """A mask of each of what `input_of` gave, bool [B, T, H, W]."""
        return self._mask.make_many(inputs, seeds, threads)

    def _make(self, given: _core.MaskInput | None, seed: int | None) -> Mask:
        return self._mask.make(given, self._seeds.next() if seed is None else seed)


class MotionMasking(Masking):
    """A mask that follows the clip's motion; without a field it is that of a still clip.

    With a `Score` the settings `camera`, `weight` and `ignore` have no effect: it has them already.

    Args:
        input_size: (T, H, W) in tokens.
        mask_ratio: share of the tokens to mask, in (0, 1).
        seed: of the object's own sequence, in [0, 2^64); None: from the system.
        window: how the fields are read ("centred", "interval", "frame"), for the recipe; a field
            read otherwise is refused. None: that of the last field seen.
        cell: how the fields are read, for the recipe. None: that of the last field seen.
        options: the other keyword arguments of the function of the same name.

    Raises:
        ValueError: an option is unknown, or outside what is allowed.
    """

    def __init__(
        self,
        input_size: Grid,
        mask_ratio: float = 0.75,
        *,
        seed: int | None = None,
        window: str | None = None,
        cell: int | str | None = None,
        **options: Any,
    ) -> None:
        self._window, self._cell = window, cell
        self._seen_window: str | None = None
        self._seen_cell: int | None = None
        super().__init__(input_size, mask_ratio, seed=seed, **options)

    def recipe(self) -> dict[str, Any]:
        """Every setting, and the window and cell of the fields; see `Masking.recipe`."""
        window = self._seen_window if self._window is None else self._window
        cell = self._seen_cell if self._cell is None else self._cell
        return {**super().recipe(), "window": window, "cell": cell}

    def _bind(self) -> None:
        super()._bind()
        self._score = self._score_settings()

    def _score_settings(self) -> _core.ScoreSettings:
        given = {name: self.settings[name] for name in ("camera", "weight", "ignore")}
        return score_settings(PRESETS["robust"], self.input_size, **given)

    def input_of(
        self,
        field: Source | None,
        frames: NDArray[np.uint8] | None,
        view: View | None,
        boxes: ArrayLike | Sequence[ArrayLike] | None,
    ) -> _core.MaskInput:
        """What the core makes this mask from."""
        if isinstance(field, Score):
            refuse_field_options(field, self.input_size, view, None, None, ())
            return score_input(field)
        if field is None:
            own_frames, motion = None, self._still()
        else:
            own_frames, motion = split_source(field)
            self._note(motion)
        if frames is None:
            frames = own_frames
        else:
            shape = (motion.num_samples, "H", "W", 3)
            frames = read_only("frames", frames, dtype=np.uint8, shape=shape)
        return field_input(motion, frames, view, self._score)

    def _still(self) -> MotionField:
        slots = self.input_size[0]
        return MotionField(
            vectors=np.zeros((slots, 1, 1, 2), np.int16),
            coded=np.zeros((slots, 1, 1), np.bool_),
            cuts=np.zeros(slots, np.bool_),
            row_frames=np.arange(slots),
            sample_offsets=np.arange(slots + 1),
            cell=32,
            width=32,
            height=32,
        )

    def _note(self, field: MotionField) -> None:
        if self._window not in (None, field.window):
            raise ValueError(
                f"this generator's fields are read with window={self._window!r}, not "
                f"{field.window!r}"
            )
        self._seen_window, self._seen_cell = field.window, field.cell
