"""The command `mgm-ext demo`: the first picture, of a clip that comes with the package."""

from __future__ import annotations

import argparse
import webbrowser
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from .arguments import Help, add_clip_options
from .clips import draw
from .output import needs_extra

__all__ = ["CLIP", "add_command"]

CLIP = "demo.mp4"
"""Of `mgm_ext`; `release/demo_clip.py` makes it."""


def add_command(commands: Any) -> None:
    """Adds the command to the subparsers of `mgm-ext`."""
    text = "draw vectors, score, box and mask of a clip that comes with mgm-ext"
    command = commands.add_parser("demo", help=text, description=text, formatter_class=Help)
    command.set_defaults(run=demo, suffixes=(".png", ".mp4"))
    command.add_argument("--json", action="store_true", help="one JSON object on stdout")
    command.add_argument("--open", action="store_true", help="open the picture")
    command.add_argument(
        "-o", "--output", type=Path, default=Path("mgm-ext-demo.png"), help="OUT.png or .mp4"
    )
    add_clip_options(command, ratio_of=0.4)


def demo(arguments: argparse.Namespace) -> None:
    """Draws the clip that comes with the package."""
    with needs_extra("demo"):
        from .. import visualise  # noqa: F401
    with as_file(files("mgm_ext") / CLIP) as clip:
        arguments.file = clip
        arguments.output = arguments.output.resolve()
        draw(arguments)
    if not arguments.json:
        print(f"look at {arguments.output}; on your own clip: mgm-ext draw FILE -o OUT.png")
    if arguments.open:
        webbrowser.open(arguments.output.as_uri())
