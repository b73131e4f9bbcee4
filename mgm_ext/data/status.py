"""What a store holds, and its index once it is whole."""

from __future__ import annotations

import json
import os
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .index import Index, open_records, shard_files
from .precompute import EXPECTED
from .record import StoreError
from .runner import QUARANTINED
from .shard_files import remove_leftovers
from .sources import SIDE_FILE

__all__ = ["StoreStatus", "merge", "status"]

_FACTS: Final = ("key", "version", "damaged", "error_class", "average_fps", "num_frames")


@dataclass(frozen=True)
class StoreStatus:
    """What a store holds.

    Attributes:
        shards: shards that are there.
        missing: names of shards that runs were to make and that are not there.
        clips: records.
        seconds: of video, of the clips with a field.
        num_bytes: size of the files.
        errors: clips without a field, by class.
        damaged: clips whose file is damaged.
        quarantined: keys of the clips that were given up.
        unfinished: files that a process is writing, or left when it was killed.
        versions: records by the version of mgm-ext that made them.
    """

    shards: int
    missing: list[str]
    clips: int
    seconds: float
    num_bytes: int
    errors: Counter[str]
    damaged: int
    quarantined: list[str]
    unfinished: int
    versions: Counter[str]


def _expected(folder: Path) -> set[str]:
    names: set[str] = set()
    for path in folder.glob(f"{EXPECTED}*.json"):
        names.update(json.loads(path.read_text())["shards"])
    return names


def _check_folder(folder: Path) -> None:
    if not (folder / SIDE_FILE).exists():
        raise StoreError(f"{folder} is no store: it has no {SIDE_FILE}")


def status(side: str | os.PathLike[str]) -> StoreStatus:
    """Counts what a store holds, reading every record's facts.

    Args:
        side: folder that `precompute` writes to.

    Raises:
        StoreError: it is no store, or a file is of another format.
    """
    folder = Path(side)
    _check_folder(folder)
    paths = shard_files(folder)
    names = {path.relative_to(folder).with_suffix("").as_posix() for path in paths}
    errors: Counter[str] = Counter()
    versions: Counter[str] = Counter()
    quarantined: list[str] = []
    clips, damaged, seconds = 0, 0, 0.0
    for path in paths:
        with open_records(path) as reader:
            for record in range(reader.num_record_batches):
                batch = reader.get_batch(record)
                fact = {name: batch.column(name)[0].as_py() for name in _FACTS}
                clips += 1
                versions[fact["version"]] += 1
                damaged += fact["damaged"]
                if fact["error_class"] is not None:
                    errors[fact["error_class"]] += 1
                if fact["error_class"] == QUARANTINED:
                    quarantined.append(fact["key"])
                if fact["average_fps"] > 0:
                    seconds += fact["num_frames"] / fact["average_fps"]
    return StoreStatus(
        shards=len(paths),
        missing=sorted(_expected(folder) - names),
        clips=clips,
        seconds=seconds,
        num_bytes=sum(path.stat().st_size for path in paths),
        errors=errors,
        damaged=damaged,
        quarantined=quarantined,
        unfinished=sum(1 for _ in folder.rglob(".*.unfinished")),
        versions=versions,
    )


def merge(side: str | os.PathLike[str], *, partial: bool = False) -> Index:
    """Writes the index of a finished store, so that `FieldStore` opens at once.

    Call it when no job writes to the store any more: it removes what killed jobs left.

    Args:
        side: folder that `precompute` writes to.
        partial: index what is there, though shards are missing.

    Raises:
        StoreError: it is no store, or shards are missing.
    """
    folder = Path(side)
    _check_folder(folder)
    paths = shard_files(folder)
    names = {path.relative_to(folder).with_suffix("").as_posix() for path in paths}
    missing = sorted(_expected(folder) - names)
    if missing and not partial:
        raise StoreError(
            f"{folder} lacks {len(missing)} of {len(names) + len(missing)} shards, such as "
            f"{missing[0]}: run precompute again, which names those that cannot be read, or index "
            f"what is there (partial=True, merge --partial)"
        )
    remove_leftovers(folder, everyone=True)
    index = Index.scan(paths)
    index.save(folder)
    return index
