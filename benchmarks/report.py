"""Turns what the benchmarks measured into benchmarks/results, plots, pages and README.

`python -m benchmarks.report` after `pytest benchmarks`; without new rows it writes the tables of
the stored results.
"""

from __future__ import annotations

import datetime
import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks import (
    cuda_rows,
    many_clips,
    nvdec_rows,
    onevision_rows,
    peers,
    plots,
    rows,
    summary,
    tables,
)
from benchmarks.rows import Row
from mgm_ext import _core

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "benchmarks" / "results"
PAGES = (
    ROOT / "README.md",
    *sorted((ROOT / "docs" / "benchmarks").glob("*.md")),
    *sorted((ROOT / "docs" / "data").glob("*.md")),
    ROOT / "docs" / "onevision.md",
)
# Written by programs of their own, never plotted.
APART = (cuda_rows.TABLE, nvdec_rows.TABLE, onevision_rows.TABLE)
OTHER = {nvdec_rows.TABLE: nvdec_rows.tables, onevision_rows.TABLE: onevision_rows.tables}
DOCS = "https://github.com/mgm-ext/mgm-ext/blob/main/docs"  # an index page knows no other links
DISTRIBUTIONS = (
    "numpy", "av", "motion-vector-extractor", "decord", "torchcodec", "opencv-python-headless",
    "torch",
)  # fmt: skip
TITLES = {  # of the plots
    "decode": "Vectors and fields of whole files",
    "clips": "Frames and field of sampled clips",
    "resolution": "Vectors of files of different resolution",
    "bitrate": "Vectors of files of different bitrate",
    "length": "Vectors of files of different length",
    "key_frames": "Vectors of random clips, by the distance of key frames",
    "codecs": "Fields of whole files, by codec",
    "masks": "Making a mask",
    "start": "Importing and opening",
    "flow": "Motion from the file and from pixels",
    "processes": "Two processes against one",
    "loader": "A training sample with its mask",
}
AXES = {
    "resolution": "lines of the picture (16:9)",
    "bitrate": "kbit/s (480 lines, 25 frames per second)",
    "length": "frames in the file (144 lines)",
    "key_frames": "frames from key frame to key frame",
}


def processor(cpuinfo: str) -> str:
    """The processor's own name in the text of /proc/cpuinfo, or the architecture."""
    names = [line.split(":", 1)[1].strip() for line in cpuinfo.splitlines() if "model name" in line]
    return names[0] if names else platform.machine()


def circumstances() -> dict[str, Any]:
    """Machine, versions and date of a run."""
    cpuinfo = Path("/proc/cpuinfo")
    versions = {name: peers.version(name) for name in DISTRIBUTIONS}
    return {
        "machine": f"{processor(cpuinfo.read_text() if cpuinfo.exists() else '')}, "
        f"{len(os.sched_getaffinity(0))} cores, {platform.system()}",
        "versions": {
            "mgm-ext": peers.version("mgm-ext") or "source tree",
            "ffmpeg": _core.build_info().get("ffmpeg", "unknown"),
            "python": platform.python_version(),
            **{name: found for name, found in versions.items() if found},
        },
        "missing": peers.missing(),
        "date": datetime.datetime.now(datetime.UTC).date().isoformat(),
    }


def caption(about: Mapping[str, Any]) -> str:
    """One paragraph under every table: where and with what it was measured."""
    versions = ", ".join(f"{name} {found}" for name, found in about["versions"].items())
    lines = [f"{about['machine']}; {versions}; commit {about['commit']}, {about['date']}."]
    lines += [f"Missing: {name} ({reason})." for name, reason in about["missing"].items()]
    return " ".join(lines)


def write_results(found: Sequence[Row], about: Mapping[str, Any], folder: Path) -> dict[str, str]:
    """Stores each table as JSON and as a plot; returns its Markdown by name."""
    written = {}
    for name in dict.fromkeys(row.table for row in found):
        chosen = [row for row in found if row.table == name]
        lines = [{k: v for k, v in asdict(row).items() if k != "order"} for row in chosen]
        here = {**about, "commit": ", ".join(dict.fromkeys(row.commit for row in chosen))}
        folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps({"table": name, **here, "rows": lines}, indent=1)
        (folder / f"{name}.json").write_text(text + "\n")
        plot(name, chosen, folder)
        written[name] = tables.markdown(chosen, caption(here))
    return written


def plot(name: str, chosen: Sequence[Row], folder: Path) -> None:
    """Draws what a table has to draw."""
    title = TITLES.get(name, name)
    plots.ratios(chosen, title, folder / f"{name}.png")
    throughput = folder / f"{name}-throughput.png"
    if name in AXES:
        plots.curves(chosen, title, AXES[name], throughput)
    elif name == "codecs":
        plots.bars(chosen, title, throughput)


def plot_stored(folder: Path = RESULTS) -> None:
    """Draws the plots of the results in `folder` anew."""
    for path in sorted(folder.glob("*.json")):
        if path.stem not in APART:
            stored_rows = json.loads(path.read_text())["rows"]
            plot(path.stem, [Row(**row) for row in stored_rows], folder)


def stored_tables(folder: Path) -> dict[str, str]:
    """The Markdown of every table in `folder`, by name."""
    written: dict[str, str] = {}
    for path in sorted(folder.glob("*.json")):
        results = json.loads(path.read_text())
        if path.stem in OTHER:
            written |= OTHER[path.stem](results)
            continue
        if path.stem == cuda_rows.TABLE:
            found, about = cuda_rows.rows_of(results), cuda_rows.caption(results)
        else:
            found, about = [Row(**row) for row in results["rows"]], caption(results)
        written[path.stem] = tables.markdown(found, about)
    return written


def stored() -> dict[str, str]:
    """The Markdown of all results, and of what the README takes of them."""
    return {
        **stored_tables(RESULTS),
        "summary": summary.markdown(RESULTS, DOCS),
        many_clips.TABLE: many_clips.markdown(RESULTS),
    }


def main() -> None:
    """Stores the rows in out/benchmark with their plots, and rewrites the pages of all results."""
    new = write_results(list(rows.read()), circumstances(), RESULTS)
    plot_stored()
    written = stored()
    for page in PAGES:
        page.write_text(tables.rewrite(page.read_text(), written))
    for name in new:
        print(f"## {name}\n\n{written[name]}\n")


if __name__ == "__main__":
    main()
