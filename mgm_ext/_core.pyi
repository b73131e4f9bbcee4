from typing import Any

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
