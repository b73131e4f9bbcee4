"""The generator classes by name, for configuration files."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final

from .. import _core
from . import boxed, boxes_generator, guided, patterns, ranked, tracked, uniform
from .generator import Masking
from .options import Grid

__all__ = ["MASKINGS", "PER_CLIP", "make_masking"]


_MODULES: Final = (uniform, patterns, boxed, guided, ranked, boxes_generator, tracked)


def _generators() -> dict[str, type[Masking]]:
    """Those that the modules export, in the order of the core's table."""
    exported = [vars(module)[name] for module in _MODULES for name in module.__all__]
    kinds: dict[str, type[Masking]] = {
        kind.name: kind for kind in exported if isinstance(kind, type) and issubclass(kind, Masking)
    }
    return {name: kinds[name] for name in _core.mask_rules if name in kinds}


MASKINGS: Final[Mapping[str, type[Masking]]] = MappingProxyType(_generators())
"""Generator classes by the name that `make_masking`, `batch_masks` and recipes use."""


PER_CLIP: Final = frozenset(name for name in MASKINGS if _core.mask_rules[name].scope == "clip")
"""Masks that by themselves count over the whole clip; the others count in each slot."""


def make_masking(
    name: str, *, input_size: Grid, mask_ratio: float = 0.75, **options: Any
) -> Masking:
    """A generator by name, for configuration files.

    Args:
        name: a key of `MASKINGS`: "motion_guided", "simulated_motion", "tube", ...
        input_size: (T, H, W) in tokens; what the functions call grid.
        mask_ratio: share of the tokens to mask, in (0, 1).
        options: the keyword arguments of the function of that name, and `seed`, `window`, `cell`
            as the classes take them.

    Raises:
        ValueError: there is no such name, or an option is unknown or outside what is allowed.
    """
    if name not in MASKINGS:
        raise ValueError(f"name must be one of {tuple(MASKINGS)}, not {name!r}")
    return MASKINGS[name](input_size, mask_ratio, **options)
