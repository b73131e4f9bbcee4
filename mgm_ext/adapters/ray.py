"""Surveys, motion and masks over a `ray.data.Dataset`. Needs the extra `ray`.

Every function takes a data set with a column of paths or of file bytes and gives another data set.
Ray's actors hand the clips to a child process of their own (see `mgm_ext.data`): a file that kills
or hangs its reader takes that process with it, is tried once more and then given up with a reason,
where Ray alone would restart the actor and read the same file for ever. Errors are rows.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Final

import pyarrow as pa

from ..data.shard_run import BUDGET
from ..masks import make_masking
from ..motion_field import Cell, cell_size
from .ray_actors import (
    FIELD_COLUMNS,
    MASK_COLUMNS,
    Actor,
    FieldsActor,
    MasksActor,
    SurveyActor,
)

__all__ = [
    "FIELD_COLUMNS",
    "MASK_COLUMNS",
    "add_fields",
    "add_masks",
    "survey_dataset",
    "without_done",
]

_BATCH: Final = 16  # clips handed to an actor at a time


def survey_dataset(
    dataset: Any,
    *,
    path: str = "path",
    data: str | None = None,
    key: str | None = None,
    full: bool = True,
    workers: int | tuple[int, int] = 2,
    budget: float = BUDGET,
) -> Any:
    """A row about every clip, as `mgm_ext.data.survey` makes it.

    Args:
        dataset: `ray.data.Dataset`, a row a clip.
        path: the column of paths, where `data` names none.
        data: the column of the files' bytes.
        key: the column that names clips; None: `path`.
        full: read every clip's field, too.
        workers: actors, each with one processor; (least, most) lets Ray choose.
        budget: seconds that a clip may take before its process is killed.

    Returns:
        A data set with the columns of `mgm_ext.data.survey_row.SURVEY_SCHEMA` alone.
    """
    return _mapped(dataset, SurveyActor, (path, data, key), workers, budget, {"full": full})


def add_fields(
    dataset: Any,
    *,
    path: str = "path",
    data: str | None = None,
    key: str | None = None,
    cell: Cell = 16,
    compact: bool = False,
    workers: int | tuple[int, int] = 2,
    budget: float = BUDGET,
) -> Any:
    """The motion of every clip, as `mgm_ext.data.precompute` stores it.

    Args:
        dataset, path, data, key, workers, budget: as in `survey_dataset`.
        cell: side of a cell in source pixels, 8, 16, 32 or "auto".
        compact: lossy, at most 5 kB per second of video.

    Returns:
        The data set with the columns `FIELD_COLUMNS`; `mgf` is null where there is an error.
    """
    cell_size(cell)
    options = {"cell": cell, "compact": compact}
    return _mapped(dataset, FieldsActor, (path, data, key), workers, budget, options)


def add_masks(
    dataset: Any,
    *,
    path: str = "path",
    data: str | None = None,
    key: str | None = None,
    frames: int = 16,
    stride: int = 4,
    grid: tuple[int, int, int] = (8, 14, 14),
    masking: str = "motion_guided",
    options: Mapping[str, Any] | None = None,
    seed: int = 0,
    workers: int | tuple[int, int] = 2,
    budget: float = BUDGET,
) -> Any:
    """A mask for a clip of every video; needs no pixels.

    Args:
        dataset, path, data, key, workers, budget: as in `survey_dataset`.
        frames, stride: the clip is so many frames, so far apart, from a start that the key and the
            seed choose; where a video is shorter its last frame repeats.
        grid: (S, R, C) of tokens.
        masking, options: as `make_masking` takes them.
        seed: with the key it gives the mask, in every run and on any number of machines.

    Returns:
        The data set with the columns `MASK_COLUMNS`.
    """
    chosen: dict[str, Any] = {
        "frames": frames,
        "stride": stride,
        "grid": grid,
        "masking": masking,
        "options": dict(options or {}),
        "seed": seed,
    }
    make_masking(masking, input_size=grid, **chosen["options"])
    return _mapped(dataset, MasksActor, (path, data, key), workers, budget, chosen)


def without_done(dataset: Any, done: str | Path | Iterable[str], *, key: str = "path") -> Any:
    """What is left to do: rows whose key is not among those that are done.

    Args:
        dataset: of all clips.
        done: parquet files with a column `key`, or their folder, as an earlier run wrote them; or
            the keys. A folder that is not there yet holds none.
        key: the column of the data set that names clips.
    """
    import ray

    if isinstance(done, str | Path):
        from pyarrow.parquet import read_table

        found = Path(done)
        files = sorted(found.glob("**/*.parquet")) if found.is_dir() else [found]
        tables = [read_table(one, columns=["key"]) for one in files if one.exists()]
        done = [one for table in tables for one in table.column("key").to_pylist()]
    return dataset.map_batches(
        _left,
        batch_format="pyarrow",
        zero_copy_batch=True,
        fn_kwargs={"key": key, "done": ray.put(pa.array(list(done), pa.string()))},
    )


def _left(batch: pa.Table, *, key: str, done: Any) -> pa.Table:
    import pyarrow.compute as pc
    import ray

    keys = ray.get(done) if isinstance(done, ray.ObjectRef) else done
    return batch.filter(pc.invert(pc.is_in(batch.column(key).cast(pa.string()), keys)))


def _mapped(
    dataset: Any,
    actor: type[Actor],
    columns: tuple[str, str | None, str | None],
    workers: int | tuple[int, int],
    budget: float,
    options: dict[str, Any],
) -> Any:
    from ray.data import ActorPoolStrategy

    if isinstance(workers, tuple):
        pool = ActorPoolStrategy(min_size=workers[0], max_size=workers[1])
    else:
        pool = ActorPoolStrategy(size=workers)
    return dataset.map_batches(
        actor,
        fn_constructor_args=(columns, budget, options),
        batch_size=_BATCH,
        batch_format="pyarrow",
        zero_copy_batch=True,
        compute=pool,
        num_cpus=1,
    )
