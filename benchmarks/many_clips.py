"""What two million clips cost on Ray, computed from the measured rows of results/data.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path

from benchmarks.rows import Row
from benchmarks.tables import quantity

TABLE = "two-million-clips"
CLIPS, SECONDS = 2_000_000, 10.0
BATCH, AHEAD = 16, 2  # clips an actor takes at a time; batches that Ray keeps before it
READ, ADDED = "Ray, the read of a clip by itself", "Ray, added to the reads of 1,000 clips"


def span(rows: Mapping[str, float], end: str) -> tuple[float, float]:
    """The least and the most of the rows whose names end so."""
    found = [value for name, value in rows.items() if name.endswith(end)]
    return min(found), max(found)


def markdown(folder: Path) -> str:
    """A table: what, how much, and how it was computed."""
    found = [Row(**row) for row in json.loads((folder / "data.json").read_text())["rows"]]
    rows = {row.row: row.value for row in found if row.value is not None}
    read, added = rows[READ] / 1000, max(0.0, rows[ADDED]) / 1000
    batches = BATCH * AHEAD * SECONDS
    lines = ["| | two million clips of 10 s | computed as |", "|---|---|---|"]
    lines += [
        f"| {what} | {figure} | {rule} |"
        for what, figure, rule in (
            (
                "core-hours",
                f"{quantity(CLIPS * (read + added) / 3600, '')}",
                f"clips x ({1000 * read:.1f} ms for the read + {1000 * added:.1f} ms of Ray's)",
            ),
            (
                "bytes written, `add_fields`",
                _range(span(rows, ", as it is"), CLIPS * SECONDS / 1e6, "GB"),
                f"clips x 10 s x ({_range(span(rows, ', as it is'), 1, 'kB/s')})",
            ),
            (
                "bytes written, `add_fields(compact=True)`",
                _range(span(rows, ", compact, lossy"), CLIPS * SECONDS / 1e6, "GB"),
                f"clips x 10 s x ({_range(span(rows, ', compact, lossy'), 1, 'kB/s')})",
            ),
            (
                "object store for each actor, `add_fields`",
                _range(span(rows, ", as it is"), batches / 1e3, "MB"),
                f"{AHEAD} batches of {BATCH} clips; with `data=` their files, too",
            ),
        )
    ]
    return "\n".join(lines)


def _range(bounds: tuple[float, float], scale: float, unit: str) -> str:
    low, high = (quantity(bound * scale, "") for bound in bounds)
    return f"{low} to {high} {unit}"
