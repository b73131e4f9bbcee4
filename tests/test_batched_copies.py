"""A collated batch lies in one storage, and goes to a device as such."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from torch.utils._python_dispatch import TorchDispatchMode

from mgm_ext.batched import MotionBatch
from tests.batches import random_batch


class Copies(TorchDispatchMode):  # type: ignore[no-untyped-call]
    """Counts what is copied to another device."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.count: int = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        self.count += func is torch.ops.aten._to_copy.default
        return func(*args, **(kwargs or {}))


def collated(seed: int) -> MotionBatch:
    drawn = random_batch(seed)
    return MotionBatch.collate(drawn.fields, views=drawn.views, pinned=False)


def assert_equal(got: MotionBatch, want: MotionBatch) -> None:
    for name, tensor in want._asdict().items():
        if tensor is None:
            assert getattr(got, name) is None
        else:
            assert torch.equal(getattr(got, name), tensor), name


def copies_of(batch: MotionBatch) -> int:
    copies = Copies()
    with copies:
        there = batch.to("meta")
    for name, tensor in batch._asdict().items():
        if tensor is not None:
            got = getattr(there, name)
            assert (got.shape, got.dtype, got.device.type) == (tensor.shape, tensor.dtype, "meta")
    return copies.count


def test_a_collated_batch_is_one_copy() -> None:
    batch = collated(0)
    frames = torch.zeros((len(batch.cells), 2, 8, 8, 3), dtype=torch.uint8)
    assert copies_of(batch) == 1
    assert copies_of(batch._replace(frames=frames)) == 2


@pytest.mark.parametrize("seed", range(4))
def test_the_copy_holds_the_values(seed: int) -> None:
    batch = collated(seed)
    moved = batch._each(torch.clone)
    storages = {tensor.untyped_storage().data_ptr() for tensor in moved if tensor is not None}
    assert len(storages) == 1
    assert_equal(moved, batch)


def test_other_batches_go_tensor_by_tensor() -> None:
    batch = collated(0)
    tensors = sum(tensor is not None for tensor in batch)
    assert copies_of(batch._replace(cells=batch.cells.clone())) == tensors
    few = batch._replace(field=batch.field[:, :, ::2])
    assert copies_of(few) == tensors
    assert_equal(few._each(torch.clone), few)
