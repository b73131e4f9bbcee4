"""One clip of a survey: what its header says and, if asked for, how it moves."""

from __future__ import annotations

import dataclasses
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .._core import __version__
from ..decode import probe
from ..errors import MgmError
from ..motion_field import INVALID, MotionField
from ..score import motion_score
from ..video_reader import VideoReader
from .clips import SourceClip
from .jobs import error_text, fields_of

__all__ = ["SURVEY_SCHEMA", "error_row", "survey_clip"]

SURVEY_SCHEMA: Final = pa.schema(
    [
        pa.field("key", pa.string(), nullable=False),
        pa.field("bytes", pa.int64(), nullable=False),
        pa.field("container", pa.string()),
        pa.field("codec", pa.string()),
        pa.field("width", pa.int32()),
        pa.field("height", pa.int32()),
        pa.field("fps", pa.float64()),
        pa.field("frames", pa.int64()),
        pa.field("seconds", pa.float64()),
        pa.field("key_frame_median", pa.float64()),
        pa.field("key_frame_longest", pa.int64()),
        pa.field("has_vectors", pa.bool_()),
        pa.field("b_frames", pa.bool_()),
        # From here on only with --full.
        pa.field("inter_share", pa.float64()),
        pa.field("intra_share", pa.float64()),
        pa.field("still_share", pa.float64()),
        pa.field("cuts", pa.int64()),
        pa.field("median_speed", pa.float64()),
        pa.field("p95_speed", pa.float64()),
        pa.field("camera_share", pa.float64()),
        pa.field("mask_source", pa.string()),
        pa.field("damaged", pa.bool_()),
        # Of every row.
        pa.field("error_class", pa.string()),
        pa.field("error", pa.string()),
        pa.field("version", pa.string(), nullable=False),
    ]
)
"""Shares are of cells of 16 source pixels; speeds in source pixels per frame."""

_STILL: Final = 1  # in 1/64 pixel: 0.02 source pixel per frame, as in motion_guided_mask
_FIRST: Final = 64  # frames looked at for B-frames
_CAMERA_ROWS: Final = 16  # every so many frames the camera is looked for
_FASTEST: Final = 1 << 16  # in 1/64 pixel: the end of the histogram of speeds
_SPEED_ROWS: Final = 4  # the histogram takes every so many frames


def error_row(clip: SourceClip, error_class: str, text: str) -> dict[str, Any]:
    """The row of a clip that cannot be read."""
    return {
        "key": clip.key,
        "bytes": clip.size,
        "mask_source": "fallback",
        "error_class": error_class,
        "error": text,
        "version": __version__,
    }


def survey_clip(clip: SourceClip, *, full: bool) -> dict[str, Any]:
    """A row of SURVEY_SCHEMA; what cannot be read is a row, too."""
    row = {"key": clip.key, "bytes": clip.size, "version": __version__}
    try:
        _describe(clip.source, full, row)
    except (MgmError, OSError, ValueError, MemoryError) as error:
        row |= error_row(clip, *error_text(error))
    return row


def _describe(source: str | bytes, full: bool, row: dict[str, Any]) -> None:
    header = probe(source)
    row |= {
        "container": header.container,
        "codec": header.codec,
        "width": header.width,
        "height": header.height,
        "fps": header.average_fps,
        "frames": header.num_frames,
        "seconds": header.duration_seconds,
        "has_vectors": header.has_vectors,
    }
    if not header.has_vectors:
        row["mask_source"] = "fallback"
        return
    # Elsewhere than in mp4 and mov only a pass over the file tells where the key frames are.
    if full or header.container.startswith("mov,"):
        reader = VideoReader(source)
        row |= _key_frames(reader, counted=full)
        if full:
            row |= _motion(source, reader) | {"b_frames": _b_frames(reader)}


