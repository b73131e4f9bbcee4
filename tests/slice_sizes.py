"""The sizes of pictures' slices, read from a file without decoding it: an oracle for their bits."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import av

from tests import obu_units

SLICES_264 = {1, 5}
LAST_SLICE_265 = 31


def _units(packet: bytes) -> Iterator[bytes]:
    """The units of a packet in mp4, each after its length in 4 bytes."""
    at = 0
    while at + 4 <= len(packet):
        size = int.from_bytes(packet[at : at + 4], "big")
        yield packet[at + 4 : at + 4 + size]
        at += 4 + size


def payload_bits(unit: bytes) -> int:
    """Up to the last bit that is set, without emulation prevention."""
    payload = re.sub(rb"\x00\x00\x03", b"\x00\x00", unit).rstrip(b"\x00")
    last = payload[-1]
    return 8 * len(payload) - ((last & -last).bit_length() - 1)


def slices_264(packet: bytes) -> list[int]:
    return [payload_bits(unit) for unit in _units(packet) if unit[0] & 31 in SLICES_264]


def slices_265(packet: bytes) -> list[int]:
    return [payload_bits(unit) for unit in _units(packet) if unit[0] >> 1 <= LAST_SLICE_265]


def from_first_slice(packet: bytes) -> list[int]:
    """Of MPEG-1 and MPEG-2: from the first slice's start code to the end of the packet."""
    found = re.search(rb"\x00\x00\x01[\x01-\xaf]", packet)
    assert found is not None
    return [8 * (len(packet) - found.start())]


def frames_vp9(packet: bytes) -> list[int]:
    """Bytes of each frame of a packet, the shown one last (VP9, annex B)."""
    marker = packet[-1]
    count, width = (marker & 7) + 1, (marker >> 3 & 3) + 1
    index = packet[-2 - count * width :]
    if marker >> 5 != 6 or len(index) != 2 + count * width or index[0] != marker:
        return [len(packet)]
    fields = (index[1 + i * width : 1 + (i + 1) * width] for i in range(count))
    return [int.from_bytes(field, "little") for field in fields]


def tiles_av1(packet: bytes) -> list[int]:
    """Bits of a temporal unit's frame, header included, and how many zeros end it."""
    frame = next(
        unit for unit in obu_units.split(packet) if obu_units.kind(unit) == obu_units.FRAME
    )
    size, last = 8 * len(obu_units.payload(frame)), frame[-1]
    return [size, (last & -last).bit_length() - 1]


def whole(packet: bytes) -> list[int]:
    return [8 * len(packet)]


def sizes(path: Path, of_packet: Callable[[bytes], list[int]]) -> list[list[int]]:
    """Bits of each slice of each frame, in display order."""
    with av.open(str(path)) as container:
        packets = [packet for packet in container.demux(video=0) if packet.size]
    packets.sort(key=lambda packet: packet.pts or 0)  # as they come where there are no times
    return [of_packet(bytes(packet)) for packet in packets]
