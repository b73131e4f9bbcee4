"""MGMAE: its data set, engine and model; its flow and warp want a GPU and are left out."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

import torch

from .trial import Trial
from .videomae import GRID, SIDE, arguments, by_engine, enter, list_file, tiny
from .world import STUBBED, stub

__all__ = ["TRIALS"]


def mgmae(folder: Path, clips: list[Path], work: Path) -> Trial:
    """The engine's mask volume is what the data set gives: one line, and RAFT goes."""
    enter(folder)
    stub("flow_utils.softsplat", BackWarp=_unwarped)
    args = arguments(
        clips,
        work,
        data_path=str(list_file(clips, work, "{path} 0 -1\n")),
        data_root="",
        fname_tmpl="img_{:05}.jpg",
        num_sample=1,
        decoder_mask_ratio=0.0,
        decoder_mask_type="none",
        init_mask_map="mix_gauss",
        warp_type="backward",
        base_frame="middle",
        hole_filling="consist",
        exposure_chance=False,
        topk_on_all=False,
        flow_iter=1,
    )

    def build() -> Any:
        dataset = importlib.import_module("dataset.build")
        engine: Any = importlib.import_module("engine_for_mgmae")
        real = engine.get_build_mask_volume_func

        def volume(flow_model: Any, device: Any, args: Any) -> Any:
            theirs = real(flow_model, device, args)

            def build_mask_volume(nimgs: Any, init_mask_map: Any) -> Any:
                if init_mask_map.ndim == 4 and init_mask_map.shape[-1] == SIDE:
                    return theirs(nimgs, init_mask_map)
                return init_mask_map.flatten(1).bool()

            return build_mask_volume

        engine.get_build_mask_volume_func = volume
        STUBBED.append("RAFT (no flow)")
        model = tiny(importlib.import_module("models.modeling_pretrain").PretrainVisionTransformer)
        more = {"patch_size": 16, "flow_model": _no_flow, "args": args}
        return lambda: dataset.build_mgmae_dataset(args), model, engine, more

    make = by_engine(build, input_size=GRID, mask_ratio=0.9)
    return Trial(make, GRID, 0.9, placed=False)


def _no_flow(first: Any, second: Any, **_: Any) -> Any:
    batch, _, height, width = first.shape
    return None, torch.zeros(batch, 2, height, width)


def _unwarped(mask_map: Any, flow: Any, device: Any) -> Any:
    return mask_map


TRIALS = {"MGMAE": mgmae}
