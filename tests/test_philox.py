"""The random numbers and the integer exponential."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mgm_ext import seed_for
from mgm_ext._core import _testing
from tests.reference import philox as plain

# From the known-answer file that the authors of Philox publish (Random123, philox4x32 10 rounds).
KNOWN = [
    ((0, 0, 0, 0), (0, 0), (0x6627E8D5, 0xE169C58D, 0xBC57AC4C, 0x9B00DBD8)),
    ((0xFFFFFFFF,) * 4, (0xFFFFFFFF,) * 2, (0x408F276D, 0x41C83B0E, 0xA20BC7C6, 0x6D5451FD)),
    (
        (0x243F6A88, 0x85A308D3, 0x13198A2E, 0x03707344),
        (0xA4093822, 0x299F31D0),
        (0xD16CFE09, 0x94FDCCEB, 0x5001E420, 0x24126EA1),
    ),
]
word32 = st.integers(0, 2**32 - 1)
word64 = st.integers(0, 2**64 - 1)


@pytest.mark.parametrize(("counter", "key", "expected"), KNOWN)
def test_philox_gives_the_published_answers(
    counter: tuple[int, int, int, int], key: tuple[int, int], expected: tuple[int, ...]
) -> None:
    assert _testing.philox4x32(*counter, *key) == expected
    assert tuple(plain.philox4x32(np.array(counter, np.uint64), key).tolist()) == expected


@given(counter=st.tuples(word32, word32, word32, word32), key=st.tuples(word32, word32))
def test_philox_equals_the_reference(
    counter: tuple[int, int, int, int], key: tuple[int, int]
) -> None:
    expected = plain.philox4x32(np.array(counter, np.uint64), key)
    assert _testing.philox4x32(*counter, *key) == tuple(expected.tolist())


@given(base=word64, epoch=word64, index=word64, repeat=word64)
def test_seed_for_equals_the_reference(base: int, epoch: int, index: int, repeat: int) -> None:
    expected = plain.seed_for(base, epoch, index, repeat)
    assert seed_for(base, epoch, index, repeat) == expected


def test_seed_for_begins_with_the_published_generator() -> None:
    # First outputs of SplitMix64 from the states 0 and 1234567.
    assert plain.mix(0) == 0xE220A8397B1DCDAF
    assert plain.mix(1234567) == 6457827717110365317


def test_seeds_of_a_training_run_are_all_different() -> None:
    seeds = {seed_for(7, epoch, i, r) for epoch in range(20) for i in range(500) for r in range(2)}
    assert len(seeds) == 20 * 500 * 2


@pytest.mark.parametrize("bad", [-1, 2**64, 1.5, "1", None, True])
def test_seed_for_names_the_bad_argument(bad: object) -> None:
    with pytest.raises(ValueError, match=r"epoch must be an integer in \[0, 2\^64\), not"):
        seed_for(0, bad, 0)  # type: ignore[arg-type]


@given(x=st.integers(0, 40 << 24))
def test_exp2_equals_the_reference_and_the_function(x: int) -> None:
    native = _testing.exp2_negative(x)
    assert native == plain.exp2_negative(x)
    assert abs(native / 2**30 - 2 ** (-x / 2**24)) < 2e-6


@given(x=st.integers(1, 2**63))
def test_log2_equals_the_reference_and_the_function(x: int) -> None:
    native = _testing.log2_fixed(x)
    assert native == plain.log2_fixed(x)
    assert abs(native / 2**24 - math.log2(x)) < 2e-6


@given(drawn=word32)
def test_gumbel_equals_the_reference(drawn: int) -> None:
    assert _testing.gumbel(drawn) == plain.gumbel(drawn)


def test_gumbel_has_the_distribution_of_its_name() -> None:
    drawn = [_testing.gumbel(w) / 2**24 for w in range(0, 2**32, 2**32 // 20011)]
    assert np.mean(drawn) == pytest.approx(np.euler_gamma, abs=0.01)
    assert np.var(drawn) == pytest.approx(math.pi**2 / 6, rel=0.02)
    assert np.all(np.diff(drawn) >= 0)
