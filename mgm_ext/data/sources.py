"""From what a user names, a folder, a list, tars, parquet, to shards of clips."""

from __future__ import annotations

import glob
import os
import re
from collections.abc import Iterator, Sequence
from hashlib import blake2b
from itertools import product
from pathlib import Path
from typing import Any, Final, TypeAlias

from .archives import TarShard
from .clips import SUFFIXES, ListedShard, Shard, SourceClip
from .tables import ParquetShard, dataset_shards

__all__ = ["SIDE_FILE", "SIDE_TAR", "DataSource", "clips_of", "parts_for", "shards_of"]

DataSource: TypeAlias = str | os.PathLike[str] | Sequence[str | os.PathLike[str]] | Any
"""A folder, a pattern, a list of paths, or a `datasets.Dataset`."""

SIDE_FILE: Final = "store.json"  # in a folder of ours; such folders hold no clips
SIDE_TAR: Final = ".mgf.tar"
_PART: Final = 1000  # files in a part of a folder, about
_ARCHIVES: Final = {".tar": TarShard, ".parquet": ParquetShard}


def _braces(pattern: str) -> list[str]:
    """Spells out a-{000..002}.tar and {train,val}.tar, as shells and webdataset do."""
    choices = []
    for piece in re.split(r"(\{[^{}]*\})", pattern):
        span = re.fullmatch(r"\{(\d+)\.\.(\d+)\}", piece)
        if span:
            first, last = span.groups()
            numbers = range(int(first), int(last) + 1)
            choices.append([f"{number:0{len(first)}d}" for number in numbers])
        elif piece.startswith("{") and "," in piece:
            choices.append(piece[1:-1].split(","))
        else:
            choices.append([piece])
    return ["".join(chosen) for chosen in product(*choices)]


def _walk(folder: Path) -> Iterator[str]:
    """Files of a folder tree, links followed once, without hidden ones and our own folders."""
    seen: set[tuple[int, int]] = set()
    for root, folders, files in os.walk(folder, followlinks=True):
        found = Path(root).stat()
        if (found.st_dev, found.st_ino) in seen or SIDE_FILE in files:
            folders.clear()
            continue
        seen.add((found.st_dev, found.st_ino))
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        yield from (str(Path(root, name)) for name in sorted(files) if name[0] != ".")


def _kind(path: str) -> str:
    suffix = Path(path).suffix.lower()
    if suffix in _ARCHIVES:
        return "" if path.endswith(SIDE_TAR) else suffix
    return "video" if suffix[1:] in SUFFIXES else ""


def _of_folder(folder: Path) -> tuple[str, list[str]]:
    """Videos or tars; parquet files only where there is nothing else: they may be annotations."""
    by_kind: dict[str, list[str]] = {"video": [], ".tar": [], ".parquet": [], "": []}
    for path in _walk(folder):
        by_kind[_kind(path)].append(path)
    videos, tars = len(by_kind["video"]), len(by_kind[".tar"])
    if videos and tars:
        raise ValueError(f"{folder} holds {videos} videos and {tars} tars: name the tars' pattern")
    for kind in ("video", *_ARCHIVES):
        if by_kind[kind]:
            return kind, by_kind[kind]
    raise ValueError(f"{folder} holds no video, no .tar and no .parquet file")


def _spelt_out(source: str) -> list[str]:
    if not re.search(r"[{*?\[]", source) or Path(source).exists():
        return [source]
    paths = []
    for pattern in _braces(source):
        wild = re.search(r"[*?\[]", pattern)
        paths += sorted(glob.glob(pattern)) if wild else [pattern]  # noqa: PTH207
    if not paths:
        raise FileNotFoundError(f"no file matches {source}")
    return paths


def _archive_shards(kind: str, paths: Sequence[str]) -> list[Shard]:
    """A shard each, named by the path below the folder that all have in common."""
    for path in paths:
        Path(path).stat()  # raises as the system says
    absolute = {Path(path).absolute(): path for path in paths}
    common = os.path.commonpath([path.parent for path in absolute])
    return [
        _ARCHIVES[kind](path.relative_to(common).with_suffix("").as_posix(), given)
        for path, given in sorted(absolute.items())
    ]


def _text(path: str) -> str:
    """A path as a key: bytes that are no UTF-8 spelt out, as tables want it."""
    return os.fsencode(path).decode(errors="backslashreplace")


def parts_for(count: int) -> int:
    """In how many parts a folder or list of `count` files is written: a power of two."""
    return 1 << max(0, (max(count, 1) - 1) // _PART).bit_length()


def _parts(files: Sequence[tuple[str, str]], origin: str, parts: int | None) -> list[Shard]:
    """Files spread by the hash of their keys: a new file changes one part alone."""
    count = parts_for(len(files)) if parts is None else parts
    spread: list[list[tuple[str, str]]] = [[] for _ in range(count)]
    for key, path in files:
        number = int.from_bytes(blake2b(key.encode(), digest_size=8).digest(), "little")
        spread[number % count].append((key, path))
    return [
        ListedShard(f"part-{i:05d}-of-{count:05d}", f"part {i} of {count} of {origin}", chosen)
        for i, chosen in enumerate(spread)
    ]


def _listed(paths: Sequence[str], origin: str, parts: int | None) -> list[Shard]:
    kinds = {_kind(path) for path in paths} & set(_ARCHIVES)
    if not kinds:
        return _parts([(_text(path), path) for path in sorted(set(paths))], origin, parts)
    if len({_kind(path) for path in paths}) > 1:
        raise ValueError(f"{origin} mixes videos, .tar and .parquet files: name one kind")
    return _archive_shards(kinds.pop(), paths)


def shards_of(source: DataSource, *, parts: int | None = None) -> list[Shard]:
    """The shards of a data set; see `clips_of`.

    Args:
        source: what `clips_of` takes.
        parts: in how many parts a folder or list is written; None: by the number of files.
    """
    if hasattr(source, "with_format"):
        return dataset_shards(source)
    if not isinstance(source, str | os.PathLike):
        paths = [os.fspath(path) for path in source]
        if not paths:
            raise ValueError("the list of paths is empty")
        return _listed(paths, "the list", parts)
    name = os.fspath(source)
    if Path(name).is_dir():
        kind, paths = _of_folder(Path(name))
        if kind in _ARCHIVES:
            return _archive_shards(kind, paths)
        keys = [_text(os.path.relpath(path, name)) for path in paths]
        return _parts(list(zip(keys, paths, strict=True)), name, parts)
    if name.endswith(".txt"):
        lines = Path(name).read_text().splitlines()
        return shards_of([line for line in lines if line], parts=parts)
    paths = _spelt_out(name)
    if len(paths) == 1 and not Path(paths[0]).exists():
        raise FileNotFoundError(f"no such file or folder: {name}")
    return _listed(paths, name, parts)


def clips_of(source: DataSource) -> Iterator[SourceClip]:
    """The clips of a data set, one file each, in the order in which they are worked on.

    Args:
        source: a folder of videos, of .tar or of .parquet files; one such file, or a pattern of
            them (`shards/train-{000..099}.tar`, `data/*.parquet`); a list of paths, or a .txt file
            with one path a line; or a Hugging Face `datasets.Dataset` with bytes.

    Yields:
        SourceClip: its key is the path below the folder, the path as listed, webdataset's
        `__key__`, or the row's.

    Raises:
        FileNotFoundError: there is no such file or folder.
        ValueError: no video is there, or kinds are mixed.
        ShardError: an archive or table cannot be read to its end.
    """
    for shard in shards_of(source):
        yield from shard.clips()
