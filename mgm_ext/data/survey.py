"""A row about every clip of a data set, in one parquet file."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any, Final, Self

import pyarrow as pa

from .clips import ListedShard, Shard, SourceClip
from .runner import Failure
from .shard_files import remove_leftovers, whole_file, write_once
from .shard_run import BUDGET, Progress, RunReport, run_shards
from .sources import SIDE_FILE, DataSource, shards_of
from .survey_row import SURVEY_SCHEMA, error_row

__all__ = ["survey"]

_JOB: Final = "mgm_ext.data.survey_row:survey_clip"
_INPUT: Final = b"mgm_ext.input"
_GROUP: Final = 50_000  # rows of a row group


class _RowSink:
    """A parquet file of one shard's rows."""

    def __init__(self, partial: Path, shard: Shard) -> None:
        self._partial = partial
        self._schema = SURVEY_SCHEMA.with_metadata({_INPUT: shard.digest().encode()})
        self._rows: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: Any) -> None:
        from pyarrow.parquet import write_table  # a worker does without

        if error[0] is None:
            table = pa.Table.from_pylist(self._rows, self._schema)
            write_table(table, self._partial, write_page_checksum=True)

    def add(self, clip: SourceClip, result: Any) -> str | None:
        row = error_row(clip, *result) if isinstance(result, Failure) else result
        self._rows.append(row)
        failed: str | None = row.get("error_class")
        return failed


def _is_of(path: Path, shard: Shard) -> bool:
    from pyarrow.parquet import read_table

    try:
        schema = read_table(path, page_checksum_verification=True).schema
    except (pa.ArrowException, OSError):
        return False
    same = schema.equals(SURVEY_SCHEMA)
    return bool(same) and (schema.metadata or {}).get(_INPUT) == shard.digest().encode()


def survey(
    source: DataSource,
    output: str | os.PathLike[str],
    *,
    full: bool = False,
    workers: int | None = None,
    budget: float = BUDGET,
    progress: Progress | None = None,
) -> RunReport:
    """Writes a parquet file with a row about every clip of a data set, good or bad.

    Until the file is whole, each shard's rows are in the folder OUTPUT.parts: a rerun goes on from
    there.

    Args:
        source: what `clips_of` takes.
        output: the parquet file.
        full: read every clip's field, too: shares of cells, speeds, cuts, damage. Without it a clip
            costs the reading of its header, and these columns are null.
        workers: processes; None: one per processor that this process may use.
        budget: seconds that a clip may take before its process is killed; after two deaths the clip
            is given up, with the reason.
        progress: called when clips are done.

    Returns:
        What the run did; a shard that cannot be listed to its end is in `unreadable`, and its clips
        have no rows.

    Raises:
        FileNotFoundError: no such source.
        ValueError: a bad argument.
    """
    target = Path(output)
    parts = target.with_name(f"{target.name}.parts")
    shards = _shards(source, parts, full)
    remove_leftovers(parts)

    def path_of(shard: Shard) -> Path:
        return parts / f"{shard.name}.rows"

    report = run_shards(
        shards,
        _JOB,
        {"full": full},
        path_of=path_of,
        sink=_RowSink,
        done=_is_of,
        workers=workers,
        budget=budget,
        progress=progress,
    )
    whole = [path_of(shard) for shard in shards if shard.name not in report.unreadable]
    _join(whole, target)
    shutil.rmtree(parts)
    return report


def _join(parts: list[Path], target: Path) -> None:
    from pyarrow.parquet import ParquetWriter, read_table

    with whole_file(target) as partial, ParquetWriter(partial, SURVEY_SCHEMA) as writer:
        for path in parts:
            table = read_table(path, schema=SURVEY_SCHEMA)
            writer.write_table(table.replace_schema_metadata(None), row_group_size=_GROUP)


def _shards(source: DataSource, parts: Path, full: bool) -> list[Shard]:
    """The shards; in as many parts as an unfinished run of the same kind began with."""
    path = parts / SIDE_FILE
    found = write_once(path, {}) if path.exists() else {"full": full, "parts": None}
    if found["full"] != full:
        shutil.rmtree(parts)
        found = {"full": full, "parts": None}
    shards = shards_of(source, parts=found["parts"])
    listed = sum(isinstance(one, ListedShard) for one in shards) or None
    write_once(path, {"full": full, "parts": listed})
    return shards
