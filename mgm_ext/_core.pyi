from collections.abc import Sequence
from typing import Any

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
    ) -> None: ...

def probe(source: Any, options: ReadOptions) -> dict[str, Any]: ...
def inspect(
    source: Any, options: ReadOptions, *, vectors: bool, loop_filters: bool, luma: bool
) -> dict[str, Any]: ...
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
    keeps_all: bool = False,
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

def motion_score(
    vectors: NDArray[np.int16],
    coded: NDArray[np.bool_],
    cuts: NDArray[np.bool_],
    sample_offsets: NDArray[np.int64],
    cell: int,
    grid: object,
    crop: object,
    hflip: bool,
    camera: object,
    weight: object,
    ignore: NDArray[np.float64],
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
def motion_guided_mask(
    values: NDArray[np.int64],
    motion: NDArray[np.int64],
    valid: NDArray[np.bool_],
    cuts: NDArray[np.bool_],
    mask_ratio: float,
    num_masked: object,
    count: object,
    aspect: object,
    fit: object,
    peak: object,
    first: object,
    still: float,
    step: float,
    seed: object,
) -> NDArray[np.bool_]: ...
def motion_boxes(
    values: NDArray[np.int64],
    motion: NDArray[np.int64],
    valid: NDArray[np.bool_],
    cuts: NDArray[np.bool_],
    crop: object,
    hflip: bool,
    width: int,
    height: int,
    mask_ratio: float,
    aspect: object,
    peak: object,
    first: object,
    still: float,
    step: float,
    seed: object,
) -> NDArray[np.float32]: ...
def simulated_motion_mask(
    grid: object,
    mask_ratio: float,
    num_masked: object,
    count: object,
    aspect: object,
    step: float,
    seed: object,
) -> NDArray[np.bool_]: ...
def fixed_box_mask(
    grid: object,
    mask_ratio: float,
    num_masked: object,
    count: object,
    aspect: object,
    step: float,
    seed: object,
) -> NDArray[np.bool_]: ...
def jumping_box_mask(
    grid: object,
    mask_ratio: float,
    num_masked: object,
    count: object,
    aspect: object,
    step: float,
    seed: object,
) -> NDArray[np.bool_]: ...
def random_mask(
    grid: object,
    scope: object,
    groups: NDArray[np.int64] | None,
    mask_ratio: float,
    num_masked: object,
    count: object,
    seed: object,
) -> NDArray[np.bool_]: ...
def philox4x32(
    c0: int, c1: int, c2: int, c3: int, key0: int, key1: int
) -> tuple[int, int, int, int]: ...
def seed_for(base: object, epoch: object, index: object, repeat: object) -> int: ...
def exp2_negative(x: int) -> int: ...
def log2_fixed(x: int) -> int: ...
def gumbel(word: int) -> int: ...

class MaskInput:
    def __init__(self) -> None: ...
    def set_score(
        self,
        values: NDArray[np.int64],
        motion: NDArray[np.int64],
        valid: NDArray[np.bool_],
        cuts: NDArray[np.bool_],
    ) -> None: ...
    def set_field(
        self,
        vectors: NDArray[np.int16],
        coded: NDArray[np.bool_],
        cuts: NDArray[np.bool_],
        sample_offsets: NDArray[np.int64],
        row_frames: NDArray[np.int64],
        cell: int,
        width: int,
        height: int,
        camera: object,
        weight: object,
        frames: NDArray[np.uint8] | None,
        ignore: NDArray[np.float64],
    ) -> None: ...
    def set_view(self, crop: object, hflip: bool) -> None: ...
    def set_boxes(self, boxes: NDArray[np.float64], offsets: NDArray[np.int64]) -> None: ...

def make_mask(
    name: str, grid: object, options: dict[str, Any], given: MaskInput | None, seed: object
) -> NDArray[np.bool_]: ...
def batch_masks(
    name: str,
    grid: object,
    options: dict[str, Any],
    inputs: Sequence[MaskInput],
    seeds: Sequence[int],
    threads: int,
) -> NDArray[np.bool_]: ...
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
def batch_field_boxes(
    field: dict[str, int],
    request: dict[str, Any],
    box: dict[str, Any],
    seeds: int,
    mask: int,
    threads: int,
) -> None: ...
def batch_score_boxes(
    score: dict[str, int], box: dict[str, Any], seeds: int, mask: int, threads: int
) -> None: ...
def batch_corners(
    score: dict[str, int],
    box: dict[str, Any],
    views: int,
    sizes: int,
    seeds: int,
    out: int,
    scratch: int,
    threads: int,
) -> None: ...
def batch_ranks(request: dict[str, Any], seeds: int, mask: int, threads: int) -> None: ...
def batch_tracked(
    field: dict[str, int], request: dict[str, Any], seeds: int, mask: int, threads: int
) -> None: ...
def batch_ids(
    mask: int, clips: int, n: int, visible: int, keep: int, restore: int, threads: int
) -> None: ...
