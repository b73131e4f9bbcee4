from collections.abc import Sequence
from typing import Any, BinaryIO, NotRequired, Protocol, SupportsIndex, TypeAlias, TypedDict

import numpy as np
from numpy.typing import NDArray

from . import _testing as _testing

_Source: TypeAlias = str | bytes | bytearray | memoryview | BinaryIO
_Integers: TypeAlias = NDArray[np.int64]

class _Info(TypedDict):
    codec: str
    profile: str
    container: str
    width: int
    height: int
    num_frames: int | None
    average_fps: float
    duration_seconds: float
    time_base: tuple[int, int]
    rotation: int
    pixel_format: str
    sample_aspect_ratio: tuple[int, int]
    has_vectors: bool
    damaged: bool
    size_changes: tuple[tuple[int, int, int], ...]
    key_frames: _Integers
    reordered: bool | None

class _Vectors(TypedDict):
    offsets: _Integers
    source: NDArray[np.int32]
    w: NDArray[np.uint8]
    h: NDArray[np.uint8]
    src_x: NDArray[np.int16]
    src_y: NDArray[np.int16]
    dst_x: NDArray[np.int16]
    dst_y: NDArray[np.int16]
    flags: NDArray[np.uint64]
    motion_x: NDArray[np.int32]
    motion_y: NDArray[np.int32]
    motion_scale: NDArray[np.uint16]
    reference_distance: NDArray[np.float32]
    pts: _Integers
    seconds: NDArray[np.float64]
    key_frames: NDArray[np.bool_]

class _Costs(TypedDict):
    bits: _Integers
    frame_indices: _Integers
    valid: NDArray[np.bool_]
    header_bits: _Integers
    end_bits: _Integers
    picture_bytes: _Integers
    quantisers: NDArray[np.float32]
    seconds: NDArray[np.float64]
    unit: int
    crop: tuple[int, int, int, int]
    rotation: int
    hflip: bool
    luma_energy: NotRequired[_Integers]
    chroma_energy: NotRequired[_Integers]
    cell: NotRequired[int]

class _Field(TypedDict):
    vectors: NDArray[np.int16]
    coded: NDArray[np.bool_]
    cuts: NDArray[np.bool_]
    row_frames: _Integers
    sample_offsets: _Integers
    cell: int
    width: int
    height: int

class _Clip(TypedDict):
    frames: NDArray[np.uint8] | None
    field: _Field
    frame_indices: _Integers
    seconds: NDArray[np.float64]
    picture_types: str
    stand_in: NDArray[np.bool_]
    damaged: bool

class ReadOptions:
    def __init__(
        self,
        *,
        stream: int | None,
        rotate: bool,
        strict: bool,
        max_pixels: int,
        max_bytes: int,
        max_seconds: float | None,
        vectors_only: bool,
        num_threads: int = 1,
    ) -> None: ...

def probe(source: _Source, options: ReadOptions) -> _Info: ...
def read_motion_vectors(
    source: _Source, options: ReadOptions, libavcodec: bool, start: int, stop: int | None
) -> tuple[_Vectors, str, _Info]: ...
def read_motion_field(
    source: _Source, options: ReadOptions, cell: int | None
) -> tuple[_Field, _Info]: ...
def read_block_costs(
    source: _Source, options: ReadOptions, indices: NDArray[np.int64] | None, energy: bool
) -> tuple[_Costs, str, _Info]: ...

class Window:
    __members__: dict[str, Window]
    centred: Window
    interval: Window
    frame: Window
    @property
    def name(self) -> str: ...
    @property
    def value(self) -> int: ...
    def __int__(self) -> int: ...
    def __index__(self) -> int: ...

class FrameWalk:
    def __init__(self, source: _Source, options: ReadOptions, libavcodec: bool) -> None: ...
    def next(self) -> bool: ...
    def leave_pixels(self) -> None: ...
    def rows(self) -> NDArray[np.int32]: ...
    def picture(self) -> NDArray[np.uint8]: ...
    def picture_type(self) -> str: ...

class VideoReader:
    def __init__(
        self,
        source: _Source,
        options: ReadOptions,
        short_side: int | None,
        height: int | None,
        width: int | None,
        num_threads: int,
    ) -> None: ...
    def require_vectors(self) -> None: ...
    def read_clip(
        self, indices: NDArray[np.int64], pixels: bool, window: Window, cell: int | None
    ) -> _Clip: ...
    def num_frames(self) -> int: ...
    def frame_seconds(self) -> NDArray[np.float64]: ...
    def info(self) -> _Info: ...

__version__: str

def build_info() -> dict[str, str]: ...
def field_from_flow(
    flow: NDArray[np.float32], valid: NDArray[np.bool_] | None, cell: int | None
) -> tuple[NDArray[np.int16], int]: ...
def select_rows(
    frame_indices: NDArray[np.int64],
    num_frames: int | None,
    key_frames: NDArray[np.int64],
    window: Window,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]: ...

