"""What the commands print: facts, and a bar while they work."""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any

from tqdm import tqdm

__all__ = ["bar", "lacks_extra", "say"]


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


def lacks_extra(command: str, error: ImportError) -> SystemExit:
    """How a command that draws or encodes ends without the packages for it."""
    return SystemExit(
        f"mgm-ext {command} needs the extra `draw` ({error.name} is missing): "
        "pip install 'mgm-ext[draw]'"
    )
