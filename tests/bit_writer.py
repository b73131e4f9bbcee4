"""Bits in the order in which bitstreams have them."""

from __future__ import annotations


class BitWriter:
    """Collects fields and codes; `to_bytes` needs whole bytes."""

    def __init__(self) -> None:
        self._bits: list[str] = []
        self._length = 0

    def code(self, bits: str) -> None:
        """A code as a string of zeros and ones."""
        self._bits.append(bits)
        self._length += len(bits)

    def put(self, value: int, width: int) -> None:
        """An unsigned number; most significant bit first."""
        if not 0 <= value < 1 << width:
            raise ValueError(f"value must fit into {width} bits, got {value}")
        self.code(format(value, f"0{width}b") if width else "")

    def fields(self, *fields: tuple[int, int]) -> None:
        for value, width in fields:
            self.put(value, width)

    def align(self, *, stuff: bool = False) -> None:
        """To the next whole byte with zeros; `stuff`: a zero and ones, a whole byte if need be."""
        missing = -self._length % 8
        self.code("0" + "1" * ((missing or 8) - 1) if stuff else "0" * missing)

    def start(self, code: int) -> None:
        """A start code, at a whole byte."""
        self.align()
        self.put(0x100 | code, 32)

    def to_bytes(self) -> bytes:
        text = "".join(self._bits)
        if len(text) % 8:
            raise ValueError(f"{len(text)} bits are no whole bytes")
        return int(text, 2).to_bytes(len(text) // 8, "big") if text else b""
