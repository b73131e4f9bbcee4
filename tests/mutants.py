"""Damaged copies of files, the same ones each time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np


def mutants(path: Path, folder: Path, *, count: int) -> Iterator[Path]:
    """Copies of a file in which a few bytes of the second half differ, the same ones each time."""
    data = np.frombuffer(path.read_bytes(), np.uint8)
    for seed in range(count):
        rng = np.random.default_rng(seed)
        broken = data.copy()
        where = rng.integers(len(data) // 4, len(data), 1 + seed % 8)
        broken[where] ^= (1 << rng.integers(0, 8, len(where))).astype(np.uint8)
        mutant = folder / f"{seed}{path.suffix}"
        mutant.write_bytes(broken.tobytes())
        yield mutant
