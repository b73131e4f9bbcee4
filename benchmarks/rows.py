"""Rows of the report's tables on their way from the benchmarks to the report."""

from __future__ import annotations

import hashlib
import json
import re
import subprocess
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks.paired import Ratio

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "out" / "benchmark"


@dataclass(frozen=True)
class Row:
    """One line of a table.

    Attributes:
        table: name of the table, as in the marker of a page.
        row: what was done; with `rival` it names the line within its table.
        rival: what it is compared with; "" for a plain number.
        value: ratio (rival's time over ours) or number; None where there is none, `note` says why.
        low, high: 10th and 90th percentile of the pairs; None for a plain number.
        pairs: number of them; 0 for a plain number.
        clock: as in `Ratio`; "" for a plain number.
        unit: of a plain number; "x" for a ratio.
        at_least, at_most: the target, if any.
        note: what a reader must know.
        ours_seconds, rival_seconds: median of one call; None for a plain number.
        frames: how many one call decodes, for throughput; 0 where that means nothing.
        series, at: the curve of the table's plot that this is a point of, and where on its axis.
        commit: of the source that was measured.
        order: when it was first recorded, for the order of lines.
    """

    table: str
    row: str
    rival: str
    value: float | None
    low: float | None = None
    high: float | None = None
    pairs: int = 0
    clock: str = ""
    unit: str = "x"
    at_least: float | None = None
    at_most: float | None = None
    note: str = ""
    ours_seconds: float | None = None
    rival_seconds: float | None = None
    frames: int = 0
    series: str = ""
    at: float | None = None
    commit: str = ""
    order: int = 0

    @property
    def short(self) -> bool:
        """Whether a target exists and is missed."""
        if self.value is None:
            return False
        low = self.at_least is not None and self.value < self.at_least
        return low or (self.at_most is not None and self.value > self.at_most)


def commit() -> str:
    """The source's commit, "-dirty" if it has changes."""
    command = ["git", "-C", str(ROOT), "describe", "--always", "--dirty", "--abbrev=10"]
    return subprocess.run(command, capture_output=True, text=True).stdout.strip() or "unknown"


def make(table: str, row: str, value: Ratio | float | None, **more: Any) -> Row:
    """A row of a ratio, of a plain number (with its `unit`), or of nothing (with a `note`)."""
    more.setdefault("rival", "")
    if isinstance(value, Ratio):
        timed = asdict(value)
        return Row(table, row, value=timed.pop("median"), unit="x", **timed, **more)
    more.setdefault("unit", "")
    return Row(table, row, value=None if value is None else float(value), **more)


def write(row: Row, folder: Path = FOLDER) -> Path:
    """Stores one row, each in a file of its own: what a broken run measured is kept."""
    key = hashlib.sha256(f"{row.row}\n{row.rival}".encode()).hexdigest()[:8]
    name = re.sub(r"[^a-z0-9]+", "-", row.row.lower()).strip("-")[:60]
    path = folder / row.table / f"{name}-{key}.json"
    order = json.loads(path.read_text())["order"] if path.exists() else time.time_ns()
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps({**asdict(row), "order": order}, indent=1) + "\n")
    return path


def read(folder: Path = FOLDER) -> Iterator[Row]:
    """All rows, in the order in which they were first recorded."""
    found = [Row(**json.loads(path.read_text())) for path in folder.glob("*/*.json")]
    yield from sorted(found, key=lambda row: row.order)
