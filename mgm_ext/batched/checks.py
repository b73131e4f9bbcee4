"""Checks of tensors, by name; and where their pointers go."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from types import ModuleType
from typing import Any

import torch
from torch import Tensor

from .. import _core

try:
    from .. import _cuda
except ImportError:  # a wheel without it
    _cuda = None  # type: ignore[assignment]

__all__ = ["address", "check", "device_of", "masked_count", "module_for", "whole_grid"]


def check(
    name: str,
    tensor: Tensor,
    *,
    dtype: torch.dtype,
    shape: Sequence[int | str],
    like: Tensor | None = None,
) -> Tensor:
    """The tensor, contiguous, or ValueError where its dtype, shape or device is another.

    Args:
        name: what error messages call it.
        tensor: what the caller gave.
        dtype: the dtype it must have; nothing is converted.
        shape: one entry per axis: the exact size, or a letter for an axis of any size.
        like: a tensor on whose device it must be; None: any CPU or CUDA device.
    """
    fits = tensor.dim() == len(shape) and all(
        isinstance(want, str) or have == want
        for have, want in zip(tensor.shape, shape, strict=True)
    )
    if tensor.dtype != dtype or not fits:
        wanted = ", ".join(str(size) for size in shape)
        raise ValueError(
            f"{name} must be {dtype} [{wanted}], not {tensor.dtype} {list(tensor.shape)}"
        )
    if like is not None and tensor.device != like.device:
        raise ValueError(
            f"{name} must be on {like.device}, like the other tensors, not on {tensor.device}"
        )
    if tensor.device.type not in ("cpu", "cuda"):
        raise ValueError(f"{name} must be on a CPU or a CUDA device, not on {tensor.device}")
    return tensor.contiguous()


def whole_grid(grid: Sequence[int], samples: int | None = None) -> list[int]:
    """The grid as three integers, or ValueError; S must divide `samples`."""
    sides = [int(side) for side in grid]
    if len(sides) != 3 or min(sides) < 1 or (samples is not None and samples % sides[0]):
        divisor = "" if samples is None else f" with S a divisor of {samples} sampled frames"
        raise ValueError(
            f"grid must be three integers (S, R, C) of at least 1{divisor}, not {grid}"
        )
    slot = sides[1] * sides[2]
    if sides[0] >= 1 << 16 or slot >= 1 << 20 or sides[0] * slot >= 1 << 31:
        raise ValueError(f"grid must have S < 65536, R * C < 2^20 and S * R * C < 2^31, not {grid}")
    return sides


def masked_count(n: int, mask_ratio: float, num_masked: int | None, count: str) -> int:
    """K of n tokens, as the core counts; plain Python, so that torch can trace it.

    Raises:
        ValueError: n is under 2, the ratio outside (0, 1), or the rule unknown.
    """
    if n < 2:
        raise ValueError(f"a mask needs at least 2 tokens to choose from, not {n}")
    if count not in ("floor_masked", "floor_kept"):
        raise ValueError(f"count must be one of ('floor_masked', 'floor_kept'), not {count!r}")
    if num_masked is None:
        if not 0 < mask_ratio < 1:
            raise ValueError(f"mask_ratio must be in (0, 1), not {mask_ratio}")
        kept = count == "floor_kept"
        num_masked = n - int(n * (1 - mask_ratio)) if kept else int(mask_ratio * n)
    return min(max(num_masked, 1), n - 1)


def module_for(tensor: Tensor) -> tuple[ModuleType, int]:
    """The native module of a tensor's device, and its last argument: a stream, or threads.

    Raises:
        RuntimeError: the tensor is on a GPU, and this build has no CUDA module.
    """
    if not tensor.is_cuda:
        return _core, torch.get_num_threads()
    if _cuda is None:
        raise RuntimeError(
            f"the tensors are on {tensor.device}, but this build of mgm-ext has no CUDA module: "
            "install a wheel from `make wheel CUDA=1`, or move the tensors to the CPU"
        )
    return _cuda, torch.cuda.current_stream(tensor.device).cuda_stream


def device_of(tensor: Tensor) -> AbstractContextManager[Any]:
    """Makes a tensor's GPU the current one."""
    return torch.cuda.device(tensor.device) if tensor.is_cuda else nullcontext()


def address(tensor: Tensor | None) -> int:
    """Where a tensor's first element is; 0 for None."""
    return 0 if tensor is None else tensor.data_ptr()
