"""VideoMAE, VideoMAEv2, MAE-DFER, TrackMAE: their own builders, engines and models, tiny."""

from __future__ import annotations

import functools
import importlib
import sys
from argparse import Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mgm_ext.adapters.videomae import capture

from .edges import hybrid_lists, refused, sliced
from .trial import Made, Trial
from .world import STUBBED, stub

__all__ = ["TRIALS", "Recorder", "arguments", "by_engine", "engine_step", "list_file", "tiny"]

SIDE = 112
GRID = (8, 7, 7)


def enter(folder: Path) -> None:
    """The trainer's folder becomes where modules are looked for first."""
    sys.path.insert(0, str(folder))
    for name in ("tensorboardX", "deepspeed", "wandb", "skimage.metrics"):
        stub(name)
    stub("numpy.lib.function_base", disp=print)


def arguments(clips: list[Path], work: Path, **more: Any) -> Namespace:
    given = {
        "input_size": SIDE,
        "window_size": GRID,
        "patch_size": (16, 16),
        "mask_type": "tube",
        "mask_ratio": 0.9,
        "data_path": str(list_file(clips, work, "{path} 0\n")),
        "num_frames": 16,
        "sampling_rate": 4,
        "color_jitter": 0,
    }
    return Namespace(**{**given, **more})


def list_file(clips: list[Path], work: Path, line: str) -> Path:
    """A trainer's list of eight samples."""
    work.mkdir(exist_ok=True)
    path = work / f"list{abs(hash(line)) % 10000}.txt"
    path.write_text("".join(line.format(path=clips[i % len(clips)]) for i in range(8)))
    return path


def tiny(kind: Any, **more: Any) -> Any:
    """A model of VideoMAE's interface."""
    torch.manual_seed(0)
    given = {
        "img_size": SIDE,
        "patch_size": 16,
        "encoder_embed_dim": 48,
        "encoder_depth": 1,
        "encoder_num_heads": 2,
        "decoder_num_classes": 1536,
        "decoder_embed_dim": 48,
        "decoder_depth": 1,
        "decoder_num_heads": 2,
        "mlp_ratio": 2,
        "qkv_bias": True,
        "norm_layer": functools.partial(nn.LayerNorm, eps=1e-6),
    }
    return kind(**{**given, **more})


class Recorder:
    """Keeps the mask that the model was called with."""

    def __init__(self, model: Any, place: int = 1) -> None:
        self.mask: torch.Tensor | None = None
        self._place = place
        model.register_forward_pre_hook(self._hook)

    def _hook(self, model: Any, args: tuple[Any, ...]) -> None:
        self.mask = args[self._place].flatten(1).bool().clone()


class Scaler:
    """Their NativeScaler without the scaling, which wants CUDA."""

    def __init__(self) -> None:
        self.loss = 0.0

    def __call__(self, loss: Any, optimizer: Any, **_: Any) -> float:
        self.loss = float(loss)
        loss.backward()
        optimizer.step()
        return 0.0

    def state_dict(self) -> dict[str, float]:
        return {"scale": 1.0}


def engine_step(engine: Any, model: Any, **more: Any) -> Callable[[Any], float]:
    """One batch through the trainer's own `train_one_epoch`."""
    STUBBED.append("the loss scaler")
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    scaler = Scaler()

    def step(batch: Any) -> float:
        loader = _One(batch)
        engine.train_one_epoch(
            model=model,
            data_loader=loader,
            optimizer=optimizer,
            device=torch.device("cpu"),
            epoch=0,
            loss_scaler=scaler,
            start_steps=0,
            **more,
        )
        return scaler.loss

    return step


class _One(list[Any]):
    """A loader of one batch."""

    def __init__(self, batch: Any) -> None:
        super().__init__([batch])


def by_engine(build: Callable[..., Any], **options: Any) -> Any:
    """A `make` of data set, model and engine.

    Args:
        build: from nothing to (dataset builder, model, engine).
        options: of `capture`.
    """
    dataset, model, engine, more = build()
    recorder, step = Recorder(model), engine_step(engine, model, **more)

    def train(batch: Any) -> tuple[float, torch.Tensor]:
        loss = step(batch)
        assert recorder.mask is not None
        return loss, recorder.mask

    def make(ours: bool, ratio: float | None) -> Made:
        own = {"seed": 1, **options, **({} if ratio is None else {"mask_ratio": ratio})}
        made = capture(dataset(), **own) if ours else dataset()
        return Made(made, train, lambda batch: batch[0])

    return make


