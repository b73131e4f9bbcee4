"""Writes MPEG-2 video with interlaced motion of every kind, which no encoder here does.

Every macroblock is a slice of its own, so that nothing is predicted from its neighbours, and no
inter macroblock has coefficients: the decoded picture is the prediction itself.

Source: ISO/IEC 13818-2, syntax and tables B.2, B.3, B.10, B.12 and B.13.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tests.bit_writer import BitWriter

Kind = Literal["frame", "field", "16x8", "dual"]
TOP, BOTTOM, FRAME = 1, 2, 3  # picture structure

ADDRESS_INCREMENTS = ("1", "011", "010", "0011", "0010", "00011", "00010", "0000111", "0000110")
MOTION_CODES = (
    *("1", "01", "001", "0001", "000011", "0000101", "0000100", "0000011"),
    *("000001011", "000001010", "000001001"),
)
DC_SIZES = {
    "luma": ["100", "00", "01", "101", "110", "1110", "11110", "111110", "1111110"],
    "chroma": ["00", "01", "10", "110", "1110", "11110", "111110", "1111110", "11111110"],
}


@dataclass(frozen=True)
class Vector:
    """x, y in half pixels and half lines of the frame or field; select: parity of the field."""

    x: int
    y: int
    select: int = 0


@dataclass(frozen=True)
class Macroblock:
    """How one macroblock is predicted: by direction (0 past, 1 future) its one or two vectors."""

    kind: Kind
    vectors: Mapping[int, Sequence[Vector]]
    dual: tuple[int, int] = (0, 0)  # the differential of dual prime


class Mpeg2Writer:
    """A stream of interlaced frames of `height` x `width`, both multiples of 32."""

    def __init__(self, height: int, width: int) -> None:
        self.height, self.width = height, width
        self._bits = BitWriter()
        self._sequence()

    def to_bytes(self) -> bytes:
        self._bits.start(0xB7)
        return self._bits.to_bytes()

    def _sequence(self) -> None:
        self._bits.start(0xB3)
        self._bits.fields(
            (self.width, 12), (self.height, 12), (1, 4), (3, 4)
        )  # square pixels, 25 fps
        self._bits.fields((1000, 18), (1, 1), (20, 10), (0, 1), (0, 1), (0, 1))
        self._bits.start(0xB5)  # main profile, interlaced, 4:2:0
        self._bits.fields(
            (1, 4), (0x48, 8), (0, 1), (1, 2), (0, 4), (0, 12), (1, 1), (0, 8), (0, 8)
        )

    def _picture(self, temporal: int, kind: str, structure: int, top_first: bool) -> None:
        self._bits.start(0x00)
        self._bits.fields((temporal, 10), ("IPB".index(kind) + 1, 3), (0xFFFF, 16))
        self._bits.fields(*[(7, 4)] * "IPB".index(kind), (0, 1))
        self._bits.start(0xB5)
        codes = {"I": (15, 15), "P": (1, 15), "B": (1, 1)}[kind]
        self._bits.fields((8, 4), *[(code, 4) for code in codes for _ in range(2)], (0, 2))
        self._bits.fields(
            (structure, 2), (int(top_first and structure == FRAME), 1), (0, 8), (0, 1)
        )

    def _slice(self, row: int, column: int) -> None:
        self._bits.start(row + 1)
        self._bits.fields((1, 5), (0, 1))  # quantiser, no extra information
        self._bits.code(ADDRESS_INCREMENTS[column])

    def _places(self, structure: int) -> list[tuple[int, int]]:
        rows = self.height // (16 if structure == FRAME else 32)
        return [(r, c) for r in range(rows) for c in range(self.width // 16)]

    def intra(
        self, temporal: int, structure: int, levels: NDArray[np.int64], *, top_first: bool
    ) -> None:
        """levels: [macroblocks, 6], the value of each 8x8 block, 1 to 254."""
        self._picture(temporal, "I", structure, top_first)
        for (row, column), blocks in zip(self._places(structure), levels, strict=True):
            self._slice(row, column)
            self._bits.code("1")  # intra
            if structure == FRAME:
                self._bits.put(0, 1)  # frame DCT
            predicted = {"luma": 128, "chroma 4": 128, "chroma 5": 128}
            for i, level in enumerate(blocks.tolist()):
                plane = "luma" if i < 4 else f"chroma {i}"
                self._dc(plane.split()[0], level - predicted[plane])
                predicted[plane] = level

    def _dc(self, plane: str, difference: int) -> None:
        size = abs(difference).bit_length()
        self._bits.code(DC_SIZES[plane][size])
        if size:
            self._bits.put(difference if difference > 0 else difference + (1 << size) - 1, size)
        self._bits.code("10")  # end of block

    def inter(
        self,
        temporal: int,
        kind: str,
        structure: int,
        macroblocks: Sequence[Macroblock],
        *,
        top_first: bool,
    ) -> None:
        """kind: P or B. macroblocks: of the picture, row by row; vectors within 5 pixels."""
        self._picture(temporal, kind, structure, top_first)
        for (row, column), mb in zip(self._places(structure), macroblocks, strict=True):
            self._slice(row, column)
            directions = tuple(sorted(mb.vectors))
            if kind == "P":
                self._bits.code("001")  # motion, no coefficients
            else:
                self._bits.code({(0,): "0010", (1,): "010", (0, 1): "10"}[directions])
            self._bits.code({"frame": "10", "field": "01", "16x8": "10", "dual": "11"}[mb.kind])
            for direction in directions:
                for vector in mb.vectors[direction]:
                    self._vector(mb, vector)

    def _vector(self, mb: Macroblock, vector: Vector) -> None:
        if mb.kind in ("field", "16x8"):
            self._bits.put(vector.select, 1)
        for value, extra in zip((vector.x, vector.y), mb.dual, strict=True):
            self._bits.code(MOTION_CODES[abs(value)])
            if value:
                self._bits.put(int(value < 0), 1)
            if mb.kind == "dual":
                self._bits.code({0: "0", 1: "10", -1: "11"}[extra])
