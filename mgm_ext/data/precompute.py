"""Motion of a whole data set, computed once: one Arrow file a shard."""

from __future__ import annotations

import io
import os
import re
import tarfile
from collections.abc import Sequence
from hashlib import blake2b
from pathlib import Path
from typing import Any, Final, Self

import pyarrow as pa

from ..motion_field import Cell, cell_size
from .archives import TarShard
from .clip_jobs import member_bytes
from .clips import ListedShard, Shard, SourceClip
from .jobs import error_record
from .record import StoreError
from .runner import Failure, worker_count
from .schema import FORMAT, SCHEMA, batch_bytes
from .shard_files import remove_leftovers, whole_file, write_once
from .shard_run import BUDGET, Progress, RunReport, run_shards
from .sources import SIDE_FILE, SIDE_TAR, DataSource, shards_of
from .sums import SummedFile, SummedWriter

__all__ = ["EXPECTED", "chosen_shards", "input_of", "precompute", "require_format"]

_JOB: Final = "mgm_ext.data.jobs:precompute_clip"
_INPUT: Final = b"mgm_ext.input"
EXPECTED: Final = "expected-"
"""Beginning of the files that list a store's shards; each run adds what it knows."""


def chosen_shards(shards: list[Shard], shard: str | tuple[int, int] | None) -> list[Shard]:
    """Those of job I of N, "I/N", counted from 0.

    Raises:
        ValueError: not 0 <= I < N.
    """
    if shard is None:
        return shards
    if isinstance(shard, str):
        match = re.fullmatch(r"(\d+)/(\d+)", shard)
        if match is None:
            raise ValueError(f"shard must be I/N, such as 0/8, not {shard!r}")
        shard = int(match[1]), int(match[2])
    index, count = shard
    if not 0 <= index < count:
        raise ValueError(f"shard {index}/{count}: jobs are counted from 0 to {count - 1}")
    return shards[index::count]


class _ArrowSink:
    """An Arrow file of one record batch per clip; for tars, if asked for, also KEY.mgf members."""

    def __init__(self, partial: Path, shard: Shard, sidecar: Path | None) -> None:
        self._partial = partial
        self._input = shard.digest().encode()
        self._sidecar = sidecar

    def __enter__(self) -> Self:
        schema = SCHEMA.with_metadata({**SCHEMA.metadata, _INPUT: self._input})
        self._writer = SummedWriter(self._partial, schema)
        self._tar_file = None if self._sidecar is None else whole_file(self._sidecar)
        if self._tar_file is not None:
            self._tar = tarfile.open(self._tar_file.__enter__(), "w", format=tarfile.PAX_FORMAT)
        return self

    def __exit__(self, *error: Any) -> None:
        self._writer.close()
        if self._tar_file is not None:
            self._tar.close()
            self._tar_file.__exit__(*error)

    def add(self, clip: SourceClip, result: Any) -> str | None:
        if isinstance(result, Failure):
            result = batch_bytes(error_record(clip, *result))
        batch = pa.ipc.read_record_batch(pa.py_buffer(result), SCHEMA)
        self._writer.write_batch(batch)
        if self._tar_file is not None:
            self._add_member(f"{clip.key}.mgf", batch)
        failed: str | None = batch.column("error_class")[0].as_py()
        return failed

    def _add_member(self, name: str, batch: pa.RecordBatch) -> None:
        content = member_bytes(batch)
        member = tarfile.TarInfo(name)
        member.size = len(content)
        self._tar.addfile(member, io.BytesIO(content))


def require_format(schema: pa.Schema, path: Path) -> None:
    """Raises StoreError where a file of the store has another format."""
    found = (schema.metadata or {}).get(b"mgm_ext.format", b"").decode()
    if found != str(FORMAT):
        raise StoreError(f"{path} has format {found or 'unknown'}; this version reads {FORMAT}")


def input_of(path: Path) -> str | None:
    """Digest of the shard that a file of the store was made from; None: no whole file of ours.

    Raises:
        StoreError: it has another format.
    """
    try:
        file = SummedFile(path)
        file.check()
    except StoreError:
        return None
    require_format(file.schema, path)
    facts = file.schema.metadata or {}
    return str(facts.get(_INPUT, b"").decode())


