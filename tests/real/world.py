"""What the trainers find around them: stubs of what is absent, a processor only, and clips."""

from __future__ import annotations

import importlib
import os
import random
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
import torch

from tests import clips

__all__ = [
    "STUBBED",
    "cpu_only",
    "make_clips",
    "one_process",
    "package",
    "seed_all",
    "stub",
    "with_torchvision",
]

STUBBED: list[str] = []
"""What stands in for something real, in words for the report."""

WIDTH, HEIGHT, FRAMES, SIDE = 256, 192, 72, 72


def stub(name: str, **attributes: Any) -> types.ModuleType:
    """A module of that name whose every other attribute is an empty class.

    Where the real one is there, it is given the attributes that it lacks.
    """
    try:
        real = importlib.import_module(name)
    except Exception:
        real = None
    if real is not None:
        lacking = {key: value for key, value in attributes.items() if not hasattr(real, key)}
        vars(real).update(lacking)
        STUBBED.extend(f"{name}.{key}" for key in lacking)
        return real
    made = types.ModuleType(name)
    made.__dict__.update(attributes)
    made.__path__ = []
    made.__dict__["__getattr__"] = _empty
    sys.modules[name] = made
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(stub(parent), child, made)
    STUBBED.append(name)
    return made


def package(name: str, folder: Path) -> None:
    """A package whose modules are found, but whose own `__init__` is not run."""
    made = types.ModuleType(name)
    made.__path__ = [str(folder)]
    sys.modules[name] = made
    parent, _, child = name.rpartition(".")
    if parent:
        setattr(importlib.import_module(parent), child, made)


def _empty(name: str) -> Any:
    if name.startswith("__"):
        raise AttributeError(name)
    return type(name, (), {"__init__": lambda self, *a, **k: None})


def with_torchvision() -> None:
    """Imports torchvision beside a torch without CUDA, for which there is no compiled part."""
    real = torch.library.register_fake

    def skipping(name: Any, *args: Any, **options: Any) -> Any:
        if isinstance(name, str) and name.startswith("torchvision::"):
            return lambda function: function
        return real(name, *args, **options)

    torch.library.register_fake = skipping
    try:
        importlib.import_module("torchvision")
    finally:
        torch.library.register_fake = real
    STUBBED.append("torchvision's compiled operators")


def cpu_only() -> None:
    """What the engines call of CUDA does nothing."""
    torch.cuda.synchronize = lambda *_: None
    stub("torch._six", inf=float("inf"), string_classes=(str, bytes))
    STUBBED.append("torch.cuda.synchronize")
    torch.set_num_threads(1)


def one_process() -> None:
    """A process group of this process alone."""
    os.environ.setdefault("LOCAL_RANK", "0")
    store: Any = vars(torch.distributed)["HashStore"]()
    torch.distributed.init_process_group("gloo", store=store, rank=0, world_size=1)


def seed_all(seed: int) -> None:
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    torch.manual_seed(seed)


def object_frames(seed: int) -> Any:
    """An orange square that moves in the upper left corner of grey, still ground."""
    rng = np.random.default_rng(seed)
    ground = clips.texture(np.arange(WIDTH, dtype=float), np.arange(HEIGHT, dtype=float), seed=seed)
    grey = clips.to_uint8(ground.mean(-1, keepdims=True).repeat(3, -1))
    part = rng.integers(0, 90, (SIDE // 4, SIDE // 4), np.uint8).repeat(4, 0).repeat(4, 1)
    square = np.stack([165 + part, 60 + part, part // 4], -1)
    frames = np.repeat(grey[None], FRAMES, 0)
    for t, frame in enumerate(frames):
        x, y = 8 + t, 8 + t // 2
        frame[y : y + SIDE, x : x + SIDE] = square
    return frames


def make_clips(folder: Path, count: int = 2) -> list[Path]:
    """Clips of `object_frames`, encoded."""
    paths = [folder / f"clip{i}.mp4" for i in range(count)]
    for i, path in enumerate(paths):
        if not path.exists():
            clips.encode(path, object_frames(i), "libx264", g=24)
    return paths
