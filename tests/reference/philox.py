"""Philox 4x32-10, its purposes, and the integer exponential."""

from __future__ import annotations

from decimal import Decimal, getcontext
from enum import IntEnum

import numpy as np
from numpy.typing import NDArray

Words = NDArray[np.uint64]
LOW = np.uint64(0xFFFFFFFF)


class Purpose(IntEnum):
    RANK = 0
    PEAK = 1
    JITTER = 2
    START = 3
    STEP = 4
    ASPECT = 5
    CELL = 6
    BLOCK = 7
    GUMBEL = 8
    BUMP = 9


def philox4x32(counters: Words, key: tuple[int, int]) -> Words:
    """uint64 [..., 4] of 32-bit words for counters [..., 4]."""
    c = [counters[..., i].astype(np.uint64) for i in range(4)]
    k = [np.uint64(key[0]), np.uint64(key[1])]
    for step in range(10):
        if step:
            k = [(k[0] + np.uint64(0x9E3779B9)) & LOW, (k[1] + np.uint64(0xBB67AE85)) & LOW]
        a, b = np.uint64(0xD2511F53) * c[0], np.uint64(0xCD9E8D57) * c[2]
        c = [
            (b >> np.uint64(32)) ^ c[1] ^ k[0],
            b & LOW,
            (a >> np.uint64(32)) ^ c[3] ^ k[1],
            a & LOW,
        ]
    return np.stack(c, axis=-1)


def words(seed: int, purpose: Purpose, slots: NDArray[np.integer], n: int) -> Words:
    """The first n words of each slot's stream: uint64 [len(slots), n]."""
    blocks = -(-n // 4)
    counters = np.zeros((len(slots), blocks, 4), np.uint64)
    counters[..., 0] = np.arange(blocks)
    counters[..., 1] = np.asarray(slots)[:, None]
    counters[..., 2] = int(purpose)
    drawn = philox4x32(counters, (seed & 0xFFFFFFFF, seed >> 32))
    return drawn.reshape(len(slots), -1)[:, :n]


def word(seed: int, purpose: Purpose, slot: int, index: int) -> int:
    return int(words(seed, purpose, np.array([slot]), index + 1)[0, index])


def below(drawn: int, n: int) -> int:
    return drawn * n >> 32


def mix(state: int) -> int:
    z = (state + 0x9E3779B97F4A7C15) % 2**64
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
    return z ^ z >> 31


def seed_for(base: int, epoch: int, index: int, repeat: int = 0) -> int:
    return mix(mix(mix(mix(base) ^ epoch) ^ index) ^ repeat)


def _table() -> list[int]:
    getcontext().prec = 50
    powers = (Decimal(2) ** (Decimal(i) / 256) * 2**30 for i in range(257))
    return [int(power.to_integral_value()) for power in powers]


TABLE = _table()


def exp2_negative(x: int) -> int:
    """2^-x in 2^-30, x in 2^-24."""
    whole = -(-x // 2**24)
    rest = whole * 2**24 - x
    i, part = divmod(rest, 2**16)
    value = TABLE[i] + ((TABLE[i + 1] - TABLE[i]) * part >> 16)
    return value >> whole if whole <= 30 else 0


def log2_fixed(x: int) -> int:
    """log2(x) in 2^-24."""
    exponent = x.bit_length() - 1
    m = x >> exponent - 30 if exponent > 30 else x << 30 - exponent
    i = max(j for j in range(256) if TABLE[j] <= m)
    return exponent * 2**24 + i * 2**16 + (m - TABLE[i]) * 2**16 // (TABLE[i + 1] - TABLE[i])


def times_ln2(x: int) -> int:
    return x * int((Decimal(2).ln() * 2**32).to_integral_value()) >> 32


def gumbel(drawn: int) -> int:
    """A Gumbel number in 2^-24 nats."""
    u = 2 * (drawn >> 8) + 1
    surprise = max(times_ln2(25 * 2**24 - log2_fixed(u)), 1)
    return times_ln2(24 * 2**24 - log2_fixed(surprise))
