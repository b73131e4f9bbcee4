"""Rows as tables and plots: benchmarks/results/pretraining/*.jsonl into docs/pretraining.md."""

from __future__ import annotations

import base64
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from benchmarks import tables
from benchmarks.pretraining.jobs import read_rows

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results" / "pretraining"
PAGE = ROOT / "docs" / "pretraining.md"
COLUMNS = (
    "set", "mask", "ratio", "epochs", "fine-tuned", "small / medium / large", "by word",
    "on 1,000 labels", "probe", "object hidden", "never visible", "loss", "GPU seconds", "PFLOP",
)  # fmt: skip
ORACLE = "oracle_"
TUNING = "tuning"
"""Rows that compare settings of fine-tuning, and its seeds; a table of its own."""


def most(row: dict[str, Any]) -> dict[str, Any]:
    """Fine-tuning at the largest labelled set."""
    found: dict[str, Any] = row["finetune"][max(row["finetune"], key=int)]
    return found


def _last_loss(trained: dict[str, Any]) -> float:
    """Mean of the last epoch; of the last step in rows from before the epochs' means were kept."""
    return float(trained["epoch_losses"][-1] if "epoch_losses" in trained else trained["loss"])


def spread(found: dict[str, Any]) -> float:
    """Half of an accuracy's 95 % interval over test clips; a clip's words are one draw."""
    bits = np.unpackbits(np.frombuffer(base64.b64decode(found["right"]), np.uint8))
    words = len(found.get("by_group", [0]))
    right = int(bits.sum())
    counts = [n for n in range(len(bits) - 7, len(bits) + 1) if n % words == 0]
    # The last byte is padded: of 8 numbers of samples, that which gives the accuracy.
    count = min(counts, key=lambda n: abs(right / n - found["accuracy"]))
    clips = bits[:count].reshape(-1, words).mean(1)
    return float(1.96 * clips.std(ddof=1) / np.sqrt(len(clips)))


def _percent(value: float | None) -> str:
    return "" if value is None else f"{100 * value:.1f}"


def _seconds(row: dict[str, Any]) -> str:
    """Of the GPU; empty where it was shared."""
    trained = row.get("pretraining")
    if not trained:
        return "0"
    alone = row.get("at_once", 1) == 1
    return str(round(trained["samples"] / trained["clips_per_second"])) if alone else ""


def _cells(row: dict[str, Any]) -> list[str]:
    job, trained = row["job"], row.get("pretraining") or {}
    few, many = row["finetune"][min(row["finetune"], key=int)], most(row)
    flops = trained.get("flops")
    return [
        job["data"],
        job["arm"] + (", one frame" if job["frozen"] else ""),
        f"{job['ratio']:g}" if trained else "",
        str(job["epochs"]),
        f"{_percent(many['accuracy'])} ± {100 * spread(many):.1f}",
        " / ".join(_percent(part) for part in many.get("by_size", [])),
        " / ".join(_percent(part) for part in many.get("by_group", [])),
        _percent(few["accuracy"]),
        _percent(row["probe"]["accuracy"]),
        _percent(trained.get("object_hidden")),
        _percent(trained.get("object_never_visible")),
        f"{_last_loss(trained):.3f}" if trained else "",
        _seconds(row),
        f"{flops / 1e15:.0f}" if flops else "0",
    ]


def _order(row: dict[str, Any]) -> tuple[Any, ...]:
    job = row["job"]
    return job["frozen"], job["epochs"], -most(row)["accuracy"]


def table(rows: Sequence[dict[str, Any]]) -> str:
    """Runs by epochs, then by accuracy; under it what they have in common."""
    cells = [_cells(row) for row in sorted(rows, key=_order)]
    kept = [i for i in range(len(COLUMNS)) if any(line[i] for line in cells)]
    if len({row["job"]["data"] for row in rows}) == 1:
        kept.remove(COLUMNS.index("set"))
    lines = [[COLUMNS[i] for i in kept], ["---"] * len(kept)]
    lines += [[line[i] for i in kept] for line in cells]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + f"\n\n{caption(rows)}"


