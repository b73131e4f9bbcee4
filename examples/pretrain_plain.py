"""Pre-trains a small video MAE in plain PyTorch on a folder of videos, with any mask.

    pip install ".[torch,draw]"
    python examples/pretrain_plain.py VIDEOS --mask motion_guided --out out/plain
    torchrun --nproc_per_node 8 examples/pretrain_plain.py VIDEOS --batch 32 --workers 8

Run again with the same --out it goes on where it stopped: offsets, crops and masks are functions of
seed, epoch and video alone. Writes checkpoint.pt, loss.csv and loss.png.
"""

from __future__ import annotations

import argparse
import json
import math
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
import torch.distributed as dist
from matplotlib.figure import Figure
from torch import Tensor, nn
from torch.utils.data import DataLoader
from tqdm import tqdm

from mgm_ext import make_masking
from mgm_ext.adapters import MultiScaleCrop
from mgm_ext.adapters.dataset import ClipDataset
from mgm_ext.adapters.sampler import EpochSampler
from mgm_ext.masks import MASKINGS

FRAMES, TUBELET, PATCH, CPU = 16, 2, 16, torch.device("cpu")


class VideoMAE(nn.Module):
    def __init__(self, tokens: int, width: int, depth: int) -> None:
        super().__init__()
        pixels, heads = TUBELET * PATCH * PATCH * 3, width // 32
        layer = nn.TransformerEncoderLayer(width, heads, 4 * width, 0.0, batch_first=True)
        self.encoder = nn.TransformerEncoder(layer, depth, enable_nested_tensor=False)
        self.decoder = nn.TransformerEncoder(layer, 1, enable_nested_tensor=False)
        self.embed, self.guess = nn.Linear(pixels, width), nn.Linear(width, pixels)
        self.places = nn.Parameter(torch.randn(1, tokens, width) * 0.02)
        self.hidden = nn.Parameter(torch.zeros(1, 1, width))

    def forward(self, clips: Tensor, ids_keep: Tensor, ids_masked: Tensor) -> Tensor:
        b, t, c, h, w = clips.shape
        cut = clips.view(b, t // TUBELET, TUBELET, c, h // PATCH, PATCH, w // PATCH, PATCH)
        patches = cut.permute(0, 1, 4, 6, 2, 5, 7, 3).flatten(4).flatten(1, 3)
        # Gathering a constant number of tokens keeps every shape known to torch.compile.
        seen = self.encoder(pick(self.embed(patches) + self.places, ids_keep))
        asked = pick((self.hidden + self.places).expand(b, -1, -1), ids_masked)
        guessed = self.guess(self.decoder(torch.cat([seen, asked], 1))[:, ids_keep.shape[1] :])
        target = pick(patches, ids_masked)
        target = (target - target.mean(-1, True)) / (target.var(-1, keepdim=True) + 1e-6).sqrt()
        return nn.functional.mse_loss(guessed, target)


def pick(tokens: Tensor, ids: Tensor) -> Tensor:
    return tokens.gather(1, ids[..., None].expand(-1, -1, tokens.shape[-1]))


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("videos", type=Path, help="folder that is searched for videos")
    parser.add_argument("--mask", choices=list(MASKINGS), default="motion_guided")
    parser.add_argument("--mask-options", type=json.loads, default={}, help='{"fit": "shift"}')
    for name, kind, default in (
        ("mask-ratio", float, 0.9), ("steps", int, 150), ("batch", int, 4), ("seed", int, 0),
        ("stride", int, 4), ("size", int, 112), ("save-every", int, 50), ("depth", int, 4),
        ("out", Path, "out/plain"), ("rate", float, 1e-3), ("width", int, 192), ("workers", int, 2),
    ):  # fmt: skip
        parser.add_argument(f"--{name}", type=kind, default=default)
    for name in ("cpu", "bf16", "compile"):
        parser.add_argument(f"--{name}", action="store_true")
    return parser.parse_args(given)


def new_dataset(args: argparse.Namespace) -> ClipDataset:
    kinds = {".mp4", ".mkv", ".webm", ".avi", ".mov"}
    found = [path for path in args.videos.rglob("*") if path.suffix.lower() in kinds]
    grid = (FRAMES // TUBELET, args.size // PATCH, args.size // PATCH)
    mask = make_masking(args.mask, input_size=grid, mask_ratio=args.mask_ratio, **args.mask_options)
    crop = MultiScaleCrop(args.size)
    return ClipDataset(sorted(found), mask, stride=args.stride, crop=crop, seed=args.seed)


def save(parts: dict[str, Any], losses: list[float], out: Path) -> None:
    out.mkdir(parents=True, exist_ok=True)
    state = {name: part.state_dict() for name, part in parts.items()}
    torch.save({**state, "losses": losses}, out / "checkpoint.pt")
    rows = "".join(f"{step},{loss:.6f}\n" for step, loss in enumerate(losses, 1))
    (out / "loss.csv").write_text("step,loss\n" + rows)
    figure = Figure()
    figure.subplots(subplot_kw={"title": "loss over steps"}).plot(losses)
    figure.savefig(out / "loss.png")


def main(given: Sequence[str] | None = None) -> list[float]:
    args = arguments(given)
    rank, world = int(os.environ.get("RANK", 0)), int(os.environ.get("WORLD_SIZE", 1))
    gpu = torch.device("cuda", int(os.environ.get("LOCAL_RANK", 0)))
    device = gpu if torch.cuda.is_available() and not args.cpu else CPU
    if world > 1:
        dist.init_process_group("gloo" if device is CPU else "nccl")
    torch.manual_seed(args.seed)
    dataset = new_dataset(args)
    masks = dataset.maker.masks
    masked, tokens = masks.num_masked, math.prod(masks.masking.input_size)
    model = VideoMAE(tokens, args.width, args.depth).to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=args.rate, betas=(0.9, 0.95))
    losses: list[float] = []
    if (args.out / "checkpoint.pt").exists():
        saved = torch.load(args.out / "checkpoint.pt", map_location=device)
        losses = saved["losses"]
        model.load_state_dict(saved["model"])
        optimizer.load_state_dict(saved["optimizer"])
    trained: Any = torch.compile(model, fullgraph=True) if args.compile else model
    trained = nn.parallel.DistributedDataParallel(trained) if world > 1 else trained
    done = len(losses)
    order = {"seed": args.seed, "rank": rank, "world": world, "start": done * args.batch}
    sampler = EpochSampler(len(dataset), **order)
    loader = DataLoader(dataset, args.batch, sampler=sampler, num_workers=args.workers)
    bar = tqdm(range(done, args.steps), initial=done, total=args.steps, disable=rank > 0)
    for step, batch in zip(bar, loader, strict=False):
        clips = batch["pixel_values"].to(device).float() / 255
        sorted_ids = batch["bool_masked_pos"].to(device).int().argsort(dim=1, stable=True)
        with torch.autocast(device.type, torch.bfloat16, enabled=args.bf16):
            loss = trained(clips, *sorted_ids.split([tokens - masked, masked], 1))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        shared = loss.detach() / world
        if world > 1:
            dist.all_reduce(shared)
        losses.append(shared.item())
        bar.set_postfix(loss=f"{losses[-1]:.3f}")
        if rank == 0 and ((step + 1) % args.save_every == 0 or step + 1 == args.steps):
            save({"model": model, "optimizer": optimizer}, losses, args.out)
    if world > 1:
        dist.destroy_process_group()
    return losses


if __name__ == "__main__":
    main()
    os._exit(0)  # threads of gloo's outlive their group, and may abort a Python that ends first
