"""Scores of patches by what the codec knows, and the patches that score most."""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .block_costs import CostSignal, read_block_costs
from .decode import Indices, Source, check_indices, read_motion_field
from .score import motion_score
from .views import View

__all__ = ["SIGNALS", "Signal", "patch_scores", "top_patches"]

Signal: TypeAlias = Literal["motion", "bits", "coefficients", "fused"]
SIGNALS: Final = ("motion", "bits", "coefficients", "fused")
_PERCENTILE: Final = 99


def patch_scores(
    source: Source,
    frame_indices: Indices,
    grid: tuple[int, int],
    *,
    signal: Signal = "motion",
    camera: str = "affine",
    view: View | None = None,
    **options: Any,
) -> NDArray[np.float32]:
    """What each patch of some frames scores, without reconstructing pixels.

    Args:
        source: path, bytes, or a seekable binary file object.
        frame_indices: T frames in display order, negative counts from the end.
        grid: (h, w), patches of equal size.
        signal: "motion": mean speed in source pixels per frame, as `motion_score` has it, over the
            coded frames around each frame; "bits": what the patch takes in the stream, as
            `BlockCosts.on_grid` has it; "coefficients": the energy of what it adds to its
            prediction, luma and chroma together, likewise; "fused": the mean of motion and of the
            logarithm of one plus bits, each divided by its 99th percentile over all patches, and 1
            where it is more.
        camera: of "motion" and "fused": what is subtracted before; see `motion_score`.
        view: the crop and flip that the patches divide; without it, the whole turned picture.
        options: of both readers: rotate, stream, strict, max_pixels, max_bytes, max_seconds.

    Returns:
        float32 [T, h, w], at least 0. NaN where the signal is not known: a patch without motion of
        its own (intra blocks, frames behind a cut), a frame that is lost or damaged. A fused score
        is then the other signal's, and NaN where both are unknown.

    Raises:
        What `read_motion_field` and `read_block_costs` raise; ValueError: `signal` is not known.

    Source: the mean and the percentile are what codec-guided models do; the signals are ours.
    """
    if signal not in SIGNALS:
        raise ValueError(f"signal must be one of {SIGNALS}, got {signal!r}")
    indices = check_indices(frame_indices)
    given = (source, indices, grid, view, options)
    if signal == "bits" or signal == "coefficients":
        return _costs(*given, signal=signal)
    if signal == "motion":
        return _motion(*given, camera=camera)
    bits = _costs(*given, signal="bits")
    both = np.stack([_relative(_motion(*given, camera=camera)), _relative(np.log1p(bits))])
    known = ~np.isnan(both)
    count = known.sum(0)
    total = np.where(known, both, 0).sum(0, dtype=np.float64)
    mean = np.divide(total, count, out=np.full(total.shape, np.nan), where=count > 0)
    fused: NDArray[np.float32] = mean.astype(np.float32)
    return fused


def _motion(
    source: Source,
    indices: NDArray[np.int64],
    grid: tuple[int, int],
    view: View | None,
    options: dict[str, Any],
    *,
    camera: str,
) -> NDArray[np.float32]:
    field = read_motion_field(source, frame_indices=indices, **options)
    score = motion_score(field, grid=(len(indices), *grid), view=view, camera=camera)
    return np.where(score.valid, score.pixels_per_frame, np.float32(np.nan))


def _costs(
    source: Source,
    indices: NDArray[np.int64],
    grid: tuple[int, int],
    view: View | None,
    options: dict[str, Any],
    *,
    signal: CostSignal,
) -> NDArray[np.float32]:
    costs = read_block_costs(source, frame_indices=indices, signal=signal, **options)
    cells = costs.on_grid(grid, view=view, signal=signal)
    return np.where(costs.valid[:, None, None], cells, np.float32(np.nan))


def _relative(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """In [0, 1], of the 99th percentile of what is known."""
    known = scores[~np.isnan(scores)]
    most = np.percentile(known, _PERCENTILE) if len(known) else 0
    if most <= 0:
        return np.where(scores > 0, np.float32(1), scores)
    shares: NDArray[np.float32] = np.minimum(scores / np.float32(most), np.float32(1))
    return shares


def top_patches(
    scores: NDArray[np.floating[Any]],
    k: int,
    *,
    valid: NDArray[np.bool_] | None = None,
    anchor: int | Sequence[int] | None = None,
) -> NDArray[np.int32]:
    """The k patches that score most, over all frames together.

    Args:
        scores: [T, h, w], as `patch_scores` gives them.
        k: how many, exactly.
        valid: bool [T, h, w], patches that may be chosen; without it, all.
        anchor: frames, by their place in `scores`, all of whose patches are chosen first, whatever
            they score; negative counts from the end.

    Returns:
        int32 [k, 3], (t, h, w) of each patch, in rising order. Of equal scores the earlier patch
        is taken; those whose score is NaN are taken last.

    Raises:
        ValueError: the arrays do not fit, or there are not k patches to choose from.
    """
    array = np.asarray(scores)
    if array.ndim != 3 or array.dtype.kind not in "fiu":
        raise ValueError(f"scores must be numbers [T, h, w], not {array.dtype} {array.shape}")
    may = np.ones(array.shape, np.bool_) if valid is None else np.asarray(valid)
    if may.shape != array.shape or may.dtype != np.bool_:
        raise ValueError(f"valid must be bool {array.shape}, not {may.dtype} {may.shape}")
    first = _anchored(anchor, array.shape)
    taken, rest = np.flatnonzero(first), np.flatnonzero(may & ~first)
    count = operator.index(k)
    if not len(taken) <= count <= len(taken) + len(rest):
        raise ValueError(
            f"k must be from {len(taken)} (patches of anchor frames) to {len(taken) + len(rest)} "
            f"(with all that are valid), got {k}"
        )
    order = np.argsort(-array.reshape(-1)[rest].astype(np.float64), kind="stable")  # NaN is last
    chosen = np.sort(np.concatenate([taken, rest[order[: count - len(taken)]]]))
    places: NDArray[np.int32] = np.stack(np.unravel_index(chosen, array.shape), 1).astype(np.int32)
    return places


def _anchored(anchor: int | Sequence[int] | None, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Bool [T, h, w], the patches of anchor frames."""
    found = np.zeros(shape, np.bool_)
    if anchor is None:
        return found
    frames = [anchor] if isinstance(anchor, int | np.integer) else list(anchor)
    for frame in frames:
        if not -shape[0] <= operator.index(frame) < shape[0]:
            raise ValueError(f"anchor frames must be under {shape[0]}, got {frame}")
        found[frame] = True
    return found
