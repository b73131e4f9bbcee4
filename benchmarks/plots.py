"""Plots of tables: ratios with their spread, and curves of throughput."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.rows import Row
from benchmarks.tables import quantity

OURS, OTHERS, SHORT, LINE = "#1f77b4", "#b0b0b0", "#d62728", "#555555"
SPEED = "frames per second of one core"


def ratios(rows: Sequence[Row], title: str, path: Path) -> bool:
    """One point per ratio with its 10th to 90th percentile, targets ticked; False without any."""
    found = [row for row in rows if row.value and row.low and row.high]
    if not found:
        return False
    figure = Figure(figsize=(10, 1.6 + 0.4 * len(found)), layout="constrained")
    axes: Axes = figure.subplots()
    for y, row in enumerate(reversed(found)):
        _ratio(axes, y, row)
    edges = [e for r in found for e in (r.low, r.high, r.at_least, 1.0) if e]
    right = max(*edges, 1.2) * 1.3
    left = min(min(edges) / 1.15, right**-0.12)  # room for a word
    axes.set_xscale("log")
    axes.set_xlim(left, right)
    shown = [t for t in _marks() if left <= t <= right]
    axes.set_xticks(shown, [f"{t:g}x" for t in shown])
    axes.minorticks_off()
    axes.set_yticks(range(len(found)), [f"{r.row}\nvs {r.rival}" for r in reversed(found)])
    axes.set_ylim(-0.6, len(found) + 0.2)
    axes.tick_params(axis="y", labelsize=7.5)
    axes.grid(axis="x", alpha=0.3)
    axes.axvline(1, color=LINE, linewidth=1)
    axes.axvspan(left, 1, color=SHORT, alpha=0.05, linewidth=0)
    for side, words in (("right", "slower  "), ("left", "  the first named is faster")):
        axes.text(1, len(found) - 0.2, words, ha=side, va="center", fontsize=8, color=LINE)
    figure.suptitle(title, fontsize=11)
    explained = (
        "above each point: how many times as long the second named takes; bar: 10th to 90th\n"
        "percentile of interleaved pairs; upright tick: the target; red: target missed"
    )
    figure.supxlabel(explained, fontsize=8)
    _save(figure, path)
    return True


def _ratio(axes: Axes, y: int, row: Row) -> None:
    colour = SHORT if row.short else OURS
    axes.plot([row.low or 0, row.high or 0], [y, y], color=colour, linewidth=2, alpha=0.5)
    axes.plot(row.value or 0, y, "o", color=colour, markersize=6)
    value = quantity(row.value or 0, row.unit)
    _above(axes, value, (row.value or 0, y), colour)
    if row.at_least is not None:
        axes.plot(row.at_least, y, "|", color=LINE, markersize=14, markeredgewidth=2)


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
