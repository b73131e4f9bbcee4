"""Masks of encoded scenes whose object is known: found on every ground and under every camera."""

from __future__ import annotations

import numpy as np
import pytest

from mgm_ext import Clip, VideoReader, motion_guided_mask, motion_score, simulated_motion_mask
from tests.conftest import EncodedClip, RealClip, RealFootage
from tests.scenes import (
    GRID,
    REENCODED,
    SAMPLED,
    Camera,
    Extra,
    Ground,
    Scene,
    distraction,
    frames,
    masked_share,
    score_of,
)

SEEDS = range(4)


def clip_of(encoded_clip: EncodedClip, scene: Scene, codec: str) -> Clip:
    return VideoReader(encoded_clip(codec, kind=frames(scene))).read_clip(SAMPLED)


def robust_share(clip: Clip, scene: Scene) -> float:
    score = score_of(clip, scene, "robust")
    masks = [motion_guided_mask(score, mask_ratio=0.5, seed=seed) for seed in SEEDS]
    return float(np.mean([masked_share(scene, mask) for mask in masks]))


GROUNDS: tuple[Ground, ...] = ("textured", "flat", "noisy")
CAMERAS: tuple[Camera, ...] = ("still", "pan", "zoom")
ENCODED = [(Scene(g, c), "libx264") for g in GROUNDS for c in CAMERAS]
ENCODED += [(Scene(g, c), "libvpx-vp9") for g, c in zip(GROUNDS, CAMERAS, strict=True)]


@pytest.mark.parametrize(("scene", "codec"), ENCODED, ids=str)
def test_robust_masks_the_object(encoded_clip: EncodedClip, scene: Scene, codec: str) -> None:
    share = robust_share(clip_of(encoded_clip, scene, codec), scene)
    simulated = [simulated_motion_mask(grid=GRID, mask_ratio=0.5, seed=seed) for seed in range(50)]
    assert share >= 0.9
    assert share > np.mean([masked_share(scene, mask) for mask in simulated])


@pytest.mark.parametrize("camera", CAMERAS)
@pytest.mark.parametrize(("extra", "most"), [("bars", 0.0), ("logo", 0.3)])
def test_nothing_on_the_screen_distracts(
    encoded_clip: EncodedClip, camera: Camera, extra: Extra, most: float
) -> None:
    scene = Scene("textured", camera, extra)
    clip = clip_of(encoded_clip, scene, "libx264")
    assert distraction(scene, score_of(clip, scene, "robust"), "robust") <= most
    assert robust_share(clip, scene) >= 0.9


def test_ticker_is_followed_unless_it_is_ignored(encoded_clip: EncodedClip) -> None:
    scene = Scene("textured", "still", "ticker")
    clip = clip_of(encoded_clip, scene, "libx264")
    assert robust_share(clip, scene) >= 0.9
    assert distraction(scene, score_of(clip, scene, "robust"), "robust") == 0
    followed = motion_score(clip, grid=GRID, weight="texture")
    assert distraction(scene, followed, "robust") > 0.5


def test_camera_that_follows_the_object_does_not_hide_it(encoded_clip: EncodedClip) -> None:
    scene = Scene("textured", "follow")
    clip = clip_of(encoded_clip, scene, "libx264")
    assert robust_share(clip, scene) >= 0.9
    smooth = motion_guided_mask(clip, preset="smooth", mask_ratio=0.5)
    assert masked_share(scene, smooth) < 0.5


@pytest.mark.slow
def test_robust_mask_survives_another_encoding(
    encoded_clip: EncodedClip,
    real_clip: RealClip,
    real_footage: RealFootage,
) -> None:
    name = "basketball_426x240.mp4"
    original = motion_guided_mask(VideoReader(real_clip(name)).read_clip(SAMPLED), mask_ratio=0.5)
    pictures = real_footage(name, size=(240, 426), num_frames=61)
    shared = []
    for codec, options in REENCODED.values():
        path = encoded_clip(codec, kind=pictures, **options)
        mask = motion_guided_mask(VideoReader(path).read_clip(SAMPLED), mask_ratio=0.5)
        shared += list((mask & original).sum((1, 2)) / (mask | original).sum((1, 2)))
    assert np.median(shared) >= 0.8
