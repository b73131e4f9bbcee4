"""Bitstreams of MPEG-1/2/4, H.264 and HEVC as the units that their start codes begin."""

from __future__ import annotations

import re

PREFIX = b"\x00\x00\x01"


def split(data: bytes) -> list[bytes]:
    """The units, each with its start code and the zeros before it; joined they are `data`."""
    starts = [match.start() for match in re.finditer(rb"\x00?\x00\x00\x01", data)]
    return [data[begin:end] for begin, end in zip([0, *starts], [*starts, len(data)], strict=True)][
        bool(starts and starts[0] == 0) :
    ]


def code(unit: bytes) -> int:
    """The byte after the start code; -1 where there is none."""
    at = unit.find(PREFIX)
    return unit[at + 3] if 0 <= at < len(unit) - 3 else -1
