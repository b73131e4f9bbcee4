"""The values of a batch: motion fields of several clips, padded; and their scores."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from .._arrays import check_count
from ..motion_field import INVALID, Clip, MotionField
from ..views import View, crop_and_flip

__all__ = ["BatchScore", "MotionBatch"]

_ALIGNED = 64
"""Bytes: a part of the storage begins where a line of the cache does."""
_NO_VECTOR = np.array([INVALID, 0], np.int16)


class BatchScore(NamedTuple):
    """Motion per token of B clips; see `mgm_ext.Score`.

    Attributes:
        values: int64 [B, S, R, C], weighted motion in 2^-16 of 1/64 source pixel per frame.
        motion: int64 [B, S, R, C], the motion before weighting.
        valid: bool [B, S, R, C], the token has a valid cell of its own.
        cuts: bool [B, S], a row of the slot is a scene cut.
    """

    values: Tensor
    motion: Tensor
    valid: Tensor
    cuts: Tensor


class MotionBatch(NamedTuple):
    """Motion fields of B clips with T sampled frames each, padded to M rows of R x C cells.

    What lies in the padding does not matter. The first seven are what `motion_score` takes.

    Attributes:
        field: int16 [B, M, R, C, 2], (dx, dy) in 1/64 source pixel per frame; dx = -32768: none.
        sizes: int64 [B, 2], width and height of each picture in source pixels.
        cells: int64 [B], each field's cell in source pixels.
        offsets: int64 [B, T + 1], rows [o[i], o[i + 1]) belong to sampled frame i.
        views: float64 [B, 5], what the trainer sees: x, y, w, h in source pixels, and 1 if it is
            mirrored.
        cuts: bool [B, M], the row is a scene cut.
        coded: bool [B, M, R, C], at least half of the cell carries coefficients or is intra.
        row_frames: int64 [B, M], display index of each row's frame.
        damaged: bool [B], part of the clip's stream is damaged, or None.
        frames: uint8 [B, T, H, W, 3], RGB of the whole pictures, or None.
    """

    field: Tensor
    sizes: Tensor
    cells: Tensor
    offsets: Tensor
    views: Tensor
    cuts: Tensor
    coded: Tensor
    row_frames: Tensor
    damaged: Tensor | None = None
    frames: Tensor | None = None

    def to(self, device: torch.device | str | int, *, non_blocking: bool = False) -> MotionBatch:
        """The same batch on a device; what `collate` made goes there in one copy, frames apart."""
        return self._each(lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def pin_memory(self) -> MotionBatch:
        """The same batch in pinned memory, from which copies to a GPU need not wait."""
        return self._each(Tensor.pin_memory)

    def _each(self, change: Callable[[Tensor], Tensor]) -> MotionBatch:
        there = {name: tensor for name, tensor in self._asdict().items() if tensor is not None}
        together = {} if torch.compiler.is_compiling() else _in_one_storage(there)
        if together:
            whole = torch.empty(0, dtype=torch.uint8)
            moved = change(whole.set_(next(iter(together.values())).untyped_storage()))
            there |= {name: _carved(moved, tensor) for name, tensor in together.items()}
        alone = {name: change(there[name]) for name in there.keys() - together.keys()}
        return self._replace(**there | alone)

    @classmethod
    def collate(
        cls,
        clips: Sequence[Clip | MotionField],
        *,
        views: Sequence[View | None] | None = None,
        frames: bool = True,
        pinned: bool | None = None,
    ) -> MotionBatch:
        """One padded batch of clips, whatever the sizes of their pictures.

        Args:
            clips: at least one clip or field, all with the same number of sampled frames.
            views: what the trainer sees of each; None: the whole picture.
            frames: take the clips' frames along where every clip has some, all of one size.
            pinned: make the tensors in pinned memory. None: where there is a GPU and this is no
                worker process of a data loader (which pins what its workers return).

        Returns:
            The batch on the CPU; padding is invalid and counts for nothing.

        Raises:
            ValueError: no clips, different numbers of sampled frames, frames of different sizes, or
                another number of views.
        """
        fields = [clip.field if isinstance(clip, Clip) else clip for clip in clips]
        crops = [None] * len(fields) if views is None else list(views)
        if not fields or len({field.num_samples for field in fields}) != 1:
            counts = [field.num_samples for field in fields]
            raise ValueError(f"clips must have one number of sampled frames, not {counts}")
        check_count("views", crops, len(fields))
        if pinned is None:
            pinned = torch.cuda.is_available() and torch.utils.data.get_worker_info() is None
        batch = _padded(fields, crops, pinned)
        return batch._replace(frames=_stacked_frames(clips, pinned)) if frames else batch


def _in_one_storage(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """All but the frames where they fill most of one storage of the CPU, as `collate` does."""
    some = {name: tensor for name, tensor in tensors.items() if name != "frames"}
    storages = {tensor.untyped_storage().data_ptr() for tensor in some.values()}
    size = next(iter(some.values())).untyped_storage().nbytes()
    filled = 2 * sum(tensor.nbytes for tensor in some.values()) > size
    whole = all(tensor.is_contiguous() and tensor.device.type == "cpu" for tensor in some.values())
    return some if len(storages) == 1 and filled and whole else {}


def _carved(buffer: Tensor, like: Tensor) -> Tensor:
    """The part of a copy of its storage's bytes that a contiguous tensor is."""
    start = like.storage_offset() * like.element_size()
    return buffer[start : start + like.nbytes].view(like.dtype).view(like.shape)


