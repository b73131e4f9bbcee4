"""The CUDA kernels of mgm_ext: addresses in device memory, and a stream; nothing waits."""

from typing import Any

def batch_score(
    field: dict[str, int], request: dict[str, Any], out: dict[str, int], stream: int
) -> None: ...
def batch_texture(
    frames: dict[str, int], grid: dict[str, int], weight: int, stream: int
) -> None: ...
def batch_sources(
    score: dict[str, int], options: dict[str, Any], sources: int, stream: int
) -> None: ...
def batch_corners(
    score: dict[str, int],
    options: dict[str, Any],
    views: int,
    sizes: int,
    seeds: int,
    out: int,
    scratch: int,
    stream: int,
) -> None: ...

class MaskRule:
    def batch(self, given: dict[str, Any], options: dict[str, Any], stream: int) -> None: ...

mask_rules: dict[str, MaskRule]

def batch_ids(
    mask: int, clips: int, n: int, visible: int, keep: int, restore: int, stream: int
) -> None: ...
