"""OmniMAE: omnivision's data set of videos, its YAML's transforms and its vision transformer."""

from __future__ import annotations

import functools
import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from mgm_ext.adapters.omnimae import capture

from .noise import step
from .trial import Made, Trial
from .world import STUBBED, one_process, package, stub

__all__ = ["TRIALS"]

SIDE = 112
GRID = (8, 7, 7)
TIMES = 2


def dataset_of(clips: list[Path], work: Path, ratio: float) -> Any:
    """`VideoPathDataset` as in the experiment's YAML, of fewer pixels and replicas."""
    tv = importlib.import_module("torchvision.transforms")
    paths = importlib.import_module("omnivision.data.path_dataset")
    wrap = importlib.import_module("omnivision.data.transforms.transform_wrappers")
    masks = importlib.import_module("omnivision.data.transforms.mask_image_modeling")
    replicate = importlib.import_module("omnivision.data.transforms.pytorchvideo").Replicate
    sampling = importlib.import_module("pytorchvideo.data.clip_sampling")
    files, labels = work / "omni_paths.npy", work / "omni_labels.npy"
    np.save(files, np.array([str(clips[i % len(clips)]) for i in range(8)]))
    np.save(labels, np.zeros(8, int))
    moving = tv.Compose(
        [
            tv.RandomResizedCrop(SIDE, scale=(0.5, 1.0), antialias=True),
            tv.RandomHorizontalFlip(),
        ]
    )
    masking = masks.MaskImageModeling(ratio, 0.0, [2, 16, 16], masks.RandMasking())
    listed = wrap.VisionTransform(base_transform=wrap.ListTransform(base_transform=moving))
    first = tv.Compose([wrap.VisionTransform(base_transform=replicate(TIMES)), listed])
    transforms = [
        first,
        wrap.SingleFieldListToSampleList("vision"),
        wrap.ListTransform(base_transform=wrap.MaskingTransform(masking)),
    ]
    return paths.VideoPathDataset(
        clip_sampler=sampling.RandomClipSampler(clip_duration=1.2),
        frame_sampler=_subsample,
        decoder="pyav",
        normalize_to_0_1=True,
        path_file_list=[str(files)],
        label_file_list=[str(labels)],
        transforms=transforms,
    )


def _subsample(clip: torch.Tensor) -> torch.Tensor:
    """pytorchvideo's UniformTemporalSubsample, whose module asks for an older torchvision."""
    function = importlib.import_module("pytorchvideo.transforms.functional")
    made: torch.Tensor = function.uniform_temporal_subsample(clip, 16)
    return made


def collate(batch: Any) -> Any:
    """Of lists of samples, as their SampleListOmnivoreCollator joins them."""
    flat = [sample for samples in batch for sample in samples]
    video = torch.stack([sample.vision for sample in flat])
    return video, torch.stack([sample.mask for sample in flat])


def omnimae(folder: Path, clips: list[Path], work: Path) -> Trial:
    sys.path.insert(0, str(folder))
    stub("torchvision.transforms.functional_tensor")
    stub("hydra.utils")
    package("omnivision", folder / "omnivision")
    STUBBED.append("its trainer (configuration)")
    one_process()
    vits = importlib.import_module("omnivision.models.vision_transformer")
    losses = importlib.import_module("omnivision.losses.mae_loss")
    torch.manual_seed(0)
    attention = functools.partial(
        vits.Attention, num_heads=2, proj_drop=0, qk_scale=None, qkv_bias=True, attn_drop=0
    )
    decoder = functools.partial(
        vits.Decoder,
        attn_target=attention,
        decoder_depth=1,
        decoder_embed_dim=48,
        learnable_pos_embed=False,
        qkv_bias=True,
    )
    model = vits.VisionTransformer(
        img_size=[3, 16, SIDE, SIDE],
        patch_size=[2, 16, 16],
        in_chans=3,
        embed_dim=48,
        depth=1,
        mlp_ratio=2,
        attn_target=attention,
        classifier_feature="global_pool",
        learnable_pos_embed=False,
        patch_embed_type="generic",
        patch_embed_params_list=[nn.Conv3d(3, 48, (2, 16, 16), (2, 16, 16))],
        masked_image_modeling=True,
        patch_dropping=True,
        decoder=decoder,
        use_cls_token=False,
        mask_token_embed_dim=48,
    )
    head = nn.Linear(48, 1536)
    loss_of = losses.MAELoss(patch_size=[2, 16, 16], norm_pix_loss=True)

    def train(batch: Any) -> tuple[float, torch.Tensor]:
        video, mask = batch
        features = model(video, mask=mask)
        features = features[-1] if isinstance(features, list | tuple) else features
        loss = loss_of.compute_mae_loss(head(features), mask, video)
        loss = loss.mean() if loss.ndim else loss
        return step(nn.ModuleList([model, head]), loss), mask.flatten(1).bool()

    def make(ours: bool, ratio: float | None) -> Made:
        made = dataset_of(clips, work, ratio or 0.9)
        return Made(capture(made, seed=1) if ours else made, train, lambda batch: batch[0], collate)

    return Trial(make, GRID, 0.9, flips=True)


TRIALS = {"OmniMAE": omnimae}
