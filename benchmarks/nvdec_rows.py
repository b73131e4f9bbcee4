"""The tables of docs/data/gpu.md from results/nvdec.json.

`python -m benchmarks.nvdec_rows TRIAL.json DATE` keeps of a trial what the tables need: the outputs
of examples/gpu_decode.py on a machine with a GPU, by stream set and decoder, and the same clips
read by mgm-ext alone.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

TABLE = "nvdec"
RESULTS = Path(__file__).parent / "results" / f"{TABLE}.json"
SETS = {"k400": "10 s of 344 x 256", "hd": "10 s of 1280 x 720"}
OPENED = {"reused": "NVDEC, a decoder per thread kept", "fresh": "NVDEC, a decoder per clip"}
MOTION = {"store": "`FieldStore`", "field_for": "`field_for`"}


def kept(trial: Mapping[str, Any], date: str) -> dict[str, Any]:
    """What the tables need of a trial; a run that gave no answer is null."""
    runs: dict[str, Any] = {}
    answers = {
        name: said or None for name, said in trial.items() if re.fullmatch(r"said_\w+", name)
    }
    for name, said in answers.items():
        runs[name.removeprefix("said_")] = said and next(iter(said["decoders"].values()))
    first = next(said for said in answers.values() if said)
    versions = [line["PyNvVideoCodec"] for line in trial["probe"] if "PyNvVideoCodec" in line]
    drivers = re.findall(r"Driver Version: (\S+)", trial["machine"])
    machine = {"gpu": first["gpu"], "driver": drivers[0], "torch": first["torch"]}
    machine |= {"PyNvVideoCodec": versions[0]}
    numbers = [
        {name: line[name] for name in ("stream", "ours", "scan", "length") if name in line}
        for line in trial["probe"]
        if "ours" in line or "length" in line
    ]
    return {
        "table": TABLE,
        "machine": machine,
        "date": date,
        "counts": numbers,
        "runs": runs,
        "cpu": trial["cpu"],
    }


def speeds(results: Mapping[str, Any]) -> str:
    """Clips per second and processor cores, by where pixels and motion come from."""
    lines = [
        "| clips | pixels | motion | threads | clips/s | cores | clips/s per core |",
        "|---|---|---|---|---|---|---|",
    ]
    for folder, clips in SETS.items():
        found = [*_measured(results, folder), *_alone(results, folder)]
        if f"{folder}_reused" in results["runs"] and results["runs"][f"{folder}_reused"] is None:
            found.insert(0, (OPENED["reused"], "any", 0, None))
        for pixels, motion, threads, said in found:
            place = f"| {clips} | {pixels} | {motion} |"
            if said is None:
                lines.append(f"{place} | not finished in its time | | |")
                continue
            rate, cores = said["clips_per_second"], said["cores"]
            lines.append(f"{place} {threads} | {rate:g} | {cores:g} | {rate / cores:.1f} |")
    return "\n".join([*lines, "", caption(results)])


def _measured(
    results: Mapping[str, Any], folder: str
) -> Iterator[tuple[str, str, int, dict[str, float] | None]]:
    for opened, pixels in OPENED.items():
        said = results["runs"].get(f"{folder}_{opened}") or {}
        for kind, motion in MOTION.items():
            for name, figures in said.items():
                if name.startswith(f"{kind}, "):
                    yield pixels, motion, int(name.split()[-2]), figures


def _alone(
    results: Mapping[str, Any], folder: str
) -> Iterator[tuple[str, str, int, dict[str, float] | None]]:
    for line in results["cpu"]:
        if line["cpu"] == folder:
            yield "`VideoReader`, CPU", "the same pass", line["threads"], line


def numbers(results: Mapping[str, Any]) -> str:
    """Whether the decoder's frame numbers are ours, stream by stream."""
    ours = {line["stream"]: line["ours"] for line in results["counts"] if "ours" in line}
    header = {
        line["stream"]: line["length"]
        for line in results["counts"]
        if line.get("scan") is False and "length" in line
    }
    found = results["runs"]["streams_reused"]["offsets"]
    if found != results["runs"]["streams_fresh"]["offsets"]:
        raise ValueError(
            "kept and fresh decoders number frames differently: two columns are needed"
        )
    lines = [
        "| stream | frames shown | frames that NVDEC's decoder counts | its numbers |",
        "|---|---|---|---|",
    ]
    for stream, apart in found.items():
        says = "equal ours" if apart == [0] else "**name other frames**: refused"
        lines.append(f"| {stream} | {ours[stream]} | {header[stream]} | {says} |")
    return "\n".join([*lines, "", caption(results)])


def caption(results: Mapping[str, Any]) -> str:
    about = dict(results["machine"])
    versions = ", ".join(f"{name} {found}" for name, found in about.items() if name != "gpu")
    return f"{about['gpu']}, {versions}; {results['date']}."


def tables(results: Mapping[str, Any]) -> dict[str, str]:
    return {TABLE: speeds(results), f"{TABLE}-numbers": numbers(results)}


def main() -> None:
    trial, date = json.loads(Path(sys.argv[1]).read_text()), sys.argv[2]
    RESULTS.write_text(json.dumps(kept(trial, date), indent=1) + "\n")


if __name__ == "__main__":
    main()
