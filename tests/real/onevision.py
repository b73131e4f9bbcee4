"""codec-video-prep itself, which prepares LLaVA-OneVision-2's videos; its bits, our rules.

It needs NumPy 1, OpenCV and the programs ffmpeg and ffprobe: an environment of its own.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple
from unittest import mock

import numpy as np
from numpy.typing import NDArray

from mgm_ext import BlockCosts
from mgm_ext.adapters import onevision
from mgm_ext.adapters.onevision import CodecPatches, CodecRules, codec_patches
from mgm_ext.adapters.onevision_units import unit_maps

_KEYS = {"h264": "mb_bit_cost"}  # others: ctu_bit_cost
_SHARED = ("num_sampled_frames", "group_size", "images_per_group", "max_pixels", "grouping_mode")
# What it is told by the environment it reads once in a process.
_PROGRAM = """
import json, sys
from codec_video_prep import run_preinfer
run_preinfer(*sys.argv[1:3], **json.loads(sys.argv[3]))
"""


class Prepared(NamedTuple):
    """What `run_preinfer` wrote."""

    positions: NDArray[np.int32]
    frame_ids: NDArray[np.int32]
    groups: NDArray[np.int64]
    canvases: NDArray[np.uint8]


def prepare(path: Path, folder: Path, rules: CodecRules, *, whole: bool = True) -> Prepared:
    """Runs it on a file. Without `whole` as LLaVA-OneVision-2 does: frames from the program ffmpeg,
    bits of the sampled frames alone. Some frames then have the bits of others."""
    from PIL import Image

    options = {
        **{name: getattr(rules, name) for name in _SHARED},
        "disable_target_only": whole,
        "decode_backend": "cv_reader_pixels" if whole else "ffmpeg_native",
        "canvas_format": "png",
    }
    command = [sys.executable, "-c", _PROGRAM, str(path), str(folder), json.dumps(options)]
    environment = {k: v for k, v in os.environ.items() if k != "CVR_DISABLE_TARGET_ONLY"}
    subprocess.run(command, check=True, capture_output=True, env=environment)
    meta = json.loads((folder / "meta.json").read_text())
    names = ("src_patch_position.npy", "frame_ids.npy")
    positions, frame_ids = (np.load(folder / name) for name in names)
    groups = np.array([(spec["start"], spec["end"]) for spec in meta["group_specs"]])
    canvases = np.stack([np.asarray(Image.open(folder / name)) for name in meta["canvas_files"]])
    return Prepared(positions, frame_ids, groups, canvases)


def key_frames(path: Path) -> list[int]:
    """The frames that it steps off."""
    from codec_selector.codec_patch_gop import video_probe
    from codec_selector.core.probe import probe_video

    found: list[int] | None = video_probe.mp4_keyframe_frame_ids(str(path))
    if found is None:
        about = probe_video(str(path))
        found = video_probe.ffprobe_keyframe_frame_ids(str(path), about.fps, about.total_frames)
    return found


def ours(path: Path, rules: CodecRules, *, pixels: bool = False) -> CodecPatches:
    return codec_patches(path, rules=rules, key_frames=key_frames(path), pixels=pixels)


@contextmanager
def their_bits(path: Path) -> Iterator[None]:
    """Has `codec_patches` take bits from their decoder."""
    from codec_video_prep.cv_reader_fast import read_video_fast_selected

    def maps(
        costs: BlockCosts, size: tuple[int, int], *, as_shown: bool
    ) -> tuple[NDArray[np.int64], NDArray[np.intp], NDArray[np.intp]]:
        given = unit_maps(costs, size, as_shown=as_shown)
        with mock.patch.dict(os.environ, CVR_DISABLE_TARGET_ONLY="1"):
            frames = read_video_fast_selected(
                str(path), costs.frame_indices.tolist(), export_bitcost=1, thread_type="slice"
            )
        found = {frame["frame_idx"]: frame["bitcost"] for frame in frames}
        key = _KEYS.get(costs.info.codec, "ctu_bit_cost")
        bits = [np.asarray(found[frame][key]) for frame in costs.frame_indices.tolist()]
        return np.stack(bits).astype(np.int64), *given[1:]

    with mock.patch.object(onevision, "unit_maps", maps):
        yield


def overlap(ours: NDArray[np.int32], theirs: NDArray[np.int32]) -> float:
    """Intersection over union of the patches of two arrays of positions."""
    a, b = ({tuple(place) for place in many.tolist() if place[0] >= 0} for many in (ours, theirs))
    return len(a & b) / len(a | b)
