"""Plots of tables: ratios with their spread, and curves of throughput."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.rows import Row

OURS, OTHERS, SHORT, LINE = "#1f77b4", "#b0b0b0", "#d62728", "#555555"


def ratios(rows: Sequence[Row], title: str, path: Path) -> bool:
    """One point per ratio with its 10th to 90th percentile, targets ticked; False without any."""
    found = [row for row in rows if row.value and row.low and row.high]
    if not found:
        return False
    figure = Figure(figsize=(10, 1.4 + 0.4 * len(found)), layout="constrained")
    axes: Axes = figure.subplots()
    for y, row in enumerate(reversed(found)):
        colour = SHORT if row.short else OURS
        axes.plot([row.low or 0, row.high or 0], [y, y], color=colour, linewidth=2, alpha=0.5)
        axes.plot(row.value or 0, y, "o", color=colour, markersize=6)
        if row.at_least is not None:
            axes.plot(row.at_least, y, "|", color=LINE, markersize=14, markeredgewidth=2)
    axes.axvline(1, color=LINE, linewidth=1)
    axes.set_xscale("log")
    edges = [e for r in found for e in (r.low, r.high, r.at_least, 1.0) if e]
    axes.set_xlim(min(edges) / 1.3, max(edges) * 1.3)
    shown = [t for t in _marks() if min(edges) / 1.3 <= t <= max(edges) * 1.3]
    axes.set_xticks(shown, [f"{t:g}x" for t in shown])
    axes.minorticks_off()
    axes.set_yticks(range(len(found)), [f"{r.row}\nvs {r.rival}" for r in reversed(found)])
    axes.set_ylim(-0.6, len(found) - 0.4)
    axes.tick_params(axis="y", labelsize=7.5)
    axes.grid(axis="x", alpha=0.3)
    figure.suptitle(title, fontsize=11)
    explained = "rival's time over ours; bar: 10th to 90th percentile; tick: target; red: missed"
    figure.supxlabel(explained, fontsize=8)
    _save(figure, path)
    return True


def curves(rows: Sequence[Row], title: str, axis: str, path: Path) -> bool:
    """Frames per second against `at`, one curve per series and rival; False without points."""
    points: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for row in rows:
        if row.at is None or not (row.frames and row.ours_seconds and row.rival_seconds):
            continue
        points[f"mgm_ext: {row.series}"].append((row.at, row.frames / row.ours_seconds))
        points[row.rival].append((row.at, row.frames / row.rival_seconds))
    if not points:
        return False
    figure = Figure(figsize=(7, 4.5), layout="constrained")
    axes: Axes = figure.subplots()
    for name, pairs in points.items():
        xs, ys = zip(*sorted(set(pairs)), strict=True)
        style = "-o" if name.startswith("mgm_ext") else "--s"
        axes.plot(xs, ys, style, label=name, markersize=5)
    axes.set_yscale("log")
    axes.set_xscale("log")
    ticks = sorted({x for pairs in points.values() for x, _ in pairs})
    axes.set_xticks(ticks, [f"{x:.3g}" if x < 1000 else f"{x:.0f}" for x in ticks])
    low, high = axes.get_ylim()
    marks = [m for m in _marks() if low / 1.5 <= m <= high * 1.5]
    axes.set_yticks(marks, [f"{m:g}" for m in marks])
    axes.minorticks_off()
    axes.set_xlabel(axis)
    axes.set_ylabel("frames per second and processor")
    axes.set_title(title, fontsize=11)
    axes.grid(alpha=0.3)
    axes.legend(fontsize=8)
    _save(figure, path)
    return True


def bars(rows: Sequence[Row], title: str, path: Path) -> bool:
    """Frames per second of each row, ours above the rival's; False without any."""
    found = [row for row in reversed(rows) if row.frames and row.ours_seconds]
    if not found:
        return False
    figure = Figure(figsize=(8, 1.2 + 0.45 * len(found)), layout="constrained")
    axes: Axes = figure.subplots()
    for shift, colour, name in ((0.2, OURS, "mgm_ext"), (-0.2, OTHERS, found[0].rival)):
        seconds = [row.ours_seconds if shift > 0 else row.rival_seconds for row in found]
        speeds = [row.frames / (s or 1) for row, s in zip(found, seconds, strict=True)]
        places = [y + shift for y in range(len(found))]
        axes.barh(places, speeds, height=0.38, color=colour, label=name)
    axes.set_yticks(range(len(found)), [row.row for row in found])
    axes.set_xlabel("frames per second and processor")
    axes.grid(axis="x", alpha=0.3)
    figure.suptitle(title, fontsize=11)
    figure.legend(loc="outside lower center", ncols=2, fontsize=8)
    _save(figure, path)
    return True


def _marks() -> list[float]:
    return [digit * 10.0**power for power in range(-2, 6) for digit in (1, 2, 5)]


def _save(figure: Figure, path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
