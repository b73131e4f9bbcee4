from collections.abc import Sequence
from typing import TypedDict

import numpy as np
from numpy.typing import NDArray

from . import ReadOptions, _Source

class _Inspection(TypedDict):
    frames: int
    luma: NDArray[np.uint8] | NDArray[np.uint16]
    chroma: NDArray[np.uint8] | NDArray[np.uint16]
    offsets: NDArray[np.int64]
    serial: NDArray[np.int64]
    x: NDArray[np.int16]
    y: NDArray[np.int16]
    w: NDArray[np.uint8]
    h: NDArray[np.uint8]
    flags: NDArray[np.uint8]
    motion_x: NDArray[np.int32]
    motion_y: NDArray[np.int32]
    motion_scale: NDArray[np.uint16]
    reference: NDArray[np.int64]
    distance: NDArray[np.float32]

class _Packets(TypedDict):
    pts: NDArray[np.int64]
    pos: NDArray[np.int64]
    size: NDArray[np.int64]
    key: NDArray[np.uint8]
    shown: NDArray[np.uint8]

def inspect(
    source: _Source, options: ReadOptions, *, vectors: bool, loop_filters: bool, luma: bool
) -> _Inspection: ...
def list_packets(source: _Source, options: ReadOptions, *, read: bool) -> _Packets | None: ...
def vector_codecs() -> list[str]: ...
def frame_policy(
    frame: int | None,
    pixels_due: int,
    wants: Sequence[tuple[int, bool]],
    *,
    pixels_only: bool = False,
    hides_pictures: bool = False,
    interlaced: bool = False,
    goes_on: bool = False,
    has_stand_in: bool = False,
    leaves_unread: bool = True,
    keeps: bool = False,
    lends_motion: bool = False,
) -> tuple[str, bool]: ...

class Binner:
    def __init__(
        self, crop: tuple[int, int, int, int], rotation: int, hflip: bool, cell: int | None
    ) -> None: ...
    def write_row(
        self,
        blocks: NDArray[np.int32],
        distances: NDArray[np.float32],
        motion_scale: int,
        picture_type: str,
    ) -> tuple[NDArray[np.int16], NDArray[np.uint8], bool]: ...
    @property
    def size(self) -> tuple[int, int, int]: ...

def philox4x32(
    c0: int, c1: int, c2: int, c3: int, key0: int, key1: int
) -> tuple[int, int, int, int]: ...
def exp2_negative(x: int) -> int: ...
def log2_fixed(x: int) -> int: ...
def gumbel(word: int) -> int: ...
