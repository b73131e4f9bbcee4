"""What generators cost, in instructions: little to make, and no more per call than the function."""

from __future__ import annotations

import pytest

from benchmarks import instructions

SETUP = """
import numpy as np, mgm_ext
from tests.fields import random_field
field = random_field(3, slots=8, tubelet=2, high=14, wide=14)
size = {"input_size": (8, 14, 14), "mask_ratio": 0.75}
def made(name, **options): return mgm_ext.make_masking(name, seed=1, **size, **options)
tube, block, smooth = made("tube"), made("block"), made("motion_guided", preset="smooth")
""".strip()
CALLS = {
    "mgm_ext.tube_mask(seed=3)": "tube(seed=3)",
    "mgm_ext.block_mask(seed=3)": "block(seed=3)",
    "mgm_ext.motion_guided_mask(field, preset='smooth', seed=3)": "smooth(field, seed=3)",
}
MADE = ["made('tube')", "made('block')", "made('motion_guided')"]
# 30 us where such calls run at 10 instructions a nanosecond.
MOST = 300_000


@pytest.mark.skipif(not instructions.available(), reason="valgrind is missing")
def test_generators_cost_nothing_over_the_functions_and_little_to_make() -> None:
    counts = instructions.counts(SETUP, [*CALLS, *CALLS.values(), *MADE])
    functions, calls, made = counts[:3], counts[3:6], counts[6:]
    assert [call <= function for call, function in zip(calls, functions, strict=True)] == [True] * 3
    assert max(made) < MOST
