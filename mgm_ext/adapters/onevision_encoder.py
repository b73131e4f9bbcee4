"""The patches that OneVision-Encoder sees: `visible_indices`, from vectors and coefficients."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..block_costs import BlockCosts, CostSignal, read_block_costs
from ..decode import Indices, Source, check_indices, read_motion_field
from ..motion_field import MotionField
from ..score import motion_score
from ..signals import top_patches
from ..video_reader import VideoReader
from ..views import View
from .onevision_frames import uniform_frames

__all__ = ["visible_indices"]

_PERCENTILE = 95
_SIGMA = 0.35  # of the prior, in sides of the view
_STILL, _FLAT = 126 / 255, 0.38


def visible_indices(
    source: Source,
    k: int = 2048,
    *,
    num_frames: int = 64,
    frame_indices: Indices | None = None,
    grid: tuple[int, int] = (16, 16),
    signal: CostSignal = "coefficients",
    camera: str = "affine",
    center_prior: float = 0.3,
    still_frames: int = 4,
    **options: Any,
) -> NDArray[np.int64]:
    """The k patches of a clip that move and change most, as OneVision-Encoder takes them.

    Of each frame, motion and what its blocks add to their prediction are divided by their 95th
    percentile over the patches, at most 1, and averaged; key frames score 0. The patches divide the
    square in the middle of the picture.

    Args:
        source: path, bytes, or a seekable binary file object.
        k: patches, over all frames together.
        num_frames: frames, spread evenly from the first to the last.
        frame_indices: the frames instead, in display order; negative counts from the end.
        grid: (h, w), patches of a frame; (16, 16) for 224 pixels and patches of 14.
        signal: what stands for the residual: "coefficients", the logarithm of one plus their
            energy; "bits", the root of a patch's bits times the share of it that carries
            coefficients, for codecs whose coefficients are not read.
        camera: what is subtracted from motion before; see `motion_score`.
        center_prior: share by which a patch in the middle counts more than one far from it.
        still_frames: in clips where little moves or all patches score alike, so many frames are
            kept whole, as far as `k` reaches, and only the rest is chosen; 0 chooses all.
        options: of both readers: rotate, stream, strict, max_pixels, max_seconds.

    Returns:
        int64 [k], rising, (t * h + row) * w + column of each patch: the `visible_indices` of
        `model(video, visible_indices)` without the axis of the batch. Frames that are lost or
        damaged score 0; `strict=True` raises instead.

    Raises:
        What `read_motion_field` and `read_block_costs` raise; ValueError: there are not k patches.

    Source: OneVision-Encoder, `dataloader/ap_dataloader_dali_codec.py`, with its evaluation's
        settings. Where it has the residual's pixels, here are coefficients; its camera is a
        similarity.
    """
    reader = VideoReader(source, **options)
    if frame_indices is None:
        frames = uniform_frames(len(reader), num_frames)
    else:
        frames = check_indices(frame_indices)
    view = _middle(reader.info.height, reader.info.width)
    field = read_motion_field(source, frame_indices=frames, window="frame", **options)
    costs = read_block_costs(source, frame_indices=frames, signal=signal, **options)
    if signal == "coefficients":
        change = np.log1p(costs.on_grid(grid, view=view, signal=signal).astype(np.float64))
    else:
        change = _coded_bits(costs, field, grid, view)
    scores = (_relative(_motion(field, grid, view, camera)) + _relative(change)) / 2
    scores = np.minimum(scores * (1 + center_prior * _prior(grid)), 1)
    scores[np.isin(frames % len(reader), reader.key_frames)] = 0
    kept = _kept(scores, min(still_frames, k // (grid[0] * grid[1]), len(frames)))
    chosen = top_patches(scores, k, anchor=kept)
    indices: NDArray[np.int64] = np.ravel_multi_index(tuple(chosen.T), scores.shape)
    return indices.astype(np.int64)


def _middle(height: int, width: int) -> View:
    side = min(height, width)
    return View(crop=((width - side) / 2, (height - side) / 2, side, side), size=(side, side))


def _motion(
    field: MotionField, grid: tuple[int, int], view: View, camera: str
) -> NDArray[np.float64]:
    score = motion_score(field, grid=(field.num_samples, *grid), view=view, camera=camera)
    return np.where(score.valid, score.pixels_per_frame, 0).astype(np.float64)


def _coded_bits(
    costs: BlockCosts, field: MotionField, grid: tuple[int, int], view: View
) -> NDArray[np.float64]:
    """Root of bits where there are coefficients: units may be far larger than patches."""
    coded = field.coded_share(grid=(field.num_samples, *grid), view=view)
    cost: NDArray[np.float64] = np.sqrt(costs.on_grid(grid, view=view).astype(np.float64) * coded)
    return cost


def _relative(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """In [0, 1], of each frame's 95th percentile."""
    most = np.percentile(values.reshape(len(values), -1), _PERCENTILE, axis=1)
    relative: NDArray[np.float64] = np.minimum(values / np.maximum(most, 1e-6)[:, None, None], 1)
    return relative


def _prior(grid: tuple[int, int]) -> NDArray[np.float64]:
    """A bell [h, w], 1 in the middle of the view."""
    down, across = (((np.arange(side) + 0.5) / side - 0.5) / _SIGMA for side in grid)
    bell: NDArray[np.float64] = np.exp(-(down[:, None] ** 2 + across**2) / 2)
    highest = float(bell.max())
    return bell / highest


def _kept(scores: NDArray[np.float64], count: int) -> list[int] | None:
    """Frames to keep whole, evenly spread, where a clip is still or all of it scores alike."""
    high, middle = np.percentile(scores, (95, 50))
    still = high < _STILL or (high < 2 * _STILL and (high - middle) / max(high, 1e-6) < _FLAT)
    if count < 1 or not still:
        return None
    return sorted(set(np.linspace(0, len(scores) - 1, count).astype(int).tolist()))