class ScoreSettings:
    def __init__(
        self, camera: str, weight: str | NDArray[np.int32] | None, ignore: NDArray[np.float64]
    ) -> None: ...

class MaskInput:
    @staticmethod
    def of_score(
        values: NDArray[np.int64],
        motion: NDArray[np.int64],
        valid: NDArray[np.bool_],
        cuts: NDArray[np.bool_],
        crop: Sequence[float],
        hflip: bool,
    ) -> MaskInput: ...
    @staticmethod
    def of_field(
        vectors: NDArray[np.int16],
        coded: NDArray[np.bool_],
        cuts: NDArray[np.bool_],
        sample_offsets: NDArray[np.int64],
        row_frames: NDArray[np.int64],
        cell: int,
        width: int,
        height: int,
        crop: Sequence[float],
        hflip: bool,
        settings: ScoreSettings,
        frames: NDArray[np.uint8] | None,
    ) -> MaskInput: ...
    @staticmethod
    def of_view(crop: Sequence[float], hflip: bool) -> MaskInput: ...
    def keep_score(self, grid: Sequence[int]) -> None: ...
    def set_boxes(self, boxes: NDArray[np.float64], offsets: NDArray[np.int64]) -> None: ...

def motion_score(
    field: MaskInput, grid: Sequence[int]
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.bool_], NDArray[np.bool_]]: ...
def coded_share(
    vectors: NDArray[np.int16],
    coded: NDArray[np.bool_],
    cuts: NDArray[np.bool_],
    sample_offsets: NDArray[np.int64],
    cell: int,
    grid: Sequence[int],
    crop: Sequence[float],
    hflip: bool,
) -> NDArray[np.int32]: ...
def token_texture(
    frames: NDArray[np.uint8],
    grid: Sequence[int],
    crop: Sequence[float],
    hflip: bool,
    width: int,
    height: int,
) -> NDArray[np.int32]: ...

class BoundMask:
    def make(self, given: MaskInput | None, seed: int) -> NDArray[np.bool_]: ...
    def make_many(
        self, inputs: Sequence[MaskInput | None], seeds: Sequence[int], threads: int
    ) -> NDArray[np.bool_]: ...

class MaskRule:
    @property
    def name(self) -> str: ...
    @property
    def takes(self) -> str: ...
    @property
    def scope(self) -> str: ...
    @property
    def options(self) -> tuple[tuple[str, str, Any, str], ...]: ...
    def bind(self, grid: Sequence[int], options: dict[str, Any]) -> BoundMask: ...
    def batch(self, given: dict[str, Any], options: dict[str, Any], threads: int) -> None: ...

class MaskFunction(Protocol):
    def __call__(
        self, grid: Sequence[int], given: MaskInput | None, seed: int, /, **options: Any
    ) -> NDArray[np.bool_]: ...

mask_rules: dict[str, MaskRule]
masks: dict[str, MaskFunction]

def motion_boxes(
    score: MaskInput, width: int, height: int, seed: int, **options: Any
) -> NDArray[np.float32]: ...
def slot_sources(score: MaskInput, **options: Any) -> NDArray[np.uint8]: ...
def checked_seed(seed: SupportsIndex) -> int: ...
def seed_for(
    base: SupportsIndex, epoch: SupportsIndex, index: SupportsIndex, repeat: SupportsIndex
) -> int: ...
def noise_from_score(
    values: NDArray[np.int64],
    motion: NDArray[np.int64],
    valid: NDArray[np.bool_],
    cuts: NDArray[np.bool_],
    strength: float,
    seed: SupportsIndex,
) -> NDArray[np.float32]: ...
def split_states(
    values: NDArray[np.int64],
    motion: NDArray[np.int64],
    valid: NDArray[np.bool_],
    cuts: NDArray[np.bool_],
    keep: int,
    visible: int,
    seed: SupportsIndex,
) -> NDArray[np.uint8]: ...
def batch_score(
    field: dict[str, int], request: dict[str, Any], out: dict[str, int], threads: int
) -> None: ...
def batch_texture(
    frames: dict[str, int], grid: dict[str, int], weight: int, threads: int
) -> None: ...
def batch_sources(
    score: dict[str, int], options: dict[str, Any], sources: int, threads: int
) -> None: ...
def batch_corners(
    score: dict[str, int],
    options: dict[str, Any],
    views: int,
    sizes: int,
    seeds: int,
    out: int,
    scratch: int,
    threads: int,
) -> None: ...
def batch_ids(
    mask: int, clips: int, n: int, visible: int, keep: int, restore: int, threads: int
) -> None: ...
