"""Made scenes, encoded: how much of the moving object every preset masks, and what distracts it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import get_args

import numpy as np
import pytest

from benchmarks.conftest import Record
from mgm_ext import Clip, VideoReader, motion_guided_mask, simulated_motion_mask
from mgm_ext.masks import PRESETS
from tests import clips, scenes
from tests.conftest import EncodedClip
from tests.scenes import GRID, SAMPLED, Camera, Extra, Ground, Scene

RATIO = 0.5  # chance masks so much of the object
CODECS = {"H.264": "libx264", "VP9": "libvpx-vp9"}
PLAIN = [
    (codec, Scene(g, c)) for codec in CODECS for g in get_args(Ground) for c in get_args(Camera)
]
ADDED: list[Extra] = ["bars", "logo", "ticker"]
# A camera that follows is no fair test of a logo: see Scene.
BUSY = [
    (codec, Scene("textured", camera, extra))
    for codec in CODECS
    for extra in ADDED
    for camera in get_args(Camera)
    if camera != "follow"
]
# File and first frame.
REAL = [
    ("basketball_426x240.mp4", 0),
    ("basketball_426x240.mp4", 150),
    ("carphone_pristine.mp4", 0),
    ("arm_wrestling.mp4", 20),
    ("bikes.mp4", 0),
    ("bikes.mp4", 100),
]


def clips_of(path: Path) -> dict[str, Clip]:
    """What each preset is to be given: "literal" was published without neighbouring frames."""
    reader = VideoReader(path)
    clip = reader.read_clip(SAMPLED)
    return dict.fromkeys(PRESETS, clip) | {
        "literal": reader.read_clip(SAMPLED, pixels=False, window="frame"),
        "robust without pixels": reader.read_clip(SAMPLED, pixels=False),
    }


@pytest.mark.parametrize(("codec", "scene"), [*PLAIN, *BUSY], ids=str)
def test_object_is_masked(
    encoded_clip: EncodedClip, record: Record, codec: str, scene: Scene
) -> None:
    path = encoded_clip(CODECS[codec], kind=scenes.frames(scene))
    shares, lost = {}, {}
    for who, clip in clips_of(path).items():
        preset = who.split()[0]
        score = scenes.score_of(clip, scene, preset)
        masks = [
            motion_guided_mask(score, preset=preset, mask_ratio=RATIO, seed=s) for s in range(4)
        ]
        shares[who] = float(np.mean([scenes.masked_share(scene, mask) for mask in masks]))
        lost[who] = scenes.distraction(scene, score, preset)
    walks = [simulated_motion_mask(grid=GRID, mask_ratio=RATIO, seed=s) for s in range(50)]
    shares["simulated"] = float(np.mean([scenes.masked_share(scene, mask) for mask in walks]))
    robust = shares.pop("robust")
    others = ", ".join(f"{who} {share:.2f}" for who, share in shares.items())
    limited = scene.camera != "follow" and scene.ground != "grainy"
    goal = 0.9 if limited else None
    record("scenes", f"object masked: {codec}, {scene}", robust, at_least=goal, note=others)
    if scene.extra:
        others = ", ".join(f"{who} {share:.2f}" for who, share in lost.items() if who != "robust")
        most = {"bars": 0.0, "logo": 0.3}.get(scene.extra)
        row = f"centre on the {scene.extra}: {codec}, {scene}"
        record("scenes", row, lost["robust"], at_most=most, note=others)


def test_masks_survive_another_encoding(
    encoded_clip: EncodedClip, real_clip: Callable[[str], Path], record: Record
) -> None:
    shared: dict[str, list[float]] = {name: [] for name in scenes.REENCODED}
    for source, start in REAL:
        reader = VideoReader(real_clip(source))
        original = motion_guided_mask(reader.read_clip(start + SAMPLED), mask_ratio=RATIO)
        size = (reader.info.height, reader.info.width)
        pictures = clips.footage(
            real_clip(source), size=size, num_frames=scenes.FRAMES, start=start
        )
        for name, (codec, options) in scenes.REENCODED.items():
            path = encoded_clip(codec, kind=pictures, **options)
            mask = motion_guided_mask(VideoReader(path).read_clip(SAMPLED), mask_ratio=RATIO)
            shared[name] += list((mask & original).sum((1, 2)) / (mask | original).sum((1, 2)))
    for name, values in shared.items():
        low, middle = np.percentile(values, [25, 50])
        note = f"median of {len(values)} slots; a quarter is under {low:.2f}"
        record("scenes", f"same mask after encoding again: {name}", middle, at_least=0.8, note=note)