def precompute(
    source: DataSource,
    output: str | os.PathLike[str],
    *,
    cell: Cell = 16,
    compact: bool = False,
    sidecar: bool = False,
    shard: str | tuple[int, int] | None = None,
    workers: int | None = None,
    budget: float = BUDGET,
    progress: Progress | None = None,
) -> RunReport:
    """Stores the motion field of every clip of a data set, for `FieldStore`.

    The output of a shard is a function of the shard and the settings. It appears under its name
    when it is whole; a rerun makes what is missing, and anew what was made from a shard that has
    changed. Every clip has a record: one that cannot be read has its error instead of a field.

    Args:
        source: what `clips_of` takes.
        output: folder of the store, made if it is not there.
        cell: side of a cell in source pixels, 8, 16 or 32, or "auto".
        compact: at most 5 kB per second of video where 512/64 pixel per frame and cells of 32 allow
            it: coarser, `coded` everywhere; not what a live read gives.
        sidecar: of tar shards also NAME.mgf.tar with a member KEY.mgf for each clip.
        shard: "I/N" or (I, N): this job's share of the shards, I from 0.
        workers: processes; None: one per processor that this process may use. Where a list has
            fewer clips, each is read on several threads.
        budget: seconds that a clip may take before its process is killed; after two deaths the clip
            is given up, with the reason.
        progress: called when clips are done.

    Raises:
        FileNotFoundError: no such source.
        ValueError: a bad argument, or the store was made with other settings.
        StoreError: the store has another format.
    """
    cell_size(cell)
    folder = Path(output)
    settings = {"format": FORMAT, "cell": cell, "compact": compact}
    shards = _shards(source, folder, settings)
    if sidecar and not all(isinstance(one, TarShard) for one in shards):
        raise ValueError("sidecar is for tar shards")
    remove_leftovers(folder)

    def sink(partial: Path, one: Shard) -> _ArrowSink:
        beside = folder / f"{one.name}{SIDE_TAR}" if sidecar else None
        return _ArrowSink(partial, one, beside)

    def done(path: Path, one: Shard) -> bool:
        beside = not sidecar or (folder / f"{one.name}{SIDE_TAR}").exists()
        return beside and input_of(path) == one.digest()

    own = chosen_shards(shards, shard)
    return run_shards(
        own,
        _JOB,
        {"cell": cell, "compact": compact, "num_threads": _threads_of_a_clip(own, workers)},
        path_of=lambda one: folder / f"{one.name}.arrow",
        sink=sink,
        done=done,
        workers=workers,
        budget=budget,
        progress=progress,
    )


def _threads_of_a_clip(shards: Sequence[Shard], workers: int | None) -> int:
    """How many threads may read each clip so that no worker is left without."""
    counts = [one.count() if isinstance(one, ListedShard) else None for one in shards]
    if None in counts:
        return 1  # counting takes reading, and shards are many clips
    clips = sum(count or 0 for count in counts)
    return max(1, worker_count(workers) // max(clips, 1))


def _shards(source: DataSource, folder: Path, settings: dict[str, Any]) -> list[Shard]:
    """The shards, in as many parts as the store began with; notes which the store should have."""
    if isinstance(source, str | os.PathLike) and folder.resolve() == Path(source).resolve():
        raise ValueError(f"the store must have a folder of its own, not {source}")
    path = folder / SIDE_FILE
    found = write_once(path, settings) if path.exists() else None
    if found is not None:
        _check_settings(found, settings, folder)
    shards = shards_of(source, parts=None if found is None else found.get("parts"))
    if found is None:
        listed = sum(isinstance(one, ListedShard) for one in shards) or None
        found = write_once(path, {**settings, "parts": listed})
        _check_settings(found, settings, folder)
        if found.get("parts") != listed:  # another job was first, and saw other files
            shards = shards_of(source, parts=found.get("parts"))
    names = [one.name for one in shards]
    digest = blake2b("\n".join(names).encode(), digest_size=8).hexdigest()
    write_once(folder / f"{EXPECTED}{digest}.json", {"shards": names})
    return shards


def _check_settings(found: dict[str, Any], settings: dict[str, Any], folder: Path) -> None:
    differ = {name: found.get(name) for name in settings if found.get(name) != settings[name]}
    if differ:
        given = {name: settings[name] for name in differ}
        raise ValueError(f"{folder} was made with {differ}, not {given}: take another folder")