def _padded(
    fields: Sequence[MotionField], views: Sequence[View | None], pinned: bool
) -> MotionBatch:
    cells = tuple(max(axis) for axis in zip(*(field.coded.shape for field in fields), strict=True))
    batch = _new_batch(len(fields), fields[0].num_samples, cells, pinned)
    for name in ("vectors", "coded", "cuts", "row_frames"):
        whole = getattr(batch, "field" if name == "vectors" else name).numpy()
        for place, field in zip(whole, fields, strict=True):
            values = getattr(field, name)
            if values.shape != place.shape:
                place[...] = _NO_VECTOR if name == "vectors" else 0
            place[tuple(map(slice, values.shape))] = values
    np.stack([field.sample_offsets for field in fields], out=batch.offsets.numpy())
    batch.sizes.numpy()[...] = [(field.width, field.height) for field in fields]
    batch.cells.numpy()[...] = [field.cell for field in fields]
    if batch.damaged is not None:
        batch.damaged.numpy()[...] = [field.damaged for field in fields]
    crops = map(crop_and_flip, views, *batch.sizes.T.tolist())
    batch.views.numpy()[...] = [(*crop, hflip) for crop, hflip in crops]
    return batch


def _new_batch(count: int, samples: int, cells: tuple[int, ...], pinned: bool) -> MotionBatch:
    """Without values, every tensor a part of one storage."""
    rows = cells[0]
    parts = {
        "field": ((count, *cells, 2), torch.int16),
        "sizes": ((count, 2), torch.int64),
        "cells": ((count,), torch.int64),
        "offsets": ((count, samples + 1), torch.int64),
        "views": ((count, 5), torch.float64),
        "cuts": ((count, rows), torch.bool),
        "coded": ((count, *cells), torch.bool),
        "row_frames": ((count, rows), torch.int64),
        "damaged": ((count,), torch.bool),
    }
    sizes = [math.prod(shape) * dtype.itemsize for shape, dtype in parts.values()]
    starts = [0, *itertools.accumulate(-(-size // _ALIGNED) * _ALIGNED for size in sizes)]
    buffer = torch.empty(starts[-1], dtype=torch.uint8, pin_memory=pinned)
    return MotionBatch(
        **{
            name: buffer[start : start + size].view(dtype).view(shape)
            for (name, (shape, dtype)), size, start in zip(
                parts.items(), sizes, starts, strict=False
            )
        }
    )


def _stacked_frames(clips: Sequence[Clip | MotionField], pinned: bool) -> Tensor | None:
    frames = [clip.frames for clip in clips if isinstance(clip, Clip) and clip.frames is not None]
    if len(frames) != len(clips):
        return None
    shapes = {one.shape for one in frames}
    if len(shapes) != 1:
        raise ValueError(f"frames must have one size to be stacked, not {sorted(shapes)}")
    stacked = torch.empty((len(frames), *frames[0].shape), dtype=torch.uint8, pin_memory=pinned)
    np.stack(frames, out=stacked.numpy())
    return stacked
