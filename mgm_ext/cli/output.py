"""What the commands print: facts, and a bar while they work."""

from __future__ import annotations

import argparse
import importlib.metadata
import json
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm import tqdm

__all__ = ["bar", "needs_extra", "remark", "say", "write_npz"]


def bar(total: int, unit: str, arguments: argparse.Namespace) -> Any:
    """A progress bar on a terminal; nothing elsewhere."""
    quiet = arguments.json or not sys.stderr.isatty()
    return tqdm(total=total, unit=unit, disable=quiet, leave=False)


def remark(text: str) -> None:
    """One line on stderr: what is not wrong, but not what was meant either."""
    print(f"mgm-ext: {text}", file=sys.stderr)


def say(
    facts: Mapping[str, Any],
    arguments: argparse.Namespace,
    units: Mapping[str, str] = MappingProxyType({}),
) -> None:
    """Prints names, values and their units, or one JSON object of names and values."""
    if arguments.json:
        print(json.dumps(facts))
        return
    width = max(len(name) for name in facts)
    for name, value in facts.items():
        print(f"{name.replace('_', ' '):<{width}}  {value} {units.get(name, '')}".rstrip())


def write_npz(path: Path, **arrays: NDArray[Any]) -> None:
    """Writes arrays under the very name: NumPy adds a suffix to names that end in .NPZ."""
    with path.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)


@contextmanager
def needs_extra(command: str, extra: str = "draw") -> Iterator[None]:
    """Where a command imports packages that only an extra brings; without them it ends."""
    try:
        yield
    except ImportError as error:
        raise SystemExit(
            f"mgm-ext {command} needs the extra `{extra}` ({error.name} is missing): "
            f"{_advice(extra)}"
        ) from error


def _advice(extra: str) -> str:
    """The command that brings an extra's packages, wherever mgm-ext itself was installed from."""
    python = f"{sys.executable} -m pip install"
    try:
        needed = importlib.metadata.requires("mgm-ext") or []
    except importlib.metadata.PackageNotFoundError:
        return f"in the checkout, {python} '.[{extra}]'"
    parts = [line.split(";") for line in needed if ";" in line]
    packages = [
        name.strip() for name, of in parts if re.search(rf"extra == .{extra}.$", of.strip())
    ]
    return " ".join([python, *(f"'{name}'" for name in packages)])
