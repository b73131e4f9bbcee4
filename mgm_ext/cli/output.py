"""What the commands print: facts, and a bar while they work."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from tqdm import tqdm

__all__ = ["bar", "needs_extra", "say"]


def bar(total: int, unit: str, arguments: argparse.Namespace) -> Any:
    """A progress bar on a terminal; nothing elsewhere."""
    quiet = arguments.json or not sys.stderr.isatty()
    return tqdm(total=total, unit=unit, disable=quiet, leave=False)


def say(facts: dict[str, Any], arguments: argparse.Namespace) -> None:
    """Prints names and values, or one JSON object."""
    if arguments.json:
        print(json.dumps(facts))
        return
    width = max(len(name) for name in facts)
    for name, value in facts.items():
        print(f"{name.replace('_', ' '):<{width}}  {value}")


@contextmanager
def needs_extra(command: str, extra: str = "draw") -> Iterator[None]:
    """Where a command imports packages that only an extra brings; without them it ends."""
    try:
        yield
    except ImportError as error:
        raise SystemExit(
            f"mgm-ext {command} needs the extra `{extra}` ({error.name} is missing): "
            f"pip install 'mgm-ext[{extra}]'"
        ) from error
