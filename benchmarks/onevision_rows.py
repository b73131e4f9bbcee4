"""The tables of docs/onevision.md from results/onevision.json."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

TABLE = "onevision"
RESULTS = Path(__file__).parent / "results" / f"{TABLE}.json"
RIVALS = {"codec-video-prep": 3.0, "full decode": 2.0}  # with what is wanted at least


def files(results: Mapping[str, Any]) -> str:
    """Whether the files are codec-video-prep's, clip by clip."""
    lines = [
        "| clip | form | our bits | groups | our bits, groups of 32 | its bits, our rules | "
        "it against itself |",
        "|---|---|---|---|---|---|---|",
    ]
    for row in results["files"]:
        ours = "equal" if row["equal"] else f"overlap {row['overlap']:.3f}"
        groups = "equal" if row["groups"] else "others"
        given = "equal" if row["with_its_bits"] else "**differs**"
        fixed = "equal" if row["fixed"] == 1 else f"overlap {row['fixed']:.3f}"
        itself = "equal" if row["itself"] == 1 else f"overlap {row['itself']:.3f}"
        lines.append(
            f"| {row['clip']} | {row['form']} | {ours} | {groups} | {fixed} | {given} | {itself} |"
        )
    return "\n".join([*lines, "", caption(results)])


def encoder(results: Mapping[str, Any]) -> str:
    """Overlap with the patches of OneVision-Encoder's loader."""
    names = [name for name in results["encoder"][0] if name not in ("clip", "chance")]
    lines = [
        f"| clip | {' | '.join(names)} | by chance |",
        f"|---{'|---' * len(names)}|---|",
    ]
    for row in results["encoder"]:
        cells = [f"{row[name]:.3f}" for name in (*names, "chance")]
        lines.append(f"| {row['clip']} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", caption(results)])


def speed(results: Mapping[str, Any]) -> str:
    """Ratios of processor time, with the spread of their pairs."""
    lines = [
        "| 1080p | frames | Mbit/s | codec-video-prep's reader and scores | a full decode (PyAV) | "
        "`codec_patches` without pixels, against its reader and scores |",
        "|---|---|---|---|---|---|",
    ]
    for row in results["speed"]:
        cells = [_against(row[name], wanted) for name, wanted in RIVALS.items()]
        lines.append(
            f"| {row['codec']}, {row['length']} | {row['frames']} | {row['megabits']:.1f} | "
            f"{' | '.join(cells)} | {_ratio(row['codec_patches'])} |"
        )
    return "\n".join([*lines, "", caption(results)])


def memory(results: Mapping[str, Any]) -> str:
    """MiB of growth."""
    lines = ["| 1080p | ours | codec-video-prep |", "|---|---|---|"]
    for row in results["memory"]:
        cells = [f"{row[name] / 1024:.0f} MiB" for name in ("ours", "codec-video-prep")]
        lines.append(f"| {row['codec']}, {row['length']} | {' | '.join(cells)} |")
    return "\n".join([*lines, "", caption(results)])


def _ratio(pairs: Sequence[float]) -> str:
    return f"{pairs[len(pairs) // 2]:.2f}x ({pairs[0]:.2f} to {pairs[-1]:.2f})"


def _against(pairs: Sequence[float], wanted: float) -> str:
    met = "met" if pairs[len(pairs) // 2] >= wanted else "**short**"
    return f"{_ratio(pairs)}; at least {wanted:g}x: {met}"


def caption(results: Mapping[str, Any]) -> str:
    found = ", ".join(f"{name} {version}" for name, version in results["versions"].items())
    return f"{results['machine']}; {found}; {results['date']}."


def tables(results: Mapping[str, Any]) -> dict[str, str]:
    makers = {"files": files, "encoder": encoder, "speed": speed, "memory": memory}
    return {f"{TABLE}-{name}": make(results) for name, make in makers.items() if name in results}
