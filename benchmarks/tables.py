"""Tables in Markdown, and where they stand in pages."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence

from benchmarks.rows import Row


def quantity(value: float, unit: str) -> str:
    """Three figures, without an exponent: "0.312x", "12.3x", "4870"."""
    if unit != "x" and value == int(value):
        text = str(int(value))
    else:
        magnitude = math.floor(math.log10(abs(value))) if value else 0
        text = f"{value:.{min(max(2 - magnitude, 0), 9)}f}"
    return f"{text}{unit}" if unit in ("x", "") else f"{text} {unit}"


def result(row: Row) -> str:
    """The figure, with the spread of its pairs."""
    if row.value is None:
        return "none"
    text = quantity(row.value, row.unit)
    if row.low is None or row.high is None:
        return text
    low, high = (quantity(bound, row.unit).removesuffix("x") for bound in (row.low, row.high))
    return f"{text} ({low} to {high})"


def target(row: Row) -> str:
    """What was wanted, and a mark where it is missed."""
    bounds = []
    if row.at_least is not None:
        bounds.append(f"at least {row.at_least:g}{row.unit if row.unit == 'x' else ''}")
    if row.at_most is not None:
        bounds.append(f"at most {row.at_most:g}{row.unit if row.unit == 'x' else ''}")
    if not bounds:
        return ""
    met = "not measured" if row.value is None else "**short**" if row.short else "met"
    return f"{', '.join(bounds)}: {met}"


def markdown(rows: Sequence[Row], caption: str) -> str:
    """A table of rows; columns that would be empty are left out."""
    columns = {
        "what": [row.row for row in rows],
        "against": [row.rival for row in rows],
        "result": [result(row) for row in rows],
        "target": [target(row) for row in rows],
        "note": [row.note for row in rows],
    }
    kept = {name: cells for name, cells in columns.items() if any(cells) or name == "what"}
    lines = [_line(kept), _line(["---"] * len(kept))]
    lines += [_line(cells) for cells in zip(*kept.values(), strict=True)]
    return "\n".join([*lines, "", caption])


def _line(cells: Sequence[str] | Mapping[str, object]) -> str:
    return f"| {' | '.join(cell.replace('|', '/') for cell in cells)} |"


def rewrite(text: str, tables: Mapping[str, str]) -> str:
    """Puts tables between `<!-- table NAME -->` and `<!-- end -->`; others stay as they are.

    Raises:
        ValueError: a marker is never closed.
    """

    def fill(found: re.Match[str]) -> str:
        name, old = found[1], found[2]
        body = f"\n{tables[name]}\n" if name in tables else old
        return f"<!-- table {name} -->{body}<!-- end -->"

    pattern = r"<!-- table ([\w-]+) -->(((?!<!-- table ).)*?)<!-- end -->"
    opened, closed = re.findall(r"<!-- table ([\w-]+) -->", text), re.findall(pattern, text, re.S)
    open_ended = sorted(set(opened) - {name for name, *_ in closed})
    if open_ended:
        raise ValueError(f"no <!-- end --> after the marker of {', '.join(open_ended)}")
    return re.sub(pattern, fill, text, flags=re.DOTALL)
