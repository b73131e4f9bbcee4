"""Our values in torch's default collation, without importing torch."""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["Collated", "collate_as_list"]

_done: set[type] = set()


class Collated(list[Any]):
    """Values of a batch, in its order; what moves batches to a device leaves them as they are."""

    def to(self, *_: object, **__: object) -> Collated:
        """Itself: Lightning and accelerate call this."""
        return self

    def pin_memory(self, *_: object) -> Collated:
        """Itself: torch's loader calls this."""
        return self


def collate_as_list(kind: type) -> None:
    """Tells torch's `default_collate`, where torch is there, to make lists of these values.

    Called where a value is made: who collates it has both it and torch.
    """
    if kind in _done:
        return
    collate = sys.modules.get("torch.utils.data._utils.collate")
    if collate is not None and hasattr(collate, "default_collate_fn_map"):
        collate.default_collate_fn_map[kind] = _listed
        _done.add(kind)


def _listed(batch: Any, *, collate_fn_map: Any = None) -> Collated:
    return Collated(batch)
