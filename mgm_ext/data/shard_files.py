"""A shard's output: whole under its name, or not there."""

from __future__ import annotations

import contextlib
import json
import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

__all__ = ["remove_leftovers", "whole_file", "write_once"]

_MARK = ".unfinished"


def _here() -> str:
    """This machine, and the space in which its process numbers count."""
    try:
        space = Path("/proc/self/ns/pid").stat().st_ino
    except OSError:
        space = 0
    return f"{socket.gethostname()}-{space}"


def _partial(path: Path) -> Path:
    return path.with_name(f".{path.name}.{_here()}.{os.getpid()}{_MARK}")


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """A path to write to; at the end it gets its name, and after an error it is gone.

    A process that is killed leaves a file that `remove_leftovers` knows.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = _partial(path)
    try:
        yield partial
        with partial.open("rb") as written:
            os.fsync(written.fileno())
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def remove_leftovers(folder: Path, *, everyone: bool = False) -> int:
    """Removes what killed processes of this machine left; `everyone`: of any. How many."""
    count = 0
    for path in folder.rglob(f".*{_MARK}"):
        host, _, pid = path.name[: -len(_MARK)].rpartition(".")
        ours = host.endswith(f".{_here()}") and pid.isdigit()
        if everyone or (ours and not _alive(int(pid))):
            path.unlink(missing_ok=True)
            count += 1
    return count


def write_once(path: Path, value: dict[str, Any]) -> dict[str, Any]:
    """Writes JSON unless it is there; what is there afterwards, whoever came first."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        partial = _partial(path)
        partial.write_text(json.dumps(value, indent=1) + "\n")
        try:
            os.link(partial, path)  # fails where another was first
        except FileExistsError:
            pass
        except OSError:  # a file system without links
            partial.replace(path)
        partial.unlink(missing_ok=True)
    found: dict[str, Any] = json.loads(path.read_text())
    return found
