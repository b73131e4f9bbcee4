"""What the models of the OneVision family read, made from the pass without pixels.

`codec_patches` makes what codec-video-prep 0.2.5 prepares for LLaVA-OneVision-2: positions of the
patches that cost most bits, and canvases of them. `visible_indices` chooses patches for
OneVision-Encoder. Neither project's decoder is needed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..block_costs import BlockCosts, read_block_costs
from ..decode import Indices, Source, check_indices
from ..video_reader import VideoReader
from .onevision_canvases import Grid, canvases, positions
from .onevision_encoder import visible_indices
from .onevision_frames import canvas_size, frames_off_keys, is_good, uniform_frames
from .onevision_groups import BINS, block_scores, fixed_groups, readiness_groups
from .onevision_patches import CodecPatches, CodecRules
from .onevision_units import unit_maps

__all__ = ["CodecPatches", "CodecRules", "codec_patches", "visible_indices"]


def codec_patches(
    source: Source,
    *,
    rules: CodecRules | None = None,
    frame_indices: Indices | None = None,
    key_frames: Sequence[int] | None = None,
    pixels: bool = True,
    **options: Any,
) -> CodecPatches:
    """The patches that LLaVA-OneVision-2 sees of a video: those that cost most bits.

    Frames are sampled, their units' bits scored, the frames grouped; of each group the first frame
    is kept whole, and of the rest the blocks of 2x2 patches that score most, as many as fill the
    group's other canvases.

    Args:
        source: path, bytes, or a seekable binary file object.
        rules: settings; None takes codec-video-prep's.
        frame_indices: the frames to sample, instead of `rules.num_sampled_frames`, taken as they
            are.
        key_frames: frames to step off, instead of the file's key frames as they are shown; there,
            for MP4, the places of its sync samples in order of decoding, which are others where
            frames ahead of a key frame are stored behind it.
        pixels: read the frames too: leaves out frames that are black, of one colour or green, and
            makes the canvases. Without, every frame counts as good.
        options: of both readers: rotate, stream, strict, max_pixels, max_seconds.

    Raises:
        What `VideoReader` and `read_block_costs` raise; ValueError: the video has too few frames
            for a group.

    Source: codec-video-prep 0.2.5, `run_preinfer`: its files, where it measures the same bits, on
        the same NumPy and processor (of blocks that score alike, `numpy.argpartition` chooses).
    """
    rules = CodecRules() if rules is None else rules
    reader = VideoReader(source, **options)
    info, total = reader.info, len(reader)
    if frame_indices is None:
        frames = uniform_frames(total, rules.num_sampled_frames)
        if rules.avoid_keyframes:
            keys = reader.key_frames if key_frames is None else np.asarray(key_frames)
            frames = frames_off_keys(frames, keys, total)
    else:
        frames = check_indices(frame_indices)
        frames = np.where(frames < 0, frames + total, frames)
    side = 2 * rules.patch
    size = canvas_size(info.height, info.width, side=side, max_pixels=rules.max_pixels)
    costs = read_block_costs(source, frame_indices=frames, **options)
    scores = _scores(costs, size, rules)
    grid = Grid(size[0] // rules.patch, size[1] // rules.patch, rules.images_per_group)
    groups = _groups(scores, grid, rules)
    if not groups:
        raise ValueError(f"{len(frames)} sampled frames are too few for a group of {source!r}")
    sized = VideoReader(source, size=size, **options) if pixels else None
    made = [_group(frames, scores, group, grid, sized, rules.patch) for group in groups]
    return CodecPatches(
        positions=np.concatenate([places for places, _ in made]),
        frame_ids=frames.astype(np.int32),
        groups=np.array([(group.start, group.stop) for group in groups], np.int32),
        valid=costs.valid,
        grid=(grid.down, grid.across),
        patch=rules.patch,
        average_fps=info.average_fps,
        canvases=np.concatenate([made_of for _, made_of in made]) if pixels else None,
    )


def _scores(costs: BlockCosts, size: tuple[int, int], rules: CodecRules) -> NDArray[np.float32]:
    """Float32 [T, h / 2, w / 2], of 2x2 patches; 0 in frames whose bits are not known."""
    bits, rows, columns = unit_maps(costs, size, as_shown=rules.maps == "picture")
    return np.stack([block_scores(frame, rows, columns, patch=rules.patch) for frame in bits])


def _groups(scores: NDArray[np.float32], grid: Grid, rules: CodecRules) -> list[range]:
    if rules.grouping_mode == "fixed":
        return fixed_groups(len(scores), rules.group_size)
    return readiness_groups(
        scores,
        grid.budget,
        size=rules.group_size,
        fewest=rules.min_group_frames,
        most=rules.max_group_frames,
        bins=min(BINS, rules.images_per_group - 1),
    )


def _group(
    frames: NDArray[np.int64],
    scores: NDArray[np.float32],
    group: range,
    grid: Grid,
    reader: VideoReader | None,
    patch: int,
) -> tuple[NDArray[np.int32], NDArray[np.uint8]]:
    """Positions [n, 3] of a group, with frames of the video, and its canvases."""
    shown = frames[group.start : group.stop]
    good, made, pixels = np.ones(len(shown), np.bool_), np.empty(0, np.uint8), None
    if reader is not None:
        pixels = reader.read_clip(shown, window="frame").frames
        assert pixels is not None
        good = np.array([is_good(frame) for frame in pixels])
    places = positions(scores[group.start : group.stop], shown, good, grid)
    if pixels is not None:
        made = canvases(pixels, places, patch=patch)
    found = places.reshape(-1, 3).astype(np.int32)
    filled = found[:, 0] >= 0
    found[filled, 0] = shown[found[filled, 0]]
    return found, made