def caption(rows: Sequence[dict[str, Any]]) -> str:
    """Set, seeds, card and commit of the runs."""

    def all_of(values: Sequence[str]) -> str:
        return ", ".join(sorted(set(values)))

    seeds = sorted({row["job"]["seed"] for row in rows})
    named = f"seed {seeds[0]}" if len(seeds) == 1 else f"seeds {', '.join(map(str, seeds))}"
    return (
        f"Accuracy in percent ± 95 % over the test clips (not over seeds), {named}. "
        f"Set {all_of([row['data'] for row in rows])}; "
        f"{all_of([row['card'] for row in rows])}; torch {all_of([row['torch'] for row in rows])}; "
        f"commit {all_of([row['commit'][:10] for row in rows])}."
    )


def plot(rows: Sequence[dict[str, Any]], path: Path, *, epochs: int) -> bool:
    """Accuracy against how much of the object masks hide; oracles joined. False without any."""
    found = [
        row
        for row in rows
        if row["job"]["epochs"] == epochs
        and "object_hidden" in (row.get("pretraining") or {})
        and not row["job"]["frozen"]
    ]
    if not found:
        return False
    figure = Figure(figsize=(10, 4.8), layout="constrained")
    sides = figure.subplots(1, 2, sharey=True)
    axes = (
        ("object_hidden", "share of the object that is masked"),
        ("object_never_visible", "share of clips in which the object is never visible"),
    )
    for side, (name, label) in zip(sides, axes, strict=True):
        points = sorted(
            (row["pretraining"][name], most(row)["accuracy"], row["job"])
            for row in found
            if row["job"]["arm"].startswith(ORACLE)
        )
        side.plot([x for x, *_ in points], [y for _, y, _ in points], "o-", color="#b0b0b0")
        for row in found:
            job, x = row["job"], row["pretraining"][name]
            y = most(row)["accuracy"]
            oracle = job["arm"].startswith(ORACLE)
            side.plot(x, y, "o", color="#b0b0b0" if oracle else "#1f77b4")
            side.annotate(
                f"{job['arm']} {job['ratio']:g}", (x, y), (4, 3), textcoords="offset points",
                fontsize=7,
            )  # fmt: skip
        side.set_xlabel(label)
        side.margins(x=0.15)
        side.grid(alpha=0.3)
    sides[0].set_ylabel("accuracy after fine-tuning")
    figure.suptitle(f"What hiding the object does, {epochs} epochs")
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, dpi=110)
    return True


def pixels_table(found: dict[str, Any]) -> str:
    """What a linear classifier on mouth pixels says about each word."""
    names = [*found["accuracy"], "mean"]
    values = [_percent(value) for value in (*found["accuracy"].values(), found["mean"])]
    lines = [names, ["---"] * len(names), values]
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{body}\n\nAccuracy in percent on held-out sentences. Set {found['data']}."


def tuning_table(rows: Sequence[dict[str, Any]]) -> str:
    """Validation accuracy of every (rate, layer decay), and the test's of each seed at the best."""
    lines: list[list[str]] = []
    for row in rows:
        job = row["job"]
        for labels, found in row["finetune"].items():
            tried = found["validation"]
            if not lines:
                lines = [["set", "mask", "labels", *tried, "test, each seed"]]
                lines.append(["---"] * len(lines[0]))
            best = max(tried.values())
            marks = ["**" * (value == best) for value in tried.values()]
            values = [
                f"{mark}{_percent(value)}{mark}"
                for mark, value in zip(marks, tried.values(), strict=True)
            ]
            seeds = ", ".join(_percent(value) for value in found["runs"])
            lines.append([job["data"], f"{job['arm']} {job['ratio']:g}", labels, *values, seeds])
    body = "\n".join(f"| {' | '.join(line)} |" for line in lines)
    return f"{body}\n\nColumns: rate, layer decay. {caption(rows)}"


def _table_of(path: Path) -> str:
    return (tuning_table if path.stem == TUNING else table)(read_rows(path))


def written() -> dict[str, str]:
    """The table of every file of results, by the name of its marker."""
    runs = {path.stem: _table_of(path) for path in sorted(RESULTS.glob("*.jsonl"))}
    pixels = json.loads((RESULTS / "grid_pixels.json").read_text())
    return {f"pretraining-{name}": text for name, text in runs.items()} | {
        "pretraining-grid_pixels": pixels_table(pixels)
    }


def main() -> None:
    """Rewrites the page's tables and the plots."""
    PAGE.write_text(tables.rewrite(PAGE.read_text(), written()))
    for path in RESULTS.glob("*.jsonl"):
        if path.stem == TUNING:
            continue
        plot(read_rows(path), RESULTS / f"{path.stem}.png", epochs=75)


if __name__ == "__main__":
    main()
