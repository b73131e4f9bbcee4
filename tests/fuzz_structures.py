"""Damage that keeps the structure of a file: boxes of mp4, units of bitstreams, joined streams."""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping

import numpy as np

from tests import boxes, obu_units, start_codes

Seeds = Mapping[str, bytes]
Mutation = Callable[[bytes, str, Seeds, np.random.Generator], bytes]

LIMITS = (0, 1, 2, 0x7F, 0xFFFF, 0xFFFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFE, 0xFFFFFFFF)
TABLES = (
    *(b"stts", b"ctts", b"stsc", b"stsz", b"stco", b"stss", b"elst", b"stsd", b"tkhd", b"mdhd"),
    *(b"mvhd", b"trun", b"tfhd", b"trex", b"tfdt", b"sidx", b"sdtp", b"sgpd", b"hdlr"),
)
SUFFIXES_WITH_START_CODES = ("h264", "hevc", "m2v", "m4v", "mpg", "h261")


def suffix(name: str) -> str:
    return name.rpartition(".")[2]


def _others(name: str, seeds: Seeds) -> list[bytes]:
    return [data for other, data in seeds.items() if suffix(other) == suffix(name)]


def _pick(values: list[bytes], rng: np.random.Generator) -> bytes:
    return values[int(rng.integers(len(values)))]


def _number(rng: np.random.Generator) -> int:
    if rng.random() < 0.7:
        return LIMITS[int(rng.integers(len(LIMITS)))]
    return int(rng.integers(1 << 32))


def _edit_table(box: boxes.Box, rng: np.random.Generator) -> None:
    """One number of a table, or one entry again or away."""
    words = len(box.data) // 4
    if words == 0:
        return
    at = 4 * int(rng.integers(words))
    kind = rng.random()
    if kind < 0.7:
        box.data = box.data[:at] + struct.pack(">I", _number(rng)) + box.data[at + 4 :]
    elif kind < 0.85:
        times = int(rng.integers(1, 400))
        box.data = box.data[:at] + times * box.data[at : at + 8] + box.data[at + 8 :]
    else:
        box.data = box.data[:at] + box.data[at + 4 :]


def _exchange(box: boxes.Box, other: list[boxes.Box], rng: np.random.Generator) -> None:
    found = boxes.find(other, box.kind)
    if found:
        same = found[int(rng.integers(len(found)))]
        box.data, box.children = same.data, same.children


def _lose_or_repeat(tree: list[boxes.Box], rng: np.random.Generator) -> None:
    parents = [box for top in tree for box in top.walk() if box.children]
    if parents:
        children = parents[int(rng.integers(len(parents)))].children
        at = int(rng.integers(len(children)))
        children[at : at + 1] = int(rng.integers(3)) * [children[at]]


def mutate_boxes(data: bytes, name: str, seeds: Seeds, rng: np.random.Generator) -> bytes:
    """One to three boxes edited, exchanged with another file's, repeated or lost; then perhaps the
    size that a box has in its header."""
    tree = boxes.parse(data)
    for _ in range(int(rng.integers(1, 4))):
        tables = [box for top in tree for box in top.walk() if box.kind in TABLES]
        if not tables:
            break
        box = tables[int(rng.integers(len(tables)))]
        kind = rng.random()
        if kind < 0.65:
            _edit_table(box, rng)
        elif kind < 0.85:
            _exchange(box, boxes.parse(_pick(_others(name, seeds), rng)), rng)
        else:
            _lose_or_repeat(tree, rng)
    result = bytearray(boxes.write(tree))
    if rng.random() < 0.15:
        at = result.find(TABLES[int(rng.integers(len(TABLES)))])
        if at >= 4:
            struct.pack_into(">I", result, at - 4, _number(rng))
    return bytes(result)


def _shuffle(
    units: list[bytes],
    other: list[bytes],
    is_set: Callable[[bytes], bool],
    rng: np.random.Generator,
) -> list[bytes]:
    """Units dropped, repeated, moved, taken from another stream; or its parameter sets instead."""
    units = list(units)
    for _ in range(int(rng.integers(1, 5))):
        if not units:
            break
        at, to = (int(i) for i in rng.integers(len(units), size=2))
        kind = int(rng.integers(6))
        if kind == 0:
            del units[at]
        elif kind == 1:
            units[at:at] = int(rng.integers(1, 6)) * [units[at]]
        elif kind == 2:
            units.insert(to, units.pop(at))
        elif kind == 3:
            units[at] = _pick(other, rng)
        elif kind == 4:
            units.insert(at, _pick(other, rng))
        else:
            sets = [unit for unit in other if is_set(unit)]
            places = [i for i, unit in enumerate(units) if is_set(unit)]
            for place in places if sets else []:
                units[place] = _pick(sets, rng)
    return units


def _is_parameter_set(name: str) -> Callable[[bytes], bool]:
    if suffix(name) == "hevc":
        return lambda unit: start_codes.code(unit) >> 1 in (32, 33, 34)
    if suffix(name) == "h264":
        return lambda unit: start_codes.code(unit) & 31 in (7, 8)
    return lambda unit: start_codes.code(unit) in (0xB3, 0xB5, 0x20, 0x01)


def _is_sequence(unit: bytes) -> bool:
    return obu_units.kind(unit) == obu_units.SEQUENCE_HEADER


def mutate_units(data: bytes, name: str, seeds: Seeds, rng: np.random.Generator) -> bytes:
    other = _pick(_others(name, seeds), rng)
    if suffix(name) == "obu":
        return b"".join(_shuffle(obu_units.split(data), obu_units.split(other), _is_sequence, rng))
    if suffix(name) == "ivf":
        frames, others = _ivf_frames(data), _ivf_frames(other)
        head = _pick([data, other], rng)[:32]
        return head + b"".join(_shuffle(frames, others, lambda unit: False, rng))
    split = start_codes.split
    return b"".join(_shuffle(split(data), split(other), _is_parameter_set(name), rng))


def _ivf_frames(data: bytes) -> list[bytes]:
    frames, at = [], 32
    while at + 12 <= len(data):
        end = at + 12 + struct.unpack_from("<I", data, at)[0]
        frames.append(data[at:end])
        at = end
    return frames


def join(data: bytes, name: str, seeds: Seeds, rng: np.random.Generator) -> bytes:
    """The beginning of one stream and the end of another of the same container."""
    other = _pick(_others(name, seeds), rng)
    first = len(data) if rng.random() < 0.5 else int(rng.integers(len(data)))
    second = 0 if rng.random() < 0.5 else int(rng.integers(len(other)))
    return data[:first] + other[second:]


def kinds_for(name: str) -> dict[str, Mutation]:
    """The mutations that a seed's container allows, by name."""
    kinds: dict[str, Mutation] = {"joined": join}
    if suffix(name) == "mp4":
        kinds["boxes"] = mutate_boxes
    if suffix(name) in (*SUFFIXES_WITH_START_CODES, "obu", "ivf"):
        kinds["units"] = mutate_units
    return kinds