def _key_frames(reader: VideoReader, *, counted: bool) -> dict[str, Any]:
    info = reader.info
    frames = len(reader) if counted else info.num_frames
    if not len(info.key_frames) or frames is None:
        return {"frames": frames, "b_frames": info.reordered}
    gaps = np.diff(info.key_frames, append=frames)
    return {
        "frames": frames,
        "b_frames": info.reordered,
        "key_frame_median": float(np.median(gaps)),
        "key_frame_longest": int(gaps.max()),
    }


def _motion(source: str | bytes, reader: VideoReader) -> dict[str, Any]:
    cells, valid, still, cuts, damaged = 0, 0, 0, 0, False
    speeds = np.zeros(_FASTEST, np.int64)
    motion = np.zeros(2)
    for field in fields_of(source, reader, 16):
        cells += field.coded.size
        valid += int(np.count_nonzero(field.vectors[..., 0] != INVALID))
        still += _still_cells(field.vectors)
        cuts += int(field.cuts.sum())
        damaged = damaged or field.damaged
        speeds += _speeds(field.vectors[::_SPEED_ROWS])
        motion += _motion_and_rest(field)
    median, fast = _percentiles(speeds, (0.5, 0.95))
    # As in the adapters: where no cell has a vector, nothing says whether anything moves.
    moved = "guided" if valid > still else "simulated" if valid else "fallback"
    return {
        "inter_share": valid / cells,
        "intra_share": 1 - valid / cells,
        "still_share": still / cells,
        "cuts": cuts,
        "median_speed": median,
        "p95_speed": fast,
        "camera_share": max(0.0, 1 - motion[1] / motion[0]) if motion[0] > 0 else None,
        "mask_source": "damaged" if damaged else moved,
        "damaged": damaged,
    }


def _b_frames(reader: VideoReader) -> bool:
    """Whether there are B-frames: the container tells by its order, else the first frames do."""
    reordered = reader.info.reordered
    if reordered is not None:
        return reordered
    first = range(min(_FIRST, len(reader)))
    return bool((reader.read_clip(first, pixels=False, window="frame").picture_types == "B").any())


def _still_cells(vectors: NDArray[np.int16]) -> int:
    """Cells slower than 0.02 pixel per frame: by one step along one axis at most."""
    # Unsigned, for the 16 bits of a cell without motion have no absolute value.
    steps = np.abs(vectors[..., 0]).view(np.uint16) | np.abs(vectors[..., 1]).view(np.uint16)
    both = vectors[..., 0] & vectors[..., 1] & 1
    return int(np.count_nonzero((steps <= _STILL) & (both == 0)))


def _speeds(vectors: NDArray[np.int16]) -> NDArray[np.int64]:
    """How many cells with motion have which speed, in 1/64 pixel, rounded."""
    plain = vectors[vectors[..., 0] != INVALID].astype(np.float32)
    speeds = np.sqrt(np.einsum("ij,ij->i", plain, plain)) + np.float32(0.5)
    return np.bincount(speeds.astype(np.uint16), minlength=_FASTEST)


def _percentiles(
    histogram: NDArray[np.int64], shares: tuple[float, ...]
) -> list[float] | list[None]:
    """In pixels per frame; None where nothing moves or stands, as in intra pictures."""
    below = np.cumsum(histogram)
    if below[-1] == 0:
        return [None] * len(shares)
    return [float(np.searchsorted(below, share * below[-1])) / 64 for share in shares]


def _motion_and_rest(field: MotionField) -> NDArray[np.float64]:
    """Sums of motion: all of it, and what is left once the camera's is taken out."""
    chosen = slice(None, None, _CAMERA_ROWS)
    count = len(field.cuts[chosen])
    fewer = dataclasses.replace(
        field,
        vectors=field.vectors[chosen],
        coded=field.coded[chosen],
        cuts=field.cuts[chosen],
        row_frames=field.row_frames[chosen],
        sample_offsets=np.arange(count + 1),
    )
    grid = (count, *field.vectors.shape[1:3])
    every = motion_score(fewer, grid=grid, camera="none").motion.sum()
    rest = motion_score(fewer, grid=grid, camera="affine").motion.sum()
    return np.array([every, rest], np.float64)
