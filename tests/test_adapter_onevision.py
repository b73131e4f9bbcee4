"""What LLaVA-OneVision-2 and OneVision-Encoder read, made from vectors and bits."""

from __future__ import annotations

import json
import pickle
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from mgm_ext import VideoReader
from mgm_ext.adapters import onevision
from mgm_ext.adapters.onevision import CodecPatches, CodecRules, codec_patches, visible_indices
from mgm_ext.adapters.onevision_frames import canvas_size, frames_off_keys, is_good, uniform_frames
from mgm_ext.block_costs import COST_SIGNALS, CostSignal
from tests.clips import Frames, scroll
from tests.conftest import EncodedClip

RULES = CodecRules(num_sampled_frames=24, group_size=8, max_pixels=20_000)


@pytest.fixture(scope="module")
def clip(encoded_clip: EncodedClip) -> Path:
    """A square that moves over a still ground, a key frame every 12."""
    return encoded_clip("libx264", kind="object", size=(144, 192), num_frames=60, g=12)


@pytest.fixture(scope="module")
def made(clip: Path) -> CodecPatches:
    return codec_patches(clip, rules=RULES)


def test_canvases_hold_the_patches_that_positions_name(clip: Path, made: CodecPatches) -> None:
    size = (made.grid[0] * 14, made.grid[1] * 14)
    reader = VideoReader(clip, size=size)
    assert made.canvases is not None
    assert len(made.canvases) == 4 * len(made.groups)
    cells = made.canvases.reshape(-1, made.grid[0], 14, made.grid[1], 14, 3)
    cells = cells.transpose(0, 1, 3, 2, 4, 5).reshape(-1, 14, 14, 3)
    assert len(cells) == len(made.positions)
    frames = {int(frame): reader.read_clip([frame]).frames for frame in made.frame_ids}
    for cell, (frame, row, column) in zip(cells, made.positions, strict=True):
        pixels = frames[int(frame)]
        assert pixels is not None
        corner = pixels[0, row * 14 : row * 14 + 14, column * 14 : column * 14 + 14]
        np.testing.assert_array_equal(cell, corner)


def test_the_first_canvas_of_a_group_is_its_first_frame_and_the_rest_are_blocks(
    made: CodecPatches,
) -> None:
    whole = np.indices(made.grid).reshape(2, -1).T
    by_group = made.positions.reshape(len(made.groups), 4, *made.grid, 3)
    for (start, stop), canvases in zip(made.groups, by_group, strict=True):
        first = canvases[0].reshape(-1, 3)
        assert set(first[:, 0]) == {made.frame_ids[start]}
        np.testing.assert_array_equal(first[:, 1:], whole)
        rest = canvases[1:].reshape(-1, 3)
        assert len(np.unique(rest, axis=0)) == len(rest)
        assert set(rest[:, 0]) <= set(made.frame_ids[start + 1 : stop])
        corner = canvases[1:, ::2, ::2]
        assert not (corner[..., 1:] % 2).any()
        for down, across in ((0, 1), (1, 0), (1, 1)):
            beside = canvases[1:, down::2, across::2] - corner
            assert set(map(tuple, beside.reshape(-1, 3))) == {(0, down, across)}


def test_blocks_are_taken_where_the_square_moves(clip: Path, made: CodecPatches) -> None:
    height, width = (14 * side for side in made.grid)
    frames = VideoReader(clip, size=(height, width)).read_clip(range(60)).frames
    assert frames is not None
    changed = np.abs(frames[1:].astype(int) - frames[:-1]).max(3) > 32
    moving = changed.reshape(59, made.grid[0], 14, made.grid[1], 14).mean((2, 4)) > 0.05
    rest = made.positions.reshape(len(made.groups), 4, *made.grid, 3)[:, 1:].reshape(-1, 3)
    chosen = moving[rest[:, 0] - 1, rest[:, 1], rest[:, 2]].mean()
    assert chosen > 1.5 * moving[made.frame_ids - 1].mean()


def test_without_pixels_the_same_patches_are_chosen(clip: Path, made: CodecPatches) -> None:
    alone = codec_patches(clip, rules=RULES, pixels=False)
    assert alone.canvases is None
    np.testing.assert_array_equal(alone.positions, made.positions)
    np.testing.assert_array_equal(alone.groups, made.groups)


def test_key_frames_give_way_and_given_frames_are_taken_as_they_are(clip: Path) -> None:
    assert not set(codec_patches(clip, rules=RULES, pixels=False).frame_ids) & {0, 12, 24, 36, 48}
    kept = replace(RULES, avoid_keyframes=False)
    assert 0 in codec_patches(clip, rules=kept, pixels=False).frame_ids
    others = codec_patches(clip, rules=RULES, pixels=False, key_frames=[59])
    assert 59 not in others.frame_ids
    assert 0 in others.frame_ids
    given = codec_patches(clip, rules=RULES, frame_indices=[0, 3, 12, -1, 20, 21, 22, 23])
    assert given.frame_ids.tolist() == [0, 3, 12, 59, 20, 21, 22, 23]


