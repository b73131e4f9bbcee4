"""A writer of H.264 streams whose frames are coded as pairs of fields (PAFF).

No encoder here writes them. Every field is one CAVLC slice: raw samples (I), or one vector, the
same in all macroblocks, for each list it uses (P and B), without residual or loop filter.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tests.bit_writer import BitWriter

ACROSS, DOWN = 6, 4  # macroblocks of a field
WIDTH, HEIGHT = 16 * ACROSS, 32 * DOWN  # pixels of a frame

Vector = tuple[int, int, int]  # reference index; x, y in quarter samples of a field


@dataclass(frozen=True)
class Field:
    """One field: `lists` holds a vector for each list used; without any, raw samples.

    `skipped` (B only): every macroblock takes its vectors by direct prediction.
    """

    frame: int  # in display order
    bottom: bool
    frame_num: int
    is_reference: bool = True
    lists: tuple[Vector | None, Vector | None] = (None, None)
    is_b: bool = False
    skipped: bool = False


class Bits(BitWriter):
    """With H.264's variable-length codes."""

    def ue(self, *values: int) -> None:
        for value in values:
            digits = f"{value + 1:b}"
            self.code("0" * (len(digits) - 1) + digits)

    def se(self, *values: int) -> None:
        self.ue(*(2 * value - 1 if value > 0 else -2 * value for value in values))

    def te(self, value: int, most: int) -> None:
        if most == 1:
            self.put(1 - value, 1)
        elif most > 1:
            self.ue(value)

    def nal(self, kind: int, importance: int) -> bytes:
        self.put(1, 1)
        self.align()
        payload = re.sub(rb"\0\0(?=[\0-\3])", b"\0\0\3", self.to_bytes())
        return b"\0\0\0\1" + bytes([importance << 5 | kind]) + payload


def parameter_sets(num_references: int) -> bytes:
    sps = Bits()
    sps.fields((77, 8), (0, 8), (30, 8))  # Main profile, level 3
    sps.ue(0, 0, 0, 4, num_references)  # 4 bits of frame_num, 8 bits of picture order
    sps.put(0, 1)
    sps.ue(ACROSS - 1, DOWN - 1)
    sps.put(0b00101, 5)  # not only frames; no MBAFF; direct_8x8_inference; no cropping; VUI
    sps.put(0b000000001, 9)  # of which only the bitstream restriction
    sps.put(1, 1)
    sps.ue(0, 0, 10, 10, 1, num_references)  # one frame is reordered
    pps = Bits()
    pps.ue(0, 0)
    pps.put(0, 2)  # CAVLC
    pps.ue(0, 0, 0)
    pps.put(0, 3)
    pps.ue(0, 0, 0)  # QPs and chroma offset
    pps.put(0b100, 3)  # slices say how they are deblocked
    return sps.nal(7, 3) + pps.nal(8, 3)


def write_header(bits: Bits, field: Field, active: Sequence[int], *, is_idr: bool) -> None:
    is_intra = not field.is_b and field.lists == (None, None)
    bits.ue(0, 7 if is_intra else 6 if field.is_b else 5, 0)
    bits.put(field.frame_num, 4)
    bits.put(2 | field.bottom, 2)  # a field; which
    if is_idr:
        bits.ue(0)
    bits.put(2 * field.frame + field.bottom, 8)
    if field.is_b:
        bits.put(1, 1)  # spatial direct
    if not is_intra:
        bits.put(1, 1)
        for count in active[: 1 + field.is_b]:
            bits.ue(count - 1)
        bits.put(0, 1 + field.is_b)  # lists in their default order
    if field.is_reference:
        bits.put(0, 2 if is_idr else 1)
    bits.se(0)
    bits.ue(1)  # no deblocking


def write_raw(bits: Bits, samples: NDArray[np.uint8]) -> None:
    for y in range(0, 16 * DOWN, 16):
        for x in range(0, WIDTH, 16):
            bits.ue(25)
            bits.align()
            block = samples[y : y + 16, x : x + 16].tobytes() + bytes([128]) * 128
            bits.put(int.from_bytes(block, "big"), 8 * len(block))


def write_inter(bits: Bits, field: Field, active: Sequence[int]) -> None:
    """All vectors are equal, so that only the first macroblock's differ from their prediction."""
    used = [vector for vector in field.lists if vector is not None]
    kind = {(True, False): 1, (False, True): 2, (True, True): 3}
    uses = (field.lists[0] is not None, field.lists[1] is not None)
    for i in range(ACROSS * DOWN):
        bits.ue(0, kind[uses] if field.is_b else 0)
        for vector, count in zip(field.lists, active, strict=True):
            if vector is not None:
                bits.te(vector[0], count - 1)
        for vector in used:
            bits.se(*(vector[1:] if i == 0 else (0, 0)))
        bits.ue(0)  # nothing coded


def write_field(field: Field, active: Sequence[int], samples: NDArray[np.uint8]) -> bytes:
    """One access unit's NAL unit; `samples`: uint8 [16 DOWN, WIDTH], for an I field.

    `active`: how many entries of each list may be referred to.
    """
    is_idr = field.frame_num == 0 and not field.bottom
    bits = Bits()
    write_header(bits, field, active, is_idr=is_idr)
    if field.skipped:
        bits.ue(ACROSS * DOWN)
    elif field.lists == (None, None):
        write_raw(bits, samples)
    else:
        write_inter(bits, field, active)
    return bits.nal(5 if is_idr else 1, int(field.is_reference))


def default_list(fields: Sequence[Field], current: int, which: int) -> list[tuple[int, bool]]:
    """What fields[current] may refer to by list `which` (8.2.4.2): (frame, bottom) each.

    Of the frames coded before, the two newest references are still held; the fields of a list
    alternate in parity, beginning with the current field's own.
    """
    field = fields[current]
    held: dict[int, set[bool]] = {}
    for other in fields[:current]:
        if other.is_reference:
            held.setdefault(other.frame, set()).add(other.bottom)
    frames = list(held)[:-3:-1]
    if field.is_b:
        past = sorted((f for f in frames if f <= field.frame), reverse=True)
        future = sorted(f for f in frames if f > field.frame)
        frames = future + past if which else past + future
    own = [(f, field.bottom) for f in frames if field.bottom in held[f]]
    other_parity = [(f, not field.bottom) for f in frames if (not field.bottom) in held[f]]
    both = min(len(own), len(other_parity))
    pairs = zip(own, other_parity, strict=False)
    return [entry for pair in pairs for entry in pair] + own[both:] + other_parity[both:]
