"""The README's few figures: ranges over rows of benchmarks/results, each with its table's page."""

from __future__ import annotations

import json
from pathlib import Path
from typing import NamedTuple

from benchmarks.rows import Row
from benchmarks.tables import quantity


class Claim(NamedTuple):
    """One line of the README.

    Attributes:
        text: what is claimed.
        table: of benchmarks/results.
        row: how the rows' names begin.
        rival: what they are compared with.
        place: page below docs/, with its heading.
    """

    text: str
    table: str
    row: str
    rival: str
    place: str


FILES, CLIPS = (
    "benchmarks/speed.md#vectors-and-fields-of-whole-files",
    "benchmarks/speed.md#frames-and-field-of-sampled-clips",
)
CENTRED = "how often the box is centred on a labelled object"
CLAIMS = (
    Claim(
        "vectors of whole files, against PyAV's export", "decode",
        'read_motion_vectors, blocks="libavcodec"', "PyAV export, to_ndarray", FILES,
    ),
    Claim(
        "a clip's frames *and* motion, against decord's frames alone", "clips",
        "", "decord, frames alone", CLIPS,
    ),
    Claim(
        "the same, against torchcodec's (exact)", "clips",
        "", "torchcodec, exact, frames alone", CLIPS,
    ),
    Claim(
        "a training sample with its mask, against decord and a tube mask", "loader",
        "", "decord, tube mask", "benchmarks/speed.md#a-training-sample",
    ),
    Claim(
        f"{CENTRED}: simulated motion", "labelled_objects",
        "centre on an object: simulated motion", "", "benchmarks/accuracy.md",
    ),
    Claim(
        f"{CENTRED}: motion-guided", "labelled_objects",
        "centre on an object: robust, codec", "", "benchmarks/accuracy.md",
    ),
)  # fmt: skip


def span(claim: Claim, folder: Path) -> str:
    """The smallest and the largest result of the rows that the claim is about.

    Raises:
        ValueError: there are none.
    """
    rows = [Row(**row) for row in json.loads((folder / f"{claim.table}.json").read_text())["rows"]]
    found = [row for row in rows if row.row.startswith(claim.row) and row.rival == claim.rival]
    values = [quantity(row.value, row.unit) for row in found if row.value is not None]
    if not values:
        raise ValueError(f"{claim.table} has no row {claim.row!r} against {claim.rival!r}")
    low, high = (pick(values, key=lambda text: float(text.rstrip("x"))) for pick in (min, max))
    return low if low == high else f"{low.rstrip('x')} to {high}"


def markdown(folder: Path, docs: str) -> str:
    """A table of all claims; docs: the address of the folder of the pages."""
    lines = ["| | measured |", "|---|---|"]
    lines += [f"| {c.text} | [{span(c, folder)}]({docs}/{c.place}) |" for c in CLAIMS]
    return "\n".join(lines)
