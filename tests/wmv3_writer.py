"""Writes the little of WMV3 (VC-1 main profile) that shows its vectors; no encoder here does.

Source: SMPTE 421M, annex J for the header, 7.1.1 for pictures, table 236 for the escape code.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence

from tests.bit_writer import BitWriter

ESCAPE = "0000100100110"  # a vector difference in full, no coefficients


def _header() -> bytes:
    bits = BitWriter()
    bits.fields((1, 2), (0, 1), (0, 1), (0, 3), (0, 5), (0, 1), (0, 1), (0, 1), (1, 1))
    bits.fields((0, 1), (0, 1), (0, 2), (0, 1), (0, 1), (0, 1), (0, 1), (0, 1))
    bits.fields((1, 3), (0, 2), (0, 1), (1, 1))  # one B-frame between others
    return bits.to_bytes()


def _begin(kind: str) -> BitWriter:
    bits = BitWriter()
    bits.put(0, 2)
    bits.code({"I": "01", "P": "1", "B": "00"}[kind])
    if kind == "I":
        bits.put(0, 7)
    if kind == "B":
        bits.put(0, 3)  # half-way
    bits.fields((5, 5), (0, 1))  # quantiser
    return bits


def _end(bits: BitWriter) -> bytes:
    bits.align()
    bits.put(0, 32)
    return bits.to_bytes()


def intra(macroblocks: int) -> bytes:
    """A grey picture."""
    bits = _begin("I")
    bits.code("000")  # tables
    for _ in range(macroblocks):
        bits.code("10" + "1111" + "0000")
    return _end(bits)


def uniform(macroblocks: int, vector: tuple[int, int], *, skipped: Sequence[bool]) -> bytes:
    """A P picture of one vector, in quarter pixels; `skipped` macroblocks follow the prediction."""
    bits = _begin("P")
    bits.code("1" + "00000" + "0000" + "00")  # one vector each, skipped bits in place, tables
    for i in range(macroblocks):
        if i and skipped[i % len(skipped)]:
            bits.code("1")
            continue
        x, y = (0, 0) if i else vector
        bits.code("0" + ESCAPE)
        bits.fields((x % 512, 9), (y % 256, 8))
    return _end(bits)


def direct(macroblocks: int) -> bytes:
    """A B picture all of whose vectors are those of the next picture, halved."""
    bits = _begin("B")
    bits.code("1" + "00000" + "00000" + "0000" + "00")
    for _ in range(macroblocks):
        bits.code("11")
    return _end(bits)


def to_rcv(pictures: Sequence[bytes], size: tuple[int, int]) -> bytes:
    """The file that holds test streams of VC-1; size: (H, W)."""
    data = struct.pack("<II", len(pictures) | 0xC5 << 24, 4) + _header()
    data += struct.pack("<IIIIII", *size, 12, 0, 0, 25)
    for i, picture in enumerate(pictures):
        data += struct.pack("<II", len(picture) | (0 if i else 0x80 << 24), 40 * i) + picture
    return data
