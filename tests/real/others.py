"""Hugging Face's VideoMAE and Lightning: no data set of their own, so ours."""

from __future__ import annotations

import importlib
import math
import random
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch.utils.data import DataLoader, default_collate

from mgm_ext.adapters.crops import RandomResizedCrop, view_of_source
from mgm_ext.adapters.dataset import ClipDataset, view_pixels
from mgm_ext.adapters.lightning import MaskCallback
from mgm_ext.adapters.transformers import VideoMAECollator, video_dataset

from .noise import step
from .trial import LOW, Made, Trial, moves_left, object_tokens

__all__ = ["TRIALS"]

SIDE = 112
GRID = (8, 7, 7)


def model_and_config() -> Any:
    transformers = importlib.import_module("transformers")
    config = transformers.VideoMAEConfig(
        image_size=SIDE,
        hidden_size=48,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=64,
        decoder_hidden_size=48,
        decoder_num_hidden_layers=1,
        decoder_num_attention_heads=2,
        decoder_intermediate_size=64,
    )
    torch.manual_seed(0)
    return transformers.VideoMAEForPreTraining(config), config


def clips_of(clips: list[Path], mask: str, ratio: float) -> ClipDataset:
    _, config = model_and_config()
    eight = [clips[i % len(clips)] for i in range(8)]
    crop = RandomResizedCrop(SIDE)
    return video_dataset(eight, config, mask=mask, mask_ratio=ratio, crop=crop, stride=2, seed=1)


def hugging_face(folder: Path, clips: list[Path], work: Path) -> Trial:
    """Beside a tube mask, as VideoMAE's paper has it; the library brings none."""
    model, config = model_and_config()

    def train(batch: Any) -> tuple[float, torch.Tensor]:
        return step(model, model(**batch).loss), batch["bool_masked_pos"]

    def pixels(batch: Any) -> torch.Tensor:
        made: torch.Tensor = batch["pixel_values"].transpose(1, 2)
        return made

    def make(ours: bool, ratio: float | None) -> Made:
        mask = "motion_guided" if ours else "tube"
        made = clips_of(clips, mask, ratio or 0.9)
        collate = VideoMAECollator(config, mask_ratio=ratio or 0.9)
        return Made(made, train, pixels, collate)

    return Trial(make, GRID, 0.9, flips=True)


class Fields(ClipDataset):
    """Pixels, field and view of each sample; Lightning's callback makes the masks."""

    def __getitem__(self, index: Any) -> Any:
        base, epoch = self.seeds.visit(index)
        clip, _ = self._read(index, base + epoch + index)
        assert clip.frames is not None
        size = clip.frames.shape[2], clip.frames.shape[1]
        view = self.maker.crop(*size, random.Random(index))
        pixels = view_pixels(clip.frames, view).float() / 255
        seen = view_of_source(view, size, clip.field)
        return {"pixel_values": pixels, "motion": clip.field, "view": seen}


def lightning(folder: Path, clips: list[Path], work: Path) -> dict[str, Any]:
    """Two epochs of a real Trainer; masks are made after the transfer."""
    pl = importlib.import_module("lightning.pytorch")
    plain = clips_of(clips, "motion_guided", LOW)
    data = Fields(plain.videos, plain.maker.masks.masking, crop=plain.maker.crop, stride=2, seed=1)
    data.set_epoch(0)
    seen: list[tuple[int, Any, torch.Tensor, float]] = []

    class Module(pl.LightningModule):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.model, _ = model_and_config()

        def training_step(self, batch: Any, _: int) -> torch.Tensor:
            mask = batch["bool_masked_pos"]
            loss: torch.Tensor = self.model(batch["pixel_values"], bool_masked_pos=mask).loss
            seen.append((self.current_epoch, batch["pixel_values"], mask, float(loss)))
            return loss

        def configure_optimizers(self) -> Any:
            return torch.optim.AdamW(self.parameters(), lr=1e-3)

    loader: Any = DataLoader(
        data, batch_size=4, num_workers=2, collate_fn=default_collate, persistent_workers=True
    )
    callback = MaskCallback("motion_guided", grid=GRID, mask_ratio=LOW)
    off = {"logger": False, "enable_checkpointing": False, "enable_progress_bar": False}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = pl.Trainer(
            max_epochs=2, accelerator="cpu", callbacks=[callback], enable_model_summary=False, **off
        )
        trainer.fit(Module(), loader)
    return report(seen)


def report(seen: list[tuple[int, Any, torch.Tensor, float]]) -> dict[str, Any]:
    trial = Trial(None, GRID, LOW)  # type: ignore[arg-type]
    masks = [torch.cat([mask for e, _, mask, _ in seen if e == epoch]) for epoch in (0, 1)]
    fresh = float((masks[0] != masks[1]).any(1).float().mean())
    counts = {int(c) for mask in masks for c in mask.sum(1)}
    assert fresh > 0.2, f"the second epoch has the masks of the first: {fresh:.2f} differ"
    assert counts == {8 * int(LOW * 49)}, counts
    shares: dict[bool, list[float]] = {False: [], True: []}
    for _, pixels, batch, _ in seen:
        found = object_tokens(trial, pixels.transpose(1, 2))
        for tokens, mask in zip(found, batch, strict=True):
            if tokens.sum() > 1:
                shares[moves_left(trial, tokens)].append(float(mask.numpy()[tokens].mean()))
    place, flipped = (float(np.mean(shares[key])) for key in (False, True))
    assert min(place, flipped) > 0.75, (place, flipped)
    return {
        "tokens": math.prod(GRID),
        "masked": counts.pop(),
        "ratio": LOW,
        "clips": 0.0,
        "epochs": [fresh, fresh],
        "loss": [seen[0][3], seen[-1][3]],
        "place": place,
        "flipped": flipped,
        "also": [],
    }


TRIALS = {"Hugging Face": hugging_face, "Lightning": lightning}
