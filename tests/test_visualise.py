"""Pictures: panels of one width, arrows and dots, what stands in words, rows in groups."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from mgm_ext import (
    Clip,
    MotionField,
    VideoReader,
    make_masking,
    motion_boxes,
    motion_guided_mask,
    motion_score,
    visualise,
)
from mgm_ext.masks import MASKINGS
from mgm_ext.visualise import legend, panels, text, vectors
from mgm_ext.visualise.layers import heat_top
from mgm_ext.visualise.mask_sheet import GROUPS
from tests.conftest import EncodedClip

GRID = (2, 7, 7)
GREY = 118


def read(path: Path, *, start: int = 0) -> Clip:
    return VideoReader(path).read_clip(np.arange(start, start + 8, 2))


def drawn(clip: Clip, **options: Any) -> tuple[list[Any], Any]:
    """Strips and legend."""
    score = motion_score(clip, grid=GRID, weight="texture")
    raw = motion_score(clip, grid=GRID, camera="none", weight="texture")
    mask = motion_guided_mask(score, mask_ratio=0.4, seed=1)
    boxes = motion_boxes(score, mask_ratio=0.4, seed=1)
    both = {"raw": raw, **options}
    strips = list(visualise.clip_panels(clip, score, mask, boxes, **both))
    return strips, visualise.clip_legend(clip, score, mask, **both)


@pytest.mark.parametrize(
    ("size", "height"), [((720, 1280), 180), ((64, 64), 320), ((320, 180), 568)]
)
def test_panels_have_one_width_whatever_the_source(
    size: tuple[int, int], height: int, encoded_clip: EncodedClip
) -> None:
    frames = np.random.default_rng(0).integers(0, 255, (8, *size, 3), np.uint8)
    clip = read(encoded_clip("mpeg4", kind=frames))
    strips, head = drawn(clip)
    wide = 4 * panels.WIDTH + 3 * 4
    assert {strip.shape for strip in strips} == {(height, wide, 3)}
    assert head.shape == (legend.HEAD, wide, 3)
    fewer, head = drawn(clip, raw=None, width=100)
    assert fewer[0].shape[1] == head.shape[1] == 3 * 100 + 2 * 4
    page = visualise.sheet(strips, ["a", "b", "c", "d"], legend=drawn(clip)[1])
    assert page.shape == (legend.HEAD + 4 * (height + 22), wide, 3)


def field_of(velocity: NDArray[np.float32], valid: NDArray[np.bool_] | None = None) -> MotionField:
    """One row of motion, a cell for 8 pixels."""
    flow = np.repeat(np.repeat(velocity, 8, 0), 8, 1)[None]
    known = None if valid is None else np.repeat(np.repeat(valid, 8, 0), 8, 1)[None]
    return MotionField.from_flow(flow, valid=known, cell=8)


def test_what_moves_is_an_arrow_what_hardly_does_a_grey_dot_and_no_vector_nothing() -> None:
    velocity = np.zeros((4, 8, 2), np.float32)
    velocity[:, :4] = (6, 0)
    velocity[:, 4:6] = (0.1, -0.1)
    valid = np.ones((4, 8), bool)
    valid[:, 6:] = False
    black = np.zeros((64, 128, 3), np.uint8)
    made = visualise.draw_vectors(black, field_of(velocity, valid), 0, gain=1.0, spacing=8)
    assert (made[:, 96:] == 0).all()
    still = made[:, 70:96].reshape(-1, 3)
    lit = still[still.any(1)]
    assert len(lit)
    assert (lit.max(1) - lit.min(1)).max() <= 1, "grey, not a hue of noise"
    moving = made[:, :56].reshape(-1, 3)
    bright = moving[moving.max(1) > 150].astype(int)
    assert (bright[:, 0] > bright[:, 2] + 60).all(), "to the right is red"


def test_arrows_have_a_head_at_the_end_that_they_point_to() -> None:
    velocity = np.zeros((8, 16, 2), np.float32)
    velocity[4, 4] = (30, 0)
    black = np.zeros((64, 128, 3), np.uint8)
    made = visualise.draw_vectors(black, field_of(velocity), 0, gain=1.0, spacing=8)
    thick = (made[32:42, 36:68].max(-1) > 100).sum(0)
    assert thick[20:28].max() > thick[4:16].max() >= 1
    colours = {vectors.direction_colour(*way) for way in ((1, 0), (0, 1), (-1, 0), (0, -1))}
    assert len(colours) == 4


def test_arrows_are_as_long_whatever_the_speed() -> None:
    for speed in (0.5, 5.0, 50.0):
        velocity = np.full((4, 4, 2), (speed, 0), np.float32)
        assert vectors.arrow_gain(field_of(velocity), length=30) == pytest.approx(30 / speed, 0.05)
    assert vectors.arrow_gain(field_of(np.zeros((4, 4, 2), np.float32)), length=30) == 1.0


@pytest.mark.parametrize("scale", [0.4, 3.0, 21.0, 900.0])
def test_the_legends_arrow_is_a_round_speed_of_legible_length(scale: float) -> None:
    speed = legend._round_speed(30 / scale)
    assert float(f"{speed:.0e}"[0]) in (1, 2, 5)
    assert 12 <= speed * scale <= 30


def test_the_camera_alone_is_bright_as_coded_and_dark_where_it_is_taken_out(
    encoded_clip: EncodedClip,
) -> None:
    clip = read(
        encoded_clip("libx264", kind="scroll", motion=(3, 0), size=(96, 128)),
        start=8,
    )
    score = motion_score(clip, grid=GRID, camera="affine")
    raw = motion_score(clip, grid=GRID, camera="none")
    assert heat_top(raw) > 2.5
    assert heat_top(score) < 0.5
    frame = np.zeros((96, 128, 3), np.uint8)
    bright, dark = (
        visualise.draw_heat(frame, one, 0)[20:76, 20:108].mean() for one in (raw, score)
    )
    assert bright > 2 * dark


def test_key_frames_and_cuts_are_said_in_words(encoded_clip: EncodedClip) -> None:
    clip = read(encoded_clip("libx264", kind="object", size=(96, 128), num_frames=8))
    score = dataclasses.replace(motion_score(clip, grid=GRID), cuts=np.array([False, True]))
    clip = dataclasses.replace(clip, stand_in=np.array([False, True, False, False]))
    labels = visualise.clip_labels(clip, score)
    assert labels[0] == "slot 0    frame 0, 0.00 s    key frame: no vectors of its own"
    assert [label.split("    ")[0] for label in labels] == ["slot 0", "slot 0", "slot 1", "slot 1"]
    assert [("scene cut" in label) for label in labels] == [False, False, True, True]
    assert labels[1] == "slot 0    frame 2, 0.08 s    lost or damaged: the nearest whole frame"


def test_a_mask_of_a_still_clip_says_that_it_follows_nothing(
    encoded_clip: EncodedClip, monkeypatch: pytest.MonkeyPatch
) -> None:
    said: list[str] = []

    def head(title: str, words: str, width: int) -> Any:
        said.append(words)
        return np.zeros((legend.HEAD, width, 3), np.uint8)

    monkeypatch.setattr(panels, "plain_head", head)
    for kind in ("object", "still"):
        drawn(read(encoded_clip("libx264", kind=kind, size=(96, 128), num_frames=20), start=12))
    assert said == ["39% of the tokens", "39% of the tokens, and follows no motion: there is none"]


def test_words_fit_their_room() -> None:
    assert text.fitted("vectors in the file", 400, 15) == "vectors in the file"
    short = text.fitted("vectors in the file", 60, 15)
    assert short.endswith("…")
    assert text.font(15).getlength(short) <= 60
    assert text.bar("a" * 200, 90).shape == (22, 90, 3)


def test_rows_of_masks_are_grouped_by_what_they_follow(encoded_clip: EncodedClip) -> None:
    names = [name for group in GROUPS.values() for name in group]
    assert sorted(names) == sorted(MASKINGS)
    clip = read(encoded_clip("libx264", kind="object", size=(96, 128), num_frames=8))
    ratios = {"motion_topk": 0.8, "fixed_box": 0.4, "tube": 0.2, "mine": 0.6}
    made = {
        name: make_masking("random" if name == "mine" else name, input_size=GRID, mask_ratio=ratio)(
            clip, seed=1
        )
        for name, ratio in ratios.items()
    }
    page = visualise.mask_sheet(clip, made)
    high = 96 + 3
    assert page.shape == (5 * 24 + 5 * high, 150 + 2 * 131, 3)
    tops = [24 + high + 24 + n * (high + 24) for n in range(4)]
    hidden = [(page[top : top + 96, 150:278] == GREY).all(-1).mean() for top in tops]
    assert hidden == pytest.approx(
        [ratios[n] for n in ("tube", "fixed_box", "motion_topk", "mine")], abs=0.07
    )
