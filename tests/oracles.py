"""Independent answers to what `read_motion_vectors` must give, the same for every codec."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any, Literal

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import PictureType
from numpy.typing import NDArray

import mgm_ext
from mgm_ext import MotionVectors, _core
from mgm_ext.decode import read_options
from mgm_ext.motion_vectors import letters

# libavcodec's fields of a block, in its order.
EXPORTED = [
    "source",
    "w",
    "h",
    "src_x",
    "src_y",
    "dst_x",
    "dst_y",
    "flags",
    "motion_x",
    "motion_y",
    "motion_scale",
]
ROW_FIELDS = [*EXPORTED, "reference_distance"]
# Directions, and 1 to 12 pixels per frame.
MOTIONS = [(1, 0), (2, 2), (0, 4), (-5, 5), (-7, 0), (-8, -8), (0, -10), (12, -12)]
# Of PyAV's picture types, those that libav tells apart and we do not.
PICTURE_TYPES = {"SI": "I", "SP": "P", "BI": "B"}


def read(
    path: Path | bytes,
    *,
    vectors_only: bool = True,
    blocks: Literal["coded", "libavcodec"] = "coded",
    **limits: Any,
) -> MotionVectors:
    """`read_motion_vectors`, with pixels too when not `vectors_only`."""
    if vectors_only:
        return mgm_ext.read_motion_vectors(path, blocks=blocks, **limits)
    options = read_options(vectors_only=False, **limits)
    source = path if isinstance(path, bytes) else str(path)
    columns, types, values = _core.read_motion_vectors(
        source, options, blocks == "libavcodec", 0, None
    )
    info = mgm_ext.VideoInfo(**values)
    return MotionVectors(info=info, picture_types=letters(types), **columns)


def assert_same(one: MotionVectors, other: MotionVectors) -> None:
    """Every field of every row and frame is equal; unknown equals unknown."""
    for name in [f.name for f in fields(MotionVectors) if f.name != "info"]:
        a, b = getattr(one, name), getattr(other, name)
        np.testing.assert_array_equal(a, b, err_msg=name)
    assert one.info.damaged == other.info.damaged


def assert_seam_changes_nothing(path: Path | bytes) -> MotionVectors:
    """Vectors-only decode and full decode give the same."""
    vectors = read(path)
    assert_same(vectors, read(path, vectors_only=False))
    return vectors


def in_one_thread(
    container: InputContainer, *, export: bool = False, **options: str
) -> av.VideoStream:
    """The video, set to be decoded with one thread, in which alone libavcodec's export is whole.

    Args:
        container: PyAV's.
        export: frames bring the public export of motion vectors.
        options: of the decoder.
    """
    stream = container.streams.best("video")
    if not isinstance(stream, av.VideoStream) or stream.codec_context is None:
        raise ValueError("no video stream that PyAV decodes")
    context = stream.codec_context
    context.thread_count = 1
    context.thread_type = "NONE"
    context.options = {**({"flags2": "+export_mvs"} if export else {}), **options}
    return stream


def pyav_frames(path: Path, *, export: bool = False, **options: str) -> Iterator[av.VideoFrame]:
    """PyAV's frames; see `in_one_thread`."""
    with av.open(str(path), metadata_errors="ignore") as container:
        yield from container.decode(in_one_thread(container, export=export, **options))


def exported_rows(frame: av.VideoFrame) -> NDArray[np.void] | None:
    """PyAV's rows of one frame, structured, with libav's field names; None where it has none."""
    data = frame.side_data.get("MOTION_VECTORS")
    return None if data is None else data.to_ndarray()


def assert_rows(vectors: MotionVectors, rows: Sequence[NDArray[np.void] | None]) -> None:
    """Every field of every row, of blocks="libavcodec", is that of the export."""
    empty = np.zeros(0, [(name, np.int32) for name in EXPORTED])
    theirs = [empty if found is None else found for found in rows]
    assert np.diff(vectors.offsets).tolist() == [len(found) for found in theirs]
    for name in EXPORTED:
        expected = np.concatenate([found[name] for found in theirs])
        np.testing.assert_array_equal(getattr(vectors, name), expected, err_msg=name)


