"""Rows of the report from results/cuda.json, which cuda.py writes on a machine with a GPU."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from benchmarks import rows
from benchmarks.rows import Row

TABLE = "cuda"
MASK = 'motion_guided_mask(preset="smooth"), 256 clips'


def rows_of(results: Mapping[str, Any]) -> list[Row]:
    """One row a target of the masks on a GPU."""
    found = []
    for number in (16, 64):
        one = results[f"batch of 256, {number} rows"]
        compiled = results[f"compiled, {number} rows"]
        few = results[f"batch of 8, {number} rows"]
        what = f"{MASK} of {number} rows"
        found += [
            rows.make(
                TABLE, what, one["smooth"] / one["copy"], unit="times the copy's time",
                rival="a device copy of the field", at_most=3,
            ),
            rows.make(
                TABLE, what, one["eager_torch"] / one["smooth"], unit="x",
                rival="the same rule in eager torch", at_least=20,
            ),
            rows.make(
                TABLE, what, compiled["compiled_torch"] / compiled["smooth"], unit="x",
                rival="that rule under torch.compile, its random words given", at_least=5,
            ),
            rows.make(
                TABLE, f"the same of 8 clips of {number} rows, one launch in a CUDA graph",
                few["smooth_graph"], unit="us", at_most=20,
            ),
            rows.make(
                TABLE, f'preset="robust", 256 clips of {number} rows', one["robust"], unit="us"
            ),
        ]  # fmt: skip
    keys = results["keys [256, 1568]"]
    for kind in ("int64", "float32"):
        found.append(
            rows.make(
                TABLE, "select, keys [256, 1568]", keys[f"topk_scatter_{kind}"] / keys["select"],
                unit="x", rival=f"torch.topk of {kind} keys, scatter", at_least=2,
            )
        )  # fmt: skip
    return found


def caption(results: Mapping[str, Any]) -> str:
    about = results["machine"]
    return (
        f"{about['gpu']}, driver {about['driver']}; torch {about['torch']}, "
        f"CUDA {about['cuda']}; commit {results['commit']}, {results['date']}."
    )
