from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

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

def probe(source: Any, options: ReadOptions) -> dict[str, Any]: ...
def inspect(
    source: Any, options: ReadOptions, *, vectors: bool, loop_filters: bool, luma: bool
) -> dict[str, Any]: ...
def list_packets(
    source: Any, options: ReadOptions, *, read: bool
) -> dict[str, NDArray[Any]] | None: ...
def read_motion_vectors(
    source: Any, options: ReadOptions, libavcodec: bool, start: int, stop: int | None
) -> dict[str, Any]: ...
def read_motion_field(
    source: Any, options: ReadOptions, cell: int | None
) -> tuple[dict[str, Any], dict[str, Any]]: ...
def read_block_costs(
    source: Any, options: ReadOptions, indices: NDArray[np.int64] | None
) -> dict[str, Any]: ...

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
    def __init__(self, source: Any, options: ReadOptions, libavcodec: bool) -> None: ...
    def next(self) -> bool: ...
    def leave_pixels(self) -> None: ...
    def rows(self) -> NDArray[np.int32]: ...
    def picture(self) -> NDArray[np.uint8]: ...
    def picture_type(self) -> str: ...

class VideoReader:
    def __init__(
        self,
        source: Any,
        options: ReadOptions,
        short_side: int | None,
        height: int | None,
        width: int | None,
        num_threads: int,
    ) -> None: ...
    def require_vectors(self) -> None: ...
    def read_clip(
        self, indices: NDArray[np.int64], pixels: bool, window: Window, cell: int | None
    ) -> dict[str, Any]: ...
    def num_frames(self) -> int: ...
    def frame_seconds(self) -> NDArray[np.float64]: ...
    def info(self) -> dict[str, Any]: ...

__version__: str

def build_info() -> dict[str, str]: ...
def vector_codecs() -> list[str]: ...
def field_from_flow(
    flow: NDArray[np.float32], valid: NDArray[np.bool_] | None, cell: int | None
) -> tuple[NDArray[np.int16], int]: ...
def select_rows(
    frame_indices: NDArray[np.int64],
    num_frames: int | None,
    key_frames: NDArray[np.int64],
    window: Window,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]: ...
def _frame_policy(
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

class _TestBinner:
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
    grid: object,
    crop: object,
    hflip: bool,
) -> NDArray[np.int32]: ...
def token_texture(
    frames: NDArray[np.uint8], grid: object, crop: object, hflip: bool, width: int, height: int
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
def philox4x32(
    c0: int, c1: int, c2: int, c3: int, key0: int, key1: int
) -> tuple[int, int, int, int]: ...
def checked_seed(seed: object) -> int: ...
def seed_for(base: object, epoch: object, index: object, repeat: object) -> int: ...
def exp2_negative(x: int) -> int: ...
def log2_fixed(x: int) -> int: ...
def gumbel(word: int) -> int: ...
def noise_from_score(
    values: NDArray[np.int64],
    motion: NDArray[np.int64],
    valid: NDArray[np.bool_],
    cuts: NDArray[np.bool_],
    strength: float,
    seed: object,
) -> NDArray[np.float32]: ...
def split_states(
    values: NDArray[np.int64],
    motion: NDArray[np.int64],
    valid: NDArray[np.bool_],
    cuts: NDArray[np.bool_],
    keep: int,
    visible: int,
    seed: object,
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