def assert_equals_export(path: Path) -> MotionVectors:
    """Every field of every blocks="libavcodec" row equals PyAV's export."""
    vectors = read(path, blocks="libavcodec")
    assert_rows(vectors, [exported_rows(frame) for frame in pyav_frames(path, export=True)])
    return vectors


def assert_frames_as_shown(path: Path) -> MotionVectors:
    """As many frames as PyAV shows, in its order: picture types, time stamps and key frames."""
    vectors = read(path)
    frames = list(pyav_frames(path))
    assert len(vectors) == len(frames)
    names = [PictureType(f.pict_type).name for f in frames]
    types = [PICTURE_TYPES.get(name, name) for name in names]
    assert vectors.picture_types.astype(str).tolist() == types
    assert vectors.key_frames.tolist() == [f.key_frame for f in frames]
    if path.suffix == ".avi":  # has no times of display: libav's are late by the reorder delay
        _assert_times_but_for_a_delay(vectors, frames)
        return vectors
    unknown = np.iinfo(np.int64).min
    assert vectors.pts.tolist() == [unknown if f.pts is None else f.pts for f in frames]
    np.testing.assert_allclose(
        vectors.seconds, [np.nan if f.time is None else f.time for f in frames], atol=1e-9
    )
    return vectors


def _assert_times_but_for_a_delay(vectors: MotionVectors, frames: list[av.VideoFrame]) -> None:
    shown = [(i, frame.pts) for i, frame in enumerate(frames) if frame.pts is not None]
    known = [i for i, _ in shown]
    late = {pts - int(vectors.pts[i]) for i, pts in shown}
    assert len(late) == 1
    (delay,) = late
    assert 0 <= delay <= 2
    tick = float(frames[0].time_base or 0)
    times = [frames[i].time - delay * tick for i in known]
    np.testing.assert_allclose(vectors.seconds[known], times, atol=1e-9)


def velocities(vectors: MotionVectors) -> NDArray[np.float64]:
    """float64 [N, 2], pixels per frame, the direction in which content moves; NaN if unknown."""
    distance = np.where(vectors.reference_distance == 0, np.nan, vectors.reference_distance)
    motion = np.stack([vectors.motion_x, vectors.motion_y], axis=1).astype(float)
    return motion / (vectors.motion_scale * distance)[:, None]


