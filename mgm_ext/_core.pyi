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
        max_seconds: float | None,
        vectors_only: bool,
    ) -> None: ...

def probe(source: Any, options: ReadOptions) -> dict[str, Any]: ...
def read_motion_vectors(
    source: Any, options: ReadOptions, libavcodec: bool, start: int, stop: int | None
) -> dict[str, Any]: ...
def build_info() -> dict[str, str]: ...
def field_from_flow(
    flow: NDArray[np.float32], valid: NDArray[np.bool_] | None, cell: int | None
) -> tuple[NDArray[np.int16], int]: ...

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
