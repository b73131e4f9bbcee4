"""V-JEPA and V-JEPA 2: their data sets, transforms, encoders, predictors and loss, tiny."""

from __future__ import annotations

import contextlib
import copy
import importlib
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch

from mgm_ext.adapters.vjepa import VJEPA2MaskCollator, VJEPAMaskCollator, capture

from .edges import pictures
from .noise import step
from .trial import Made, Trial
from .videomae import list_file
from .world import STUBBED, stub

__all__ = ["TRIALS"]

SIDE = 112
BATCH = 4
GRID = (8, 7, 7)
CONFIG = {
    "num_blocks": 8,
    "spatial_scale": (0.15, 0.15),
    "temporal_scale": (1.0, 1.0),
    "aspect_ratio": (0.75, 1.5),
}


def parts(folder: Path, clips: list[Path], work: Path) -> Any:
    """(data set, encoder, predictor) from the checkout; both have modules named src and app."""
    sys.path.insert(0, str(folder))
    stub("pandas")
    data = importlib.import_module("src.datasets.video_dataset")
    transforms = importlib.import_module("app.vjepa.transforms")
    size = {"img_size": SIDE, "num_frames": 16, "tubelet_size": 2, "embed_dim": 48, "depth": 1}

    def dataset() -> Any:
        rows = work / "jepa.csv"
        rows.write_text(list_file(clips, work, "{path} 0\n").read_text())
        return data.VideoDataset(
            [str(rows)],
            frames_per_clip=16,
            frame_step=2,
            transform=transforms.make_transforms(crop_size=SIDE),
        )

    torch.manual_seed(0)
    vit = importlib.import_module("src.models.vision_transformer").VisionTransformer
    encoder = vit(**{**size, **_pair(folder)}, num_heads=2)
    predictor = importlib.import_module("src.models.predictor").VisionTransformerPredictor(
        **{**size, **_pair(folder)},
        predictor_embed_dim=48,
        num_heads=2,
        use_mask_tokens=True,
        num_mask_tokens=1,
    )
    return dataset, encoder, predictor


def _pair(folder: Path) -> dict[str, Any]:
    return {"img_size": (SIDE, SIDE)} if folder.name == "vjepa2" else {}


def masked(enc: torch.Tensor) -> torch.Tensor:
    """Which tokens the encoder does not see, bool [B, N]."""
    tokens = GRID[0] * GRID[1] * GRID[2]
    return torch.ones(len(enc), tokens, dtype=torch.bool).scatter_(1, enc, False)


def own_counts(generator: Any) -> tuple[float, float]:
    """Mean lengths of the encoder's and predictor's lists in batches of their own generator."""
    counts = []
    for _ in range(300):
        with contextlib.suppress(TypeError):  # where one token is left, theirs ends
            enc, pred = generator(BATCH)
            counts.append((enc.shape[1], pred.shape[1]))
    kept, predicted = np.mean(counts, 0)
    return float(kept), float(predicted)


def as_theirs(generator: Any, collator: Any) -> float:
    """Share of the tokens that their generator has predicted; ours must have it, too."""
    kept, predicted = own_counts(generator)
    (ours,) = collator.generators[16]
    tokens = GRID[0] * GRID[1] * GRID[2]
    for mine, theirs in ((ours.cover.kept, kept), (ours.cover.predicted, predicted)):
        assert abs(mine - theirs) < 0.04 * tokens, f"{mine} tokens, theirs has {theirs:.1f}"
    return round(predicted / tokens, 2)


