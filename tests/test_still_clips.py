"""Masks of clips that show no motion, as encoders really write them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from mgm_ext import (
    motion_boxes,
    motion_guided_mask,
    motion_score,
    read_motion_field,
    simulated_motion_mask,
)
from tests import clips
from tests.conftest import EncodedClip

SIZE, FRAMES, GRID = (192, 256), 32, (8, 12, 16)
INDICES = range(0, FRAMES, 2)


def field_of(path: Any) -> Any:
    return read_motion_field(path, frame_indices=list(INDICES))


def repeated(noise: float) -> clips.Frames:
    """One textured picture over and over, with fresh noise on each."""
    random = np.random.default_rng(4)
    blocks = random.integers(0, 256, (SIZE[0] // 4, SIZE[1] // 4, 3))
    picture = np.kron(blocks, np.ones((4, 4, 1)))
    frames = picture + noise * random.standard_normal((FRAMES, *SIZE, 3))
    return np.clip(frames, 0, 255).astype(np.uint8)


@pytest.mark.parametrize("codec", ["libx264", "mpeg4"])
@pytest.mark.parametrize("preset", ["smooth", "robust"])
def test_encoded_still_is_the_simulated_motion_mask(
    encoded_clip: EncodedClip, codec: str, preset: str
) -> None:
    field = field_of(encoded_clip(codec, kind=repeated(0.0), size=SIZE, num_frames=FRAMES))
    assert field.valid.any()
    for seed in range(5):
        mask = motion_guided_mask(field, grid=GRID, preset=preset, seed=seed)
        np.testing.assert_array_equal(mask, simulated_motion_mask(grid=GRID, seed=seed))


@pytest.mark.parametrize("noise", [2.0, 6.0])
def test_noise_on_a_still_moves_little_and_keeps_the_count(
    encoded_clip: EncodedClip, noise: float
) -> None:
    path = encoded_clip("libx264", kind=repeated(noise), size=SIZE, num_frames=FRAMES)
    score = motion_score(field_of(path), grid=GRID)
    mask = motion_guided_mask(score, seed=1)
    assert (mask.sum((1, 2)) == int(0.75 * 192)).all()
    # Noise may be taken for motion; what must not happen is that it looks like a moving object.
    assert np.median(score.pixels_per_frame) < 0.25


def test_object_is_found_where_the_still_finds_nothing(encoded_clip: EncodedClip) -> None:
    options: dict[str, Any] = {"size": SIZE, "num_frames": FRAMES}
    score = motion_score(
        field_of(encoded_clip("libx264", kind="object", motion=(3, 0), **options)), grid=GRID
    )
    still = motion_score(
        field_of(encoded_clip("libx264", kind=repeated(0.0), **options)), grid=GRID
    )
    assert score.motion.max() > 64 * 65536
    assert still.motion.max() < 64 * 65536 * 0.02


def test_all_intra_clip_falls_back_to_the_walk(encoded_clip: EncodedClip) -> None:
    path = encoded_clip("libx264", kind="object", size=SIZE, num_frames=FRAMES, g=1)
    field = field_of(path)
    assert not field.valid.any()
    for preset in ("literal", "smooth", "robust"):
        mask = motion_guided_mask(field, grid=GRID, preset=preset, seed=6)
        np.testing.assert_array_equal(mask, simulated_motion_mask(grid=GRID, seed=6))


def test_still_boxes_wander_like_the_simulated_ones(encoded_clip: EncodedClip) -> None:
    path = encoded_clip("libx264", kind=repeated(0.0), size=SIZE, num_frames=FRAMES)
    score = motion_score(field_of(path), grid=GRID)
    boxes = np.stack([motion_boxes(score, mask_ratio=0.25, seed=i) for i in range(200)])
    steps = np.abs(np.diff(boxes[..., :2], axis=1)) / 16
    assert steps.max() <= 1
    assert steps.mean() == pytest.approx(0.5, abs=0.03)
    middles = (boxes[:, 0, 0] + boxes[:, 0, 2]) / 2
    assert middles.mean() == pytest.approx(128, abs=10)
