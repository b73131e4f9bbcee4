"""What decord's readers return: arrays of its own, or torch's tensors."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

__all__ = ["Bridge", "Frames", "bridge"]


class Frames(np.ndarray[Any, np.dtype[Any]]):
    """RGB frames, uint8 [T, H, W, 3] or [H, W, 3]: a NumPy array that also has `asnumpy()`.

    So is what a `VideoLoader` says of its frames, int64.
    """

    def asnumpy(self) -> NDArray[Any]:
        """The plain, writable array; no copy."""
        return self.view(np.ndarray)


class Bridge:
    """What `get_batch`, `next` and indexing return: `native` (`Frames`) or `torch` tensors.

    Set per thread, as in decord, whose other bridges are not offered.
    """

    ALLOWED: Final = ("native", "torch")

    def __init__(self) -> None:
        self._name: ContextVar[str] = ContextVar("bridge", default="native")

    def set_bridge(self, new_bridge: str) -> None:
        """From now on: "native" or "torch".

        Raises:
            ValueError: any other name.
        """
        if new_bridge not in self.ALLOWED:
            raise ValueError(f"bridge must be one of {self.ALLOWED}, not {new_bridge!r}")
        self._name.set(new_bridge)

    def reset_bridge(self) -> None:
        """Back to "native"."""
        self._name.set("native")

    @contextmanager
    def use_torch(self) -> Iterator[None]:
        """Within the block: torch tensors."""
        token = self._name.set("torch")
        try:
            yield
        finally:
            self._name.reset(token)

    def out(self, frames: NDArray[Any]) -> Any:
        """The frames as they are returned."""
        if self._name.get() == "torch":
            import torch

            return torch.from_numpy(frames)
        return frames.view(Frames)


bridge = Bridge()
