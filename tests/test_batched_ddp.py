"""Batched masks in DistributedDataParallel: two processes, each with its own share and device."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
import torch
import torch.distributed as dist
from torch import Tensor, nn
from torch.multiprocessing.spawn import spawn
from torch.nn.parallel import DistributedDataParallel

from mgm_ext import batched
from tests.test_batched_cuda import require_gpu, usual_batch

RANKS, STEPS, CLIPS = 2, 3, 4


class Masked(nn.Module):
    """Masks its input inside the forward pass, as a masked autoencoder does."""

    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.Linear(8, 8)

    def forward(self, tokens: Tensor, batch: batched.MotionBatch, seeds: Tensor) -> Tensor:
        mask = batched.motion_guided_mask(batch, seeds, preset="smooth").flatten(1)
        out: Tensor = self.layer(tokens)[mask]
        return out.square().mean()


def device_of(rank: int, *, cuda: bool) -> torch.device:
    """A GPU of each rank's own where there are enough; device 0 stays the current one."""
    return torch.device("cuda", rank % torch.cuda.device_count()) if cuda else torch.device("cpu")


def masks_are_the_cpus(rank: int, device: torch.device) -> None:
    drawn = usual_batch(rank, clips=CLIPS, rows=16)
    there, seeds = drawn.batch.to(device), drawn.seeds.to(device)
    for preset in ("smooth", "robust"):
        got = batched.motion_guided_mask(there, seeds, preset=preset)
        want = batched.motion_guided_mask(drawn.batch, drawn.seeds, preset=preset)
        assert got.device == device
        assert torch.equal(got.cpu(), want), f"{preset} on {device}"


def train(rank: int, folder: str, cuda: bool) -> None:
    """One rank: a few steps; leaves its parameters in the folder."""
    device = device_of(rank, cuda=cuda)
    own = cuda and torch.cuda.device_count() >= RANKS
    dist.init_process_group(
        "nccl" if own else "gloo", init_method=f"file://{folder}/meet", rank=rank, world_size=RANKS,
        device_id=device if own else None,
    )  # fmt: skip
    try:
        masks_are_the_cpus(rank, device)
        torch.manual_seed(0)
        model = DistributedDataParallel(
            Masked().to(device), device_ids=[device.index] if cuda else None
        )
        optimizer = torch.optim.SGD(model.parameters(), 0.5)
        for step in range(STEPS):
            drawn = usual_batch(10 * step + rank, clips=CLIPS, rows=16)
            tokens = torch.randn(CLIPS, 8 * 14 * 14, 8, device=device)
            optimizer.zero_grad()
            model(tokens, drawn.batch.to(device), drawn.seeds.to(device)).backward()
            optimizer.step()
        weights = model.module.layer.weight.detach().cpu()
        torch.save({"weights": weights, "device": str(device)}, Path(folder) / f"{rank}.pt")
    finally:
        dist.destroy_process_group()
    # DistributedDataParallel keeps the group and its threads beyond that. One of gloo's that drops
    # its last work late asks for the GIL when Python ends, which aborts the rank.
    os._exit(0)


def run(folder: Path, *, cuda: bool) -> None:
    # Daemons: the tests would wait at their end for a rank that hangs.
    spawn(train, (str(folder), cuda), nprocs=RANKS, daemon=True)  # type: ignore[no-untyped-call]
    found = [torch.load(folder / f"{rank}.pt") for rank in range(RANKS)]
    assert torch.equal(found[0]["weights"], found[1]["weights"])
    torch.manual_seed(0)
    assert not torch.equal(found[0]["weights"], Masked().layer.weight)
    assert [one["device"] for one in found] == [
        str(device_of(rank, cuda=cuda)) for rank in range(RANKS)
    ]


@pytest.mark.cuda
def test_ranks_mask_on_their_own_gpus(tmp_path: Path) -> None:
    require_gpu()
    run(tmp_path, cuda=True)


@pytest.mark.skipif(not dist.is_available(), reason="this torch has no torch.distributed")
def test_ranks_mask_on_the_cpu(tmp_path: Path) -> None:
    run(tmp_path, cuda=False)
