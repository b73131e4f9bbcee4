"""Matroska files taken apart into their elements and put together again, changed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

HEADER, SEGMENT, TRACKS, TRACK = "1a45dfa3", "18538067", "1654ae6b", "ae"
CLUSTER, GROUP, TIMESTAMP, SIMPLE_BLOCK, BLOCK = "1f43b675", "a0", "e7", "a3", "a1"
REFERENCE, DURATION, PADDING, VOID, TAGS = "fb", "9b", "75a2", "ec", "1254c367"
ENCODINGS, ENCODING, COMPRESSION = "6d80", "6240", "5034"
ATTACHMENTS, ATTACHED, SEEK_HEAD, CUES = "1941a469", "61a7", "114d9b74", "1c53bb6b"
MASTERS = {SEGMENT, TRACKS, TRACK, CLUSTER, GROUP}


@dataclass
class Element:
    """An id in hexadecimal, and bytes or children; `sized` False: of unknown size."""

    id: str
    data: bytes = b""
    children: list[Element] = field(default_factory=list)
    sized: bool = True

    def find(self, *ids: str) -> Iterator[Element]:
        """Children by their ids, down the path that these are."""
        for child in self.children:
            if child.id == ids[0]:
                yield from child.find(*ids[1:]) if len(ids) > 1 else (child,)

    def written(self) -> bytes:
        body = self.data + b"".join(child.written() for child in self.children)
        size = (1 << 56 | len(body)).to_bytes(8, "big") if self.sized else b"\x01" + b"\xff" * 7
        return bytes.fromhex(self.id) + size + body


def read_number(data: bytes, at: int) -> tuple[int, int]:
    """A number without the bit that says its length, and that length."""
    length = 9 - data[at].bit_length()
    return int.from_bytes(data[at : at + length], "big") & ~(1 << 7 * length), length


def read(data: bytes, masters: set[str] = MASTERS) -> list[Element]:
    """The elements that bytes consist of, all of known size."""
    found, at = [], 0
    while at < len(data):
        _, id_length = read_number(data, at)
        size, size_length = read_number(data, at + id_length)
        name = data[at : at + id_length].hex()
        body = data[at + id_length + size_length :][:size]
        inside = name in masters
        children = read(body, masters) if inside else []
        found.append(Element(name, b"" if inside else body, children))
        at += id_length + size_length + size
    return found


def number(value: int) -> bytes:
    """Of an element of numbers."""
    return value.to_bytes(8, "big")


def segment(data: bytes) -> tuple[Element, Element]:
    """Header and segment of a file, without what lists places in it."""
    header, body = read(data)
    body.children = [one for one in body.children if one.id not in (SEEK_HEAD, CUES, VOID)]
    return header, body


def in_groups(cluster: Element) -> None:
    """Blocks in groups, which say by references which are key frames."""
    for child in cluster.children:
        if child.id != SIMPLE_BLOCK:
            continue
        data = bytearray(child.data)
        parts = [] if data[3] & 0x80 else [Element(REFERENCE, b"\xd7")]
        data[3] &= ~0x80
        child.id, child.data = GROUP, b""
        child.children = [Element(BLOCK, bytes(data)), Element(DURATION, b"\x28"), *parts]


class Repeated:
    """A file of clusters again and again, of which nothing is stored: a seekable file object.

    Attributes:
        fetched: bytes read so far.
    """

    def __init__(self, head: bytes, cluster: Element, *, times: int, ticks: int) -> None:
        stamp = next(cluster.find(TIMESTAMP))
        self.cluster, self.ticks, self.head = cluster, ticks, head
        stamp.data = number(0)
        self.body = cluster.written()
        self.stamp = self.body.index(stamp.written()) + len(stamp.written()) - 8
        self.size = len(head) + times * len(self.body)
        self.at = self.fetched = 0

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def tell(self) -> int:
        return self.at

    def seek(self, offset: int, whence: int = 0) -> int:
        self.at = offset + (0, self.at, self.size)[whence]
        return self.at

    def read(self, count: int = -1) -> bytes:
        out = self._part()[: max(count, 0)]
        self.at += len(out)
        self.fetched += len(out)
        return out

    def _part(self) -> bytes:
        """From here to the end of the head or of a cluster."""
        if self.at < len(self.head):
            return self.head[self.at :]
        index, inside = divmod(self.at - len(self.head), len(self.body))
        if self.at >= self.size:
            return b""
        after = self.stamp + 8
        if inside >= after:
            return self.body[inside : inside + (1 << 17)]
        return (self.body[: self.stamp] + number(index * self.ticks) + self.body[after:])[inside:]