def true_motion_share(
    vectors: MotionVectors,
    motion: tuple[float, float],
    *,
    margin: int = 32,
    skip_frames: int = 0,
    tolerance: float = 0.25,
) -> float:
    """Share of inner 4x4 cells in P and B frames all of whose vectors tell the true motion.

    A vector does when it is off by at most `tolerance` pixels over its distance, on both axes. A
    cell without any vector counts as wrong. `margin` pixels at each border, where content enters,
    and the first `skip_frames` frames are left out.
    """
    size = (vectors.info.height, vectors.info.width)
    inner = (
        slice(margin // 4, (size[0] - margin) // 4),
        slice(margin // 4, (size[1] - margin) // 4),
    )
    error = np.abs(velocities(vectors) - np.array(motion)).max(axis=1)
    good = error * np.abs(vectors.reference_distance) <= tolerance + 1e-6
    right = total = 0
    for i in range(skip_frames, len(vectors)):
        if vectors.picture_types[i] == "I":
            continue
        cells = _agreed_cells(vectors, good, vectors.frame(i), size)[inner]
        right += int(cells.sum())
        total += cells.size
    assert total > 0
    return right / total


def _agreed_cells(
    vectors: MotionVectors, good: NDArray[np.bool_], rows: slice, size: tuple[int, int]
) -> NDArray[np.bool_]:
    """bool [ceil(H / 4), ceil(W / 4)]: covered, and by good vectors alone."""
    covered = np.zeros((-(-size[0] // 16) * 4 + 8, -(-size[1] // 16) * 4), dtype=bool)
    spoilt = np.zeros_like(covered)
    for x, y, w, h, ok in zip(
        vectors.dst_x[rows].tolist(),
        vectors.dst_y[rows].tolist(),
        vectors.w[rows].tolist(),
        vectors.h[rows].tolist(),
        good[rows].tolist(),
        strict=True,
    ):
        x0, y0 = (x - w // 2) // 4, (y - h // 2) // 4
        area = (slice(y0, y0 + max(h // 4, 1)), slice(x0, x0 + max(w // 4, 1)))
        covered[area] = True
        if not ok:
            spoilt[area] = True
    agreed: NDArray[np.bool_] = covered & ~spoilt
    return agreed


def assert_stable(path: Path, *, times: int = 20) -> None:
    """The same vectors on every run."""
    first: Any = read(path)
    for _ in range(times - 1):
        assert_same(read(path), first)


def assert_known_motion(
    vectors: MotionVectors,
    motion: tuple[float, float],
    *,
    size: tuple[int, int],
    margin: int = 32,
) -> None:
    """A clip that scrolls by `motion` = (dx, dy) pixels per frame comes back so.

    At least 90% of the inner inter area has that velocity to 1/4 pixel over the distance (an
    unknown distance is wrong; a distance of 0 does not count), and the area's median is it.

    Args:
        vectors: of the clip.
        motion: of its content.
        size: (H, W) of its pictures.
        margin: pixels at each side that do not count: what enters the picture has no source.
    """
    distance = vectors.reference_distance.astype(np.float64)
    area = _area_inside(vectors, size, margin) * (distance != 0)
    kept = area > 0
    area, distance = area[kept], distance[kept]
    vector = np.stack([vectors.motion_x, vectors.motion_y], axis=-1)[kept]
    velocity = vector / vectors.motion_scale[kept, None] / distance[:, None]
    wrong = np.abs(velocity - motion) > 0.25 / np.abs(distance)[:, None] + 1e-9
    right = ~(wrong | np.isnan(velocity)).any(axis=1)
    assert tuple(_weighted_median(values, area) for values in velocity.T) == motion
    share = area[right].sum() / area.sum()
    print(f"{motion}: {share:.1%} of the inner area")
    assert share >= 0.9


def _area_inside(vectors: MotionVectors, size: tuple[int, int], margin: int) -> NDArray[np.int64]:
    """Pixels of each block in the picture of `size` = (H, W) less a margin on each side."""
    area = np.ones(len(vectors.w), np.int64)
    for centre, extent, limit in (
        (vectors.dst_x, vectors.w, size[1]),
        (vectors.dst_y, vectors.h, size[0]),
    ):
        begin = centre.astype(np.int64) - extent // 2
        end = np.minimum(begin + extent, limit - margin)
        area *= np.maximum(end - np.maximum(begin, margin), 0)
    return area


def _weighted_median(values: NDArray[np.float64], weights: NDArray[np.int64]) -> float:
    order = np.argsort(values)
    total = np.cumsum(weights[order])
    return float(values[order][np.searchsorted(total, total[-1] / 2)])


def coverage(vectors: MotionVectors, size: tuple[int, int]) -> NDArray[np.uint8]:
    """How many vectors each 4x4 of each frame has: uint8 [M, H / 4, W / 4] with (H, W) = size."""
    counts = np.zeros((len(vectors), size[0] // 4, size[1] // 4), np.uint8)
    for i, frame in enumerate(counts):
        rows = vectors.frame(i)
        boxes = (vectors.dst_x[rows], vectors.dst_y[rows], vectors.w[rows], vectors.h[rows])
        for x, y, w, h in np.stack(boxes, axis=-1).astype(int) if rows.stop > rows.start else ():
            top, left = max(y - h // 2, 0), max(x - w // 2, 0)
            frame[top // 4 : (y + h // 2) // 4, left // 4 : (x + w // 2) // 4] += 1
    return counts
