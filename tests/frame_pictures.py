"""A writer of H.264 streams with long-term references and gaps in frame_num.

No encoder here writes them. Every picture is one CAVLC slice of a progressive frame: raw samples
(I), vectors of random length and reference (P), or direct prediction alone (B).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from tests.field_pictures import Bits

ACROSS, DOWN = 6, 4  # macroblocks
MAKES_LONG_TERM = ((4, 1), (3, 0, 0))  # one long-term index; it is given to the picture before


@dataclass(frozen=True)
class Picture:
    """One picture: `refers_to` are the entries of list 0 that macroblocks choose from (P).

    active: how many entries of each list may be referred to. marking: memory management commands.
    """

    shown: int  # in display order, since the last key picture
    frame_num: int
    kind: str = "P"
    refers_to: tuple[int, ...] = (0,)
    active: tuple[int, ...] = (1,)
    temporal: bool = False  # how B pictures predict
    marking: Sequence[Sequence[int]] = ()


# Before frame 5 two numbers are left out. What stands in for them may not be referred to: it is
# gone from the lists once there are B pictures again.
PICTURES = (
    Picture(0, 0, "I"),
    Picture(1, 1, marking=MAKES_LONG_TERM),
    Picture(4, 2, refers_to=(0, 1), active=(2,)),
    Picture(2, 3, "B", active=(3, 2), temporal=True),
    Picture(3, 3, "B", active=(3, 2)),
    Picture(5, 5, refers_to=(3,), active=(4,)),
    Picture(6, 6, refers_to=(0, 3), active=(4,)),
    Picture(7, 7, refers_to=(0, 1, 3), active=(4,)),
    Picture(10, 8, refers_to=(0, 1, 2, 3), active=(4,)),
    Picture(8, 9, "B", active=(4, 1)),
    Picture(9, 9, "B", active=(4, 1), temporal=True),
    Picture(11, 9, refers_to=(0, 1), active=(2,)),
)


def parameter_sets() -> bytes:
    sps = Bits()
    sps.fields((77, 8), (0, 8), (30, 8))  # Main profile, level 3
    sps.ue(0, 0, 0, 4, 4)  # 4 bits of frame_num, 8 bits of picture order, 4 references
    sps.put(1, 1)  # gaps in frame_num are allowed
    sps.ue(ACROSS - 1, DOWN - 1)
    sps.put(0b1101, 4)  # only frames; direct_8x8_inference; no cropping; VUI
    sps.put(0b000000001, 9)  # of which only the bitstream restriction
    sps.put(1, 1)
    sps.ue(0, 0, 10, 10, 1, 4)  # one frame is reordered
    pps = Bits()
    pps.ue(0, 0)
    pps.put(0, 2)  # CAVLC
    pps.ue(0, 0, 0)
    pps.put(0, 3)
    pps.ue(0, 0, 0)  # QPs and chroma offset
    pps.put(0b100, 3)  # slices say how they are deblocked
    return sps.nal(7, 3) + pps.nal(8, 3)


def write_header(bits: Bits, picture: Picture) -> None:
    is_idr = picture.kind == "I"
    bits.ue(0, {"I": 7, "P": 5, "B": 6}[picture.kind], 0)
    bits.put(picture.frame_num, 4)
    if is_idr:
        bits.ue(0)
    bits.put(2 * picture.shown, 8)
    if picture.kind == "B":
        bits.put(not picture.temporal, 1)
    if not is_idr:
        bits.put(1, 1)
        for count in picture.active:
            bits.ue(count - 1)
        bits.put(0, len(picture.active))  # lists in their default order
    if picture.kind != "B":
        bits.put(0, 2) if is_idr else bits.put(bool(picture.marking), 1)
        for command in picture.marking:
            bits.ue(*command)
        if picture.marking:
            bits.ue(0)
    bits.se(0)
    bits.ue(1)  # no deblocking


def write_picture(picture: Picture, rng: np.random.Generator) -> bytes:
    """One access unit's NAL unit."""
    bits = Bits()
    write_header(bits, picture)
    if picture.kind == "B":
        bits.ue(ACROSS * DOWN)  # all are skipped
    for _ in range(0 if picture.kind == "B" else ACROSS * DOWN):
        if picture.kind == "I":
            bits.ue(25)
            bits.align()
            bits.put(int.from_bytes(rng.bytes(384), "big"), 8 * 384)
            continue
        bits.ue(0, 0)
        bits.te(int(rng.choice(picture.refers_to)), picture.active[0] - 1)
        bits.se(*(int(part) for part in rng.integers(-9, 10, 2)))
        bits.ue(0)  # nothing coded
    return bits.nal(5 if picture.kind == "I" else 1, int(picture.kind != "B"))


def stream(groups: int) -> bytes:
    """The pictures above, `groups` times over, each time with other vectors."""
    rng = np.random.default_rng(0)
    pictures = [write_picture(picture, rng) for _ in range(groups) for picture in PICTURES]
    return parameter_sets() + b"".join(pictures)