def vjepa(folder: Path, clips: list[Path], work: Path) -> Trial:
    dataset, encoder, predictor = parts(folder, clips, work)
    wrappers = importlib.import_module("src.models.utils.multimask")
    masks = importlib.import_module("src.masks.multiblock3d")
    apply_masks = importlib.import_module("src.masks.utils").apply_masks
    context = wrappers.MultiMaskWrapper(encoder)
    guess = wrappers.PredictorMultiMaskWrapper(predictor)
    target = copy.deepcopy(context)

    def train(batch: Any) -> tuple[float, torch.Tensor]:
        (clips_, *_), enc, pred = batch
        with torch.no_grad():
            h = torch.nn.functional.layer_norm(target(clips_[0]), (48,))
            h = apply_masks(h, pred, concat=False)
        z = guess(context(clips_[0], enc), h, enc, pred)
        loss = torch.stack([(a - b).abs().mean() for a, b in zip(z, h, strict=True)]).mean()
        return step(torch.nn.ModuleList([encoder, predictor]), loss), masked(enc[0])

    def make(ours: bool, ratio: float | None) -> Made:
        config = CONFIG if ratio is None else {"mask_ratio": ratio}
        if not ours:
            collate = masks.MaskCollator([config], SIDE, 16, 16, 2)
            return Made(dataset(), train, lambda batch: batch[0][0][0], collate)
        mine = VJEPAMaskCollator([config], SIDE, 16, 16, 2, batch_size=BATCH)
        ours = capture(dataset(), mine, seed=1, quiet=True)
        return Made(ours, train, lambda batch: batch[0][0][0], mine)

    theirs = masks.MaskCollator([CONFIG], SIDE, 16, 16, 2).mask_generators[0]
    ratio = as_theirs(theirs, VJEPAMaskCollator([CONFIG], SIDE, 16, 16, 2, batch_size=BATCH))
    return Trial(make, GRID, ratio, flips=True, counted=False)


def vjepa2(folder: Path, clips: list[Path], work: Path) -> Trial:
    dataset, encoder, predictor = parts(folder, clips, work)
    wrappers = importlib.import_module("src.utils.wrappers")
    masks = importlib.import_module("src.masks.multiseq_multiblock3d")
    apply_masks = importlib.import_module("src.masks.utils").apply_masks
    context = wrappers.MultiSeqWrapper(encoder)
    guess = wrappers.PredictorMultiSeqWrapper(predictor)
    target = copy.deepcopy(context)

    sizes: Any = ([16], (SIDE, SIDE), (16, 16), 2)

    def train(batch: Any) -> tuple[float, torch.Tensor]:
        ((udata, enc, pred),) = batch
        clips_ = [udata[0][0]]
        with torch.no_grad():
            h = [torch.nn.functional.layer_norm(one, (48,)) for one in target(clips_)]
        z = guess(context(clips_, [enc]), [enc], [pred])
        aims = [apply_masks(one, p, concat=False) for one, p in zip(h, [pred], strict=True)]
        pairs = [
            (a, b) for zi, hi in zip(z, aims, strict=True) for a, b in zip(zi, hi, strict=True)
        ]
        loss = torch.stack([(a - b).abs().mean() for a, b in pairs]).mean()
        return step(torch.nn.ModuleList([encoder, predictor]), loss), masked(enc[0])

    def make(ours: bool, ratio: float | None) -> Made:
        config = CONFIG if ratio is None else {"mask_ratio": ratio}
        pixels = _pixels
        if not ours:
            return Made(dataset(), train, pixels, masks.MaskCollator([config], *sizes))
        mine = VJEPA2MaskCollator([config], *sizes, batch_size=BATCH)
        return Made(capture(dataset(), mine, seed=1, quiet=True), train, pixels, mine)

    def images() -> str:
        image = importlib.import_module("PIL.Image")
        path = work / "picture.jpg"
        image.fromarray(np.random.default_rng(0).integers(0, 255, (192, 256, 3), np.uint8)).save(
            path
        )
        io: Any = importlib.import_module("torchvision.io")  # its read_image is compiled
        io.read_image = lambda path, mode: torch.from_numpy(np.array(image.open(path))).permute(
            2, 0, 1
        )
        STUBBED.append("torchvision.io.read_image")
        made = dataset()
        made.samples[0] = str(path)
        made.samples = [str(sample) for sample in made.samples[:2]]
        mine = VJEPA2MaskCollator([{**CONFIG, "max_fallback": 0.0}], *sizes)
        return pictures(capture(made, mine, quiet=True), mine)

    theirs = masks.MaskCollator([CONFIG], *sizes).mask_generators[16][0]
    ratio = as_theirs(theirs, VJEPA2MaskCollator([CONFIG], *sizes, batch_size=BATCH))
    return Trial(make, GRID, ratio, flips=True, counted=False, also=(images,))


def _pixels(batch: Any) -> Any:
    return batch[0][0][0][0]


TRIALS = {"V-JEPA": vjepa, "V-JEPA 2": vjepa2}
