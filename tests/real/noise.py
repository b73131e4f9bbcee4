"""MAE-ST, SlowFast, lightly: models that sort noise, behind data sets on their own crops."""

from __future__ import annotations

import functools
import importlib
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from mgm_ext import seed_for
from mgm_ext.adapters import field_for
from mgm_ext.adapters.followed import Followed
from mgm_ext.adapters.mae_st import ExactMasking, NoiseMasking, keep_and_mask, masked_by
from mgm_ext.adapters.sample_seeds import SampleSeeds

from .trial import Made, Trial
from .world import STUBBED, package, stub

__all__ = ["TRIALS"]

SIDE = 112
GRID = (8, 7, 7)


class Clips:
    """Frames by decord, a trainer's own crop and flip, and a mask where `masking` is given."""

    def __init__(self, paths: list[Path], spatial: Callable[..., Any], masking: Any = None) -> None:
        self.paths = [paths[i % len(paths)] for i in range(8)]
        self.spatial: Any = Followed(spatial) if masking else spatial
        self.masking = masking
        self.seeds = SampleSeeds(8, 1)

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> Any:
        decord = importlib.import_module("decord")
        reader = decord.VideoReader(str(self.paths[index]), num_threads=1)
        numbers = int(np.random.randint(len(reader) - 32)) + 2 * np.arange(16)  # noqa: NPY002
        frames = torch.from_numpy(reader.get_batch(numbers).asnumpy()).float() / 255
        pixels = self.spatial(frames.permute(3, 0, 1, 2))
        if self.masking is None:
            return pixels, 0
        field = field_for(self.paths[index], numbers)
        view = self.spatial.source_view(field)
        seed = seed_for(*self.seeds.visit(index), index)
        return pixels, torch.from_numpy(self.masking(field, view=view, seed=seed).reshape(-1))


def sampling(module: Any) -> Callable[..., Any]:
    """MAE-ST's and SlowFast's own crop and flip."""
    return functools.partial(
        module.spatial_sampling,
        spatial_idx=-1,
        crop_size=SIDE,
        random_horizontal_flip=True,
        aspect_ratio=[0.75, 1.3333],
        scale=[0.5, 1.0],
    )


def step(model: Any, loss: Any) -> float:
    loss.backward()
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.grad is not None:
                parameter -= 1e-3 * parameter.grad
                parameter.grad = None
    return float(loss)


def masking_of(ratio: float, grid: tuple[int, int, int] = GRID) -> ExactMasking:
    return ExactMasking("motion_guided", grid, masked_by(grid, ratio))


def mae_st(folder: Path, clips: list[Path], work: Path) -> Trial:
    sys.path.insert(0, str(folder.parent))
    models = importlib.import_module("mae_st.models_mae")
    spatial = sampling(importlib.import_module("mae_st.util.decoder.utils"))
    STUBBED.append("its decoder, of torchvision.io that is gone (decord)")

    def make(ours: bool, ratio: float | None) -> Made:
        share = ratio or 0.9
        kind = models.MaskedAutoencoderViT
        if ours:
            kind = type("Model", (NoiseMasking, kind), {})
        torch.manual_seed(0)
        model = kind(
            img_size=SIDE,
            embed_dim=48,
            depth=1,
            num_heads=2,
            decoder_embed_dim=48,
            decoder_depth=1,
            decoder_num_heads=2,
            num_frames=16,
            t_patch_size=2,
            pred_t_dim=8,
            sep_pos_embed=True,
            cls_embed=True,
        )

        def train(batch: Any) -> tuple[float, torch.Tensor]:
            if ours:
                model.masks = batch[1]
            loss, _, mask = model(batch[0], mask_ratio=share)
            return step(model, loss), mask.bool()

        data = Clips(clips, spatial, masking_of(share) if ours else None)
        return Made(data, train, lambda batch: batch[0])

    return Trial(make, GRID, 0.9, flips=True)


