"""Plots of tables: ratios by peer, and curves of throughput."""

from __future__ import annotations

import textwrap
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.rows import Row
from benchmarks.tables import quantity

OURS, OTHERS, SHORT, LINE = "#1f77b4", "#b0b0b0", "#d62728", "#555555"
SPEED = "frames per second of one core"
# How the names of comparisons with ourselves begin: plotted where a table has no others.
OURSELVES = (
    "our own", "the same", "one after", "one process", "frames and field", "read_motion_field",
    "a loop of",
)  # fmt: skip


def ratios(rows: Sequence[Row], title: str, path: Path) -> bool:
    """A line for each peer with a point for each of its rows, sorted; False without any ratio."""
    found = [row for row in rows if row.value and row.low and row.high]
    found = [row for row in found if not row.rival.startswith(OURSELVES)] or found
    if not found:
        return False
    groups: dict[str, list[float]] = defaultdict(list)
    for row in found:
        groups[row.rival].append(row.value or 0)
    order = sorted(groups, key=lambda name: median(groups[name]))
    figure = Figure(figsize=(9, 1.7 + 0.42 * len(order)), layout="constrained")
    axes: Axes = figure.subplots()
    for y, name in enumerate(order):
        _peer(axes, y, groups[name])
    _ratio_axis(axes, [value for values in groups.values() for value in values])
    axes.set_yticks(range(len(order)), [textwrap.fill(name, 44) for name in order])
    axes.set_ylim(-0.6, len(order) - 0.3)
    axes.set_title(f"{title}\n{message(found)}", fontsize=11)
    _save(figure, path)
    return True


def message(rows: Sequence[Row]) -> str:
    """What a plot of ratios shows, in one line."""
    won = sum((row.value or 0) >= 1 for row in rows)
    every = f"all {len(rows)}" if won == len(rows) else f"{won} of {len(rows)}"
    return f"mgm_ext is faster in {every} comparisons"


def _peer(axes: Axes, y: int, values: Sequence[float]) -> None:
    axes.plot([min(values), max(values)], [y, y], color=OURS, linewidth=2, alpha=0.35)
    for value in values:
        axes.plot(value, y, "o", color=OURS if value >= 1 else SHORT, markersize=6, alpha=0.8)
    ends = [quantity(end, "x") for end in (min(values), max(values))]
    text = ends[0] if ends[0] == ends[1] else f"{ends[0].rstrip('x')} to {ends[1]}"
    _above(axes, text, (max(values), y), LINE)


def _ratio_axis(axes: Axes, values: Sequence[float]) -> None:
    left, right = min(0.8, min(values) / 1.3), max(1.3, max(values) * 1.6)
    axes.set_xscale("log")
    axes.set_xlim(left, right)
    shown = [t for t in _marks() if left <= t <= right]
    axes.set_xticks(shown, [f"{t:g}x" for t in shown])
    axes.minorticks_off()
    axes.tick_params(axis="y", labelsize=8.5)
    axes.grid(axis="x", alpha=0.3)
    axes.axvline(1, color=LINE, linewidth=1)
    axes.axvspan(left, 1, color=SHORT, alpha=0.05, linewidth=0)
    axes.set_xlabel("times as long as mgm_ext takes (right of 1x mgm_ext is faster)")
    axes.set_ylabel("against")


def curves(rows: Sequence[Row], title: str, axis: str, path: Path) -> bool:
    """Frames per second against `at`, one curve per series and rival; False without points."""
    points: dict[str, list[tuple[float, float]]] = defaultdict(list)
    found = [r for r in rows if r.at is not None and r.frames and r.ours_seconds]
    for row in found:
        at = row.at or 0
        points[f"mgm_ext: {row.series}"].append((at, row.frames / (row.ours_seconds or 1)))
        points[row.rival].append((at, row.frames / (row.rival_seconds or 1)))
    if not points:
        return False
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes: Axes = figure.subplots()
    for name, pairs in points.items():
        xs, ys = zip(*sorted(set(pairs)), strict=True)
        style = "-o" if name.startswith("mgm_ext") else "--s"
        axes.plot(xs, ys, style, label=name, markersize=5)
    for row in found:
        place = (row.at or 0, row.frames / (row.ours_seconds or 1))
        _above(axes, quantity(row.value or 0, "x"), place, LINE)
    axes.set_yscale("log")
    axes.set_xscale("log")
    ticks = sorted({x for pairs in points.values() for x, _ in pairs})
    axes.set_xticks(ticks, [f"{x:.3g}" if x < 1000 else f"{x:.0f}" for x in ticks])
    speeds = [y for pairs in points.values() for _, y in pairs]
    low, high = min(speeds) / 1.3, max(speeds) * 1.3
    axes.set_ylim(low, high)
    marks = [m for m in _marks() if low <= m <= high]
    axes.set_yticks(marks, [f"{m:g}" for m in marks])
    axes.minorticks_off()
    axes.set_xlabel(axis)
    axes.set_ylabel(f"{SPEED} (higher is better)")
    axes.set_title(f"{title}\nfigures: how many times as fast mgm_ext is", fontsize=10)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    _save(figure, path)
    return True


def bars(rows: Sequence[Row], title: str, path: Path) -> bool:
    """Frames per second of each row, ours above the rival's; False without any."""
    found = [row for row in reversed(rows) if row.frames and row.ours_seconds]
    if not found:
        return False
    figure = Figure(figsize=(8, 1.4 + 0.42 * len(found)), layout="constrained")
    axes: Axes = figure.subplots()
    for shift, colour, name in ((0.2, OURS, "mgm_ext"), (-0.2, OTHERS, found[0].rival)):
        seconds = [row.ours_seconds if shift > 0 else row.rival_seconds for row in found]
        speeds = [row.frames / (s or 1) for row, s in zip(found, seconds, strict=True)]
        places = [y + shift for y in range(len(found))]
        axes.barh(places, speeds, height=0.38, color=colour, label=name)
    for y, row in enumerate(found):
        text = f" {quantity(row.value or 0, 'x')} as fast"
        speed = row.frames / (row.ours_seconds or 1)
        axes.text(speed, y + 0.2, text, va="center", fontsize=7.5, color=LINE)
    axes.set_yticks(range(len(found)), [row.row for row in found])
    axes.set_ylim(-0.6, len(found) - 0.4)
    axes.set_xlim(0, 1.2 * max(row.frames / (row.ours_seconds or 1) for row in found))
    axes.set_xlabel(f"{SPEED} (higher is better)")
    axes.grid(axis="x", alpha=0.3)
    figure.suptitle(title, fontsize=11)
    figure.legend(loc="outside lower center", ncols=2, fontsize=8)
    _save(figure, path)
    return True


def _above(axes: Axes, text: str, point: tuple[float, float], colour: str) -> None:
    axes.annotate(
        text,
        point,
        xytext=(0, 5),
        textcoords="offset points",
        ha="center",
        va="bottom",
        fontsize=7,
        color=colour,
    )


def _marks() -> list[float]:
    return [digit * 10.0**power for power in range(-2, 6) for digit in (1, 2, 5)]


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
