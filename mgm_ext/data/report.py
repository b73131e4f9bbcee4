"""A survey as one HTML page that needs nothing else: no server, no network, no script."""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .drawn import Drawing
from .shard_files import whole_file
from .summary import Summary, numbers

__all__ = ["write_report"]

_WIDE: Final = 460
_HIGH: Final = 150
_ROWS: Final = 50  # bad clips listed

_STYLE: Final = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #5b6570; --line: #d5dae0;
  --bar: #2a6fb0; --back: #ffffff; --card: #f5f7f9; }
@media (prefers-color-scheme: dark) { :root { --ink: #e8ebee; --soft: #9aa4af; --line: #39424c;
  --bar: #6aa9e0; --back: #14181c; --card: #1d2329; } }
body { font: 15px/1.5 system-ui, sans-serif; color: var(--ink); background: var(--back);
  margin: 0 auto; padding: 24px; max-width: 1040px; }
h1 { font-size: 24px; margin: 0 0 4px; } h2 { font-size: 18px; margin: 32px 0 8px; }
h3 { font-size: 14px; margin: 0 0 8px; font-weight: 600; }
.soft { color: var(--soft); }
.tiles { display: flex; flex-wrap: wrap; gap: 12px; margin: 16px 0; }
.tile { background: var(--card); border-radius: 8px; padding: 10px 16px; min-width: 110px; }
.tile b { display: block; font-size: 22px; font-weight: 600; }
.plots { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 16px; }
.plot, .drawn { background: var(--card); border-radius: 8px; padding: 12px 16px; }
.drawn { margin: 0 0 12px; } .drawn img { max-width: 100%; display: block; border-radius: 4px; }
svg { width: 100%; height: auto; display: block; } svg text { fill: var(--ink); font-size: 12px; }
svg .soft { fill: var(--soft); } svg rect { fill: var(--bar); }
svg line { stroke: var(--line); }
table { border-collapse: collapse; width: 100%; } th { text-align: left; }
td, th { padding: 4px 12px 4px 0; border-bottom: 1px solid var(--line); vertical-align: top;
  overflow-wrap: anywhere; }
li { margin: 4px 0; }
"""


def write_report(
    path: str | os.PathLike[str],
    table: pa.Table,
    summary: Summary,
    *,
    title: str,
    drawn: Sequence[Drawing] | None = (),
    missing: Mapping[str, str] | None = None,
) -> None:
    """Writes the page.

    Args:
        path: the HTML file.
        table: rows of the survey.
        summary: of the rows.
        title: what was surveyed.
        drawn: pictures of some clips; None: they cannot be drawn here, and the page says why.
        missing: shards that could not be read, and why.
    """
    sections = [
        f"<h1>Survey of {escape(title)}</h1>",
        _tiles(summary),
        _listed("What to do", summary.advice) if summary.advice else "",
        "<h2>What is there</h2>",
        f'<div class="plots">{"".join(_plots(table, summary))}</div>',
        _drawn(drawn),
        _bad(table),
        _listed("Shards that could not be read", [f"{k}: {v}" for k, v in (missing or {}).items()]),
    ]
    page = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>Survey of {escape(title)}</title><style>{_STYLE}</style></head>"
        f"<body>{''.join(sections)}</body></html>\n"
    )
    with whole_file(Path(path)) as partial:
        partial.write_text(page, encoding="utf-8")


def _tiles(summary: Summary) -> str:
    hours = summary.seconds / 3600
    long = f"{hours:,.1f} h" if hours >= 1 else f"{summary.seconds:,.0f} s"
    size = summary.num_bytes
    large = f"{size / 1e9:,.1f} GB" if size >= 1e9 else f"{size / 1e6:,.1f} MB"
    facts = [
        ("clips", f"{summary.clips:,}"),
        ("of video", long),
        ("on disk", large),
        ("guided", f"{summary.mask_sources['guided']:,}" if summary.full else "not read"),
        ("without a result", f"{summary.errors.total():,}"),
    ]
    tiles = "".join(f'<div class="tile"><b>{value}</b>{name}</div>' for name, value in facts)
    return f'<div class="tiles">{tiles}</div>'


def _listed(title: str, lines: Iterable[str]) -> str:
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    return f"<h2>{title}</h2><ul>{items}</ul>" if items else ""


def _plots(table: pa.Table, summary: Summary) -> list[str]:
    plots = [
        _bars("Codec", summary.codecs.most_common(8)),
        _bars("What masks would be made from", summary.mask_sources.most_common()),
        _histogram("Seconds", numbers(table, "seconds"), "s"),
        _histogram("Key-frame spacing, median", numbers(table, "key_frame_median"), "frames"),
        _histogram("Short side", _short_sides(table), "pixels"),
    ]
    if summary.full:
        plots += [
            _histogram("Cells with motion", 100 * numbers(table, "inter_share"), "% of a clip's"),
            _histogram("Still cells", 100 * numbers(table, "still_share"), "% of a clip's"),
            _histogram("Speed, median", numbers(table, "median_speed"), "pixels per frame"),
            _histogram("Speed, 95th percentile", numbers(table, "p95_speed"), "pixels per frame"),
            _histogram(
                "Motion that is the camera's", 100 * numbers(table, "camera_share"), "% of a clip's"
            ),
        ]
    return [plot for plot in plots if plot]


def _short_sides(table: pa.Table) -> NDArray[np.float64]:
    sides: NDArray[np.float64] = np.minimum(numbers(table, "width"), numbers(table, "height"))
    return sides


def _plot(title: str, high: int, content: str) -> str:
    return (
        f'<div class="plot"><h3>{escape(title)}</h3>'
        f'<svg viewBox="0 0 {_WIDE} {high}" role="img">{content}</svg></div>'
    )


def _bars(title: str, counts: Sequence[tuple[str, int]]) -> str:
    """Names down, counts across."""
    total = sum(count for _, count in counts)
    most = max((count for _, count in counts), default=0)
    lines = []
    for row, (name, count) in enumerate(counts):
        y = 24 * row
        wide = max(1.0, (_WIDE - 230) * count / most)
        lines.append(
            f'<text x="0" y="{y + 15}">{escape(name)}</text>'
            f'<rect x="110" y="{y + 3}" width="{wide:.1f}" height="16" rx="3"/>'
            f'<text class="soft" x="{116 + wide:.1f}" y="{y + 15}">'
            f"{count:,} ({100 * count / total:.1f} %)</text>"
        )
    return _plot(title, 24 * len(counts), "".join(lines)) if counts else ""


def _histogram(title: str, values: NDArray[np.float64], unit: str) -> str:
    """24 bins up to the 99th percentile; the last holds what is beyond."""
    if not len(values):
        return ""
    low, high = 0.0, float(np.percentile(values, 99))
    high = high if high > low else low + 1
    counts, _ = np.histogram(np.clip(values, low, high), bins=24, range=(low, high))
    step = _WIDE / 24
    bars = "".join(
        f'<rect x="{i * step + 1:.1f}" y="{20 + (_HIGH - 40) * (1 - count / counts.max()):.1f}" '
        f'width="{step - 2:.1f}" height="{(_HIGH - 40) * count / counts.max():.1f}" rx="2">'
        f"<title>{low + i * (high - low) / 24:.3g} to {low + (i + 1) * (high - low) / 24:.3g}: "
        f"{count:,} clips</title></rect>"
        for i, count in enumerate(counts)
    )
    middle = float(np.median(values))
    axis = (
        f'<line x1="0" y1="{_HIGH - 20}" x2="{_WIDE}" y2="{_HIGH - 20}"/>'
        f'<text class="soft" x="0" y="{_HIGH - 5}">{low:g}</text>'
        f'<text class="soft" x="{_WIDE}" y="{_HIGH - 5}" text-anchor="end">{high:.3g} {unit}</text>'
        f'<text class="soft" x="{_WIDE}" y="12" text-anchor="end">median {middle:.3g}</text>'
    )
    return _plot(title, _HIGH, bars + axis)


def _drawn(drawn: Sequence[Drawing] | None) -> str:
    if drawn is None:
        return '<p class="soft">No clips are drawn: that needs the extra <code>draw</code>.</p>'
    if not drawn:
        return ""
    parts = [
        "<h2>A few of each kind</h2>",
        '<p class="soft">Vectors; the score with its box; the patches that '
        "<code>robust</code> masks at 0.75. A frame alone: there is no motion in it.</p>",
    ]
    for one in drawn:
        shown = ""
        if one.picture:
            data = base64.b64encode(one.picture).decode()
            shown = f'<img alt="{escape(one.key)}" src="data:image/jpeg;base64,{data}">'
        parts.append(
            f'<div class="drawn"><h3>{escape(one.kind)}</h3>{shown}'
            f'<div class="soft">{escape(one.key)}: {escape(one.text)}</div></div>'
        )
    return "".join(parts)


def _bad(table: pa.Table) -> str:
    columns = [table.column(name).to_pylist() for name in ("key", "error_class", "error")]
    rows = [row for row in zip(*columns, strict=True) if row[1]]
    if not rows:
        return ""
    body = "".join(
        f"<tr>{''.join(f'<td>{escape(str(cell))}</td>' for cell in row)}</tr>"
        for row in rows[:_ROWS]
    )
    more = f'<p class="soft">and {len(rows) - _ROWS:,} more</p>' if len(rows) > _ROWS else ""
    head = "<tr><th>clip<th>class<th>why</tr>"
    return f"<h2>Clips without a result</h2><table>{head}{body}</table>{more}"
