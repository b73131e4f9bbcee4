"""Commands on data sets: survey, precompute, status, merge."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .arguments import Help
from .output import bar, needs_extra, say

if TYPE_CHECKING:
    from pyarrow import Table

    from ..data import RunReport
    from ..data.summary import Summary

__all__ = ["add_commands"]


def add_commands(commands: Any) -> None:
    """Adds the commands to the subparsers of `mgm-ext`."""

    def add(
        name: str, run: Callable[[argparse.Namespace], None], text: str
    ) -> argparse.ArgumentParser:
        command: argparse.ArgumentParser = commands.add_parser(
            name, help=text, description=text, formatter_class=Help
        )
        command.set_defaults(run=run, suffixes=())
        command.add_argument("--json", action="store_true", help="one JSON object on stdout")
        return command

    found = add("survey", survey, "a row about every clip of a data set, and advice")
    _add_source(found)
    found.add_argument(
        "-o", "--output", type=Path, required=True, help="OUT.parquet", metavar="OUT.parquet"
    )
    found.set_defaults(suffixes=(".parquet",))
    found.add_argument("--full", action="store_true", help="read every clip's motion, too")
    found.add_argument("--html", type=Path, metavar="OUT.html", help="a page to look at")
    stored = add("precompute", precompute, "store the motion of every clip of a data set")
    _add_source(stored)
    stored.add_argument("-o", "--output", type=Path, required=True, metavar="SIDE", help="a folder")
    stored.add_argument(
        "--cell", type=_cell, default=16, help="8, 16, 32 or auto: side of a cell in source pixels"
    )
    stored.add_argument("--compact", action="store_true", help="lossy: at most 5 kB a second")
    stored.add_argument("--sidecar", action="store_true", help="also tars of KEY.mgf beside tars")
    stored.add_argument("--shard", metavar="I/N", help="this job's share, I from 0 to N - 1")
    side = add("status", status, "what a store holds")
    side.add_argument("side", type=Path, metavar="SIDE")
    whole = add("merge", merge, "write the index of a finished store")
    whole.add_argument("side", type=Path, metavar="SIDE")
    whole.add_argument("--partial", action="store_true", help="though shards are missing")


def _cell(text: str) -> int | str:
    if text not in ("auto", "8", "16", "32"):
        raise argparse.ArgumentTypeError(f"must be 8, 16, 32 or auto, not {text!r}")
    return text if text == "auto" else int(text)


def _add_source(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "source",
        metavar="SRC",
        help="a folder, a .txt list, or a pattern of .tar or .parquet files",
    )
    command.add_argument("--workers", type=int, help="processes; without it one per processor")
    command.add_argument("--budget", type=float, default=120.0, help="seconds a clip may take")


@contextmanager
def _progress(arguments: argparse.Namespace) -> Iterator[Callable[[int, int | None], None]]:
    with bar(0, "clips", arguments) as shown:
        shown.total = None

        def progress(done: int, total: int | None) -> None:
            shown.total = total
            shown.update(done)

        yield progress


def _report_facts(report: RunReport) -> dict[str, Any]:
    facts: dict[str, Any] = {f"error_{name}": n for name, n in report.errors.most_common()}
    if report.quarantined:
        facts["quarantined"] = report.quarantined
    if report.unreadable:
        facts["unreadable_shards"] = report.unreadable
    return facts


def survey(arguments: argparse.Namespace) -> None:
    """Surveys a data set."""
    with needs_extra("survey", "data"):
        import pyarrow.parquet as pq

        from .. import data
        from ..data.summary import summarise
    with _progress(arguments) as progress:
        report = data.survey(
            arguments.source,
            arguments.output,
            full=arguments.full,
            workers=arguments.workers,
            budget=arguments.budget,
            progress=progress,
        )
    table = pq.read_table(arguments.output)
    summary = summarise(table)
    facts = {"output": str(arguments.output), **summary.facts()}
    if report.unreadable:
        facts["unreadable_shards"] = report.unreadable
    if arguments.html is not None:
        facts["html"] = str(arguments.html)
        _write_page(arguments, table, summary, report)
    if arguments.json:
        facts["advice"] = summary.advice
    say(facts, arguments)
    if not arguments.json:
        for line in summary.advice:
            print(f"- {line}")
    _fail_for(report)


def _write_page(
    arguments: argparse.Namespace, table: Table, summary: Summary, report: RunReport
) -> None:
    from ..data.drawn import can_draw, drawings
    from ..data.report import write_report
    from ..data.sources import shards_of

    shards = shards_of(arguments.source)
    drawn = drawings(table, shards, budget=arguments.budget) if can_draw() else None
    write_report(
        arguments.html,
        table,
        summary,
        title=arguments.source,
        drawn=drawn,
        missing=report.unreadable,
    )


def precompute(arguments: argparse.Namespace) -> None:
    """Stores the motion of a data set."""
    with needs_extra("precompute", "data"):
        from .. import data
    with _progress(arguments) as progress:
        report = data.precompute(
            arguments.source,
            arguments.output,
            cell=arguments.cell,
            compact=arguments.compact,
            sidecar=arguments.sidecar,
            shard=arguments.shard,
            workers=arguments.workers,
            budget=arguments.budget,
            progress=progress,
        )
    facts = {
        "output": str(arguments.output),
        "shards_written": report.shards,
        "shards_there_before": report.skipped,
        "clips_written": report.clips,
        **_report_facts(report),
    }
    say(facts, arguments)
    _fail_for(report)


def _fail_for(report: RunReport) -> None:
    """Exit code 1 where a whole shard is missing; bad clips are rows."""
    if report.unreadable:
        from ..data import ShardError

        raise OSError("; ".join(str(ShardError(text)) for text in report.unreadable.values()))


def status(arguments: argparse.Namespace) -> None:
    """What a store holds."""
    with needs_extra("status", "data"):
        from .. import data
    found = data.status(arguments.side)
    facts: dict[str, Any] = {
        "shards": found.shards,
        "shards_missing": len(found.missing),
        "clips": found.clips,
        "damaged": found.damaged,
        **{f"error_{name}": count for name, count in found.errors.most_common()},
        "hours_of_video": round(found.seconds / 3600, 3),
        "gigabytes": round(found.num_bytes / 1e9, 3),
        "kilobytes_per_second": round(found.num_bytes / 1e3 / max(found.seconds, 1e-9), 2),
        "unfinished_files": found.unfinished,
        "versions": dict(found.versions),
    }
    if found.missing:
        facts["missing"] = found.missing if arguments.json else found.missing[:5]
    if found.quarantined:
        facts["quarantined"] = found.quarantined if arguments.json else found.quarantined[:5]
    say(facts, arguments)


def merge(arguments: argparse.Namespace) -> None:
    """Writes the index of a finished store."""
    with needs_extra("merge", "data"):
        from .. import data
    index = data.merge(arguments.side, partial=arguments.partial)
    say({"index": str(arguments.side), "shards": len(index.paths), "clips": len(index)}, arguments)
