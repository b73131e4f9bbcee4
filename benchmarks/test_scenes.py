"""Made scenes, encoded: how much of the moving object every preset masks, and what distracts it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.conftest import Record
from mgm_ext import Clip, VideoReader, motion_guided_mask, simulated_motion_mask
from mgm_ext.masks import PRESETS
from tests import clips, scenes
from tests.conftest import EncodedClip, RealClip
from tests.scenes import GRID, SAMPLED, Camera, Extra, Ground, Scene

RATIO = 0.5  # chance masks so much of the object
CODECS = {"H.264": "libx264", "VP9": "libvpx-vp9"}
GROUNDS: tuple[Ground, ...] = ("textured", "flat", "noisy")
CAMERAS: tuple[Camera, ...] = ("still", "pan", "zoom")
EXTRAS: tuple[Extra, ...] = ("bars", "logo", "ticker")
# What is summed up in one line of the page; the report has each scene.
GROUPS: dict[str, list[Scene]] = {
    camera: [Scene(ground, camera) for ground in GROUNDS] for camera in CAMERAS
}
GROUPS |= {extra: [Scene("textured", camera, extra) for camera in CAMERAS] for extra in EXTRAS}
GROUPS["strong noise on flat ground"] = [Scene("grainy", camera) for camera in CAMERAS]
GROUPS["a camera that follows the object"] = [Scene(ground, "follow") for ground in GROUNDS]
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


def measure(path: Path, scene: Scene) -> tuple[dict[str, float], dict[str, float]]:
    """Of each preset: share of the object masked, and share of slots centred on the extra."""
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
    shares["simulated motion"] = float(np.mean([scenes.masked_share(scene, m) for m in walks]))
    return shares, lost


def others(found: dict[str, float]) -> str:
    return ", ".join(f"{who} {value:.2f}" for who, value in found.items() if who != "robust")


@pytest.mark.parametrize("codec", CODECS)
@pytest.mark.parametrize("group", GROUPS)
def test_object_is_masked(
    encoded_clip: EncodedClip, record: Record, group: str, codec: str
) -> None:
    least: dict[str, float] = {}
    most: dict[str, float] = {}
    for scene in GROUPS[group]:
        path = encoded_clip(CODECS[codec], kind=scenes.frames(scene))
        shares, lost = measure(path, scene)
        record("scenes_each", f"{codec}, {scene}", shares["robust"], note=others(shares))
        least = {who: min(share, least.get(who, 1.0)) for who, share in shares.items()}
        most = {who: max(share, most.get(who, 0.0)) for who, share in lost.items()}
    goal = 0.9 if group in (*CAMERAS, *EXTRAS) else None
    row = f"object masked, least of {len(GROUPS[group])}: {codec}, {group}"
    record("scenes", row, least["robust"], at_least=goal, note=others(least))
    if group in EXTRAS:
        limit = {"bars": 0.0, "logo": 0.3}.get(group)
        row = f"slots centred on it, most of {len(GROUPS[group])}: {codec}, {group}"
        record("scenes", row, most["robust"], at_most=limit, note=others(most))


def test_masks_survive_another_encoding(
    encoded_clip: EncodedClip, real_clip: RealClip, record: Record
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
