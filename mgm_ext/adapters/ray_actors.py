"""The actors of `mgm_ext.adapters.ray`: each runs a job on the clips of a batch."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from ..data import SourceClip
from ..data.runner import Failure, Workers
from ..data.survey_row import SURVEY_SCHEMA, error_row

__all__ = ["FIELD_COLUMNS", "MASK_COLUMNS", "Actor", "FieldsActor", "MasksActor", "SurveyActor"]

FIELD_COLUMNS: Final = pa.schema(
    [
        pa.field("mgf", pa.binary()),
        pa.field("error_class", pa.string()),
        pa.field("error", pa.string()),
    ]
)
"""What `add_fields` adds; `mgm_ext.data.stored_clip(row["mgf"])` reads the first."""
MASK_COLUMNS: Final = pa.schema(
    [
        pa.field("frame_indices", pa.list_(pa.int64())),
        pa.field("mask", pa.list_(pa.bool_())),
        pa.field("damaged", pa.bool_()),
        pa.field("error_class", pa.string()),
        pa.field("error", pa.string()),
    ]
)
"""What `add_masks` adds; a mask is [S, R, C] flattened, True = masked; `damaged`: its motion is."""


class Actor:
    """Runs a job on the clips of a batch, in a child process that may die."""

    job: str

    def __init__(
        self, columns: tuple[str, str | None, str | None], budget: float, options: dict[str, Any]
    ) -> None:
        self._columns = columns
        self._pool = Workers(self.job, options, workers=1, budget=budget)

    def __call__(self, batch: pa.Table) -> pa.Table:
        """What Ray calls with each batch."""
        clips = self._clips(batch)
        results = [result for _, result in self._pool.run((clip.key, clip) for clip in clips)]
        return self.table(batch, clips, results)

    def _clips(self, batch: pa.Table) -> list[SourceClip]:
        path, data, key = self._columns
        names = batch.column(key or path).to_pylist()
        if data is not None:
            files = batch.column(data).to_pylist()
            return [
                SourceClip(str(name), data=one or b"", size=len(one or b""))
                for name, one in zip(names, files, strict=True)
            ]
        paths = batch.column(path).to_pylist()
        return [_file(str(name), str(one)) for name, one in zip(names, paths, strict=True)]

    def table(self, batch: pa.Table, clips: list[SourceClip], results: list[Any]) -> pa.Table:
        """The batch that the results make.

        Args:
            batch: what the actor was given.
            clips: its clips.
            results: of the job, or a `Failure`, one of each clip.
        """
        raise NotImplementedError


def _file(key: str, path: str) -> SourceClip:
    try:
        found = Path(path).stat()
    except OSError:  # its reader says why
        return SourceClip(key, path)
    return SourceClip(key, path, size=found.st_size, mtime_ns=found.st_mtime_ns)


def _with(batch: pa.Table, schema: pa.Schema, rows: list[dict[str, Any]]) -> pa.Table:
    """The batch with columns of its own replaced by the schema's."""
    kept = batch.select([name for name in batch.column_names if name not in schema.names])
    added = pa.Table.from_pylist(rows, schema)
    for name in schema.names:
        kept = kept.append_column(schema.field(name), added.column(name))
    return kept


class SurveyActor(Actor):
    """A row about each clip."""

    job = "mgm_ext.data.survey_row:survey_clip"

    def table(self, batch: pa.Table, clips: list[SourceClip], results: list[Any]) -> pa.Table:
        """See `Actor.table`."""
        rows = [
            error_row(clip, *result) if isinstance(result, Failure) else result
            for clip, result in zip(clips, results, strict=True)
        ]
        return pa.Table.from_pylist(rows, SURVEY_SCHEMA)


class FieldsActor(Actor):
    """The motion of each clip."""

    job = "mgm_ext.data.clip_jobs:member_of_clip"

    def table(self, batch: pa.Table, clips: list[SourceClip], results: list[Any]) -> pa.Table:
        """See `Actor.table`."""
        return _with(batch, FIELD_COLUMNS, [_row(result, ("mgf",)) for result in results])


class MasksActor(Actor):
    """A mask of each clip."""

    job = "mgm_ext.data.clip_jobs:mask_of_clip"

    def table(self, batch: pa.Table, clips: list[SourceClip], results: list[Any]) -> pa.Table:
        """See `Actor.table`."""
        names = ("frame_indices", "mask", "damaged")
        return _with(batch, MASK_COLUMNS, [_row(result, names) for result in results])


def _row(result: Any, names: tuple[str, ...]) -> dict[str, Any]:
    if isinstance(result, Failure):
        return {"error_class": result.error_class, "error": result.text}
    return dict(zip(names, result, strict=True))