def plain(folder: Path, clips: list[Path], work: Path, **options: Any) -> Any:
    """VideoMAE and its nearest kin: modules at the top of the repository."""
    enter(folder)
    args = arguments(clips, work, scales=[1, 0.875, 0.75, 0.66], per_frame_crop=False)

    def build() -> Any:
        datasets = importlib.import_module("datasets")
        engine = importlib.import_module("engine_for_pretraining")
        model = tiny(importlib.import_module("modeling_pretrain").PretrainVisionTransformer)
        return lambda: datasets.build_pretraining_dataset(args), model, engine, {"patch_size": 16}

    return by_engine(build, **options)


def videomae(folder: Path, clips: list[Path], work: Path) -> Trial:
    return Trial(plain(folder, clips, work), GRID, 0.9)


def trackmae(folder: Path, clips: list[Path], work: Path) -> Trial:
    make = plain(folder, clips, work, mask="motion_topk", visible_from_motion=0.5)

    def framewise() -> str:
        args = arguments(clips, work, scales=[1, 0.875], per_frame_crop=True)
        datasets = importlib.import_module("datasets")
        made = datasets.build_pretraining_dataset(args)
        return refused(lambda: capture(made), TypeError, "per_frame_crop", "a crop for each frame")

    return Trial(make, GRID, 0.9, placed=False, also=(framewise,))


def videomaev2(folder: Path, clips: list[Path], work: Path) -> Trial:
    enter(folder)
    args = arguments(
        clips,
        work,
        data_path=str(list_file(clips, work, "{path} 0 -1\n")),
        data_root="",
        fname_tmpl="img_{:05}.jpg",
        num_sample=1,
        decoder_mask_ratio=0.0,
    )

    def build() -> Any:
        dataset = importlib.import_module("dataset.build")
        engine = importlib.import_module("engine_for_pretraining")
        model = tiny(importlib.import_module("models.modeling_pretrain").PretrainVisionTransformer)
        return lambda: dataset.build_pretraining_dataset(args), model, engine, {"patch_size": 16}

    def rows(path: str) -> Any:
        given = Namespace(**{**vars(args), "data_path": path})
        return importlib.import_module("dataset.build").build_pretraining_dataset(given)

    also = (lambda: hybrid_lists(rows, clips, work),)
    return Trial(by_engine(build), GRID, 0.9, also=also)


def mae_dfer(folder: Path, clips: list[Path], work: Path) -> Trial:
    """Windows of 2 x 5 x 10 tokens: pictures of 160 pixels."""
    enter(folder)
    grid = (8, 10, 10)
    args = arguments(
        clips,
        work,
        input_size=160,
        window_size=grid,
        mask_type="part_window",
        part_win_size=(2, 5, 10),
        part_apply_symmetry=None,
        no_augmentation=False,
        model="pretrain_videomae_base_patch16_160",
        num_samples=1,
    )

    def build() -> Any:
        datasets = importlib.import_module("datasets")
        engine = importlib.import_module("engine_for_pretraining")
        model = tiny(
            importlib.import_module("modeling_pretrain").PretrainVisionTransformer,
            img_size=160,
            attn_type="local_global",
            lg_region_size=(2, 5, 10),
        )
        return lambda: datasets.build_pretraining_dataset(args), model, engine, {"patch_size": 16}

    def voxceleb2() -> str:
        given = Namespace(**{**vars(args), "mask_type": "tube", "no_augmentation": True})
        given.data_path = str(list_file(clips[:1], work / "voxceleb2", "{path} 0\n"))
        made = importlib.import_module("datasets").build_pretraining_dataset(given)
        return sliced(made, clips[0], grid, (32, 0, 160, 160))

    def two_clips() -> str:
        given = Namespace(**{**vars(args), "num_samples": 2})
        made = importlib.import_module("datasets").build_pretraining_dataset(given)
        wanted = "one mask can follow one clip only"
        return refused(lambda: capture(made)[0], RuntimeError, wanted, "two clips under one mask")

    return Trial(by_engine(build), grid, 0.9, also=(voxceleb2, two_clips))


TRIALS = {
    "VideoMAE": videomae,
    "VideoMAEv2": videomaev2,
    "MAE-DFER": mae_dfer,
    "TrackMAE": trackmae,
}
