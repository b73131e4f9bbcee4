"""What every value of the package does with its arrays: check, make read-only, print the shape."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence, Sized
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

__all__ = ["check_count", "read_only", "rebuilt", "summary"]


def _shape_text(shape: Sequence[int | str]) -> str:
    return "[" + ", ".join(str(size) for size in shape) + "]"


def read_only(
    name: str, value: NDArray[Any], *, dtype: DTypeLike, shape: Sequence[int | str]
) -> NDArray[Any]:
    """Checks an array and returns a read-only, C-contiguous view of it.

    Args:
        name: what error messages call it.
        value: the array; it is copied only when it is not C-contiguous.
        dtype: the dtype it must have; nothing is converted.
        shape: one entry per axis: the exact size, or a letter for an axis of any size.

    Raises:
        ValueError: the dtype or the shape differs.
    """
    array = np.asarray(value)
    fits = len(array.shape) == len(shape) and all(
        isinstance(want, str) or have == want for have, want in zip(array.shape, shape, strict=True)
    )
    if array.dtype != np.dtype(dtype) or not fits:
        raise ValueError(
            f"{name} must be {np.dtype(dtype)} {_shape_text(shape)}, "
            f"not {array.dtype} {_shape_text(array.shape)}"
        )
    view = np.ascontiguousarray(array).view()
    view.flags.writeable = False
    return view


def check_count(name: str, given: Sized, count: int, *, per: str = "clip") -> None:
    """ValueError unless there are as many as clips, or as whatever else each belongs to."""
    if len(given) != count:
        raise ValueError(f"{name} must be {count}, one per {per}, not {len(given)}")


def summary(value: Any) -> str:
    """Text for a dataclass's `repr`: arrays as dtype and shape, the rest as it is."""
    parts = []
    for field in dataclasses.fields(value):
        item = getattr(value, field.name)
        text = (
            f"{item.dtype}{_shape_text(item.shape)}" if isinstance(item, np.ndarray) else repr(item)
        )
        parts.append(f"{field.name}={text}")
    return f"{type(value).__name__}({', '.join(parts)})"


def rebuilt(value: Any) -> tuple[Callable[..., Any], tuple[Any, ...]]:
    """For `__reduce__`: the constructor makes pickled arrays read-only again."""
    return type(value), tuple(getattr(value, f.name) for f in dataclasses.fields(value))
