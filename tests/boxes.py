"""The boxes of an mp4 file as a tree that can be edited and written again.

Source: ISO/IEC 14496-12, sections 4.2 (boxes) and 8 (their order and tables).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

CONTAINERS = {b"moov", b"trak", b"edts", b"mdia", b"minf", b"stbl", b"mvex", b"moof", b"traf"}
CHUNK_OFFSETS = {b"stco": "I", b"co64": "Q"}


@dataclass
class Box:
    """One box: its children, where its type holds boxes alone, else its bytes after the header."""

    kind: bytes
    data: bytes = b""
    children: list[Box] = field(default_factory=list)

    def __bytes__(self) -> bytes:
        body = b"".join(map(bytes, self.children)) if self.kind in CONTAINERS else self.data
        return struct.pack(">I4s", 8 + len(body), self.kind) + body

    def walk(self) -> Iterator[Box]:
        yield self
        for child in self.children:
            yield from child.walk()


def parse(data: bytes) -> list[Box]:
    """The boxes at the top of `data`; what is no whole box at its end is left out."""
    boxes, at = [], 0
    while at + 8 <= len(data):
        size, kind = struct.unpack_from(">I4s", data, at)
        head = 8
        if size == 1 and at + 16 <= len(data):
            size, head = struct.unpack_from(">Q", data, at + 8)[0], 16
        if size == 0:
            size = len(data) - at
        if size < head or at + size > len(data):
            break
        body = data[at + head : at + size]
        inside = parse(body) if kind in CONTAINERS else []
        boxes.append(Box(kind, b"" if kind in CONTAINERS else body, inside))
        at += size
    return boxes


def find(boxes: list[Box], kind: bytes) -> list[Box]:
    return [found for box in boxes for found in box.walk() if found.kind == kind]


def write(boxes: list[Box]) -> bytes:
    """The file, its chunks found where they are now when the header grew or shrank before them."""
    return b"".join(map(bytes, boxes))


def edit(data: bytes, kind: bytes, body: bytes, *, within: bytes | None = None) -> bytes:
    """The file with every box of a kind replaced, or with one more at the end of `within`; chunk
    offsets follow an index in front of the samples."""
    boxes = parse(data)
    found = find(boxes, kind)
    for box in found:
        box.data, box.children = body, parse(body) if kind in CONTAINERS else []
    if not found:
        assert within is not None
        for box in find(boxes, within):
            box.children.append(Box(kind, body, parse(body) if kind in CONTAINERS else []))
    grown = sum(map(len, map(bytes, boxes))) - len(data)
    kinds = [box.kind for box in boxes]
    if b"mdat" in kinds and kinds.index(b"moov") < kinds.index(b"mdat"):
        for box in [box for box in find(boxes, b"stco") if box not in found]:
            count = len(box.data[8:]) // 4
            offsets = struct.unpack_from(f">{count}I", box.data, 8)
            moved = [max(0, offset + grown) for offset in offsets]
            box.data = box.data[:8] + struct.pack(f">{count}I", *moved)
    return write(boxes)
