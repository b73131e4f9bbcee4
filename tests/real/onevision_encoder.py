"""OneVision-Encoder's own loader choosing patches, from a checkout with its HEVC decoder.

It reads the residual's pixels and vectors from a decoder process; nvidia.dali, which only carries
what it has read to the GPU, is a stand-in here.
"""

from __future__ import annotations

import importlib
import os
import sys
import types
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

SIDE, PATCH, FRAMES, K = 224, 14, 64, 2048
_EVALUATION = {"static_abs_thresh": 126, "static_rel_thresh": 0.38, "static_uniform_frames": 4}
_DALI = ("fn", "types", "math", "pipeline", "plugin", "plugin.pytorch")


class _Anything(types.ModuleType):
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        if name[0].isupper():
            return type(name, (), {})
        return lambda *_args, **_options: lambda function: function


def _stand_in() -> None:
    names = ["nvidia", "nvidia.dali", *(f"nvidia.dali.{name}" for name in _DALI)]
    for name in names:
        sys.modules[name] = _Anything(name)
    for name in names[1:]:
        above, _, last = name.rpartition(".")
        setattr(sys.modules[above], last, sys.modules[name])


def visible_indices(
    checkout: Path,
    path: Path,
    *,
    camera: str = "similarity",
    center_prior: float = 0.3,
    still_frames: int = 4,
) -> NDArray[np.int32]:
    """What its loader chooses of an HEVC file, with its evaluation's settings unless told."""
    folder = checkout / "dataloader"
    os.environ["HEVC_FEAT_DECODER"] = str(folder / "decoder" / "bin" / "hevc")
    if "nvidia.dali" not in sys.modules:
        _stand_in()
        sys.path.insert(0, str(folder))
    loader = importlib.import_module("ap_dataloader_dali_codec")
    settings = {
        "file_list": [(str(path), 0)],
        "num_shards": 1,
        "shard_id": 0,
        "batch_size": 1,
        "sequence_length": FRAMES,
        "use_rgb": True,
        "seed": 0,
        "input_size": SIDE,
        "patch_size": PATCH,
        "K_keep": K,
        "center_prior": center_prior,
    }
    reader = loader.ExternalInputCallable("val", settings)
    _, energy, _, _ = reader.get_frame_id_list(str(path), FRAMES, mv_compensate=camera)
    energy = loader.resize_and_center_crop_residuals(energy, input_size=SIDE)
    still = {"static_fallback": still_frames > 0, **_EVALUATION}
    found: NDArray[np.int32] = loader.compute_visible_indices_cpu(energy, PATCH, K, **still)
    return found
