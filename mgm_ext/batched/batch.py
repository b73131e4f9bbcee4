"""The values of a batch: motion fields of several clips, padded; and their scores."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from .._arrays import check_count
from ..motion_field import INVALID, Clip, MotionField
from ..views import View, crop_and_flip

__all__ = ["BatchScore", "MotionBatch"]


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
        """The same batch on a device."""
        return self._each(lambda tensor: tensor.to(device, non_blocking=non_blocking))

    def pin_memory(self) -> MotionBatch:
        """The same batch in pinned memory, from which copies to a GPU need not wait."""
        return self._each(Tensor.pin_memory)

    def _each(self, change: Callable[[Tensor], Tensor]) -> MotionBatch:
        there = {name: tensor for name, tensor in self._asdict().items() if tensor is not None}
        return self._replace(**{name: change(tensor) for name, tensor in there.items()})

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


def _padded(
    fields: Sequence[MotionField], views: Sequence[View | None], pinned: bool
) -> MotionBatch:
    count, samples = len(fields), fields[0].num_samples
    rows, high, wide = (max(f.vectors.shape[axis] for f in fields) for axis in range(3))

    def new(shape: tuple[int, ...], dtype: torch.dtype) -> Tensor:
        return torch.zeros(shape, dtype=dtype, pin_memory=pinned)

    damaged = new((count,), torch.bool)
    damaged.numpy()[...] = [field.damaged for field in fields]
    batch = MotionBatch(
        field=new((count, rows, high, wide, 2), torch.int16),
        sizes=new((count, 2), torch.int64),
        cells=new((count,), torch.int64),
        offsets=new((count, samples + 1), torch.int64),
        views=new((count, 5), torch.float64),
        cuts=new((count, rows), torch.bool),
        coded=new((count, rows, high, wide), torch.bool),
        row_frames=new((count, rows), torch.int64),
        damaged=damaged,
    )
    batch.field[..., 0] = INVALID
    for i, (field, view) in enumerate(zip(fields, views, strict=True)):
        m, r, c = field.coded.shape
        batch.field[i, :m, :r, :c].numpy()[...] = field.vectors
        batch.coded[i, :m, :r, :c].numpy()[...] = field.coded
        batch.cuts[i, :m].numpy()[...] = field.cuts
        batch.row_frames[i, :m].numpy()[...] = field.row_frames
        batch.offsets[i].numpy()[...] = field.sample_offsets
        batch.sizes[i].numpy()[...] = (field.width, field.height)
        batch.cells[i] = field.cell
        crop, hflip = crop_and_flip(view, field.width, field.height)
        batch.views[i].numpy()[...] = (*crop, hflip)
    return batch


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