def slowfast(folder: Path, clips: list[Path], work: Path) -> Trial:
    sys.path.insert(0, str(folder))
    names = ("cat_all_gather", "get_local_process_group", "get_local_rank", "get_local_size")
    more = ("get_world_size", "init_distributed_training")
    stub("detectron2.layers")
    stub("pytorchvideo.layers.distributed", **dict.fromkeys((*names, *more), print))
    stub("torchvision.transforms.functional_tensor")
    stub("pytorchvideo.losses.soft_target_cross_entropy")
    config = importlib.import_module("slowfast.config.defaults")
    package("slowfast.models", folder / "slowfast" / "models")
    package("slowfast.datasets", folder / "slowfast" / "datasets")
    masked = importlib.import_module("slowfast.models.masked")
    losses = importlib.import_module("slowfast.models.losses")
    spatial = sampling(importlib.import_module("slowfast.datasets.utils"))
    STUBBED.append("its decoder (decord)")

    def make(ours: bool, ratio: float | None) -> Made:
        share = ratio or 0.9
        cfg = config.get_cfg()
        cfg.merge_from_file(str(folder / "configs/masked_ssl/k400_VIT_B_16x4_MAE_PT.yaml"))
        small = ["MVIT.EMBED_DIM", 64, "MVIT.NUM_HEADS", 1, "MVIT.DEPTH", 1]
        small += ["MASK.PRETRAIN_DEPTH", [0], "MASK.DECODER_EMBED_DIM", 64]
        small += ["MASK.DECODER_DEPTH", 1, "DATA.TRAIN_CROP_SIZE", SIDE, "AUG.MASK_RATIO", share]
        cfg.merge_from_list([*small, "DATA.TEST_CROP_SIZE", SIDE, "NUM_GPUS", 0])
        kind = masked.MaskMViT
        if ours:
            kind = type("Model", (NoiseMasking, kind), {})
        torch.manual_seed(0)
        model = kind(cfg)
        loss_of = losses.get_loss_func("multi_mse")(reduction="mean")
        seen: list[torch.Tensor] = []
        real = model._mae_random_masking

        def noted(*given: Any) -> Any:
            made = real(*given)
            seen[:] = [made[1].bool()]
            return made

        model._mae_random_masking = noted

        def train(batch: Any) -> tuple[float, torch.Tensor]:
            if ours:
                model.masks = batch[1]
            predicted, labels = model([batch[0]])
            return step(model, loss_of(predicted, labels)[0]), seen[0]

        data = Clips(clips, spatial, masking_of(share) if ours else None)
        return Made(data, train, lambda batch: batch[0])

    return Trial(make, GRID, 0.9, flips=True)


class LightlyMAE(nn.Module):
    """The model of lightly's own example, on one frame, with our line where masks are given."""

    def __init__(self, vit: Any, ratio: float) -> None:
        super().__init__()
        modules = importlib.import_module("lightly.models.modules")
        self.utils = importlib.import_module("lightly.models.utils")
        self.ratio, self.masks = ratio, None
        self.backbone = modules.MaskedVisionTransformerTIMM(vit=vit)
        self.decoder = modules.MaskedVisionTransformerDecoderTIMM(
            num_patches=vit.patch_embed.num_patches,
            embed_dim=48,
            depth=1,
            num_heads=2,
            num_prefix_tokens=vit.num_prefix_tokens,
            mlp_ratio=2.0,
            proj_drop_rate=0.0,
            attn_drop_rate=0.0,
        )
        self.head = nn.Linear(48, 768)

    def forward(self, images: torch.Tensor, masks: torch.Tensor | None) -> Any:
        size = (len(images), self.backbone.sequence_length)
        if masks is None:
            keep, mask = self.utils.random_token_mask(size=size, mask_ratio=self.ratio)
        else:
            keep, mask = keep_and_mask(masks)
        encoded = self.backbone.encode(images=images, idx_keep=keep)
        whole = encoded.new_zeros(*size, encoded.shape[-1])
        whole = self.utils.set_at_index(whole, keep, encoded)
        decoded = self.utils.get_at_index(self.decoder(whole, idx_mask=mask), mask)
        target = self.utils.get_at_index(self.utils.patchify(images, 16), mask - 1)
        told = torch.zeros(size, dtype=torch.bool).scatter_(1, mask, True)
        return nn.functional.mse_loss(self.head(decoded), target), told[:, 1:]


def lightly(folder: Path, clips: list[Path], work: Path) -> Trial:
    sys.path.insert(0, str(folder))
    vits = importlib.import_module("timm.models.vision_transformer")
    spatial = functools.partial(_one_frame, side=SIDE)
    grid = (1, 7, 7)

    def make(ours: bool, ratio: float | None) -> Made:
        share = ratio or 0.75
        torch.manual_seed(0)
        vit = vits.VisionTransformer(
            img_size=SIDE, patch_size=16, embed_dim=48, depth=1, num_heads=2, mlp_ratio=2
        )
        model = LightlyMAE(vit, share)

        def train(batch: Any) -> tuple[float, torch.Tensor]:
            frame = batch[0][:, :, batch[0].shape[2] // 2]
            loss, mask = model(frame, batch[1] if ours else None)
            return step(model, loss), mask

        data = Clips(clips, spatial, masking_of(share, grid) if ours else None)
        return Made(data, train, lambda batch: batch[0][:, :, 8:9])

    return Trial(make, grid, 0.75)


def _one_frame(frames: torch.Tensor, side: int) -> torch.Tensor:
    """torchvision's RandomResizedCrop of a clip; lightly's transforms are of images."""
    transforms = importlib.import_module("torchvision.transforms")
    crop = transforms.RandomResizedCrop(side, scale=(0.5, 1.0), antialias=True)
    made: torch.Tensor = crop(frames)
    return made


TRIALS = {"MAE-ST": mae_st, "SlowFast": slowfast, "lightly": lightly}
