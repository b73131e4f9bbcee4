"""decord's `logging`: the levels of FFmpeg's messages, of which mgm_ext prints none."""

from __future__ import annotations

from typing import Final

__all__ = [
    "CRITICAL",
    "DEBUG",
    "ERROR",
    "FATAL",
    "INFO",
    "PANIC",
    "QUIET",
    "TRACE",
    "VERBOSE",
    "WARNING",
    "set_level",
]

QUIET: Final = -8
PANIC: Final = 0
FATAL: Final = 8
ERROR: Final = 16
WARNING: Final = 24
INFO: Final = 32
VERBOSE: Final = 40
DEBUG: Final = 48
TRACE: Final = 56
CRITICAL: Final = FATAL


def set_level(lvl: int = ERROR) -> None:
    """Takes any level. What a message would say is raised, or stands in `info.damaged`."""
