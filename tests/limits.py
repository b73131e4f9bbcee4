"""What a call costs at most, taken in a child process that may not take more."""

from __future__ import annotations

import re
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import mgm_ext
from tests.children import in_child

READS: dict[str, Callable[..., Any]] = {
    "probe": mgm_ext.probe,
    "vectors": mgm_ext.read_motion_vectors,
    "libavcodec's vectors": lambda source, **options: mgm_ext.read_motion_vectors(
        source, blocks="libavcodec", **options
    ),
    "field": mgm_ext.read_motion_field,
    "field of frames": lambda source, **options: mgm_ext.read_motion_field(
        source, frame_indices=[0, 1], **options
    ),
    "clip": lambda source, **options: mgm_ext.VideoReader(source, **options).read_clip([0, 1]),
}


@dataclass(frozen=True)
class Cost:
    """What became of a call; `error` is "" when it returned.

    Attributes:
        megabytes: most memory that it added to the process.
        seconds: of the processor.
    """

    error: str
    megabytes: float
    seconds: float


def cost_of(call: Callable[[], object], *, max_bytes: int = 1 << 30, max_seconds: int = 20) -> Cost:
    """Runs `call` in a child; EOFError where it crashes or passes `max_seconds` of the processor.

    Address space is bounded by what the child has and `max_bytes` more.
    """

    def measure() -> Cost:
        Path("/proc/self/clear_refs").write_text("5")  # the peak begins here
        before = _status("VmRSS")
        space = 1024 * _status("VmSize") + max_bytes
        resource.setrlimit(resource.RLIMIT_AS, (space, space))
        used = time.process_time()
        resource.setrlimit(resource.RLIMIT_CPU, (max_seconds, max_seconds))
        try:
            call()
            error = ""
        except Exception as exception:
            error = f"{type(exception).__name__}: {exception}"
        seconds = time.process_time() - used
        return Cost(error, (_status("VmHWM") - before) / 1024, seconds)

    return in_child(measure)


def _status(name: str) -> int:
    """KiB, as the system counts them."""
    match = re.search(rf"{name}:\s+(\d+)", Path("/proc/self/status").read_text())
    assert match is not None
    return int(match[1])
