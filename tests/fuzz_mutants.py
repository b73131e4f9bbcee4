"""The damage that fuzz.py does to small clips of every container and codec."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple

import numpy as np

import mgm_ext
from tests import fuzz_seeds, fuzz_structures


class Mutant(NamedTuple):
    """What was damaged, in which way, and the result."""

    name: str
    kind: str  # "bytes", "boxes", "units" or "joined"
    data: bytes


def make_seeds(codecs: Iterable[str]) -> dict[str, bytes]:
    """The undamaged clips of fuzz_seeds.py whose vectors are read."""
    made = fuzz_seeds.encode_all(codecs)
    return {name: data for name, data in made.items() if mgm_ext.probe(data).has_vectors}


def _flip_bits(data: bytearray, rng: np.random.Generator, first: int) -> None:
    for at in rng.integers(first, len(data), int(rng.integers(1, 17))):
        data[at] ^= 1 << int(rng.integers(8))


def _set_bytes(data: bytearray, rng: np.random.Generator, first: int) -> None:
    start = int(rng.integers(first, len(data)))
    length = min(int(rng.integers(1, 9)), len(data) - start)
    kinds = (b"\0" * length, b"\xff" * length, rng.bytes(length))
    data[start : start + length] = kinds[int(rng.integers(3))]


def _cut(data: bytearray, rng: np.random.Generator, first: int) -> None:
    start = int(rng.integers(first, len(data)))
    del data[start : start + int(rng.integers(1, 200))]


def _repeat(data: bytearray, rng: np.random.Generator, first: int) -> None:
    source, target = (int(at) for at in rng.integers(first, len(data), 2))
    data[target:target] = data[source : source + int(rng.integers(1, 200))]


def _end(data: bytearray, rng: np.random.Generator, first: int) -> None:
    del data[int(rng.integers(first, len(data))) :]


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """One to three kinds of damage; mostly behind the first tenth, where headers are."""
    damaged = bytearray(data)
    kinds = (_flip_bits, _flip_bits, _flip_bits, _set_bytes, _set_bytes, _cut, _repeat, _end)
    for kind in rng.integers(len(kinds), size=int(rng.integers(1, 4))):
        first = 0 if rng.random() < 0.15 else len(data) // 10
        if first < len(damaged):
            kinds[kind](damaged, rng, first)
    return bytes(damaged)


def mutant(seeds: dict[str, bytes], seed: int, index: int) -> Mutant:
    """The same mutant for the same seeds, seed and index."""
    rng = np.random.default_rng((seed, index))
    name = list(seeds)[index % len(seeds)]
    kinds = {"bytes": _mutate, **fuzz_structures.kinds_for(name)}
    kind = list(kinds)[int(rng.integers(len(kinds)))]
    data = kinds[kind](seeds[name], name, seeds, rng)
    if kind != "bytes" and rng.random() < 0.2:
        data = mutate(data, rng)
    return Mutant(name, kind, data)


def _mutate(data: bytes, _: str, __: Mapping[str, bytes], rng: np.random.Generator) -> bytes:
    return mutate(data, rng)
