"""AV1 streams as the OBUs that they consist of.

Source: AV1 Bitstream & Decoding Process Specification, sections 5.3 (headers) and 5.8 (metadata).
"""

from __future__ import annotations

SEQUENCE_HEADER, TEMPORAL_DELIMITER, FRAME, METADATA, PADDING = 1, 2, 6, 5, 15
ITU_T_T35 = 4  # metadata_type


def leb128(value: int) -> bytes:
    result = bytearray()
    while value > 127:
        result.append(value & 127 | 128)
        value >>= 7
    return bytes([*result, value])


def unit(kind: int, payload: bytes) -> bytes:
    return bytes([kind << 3 | 2]) + leb128(len(payload)) + payload


def kind(unit: bytes) -> int:
    return unit[0] >> 3 & 15


def split(data: bytes) -> list[bytes]:
    """The units of a stream whose units all have their size; joined they are `data`."""
    units, at = [], 0
    while at < len(data):
        start, extension = at, data[at] >> 2 & 1
        at += 1 + extension
        size = shift = 0
        while True:
            size |= (data[at] & 127) << shift
            shift, at = shift + 7, at + 1
            if data[at - 1] < 128:
                break
        at += size
        units.append(data[start:at])
    return units


def payload(unit: bytes) -> bytes:
    """What is behind a unit's header and size."""
    at = 1 + (unit[0] >> 2 & 1)
    while unit[at] > 127:
        at += 1
    return unit[at + 1 :]


def captions(count: int, *, missing: int = 0) -> bytes:
    """A metadata unit with `count` closed captions (ATSC A/53), `missing` bytes cut off its end."""
    head = b"\xb5\x00\x31GA94\x03" + bytes([0x40 | count, 0xFF])
    body = head + count * b"\xfc\x80\x80" + b"\xff"
    trailing = b"\x80"
    return unit(METADATA, leb128(ITU_T_T35) + body[: len(body) - missing] + trailing)
