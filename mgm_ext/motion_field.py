"""Dense motion of a clip: what the masks consume."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _core
from ._arrays import read_only, rebuilt, summary
from ._collate import collate_as_list
from .motion_vectors import VideoInfo
from .views import View, crop_and_flip

__all__ = ["CELLS", "INVALID", "WINDOWS", "Cell", "Clip", "MotionField", "Window", "cell_size"]

Cell: TypeAlias = Literal["auto", 8, 16, 32]
Window: TypeAlias = Literal["centred", "interval", "frame"]
CELLS: Final = (8, 16, 32)
WINDOWS: Final = ("centred", "interval", "frame")
INVALID: Final = -32768
"""dx of a cell without motion."""


def cell_size(cell: Cell) -> int | None:
    """A reader's `cell` argument, checked; None for "auto"."""
    if cell == "auto":
        return None
    if cell not in CELLS:
        raise ValueError(f"cell must be 'auto' or one of {CELLS}, not {cell!r}")
    return cell


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MotionField:
    """Velocity of the picture's content, one cell a square of `cell` source pixels.

    M coded frames, T sampled frames, R x C cells. Arrays are read-only.

    Attributes:
        vectors: int16 [M, R, C, 2], (dx, dy) in 1/64 source pixel per frame, the direction in
            which content moves; dx = -32768 (then dy = 0) marks a cell without motion.
        coded: bool [M, R, C], at least half of the cell carries coefficients or is intra.
        cuts: bool [M], the row is a scene cut; all its cells are invalid.
        row_frames: int64 [M], display index of each row's frame.
        sample_offsets: int64 [T + 1], rows [o[i], o[i + 1]) belong to sampled frame i, in display
            order.
        cell: 8, 16 or 32.
        width: of the turned picture, in source pixels.
        height: of the turned picture, in source pixels.
        window: which coded frames belong to a sampled one: "centred", "interval", "frame", or
            "given" where sample_offsets came from the caller.
        damaged: part of what was decoded for the field is damaged; rows that could not be decoded
            are invalid, and what was predicted from damage may be wrong. From an open
            `VideoReader`: of what it decoded so far. From a store: of the whole file.

    Raises:
        ValueError: an array has another dtype or shape, or sample_offsets do not rise from 0 to M.
    """

    vectors: NDArray[np.int16]
    coded: NDArray[np.bool_]
    cuts: NDArray[np.bool_]
    row_frames: NDArray[np.int64]
    sample_offsets: NDArray[np.int64]
    cell: int
    width: int
    height: int
    window: str = "frame"
    damaged: bool = False

    def __post_init__(self) -> None:
        for name in ("cell", "width", "height"):
            object.__setattr__(self, name, operator.index(getattr(self, name)))
        object.__setattr__(self, "damaged", bool(self.damaged))
        if self.cell not in CELLS:
            raise ValueError(f"cell must be one of {CELLS}, not {self.cell}")
        if self.width < 1 or self.height < 1:
            raise ValueError(f"width and height must be at least 1, not {self.width}x{self.height}")
        if self.window not in (*WINDOWS, "given"):
            raise ValueError(f"window must be 'given' or one of {WINDOWS}, not {self.window!r}")
        high, wide = -(-self.height // self.cell), -(-self.width // self.cell)
        self._check("vectors", np.int16, ("M", high, wide, 2))
        rows = len(self.vectors)
        self._check("coded", np.bool_, (rows, high, wide))
        self._check("cuts", np.bool_, (rows,))
        self._check("row_frames", np.int64, (rows,))
        self._check("sample_offsets", np.int64, ("T + 1",))
        offsets = self.sample_offsets
        ends = offsets[[0, -1]].tolist() if len(offsets) else None
        if ends != [0, rows] or (np.diff(offsets) < 0).any():
            raise ValueError(f"sample_offsets must rise from 0 to {rows}, not {offsets.tolist()}")
        collate_as_list(MotionField)

    def _check(self, name: str, dtype: Any, shape: tuple[int | str, ...]) -> None:
        array = read_only(name, getattr(self, name), dtype=dtype, shape=shape)
        object.__setattr__(self, name, array)

    def __repr__(self) -> str:
        return summary(self)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return rebuilt(self)

    @classmethod
    def from_flow(
        cls,
        flow: NDArray[np.float32],
        *,
        valid: NDArray[np.bool_] | None = None,
        sample_offsets: NDArray[np.int64] | None = None,
        cell: Cell = "auto",
    ) -> MotionField:
        """Motion from anywhere else: RAFT, CoTracker, Farneback.

        Args:
            flow: float32 [M, H, W, 2], where the content of each source pixel moves, (dx, dy) in
                pixels per frame. Pixels that are not finite are invalid.
            valid: bool [M, H, W], pixels that count; without it, all.
            sample_offsets: int64 [T + 1], rows of each sampled frame; without it, one row each.
            cell: 8, 16, 32, or "auto": the smallest with at most 4096 cells, else 32.

        Returns:
            A field whose cells are the means of their valid pixels (rounded to 2^-16 pixel, clamped
            to +-32767/64), coded everywhere, without cuts. A cell is valid if at least half of its
            pixels are; `row_frames` counts from 0.

        Raises:
            ValueError: an array has another dtype or shape, or `cell` is not allowed.
        """
        flow = read_only("flow", flow, dtype=np.float32, shape=("M", "H", "W", 2))
        rows, height, width = flow.shape[:3]
        if valid is not None:
            valid = read_only("valid", valid, dtype=np.bool_, shape=(rows, height, width))
        vectors, size = _core.field_from_flow(flow, valid, cell_size(cell))
        return cls(
            vectors=vectors,
            coded=np.ones(vectors.shape[:3], np.bool_),
            cuts=np.zeros(rows, np.bool_),
            row_frames=np.arange(rows),
            sample_offsets=np.arange(rows + 1) if sample_offsets is None else sample_offsets,
            cell=size,
            width=width,
            height=height,
            window="frame" if sample_offsets is None else "given",
        )

    @property
    def num_samples(self) -> int:
        """T, the number of sampled frames."""
        return len(self.sample_offsets) - 1

    @property
    def valid(self) -> NDArray[np.bool_]:
        """Which cells have motion, bool [M, R, C]."""
        result: NDArray[np.bool_] = self.vectors[..., 0] != INVALID
        return result

    @property
    def velocity(self) -> NDArray[np.float32]:
        """float32 [M, R, C, 2], (dx, dy) in source pixels per frame; NaN without motion."""
        result: NDArray[np.float32] = np.divide(self.vectors, 64, dtype=np.float32)
        result[~self.valid] = np.nan
        return result

    def coded_share(
        self, *, grid: tuple[int, int, int], view: View | None = None
    ) -> NDArray[np.int32]:
        """Share of each token's area that carries coefficients or is intra.

        Args:
            grid: (S, R, C) tokens; S divides the number of sampled frames.
            view: what the trainer sees; without it, the whole picture.

        Returns:
            int32 [S, R, C], the share times 65536, rounded down, over all rows of the slot: a
            `weight`. 0 for tokens outside the picture and for slots without rows.

        Raises:
            ValueError: a side of the grid is under 1, or S does not divide the number of sampled
                frames.
        """
        crop, hflip = crop_and_flip(view, self.width, self.height)
        return _core.coded_share(
            self.vectors,
            self.coded,
            self.cuts,
            self.sample_offsets,
            self.cell,
            grid,
            crop,
            hflip,
        )


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Clip:
    """Sampled frames of a video with the motion around them, from one decode.

    Attributes:
        frames: uint8 [T, H, W, 3] RGB, or None when the pixels were not asked for.
        field: motion of the T sampled frames, in source pixels whatever H and W are.
        frame_indices: int64 [T], display indices as the caller gave them.
        seconds: float64 [T], time of each frame; NaN where the file does not say.
        picture_types: str U1 [T], "I", "P" or "B".
        info: the file's VideoInfo.
        stand_in: bool [T], frames that are lost or damaged: their pixels are those of the nearest
            whole frame. Given without it, none is.

    Raises:
        ValueError: an array has another dtype or shape, or the field has another number of sampled
            frames.
    """

    frames: NDArray[np.uint8] | None
    field: MotionField
    frame_indices: NDArray[np.int64]
    seconds: NDArray[np.float64]
    picture_types: NDArray[np.str_]
    info: VideoInfo
    stand_in: NDArray[np.bool_] = None  # type: ignore[assignment]

    def __post_init__(self) -> None:
        indices = read_only("frame_indices", self.frame_indices, dtype=np.int64, shape=("T",))
        count = len(indices)
        seconds = read_only("seconds", self.seconds, dtype=np.float64, shape=(count,))
        object.__setattr__(self, "frame_indices", indices)
        object.__setattr__(self, "seconds", seconds)
        if self.frames is not None:
            frames = read_only("frames", self.frames, dtype=np.uint8, shape=(count, "H", "W", 3))
            object.__setattr__(self, "frames", frames)
        types = read_only("picture_types", self.picture_types, dtype="<U1", shape=(count,))
        object.__setattr__(self, "picture_types", types)
        stand_in = np.zeros(count, np.bool_) if self.stand_in is None else self.stand_in
        stand_in = read_only("stand_in", stand_in, dtype=np.bool_, shape=(count,))
        object.__setattr__(self, "stand_in", stand_in)
        if self.field.num_samples != count:
            raise ValueError(f"field must have {count} samples, not {self.field.num_samples}")
        collate_as_list(Clip)

    def __repr__(self) -> str:
        return summary(self)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return rebuilt(self)
