"""What blocks take in the stream, and what they add: `read_block_costs`."""

from __future__ import annotations

import operator
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from . import _core
from ._arrays import read_only, rebuilt, summary
from ._coded_cells import Placement, shown_cells, turned_squares
from ._collate import collate_as_list
from .decode import Indices, Source, check_indices, check_source, read_options
from .motion_vectors import VideoInfo, letters
from .views import View

__all__ = ["COST_SIGNALS", "BlockCosts", "CostSignal", "read_block_costs"]

CostSignal: TypeAlias = Literal["bits", "coefficients"]
COST_SIGNALS: Final = ("bits", "coefficients")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class BlockCosts:
    """Bits of each unit of the coded picture (macroblock, coding tree unit, 8x8), and energy.

    T frames, R x C units. Arrays are read-only. Units lie in the coded picture, before it is
    cropped and turned; `on_grid` maps them to what is shown. Of every valid frame
    `bits.sum() + header_bits + end_bits` is the size of its slices (tiles, partitions) in bits,
    without the bytes that keep start codes out of H.264 and HEVC.

    Attributes:
        bits: int64 [T, R, C], of each unit; 0 in frames that are not valid.
        frame_indices: int64 [T], display index of each frame.
        valid: bool [T]; False: the frame is lost, damaged, decoded from damage, or not of the
            first one's size.
        picture_types: one letter each [T], "I", "P", "B"; "?" of a lost frame.
        header_bits: int64 [T], before the first block of each slice or tile.
        end_bits: int64 [T], behind the last block of each slice or tile, and alignment.
        picture_bytes: int64 [T], of the packet that the frame came from, with all headers and with
            what else lies in it; -1 where the file does not tell.
        quantisers: float32 [T], mean over the blocks, on the codec's own scale; NaN without.
        seconds: float64 [T], time of each frame; NaN where unknown.
        unit: side of a unit in pixels.
        crop: (x, y, w, h) of the part of the coded picture that is shown, before it is turned.
        rotation: degrees clockwise that turn it upright: 0, 90, 180, 270; 0 with rotate=False.
        hflip: it is mirrored after turning.
        info: of the video.
        luma_energy: int64 [T, r, c], energy of what each cell's luma adds to its prediction: the
            sum of squares of the residual's samples, in squared levels of the stream's own depth,
            as its dequantised coefficients say; 0 in frames that are not valid. None unless
            signal was "coefficients".
        chroma_energy: int64 [T, r, c], of both chroma planes of the cell, likewise.
        cell: side of a cell in pixels of luma; 0 without energy.

    Raises:
        ValueError: an array has another dtype or shape.
    """

    bits: NDArray[np.int64]
    frame_indices: NDArray[np.int64]
    valid: NDArray[np.bool_]
    picture_types: NDArray[np.str_]
    header_bits: NDArray[np.int64]
    end_bits: NDArray[np.int64]
    picture_bytes: NDArray[np.int64]
    quantisers: NDArray[np.float32]
    seconds: NDArray[np.float64]
    unit: int
    crop: tuple[int, int, int, int]
    rotation: int
    hflip: bool
    info: VideoInfo
    luma_energy: NDArray[np.int64] | None = None
    chroma_energy: NDArray[np.int64] | None = None
    cell: int = 0

    def __post_init__(self) -> None:
        object.__setattr__(self, "unit", operator.index(self.unit))
        frames = len(self.frame_indices)
        self._check("bits", np.int64, (frames, "R", "C"))
        for name in ("frame_indices", "header_bits", "end_bits", "picture_bytes"):
            self._check(name, np.int64, (frames,))
        if self.luma_energy is not None or self.chroma_energy is not None:
            self._check("luma_energy", np.int64, (frames, "r", "c"))
            self._check("chroma_energy", np.int64, (frames, "r", "c"))
        self._check("valid", np.bool_, (frames,))
        self._check("quantisers", np.float32, (frames,))
        self._check("seconds", np.float64, (frames,))
        self._check("picture_types", "<U1", (frames,))
        if self.rotation not in (0, 90, 180, 270):
            raise ValueError(f"rotation must be 0, 90, 180 or 270, not {self.rotation}")
        collate_as_list(BlockCosts)

    def _check(self, name: str, dtype: Any, shape: tuple[int | str, ...]) -> None:
        array = read_only(name, getattr(self, name), dtype=dtype, shape=shape)
        object.__setattr__(self, name, array)

    def __repr__(self) -> str:
        return summary(self)

    def __reduce__(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        return rebuilt(self)

    @property
    def width(self) -> int:
        """Of the turned picture, in source pixels."""
        return self._placement.size[0]

    @property
    def height(self) -> int:
        """Of the turned picture, in source pixels."""
        return self._placement.size[1]

    def on_grid(
        self, grid: tuple[int, int], *, view: View | None = None, signal: CostSignal = "bits"
    ) -> NDArray[np.float32]:
        """Bits or energy of each cell of a grid over the shown picture, or over a view of it.

        A unit's bits are shared by the area of it that is shown; what lies beyond the picture
        altogether (a coded picture may be larger than what is shown) is left out.

        Args:
            grid: (R, C), cells of equal size.
            view: the crop and flip that the cells divide; without it, the whole turned picture.
            signal: "bits", or "coefficients": luma's and chroma's energy together.

        Returns:
            float32 [T, R, C], in bits or squared levels; 0 in frames that are not valid.

        Raises:
            ValueError: `grid` is not two positive numbers, or the signal was not read.
        """
        return shown_cells(*self._coded(signal), self._placement, grid, view)

    def weight(
        self,
        *,
        grid: tuple[int, int, int],
        view: View | None = None,
        signal: CostSignal = "bits",
    ) -> NDArray[np.int32]:
        """How much each token takes: a `weight` for the masks and for `motion_score`.

        Args:
            grid: (S, R, C) tokens; S divides the number of frames.
            view: what the trainer sees; without it, the whole picture.
            signal: of what, as in `on_grid`.

        Returns:
            int32 [S, R, C], 65536 times the logarithm of one plus the token's sum, over all valid
            frames of the slot, divided by the 99th percentile of that over the clip, at most 65536.
            0 for slots without a valid frame.

        Raises:
            ValueError: a side of the grid is under 1, or S does not divide the number of frames.
        """
        slots = operator.index(grid[0])
        if slots < 1 or len(self.bits) % slots:
            raise ValueError(f"grid's {slots} slots must divide {len(self.bits)} frames")
        cells = self.on_grid((grid[1], grid[2]), view=view, signal=signal).astype(np.float64)
        logs = np.log1p(cells.reshape(slots, -1, *cells.shape[1:]).sum(1))
        most = np.percentile(logs, 99) if logs.any() else 0
        share = np.minimum(logs / most, 1) if most > 0 else (logs > 0).astype(np.float64)
        whole: NDArray[np.int32] = np.floor(share * 65536).astype(np.int32)
        return whole

    @property
    def _placement(self) -> Placement:
        return Placement(self.crop, self.rotation, self.hflip)

    def _turned(self) -> tuple[NDArray[np.int64], NDArray[np.float64], NDArray[np.float64]]:
        """Bits of units as they are shown, and the edges of their rows and columns."""
        return turned_squares(self.bits, self.unit, self._placement)

    def _coded(self, signal: CostSignal) -> tuple[NDArray[np.int64], int]:
        """What there is of each unit or cell of the coded picture, and its side."""
        if signal not in COST_SIGNALS:
            raise ValueError(f"signal must be one of {COST_SIGNALS}, got {signal!r}")
        if signal == "bits":
            return self.bits, self.unit
        if self.luma_energy is None or self.chroma_energy is None:
            raise ValueError('read the costs with signal="coefficients" to have their energy')
        return self.luma_energy + self.chroma_energy, self.cell


def read_block_costs(
    source: Source,
    *,
    frame_indices: Indices | None = None,
    signal: CostSignal = "bits",
    rotate: bool = True,
    stream: int | None = None,
    strict: bool = False,
    max_pixels: int = 1 << 26,
    max_bytes: int = 1 << 34,
    max_seconds: float | None = None,
) -> BlockCosts:
    """Reads what blocks of a video take in the stream, or add to their prediction, without pixels.

    Args:
        source: path, bytes, or a seekable binary file object.
        frame_indices: frames in display order, negative counts from the end; None reads all. Of
            H.264 and HEVC others are passed over: damage in them is not told, but by `strict`.
        signal: "bits"; "coefficients": also the energy of what blocks add to their prediction.
        rotate: `on_grid`, `width` and `height` after the display matrix.
        stream: index of the video stream; None takes the best, as libav does.
        strict: raise on damage; otherwise `valid` and `info.damaged` tell.
        max_pixels: largest picture accepted.
        max_bytes: most memory for the values, 8 bytes a unit or cell.
        max_seconds: decode budget; None for none.

    Returns:
        BlockCosts, a row per index or per frame.

    Raises:
        FileNotFoundError, IsADirectoryError, PermissionError: as the system says.
        DecodeError: nothing can be decoded, the stream is damaged and `strict`, a limit is passed,
            or the signal is not read from the codec; `docs/signals.md` lists those that are.
        NoMotionVectors: the codec carries none.
        IndexError: a frame beyond the end.
        ValueError: a bad argument.
    """
    if signal not in COST_SIGNALS:
        raise ValueError(f"signal must be one of {COST_SIGNALS}, got {signal!r}")
    options = read_options(
        rotate=rotate,
        stream=stream,
        strict=strict,
        max_pixels=max_pixels,
        max_bytes=max_bytes,
        max_seconds=max_seconds,
    )
    indices = None if frame_indices is None else check_indices(frame_indices)
    energy = signal == "coefficients"
    columns, types, info = _core.read_block_costs(check_source(source), options, indices, energy)
    return BlockCosts(picture_types=letters(types), info=VideoInfo(**info), **columns)
