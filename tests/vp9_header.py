"""VP9 frame headers taken apart and put together again, to make streams no encoder makes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

Field = tuple[str, int, int]  # name, bits, value


class _Bits:
    def __init__(self, data: bytes) -> None:
        self.value = int.from_bytes(data, "big")
        self.left = 8 * len(data)

    def take(self, count: int) -> int:
        self.left -= count
        return self.value >> self.left & ((1 << count) - 1)


@dataclass
class Frame:
    """A coded picture: the fields of its uncompressed header in order, and all that follows."""

    fields: list[Field] = field(default_factory=list)
    rest: bytes = b""

    def __getitem__(self, name: str) -> int:
        return next(value for found, _, value in self.fields if found == name)

    def index(self, name: str) -> int:
        return next(i for i, (found, _, _) in enumerate(self.fields) if found == name)

    def set(self, name: str, value: int) -> None:
        i = self.index(name)
        self.fields[i] = (name, self.fields[i][1], value)

    def insert_before(self, name: str, added: Field) -> None:
        self.fields.insert(self.index(name), added)

    def replace(self, first: str, last: str, fields: list[Field]) -> None:
        """Puts `fields` in the place of those from `first` to `last`."""
        self.fields[self.index(first) : self.index(last) + 1] = fields

    def to_bytes(self) -> bytes:
        value = bits = 0
        for _, count, part in self.fields:
            value, bits = value << count | part, bits + count
        padding = -bits % 8
        return (value << padding).to_bytes((bits + padding) // 8, "big") + self.rest


def split(packet: bytes) -> list[bytes]:
    """The pictures of a superframe; a packet without index is one picture."""
    marker = packet[-1]
    if marker & 0xE0 != 0xC0:
        return [packet]
    count, width = (marker & 7) + 1, (marker >> 3 & 3) + 1
    index = packet[-2 - count * width :]
    if len(index) != 2 + count * width or index[0] != marker:
        return [packet]
    pictures, begin = [], 0
    for i in range(count):
        size = int.from_bytes(index[1 + i * width : 1 + (i + 1) * width], "little")
        pictures.append(packet[begin : begin + size])
        begin += size
    return pictures


def join(pictures: list[bytes]) -> bytes:
    """A superframe of pictures, the last of which is shown."""
    marker = bytes([0xC0 | 3 << 3 | (len(pictures) - 1)])
    sizes = b"".join(len(picture).to_bytes(4, "little") for picture in pictures)
    return b"".join(pictures) + marker + sizes + marker


def show_existing(slot: int) -> bytes:
    """A picture of profile 0 that shows what lies in a reference slot, 0 to 7."""
    return bytes([0x88 | slot])


Read = Callable[[str, int], int]


def parse(data: bytes, *, width: int) -> Frame:
    """Takes a picture apart; `width` in pixels where its header leaves it to a reference.

    Knows pictures of profiles 0 and 1, without segmentation.
    """
    bits, frame = _Bits(data), Frame()

    def read(name: str, count: int) -> int:
        value = bits.take(count)
        frame.fields.append((name, count, value))
        return value

    read("marker", 2)
    profile = read("profile_low", 1) | read("profile_high", 1) << 1
    assert profile < 2
    assert not read("show_existing", 1)
    inter = read("inter", 1)
    shown = read("shown", 1)
    resilient = read("error_resilient", 1)
    intra_only = inter and not shown and read("intra_only", 1)
    if inter and not resilient:
        read("reset_context", 2)
    if intra_only or not inter:
        read("sync", 24)
        if profile or not inter:
            _read_colours(read, profile)
        if intra_only:
            read("refresh", 8)
        width = _read_size(read)
    else:
        width = _read_references(read, width)
    if not resilient:
        read("refresh_context", 1)
        read("parallel", 1)
    read("context", 2)
    _read_filter_and_quantiser(read)
    assert not read("segmentation", 1)
    _read_tiles(read, width)
    read("compressed_size", 16)
    frame.rest = data[len(data) - bits.left // 8 :]
    return frame


def _read_colours(read: Read, profile: int) -> None:
    assert read("colour_space", 3) != 7
    read("full_range", 1)
    if profile:
        read("subsampling", 2)
        read("reserved", 1)


def _read_size(read: Read) -> int:
    width = read("width", 16) + 1
    read("height", 16)
    if read("display_size", 1):
        read("display", 32)
    return width


def _read_references(read: Read, width: int) -> int:
    read("refresh", 8)
    for i in range(3):
        read(f"reference{i}", 3)
        read(f"sign_bias{i}", 1)
    if any(read(f"size_of{i}", 1) for i in range(3)):
        if read("display_size", 1):
            read("display", 32)
    else:
        width = _read_size(read)
    read("high_precision", 1)
    if not read("switchable_filter", 1):
        read("filter", 2)
    return width


def _read_filter_and_quantiser(read: Read) -> None:
    read("filter_level", 6)
    read("sharpness", 3)
    if read("filter_deltas", 1) and read("update_filter_deltas", 1):
        for i in range(6):
            if read(f"update_delta{i}", 1):
                read(f"delta{i}", 7)
    read("quantiser", 8)
    for i in range(3):
        if read(f"quantiser_delta{i}", 1):
            read(f"quantiser_by{i}", 5)


def _read_tiles(read: Read, width: int) -> None:
    blocks = (width + 63) // 64
    least = next(n for n in range(7) if 64 << n >= blocks)
    most = max(n for n in range(7) if n == 0 or blocks >> n >= 4)
    for _ in range(least, most):
        if not read("more_tile_columns", 1):
            break
    if read("tile_rows", 1):
        read("more_tile_rows", 1)


def as_intra_only(key: bytes, *, refresh: int) -> bytes:
    """A key frame of an error-resilient stream as a hidden intra-only picture."""
    frame = parse(key, width=0)
    assert frame["error_resilient"]
    frame.set("inter", 1)
    frame.set("shown", 0)
    frame.replace("sync", "full_range", [("intra_only", 1, 1), ("sync", 24, frame["sync"])])
    frame.insert_before("width", ("refresh", 8, refresh))
    return frame.to_bytes()


def as_ten_bits(data: bytes, *, width: int) -> bytes:
    """A picture of profile 0 or 1 as one of 2 or 3: the same syntax, unless a coefficient is huge.

    What it shows is another matter; its vectors are the same.
    """
    frame = parse(data, width=width)
    frame.set("profile_high", 1)
    if frame["profile_low"]:
        frame.insert_before("show_existing", ("reserved_profile", 1, 0))
    if not frame["inter"] or ("intra_only", 1, 1) in frame.fields:
        frame.insert_before("colour_space", ("twelve_bits", 1, 0))
    return frame.to_bytes()