@pytest.mark.parametrize(
    ("frames", "keys", "total", "wanted"),
    [
        ([0, 5, 9], [0], 10, [1, 5, 9]),
        ([0, 5, 9], [9], 10, [0, 5, 8]),
        ([4, 5], [4, 5], 10, [3, 6]),  # the later neighbour comes first, where it is no key frame
        ([0, 0, 1], [], 6, [0, 1, 2]),
        ([0, 1, 1, 2, 3], [0], 4, [0, 1, 2, 3]),  # as many as there are
        ([0, 2, 4], list(range(6)), 6, [0, 2, 4]),
    ],
)
def test_frames_off_keys(frames: list[int], keys: list[int], total: int, wanted: list[int]) -> None:
    moved = frames_off_keys(np.array(frames), keys, total).tolist()
    assert sorted(moved) == sorted(wanted)


@pytest.mark.parametrize(
    ("height", "width", "size"),
    [(240, 426, (252, 420)), (1080, 1920, (280, 504)), (20, 20, (56, 56)), (272, 640, (252, 588))],
)
def test_canvas_size(height: int, width: int, size: tuple[int, int]) -> None:
    assert canvas_size(height, width, side=28, max_pixels=153664) == size
    with pytest.raises(ValueError, match="differ by more than 200"):
        canvas_size(1, 201, side=28, max_pixels=153664)


def test_frames_that_show_nothing_are_not_shown(encoded_clip: EncodedClip) -> None:
    frames: Frames = scroll(num_frames=40, size=(224, 280))
    frames[:6], frames[15:20] = 0, (0, 250, 0)
    path = encoded_clip("libx264", kind=frames, g=40)
    made = codec_patches(path, rules=replace(RULES, num_sampled_frames=40, avoid_keyframes=False))
    assert made.positions[0, 0] == 6
    shown = set(made.positions[:, 0])
    assert not shown & {*range(6), *range(15, 20)}
    alone = codec_patches(
        path, rules=replace(RULES, num_sampled_frames=40, avoid_keyframes=False), pixels=False
    )
    assert alone.positions[0, 0] == 0


def test_is_good() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (56, 56, 3), np.uint8)
    assert is_good(noise)
    for colour in ((0, 0, 0), (255, 255, 255), (0, 255, 0), (90, 90, 90)):
        assert not is_good(np.full((56, 56, 3), colour, np.uint8))
    noise[:, :20] = (10, 200, 10)  # 20 of 56 columns: over 35 %
    assert not is_good(noise)


def test_saved_files_are_those_that_are_loaded(made: CodecPatches, tmp_path: Path) -> None:
    folder = made.save(tmp_path / "clip")
    positions, frames = (np.load(folder / f"{n}.npy") for n in ("src_patch_position", "frame_ids"))
    assert (positions.dtype, frames.dtype) == (np.int32, np.int32)
    np.testing.assert_array_equal(positions, made.positions)
    np.testing.assert_array_equal(frames, made.frame_ids)
    meta = json.loads((folder / "meta.json").read_text())
    assert meta["fps"] == made.average_fps
    assert made.canvases is not None
    canvases = np.stack([np.load(folder / name) for name in meta["canvas_files"]])
    np.testing.assert_array_equal(canvases, made.canvases)
    again = pickle.loads(pickle.dumps(made))
    np.testing.assert_array_equal(again.positions, made.positions)
    assert f"{len(made.positions)}" in repr(made)


def test_bad_settings_and_short_videos_are_refused(clip: Path) -> None:
    with pytest.raises(ValueError, match="group_size must be at least 1, got 0"):
        CodecRules(group_size=0)
    with pytest.raises(ValueError, match='grouping_mode must be "readiness" or "fixed", got'):
        CodecRules(grouping_mode="none")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match='maps must be "codec-video-prep" or "picture", got'):
        CodecRules(maps="none")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="3 sampled frames are too few for a group"):
        codec_patches(clip, rules=RULES, frame_indices=[1, 2, 3])


@pytest.mark.parametrize("signal", COST_SIGNALS)
def test_visible_indices_are_where_the_square_moves(clip: Path, signal: CostSignal) -> None:
    chosen = visible_indices(clip, 60, num_frames=16, grid=(8, 8), signal=signal, still_frames=0)
    assert chosen.dtype == np.int64
    assert chosen.shape == (60,)
    assert (np.diff(chosen) > 0).all()
    assert chosen[0] >= 0
    assert chosen[-1] < 16 * 64
    frames = uniform_frames(60, 16)
    assert not np.isin(frames[chosen // 64], VideoReader(clip).key_frames).any()
    whole = visible_indices(clip, 256, num_frames=16, grid=(8, 8), still_frames=4)
    kept = np.bincount(whole // 64, minlength=16)
    assert (kept == 64).sum() in (0, 4)
    with pytest.raises(ValueError, match="k must be from"):
        visible_indices(clip, 16 * 64 + 1, num_frames=16, grid=(8, 8))


def test_a_still_clip_keeps_frames_whole(encoded_clip: EncodedClip) -> None:
    still = encoded_clip("libx264", kind=scroll(motion=(0, 0), num_frames=32, size=(96, 128)))
    chosen = visible_indices(still, 300, num_frames=16, grid=(8, 8))
    counts = np.bincount(chosen // 64, minlength=16)
    assert counts[[0, 5, 10, 15]].tolist() == [64] * 4


def test_the_module_names_what_it_offers() -> None:
    assert set(onevision.__all__) == {
        "CodecPatches", "CodecRules", "codec_patches", "visible_indices",
    }  # fmt: skip
