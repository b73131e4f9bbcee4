"""The command `mgm-ext`. Exit codes: 0 good, 1 bad video, 2 bad usage."""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

from .._core import __version__
from ..errors import MgmError
from . import clips, data, files

__all__ = ["main"]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mgm-ext", description=__doc__)
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(
        name: str, run: Callable[[argparse.Namespace], None], text: str, output: tuple[str, ...]
    ) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run, suffixes=output)
        command.add_argument("file", type=Path, metavar="FILE")
        command.add_argument("--json", action="store_true", help="one JSON object on stdout")
        if output:
            wanted = " or ".join(output)
            command.add_argument("-o", "--output", type=Path, required=True, help=f"OUT{wanted}")
        return command

    add("info", files.info, "what is known of a video and how much it moves", ())
    vectors = add("vectors", files.vectors, "write the motion vectors of a video", (".npz",))
    vectors.add_argument("--blocks", choices=("coded", "libavcodec"), default="coded")
    clips.add_clip_options(add("mask", clips.mask, "write the mask of a clip", (".npz",)))
    clips.add_clip_options(
        add("draw", clips.draw, "draw vectors, score, box and mask of a clip", (".png", ".mp4"))
    )
    clips.add_clip_options(
        add("masks", clips.masks, "draw every mask of a clip, a row each", (".png",))
    )
    contrast = add("contrast", clips.contrast, "mean speed inside and outside of boxes", ())
    contrast.add_argument(
        "--boxes",
        type=Path,
        required=True,
        metavar="FILE.json",
        help="{frame: [[x0, y0, x1, y1], ...]} in pixels of the video",
    )
    convert = add("convert", files.convert, "re-encode to H.264 to learn from", (".mp4", ".mkv"))
    convert.add_argument("--short-side", type=int, help="pixels; default: as it is")
    convert.add_argument("--gop", type=int, default=48, help="most frames between key frames")
    convert.add_argument("--b-frames", type=int, default=0, help="most in a row")
    convert.add_argument("--references", type=int, default=1, help="most pictures referred to")
    convert.add_argument("--crf", type=int, default=20, help="0 lossless to 51")
    data.add_commands(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        arguments: of the command line; None takes the process's own.

    Returns:
        0 good, 1 bad video, 2 bad usage.
    """
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="surrogateescape")  # file names need not be UTF-8
    parser = _parser()
    try:
        chosen = parser.parse_args(arguments)
        if chosen.suffixes and chosen.output.suffix not in chosen.suffixes:
            parser.error(f"-o must end in {' or '.join(chosen.suffixes)}, not {chosen.output}")
    except SystemExit as stop:
        return int(stop.code or 0)
    try:
        chosen.run(chosen)
    except (MgmError, OSError) as error:
        print(f"mgm-ext: {error}", file=sys.stderr)
        return 1
    except (ValueError, IndexError) as error:
        print(f"mgm-ext: {error}", file=sys.stderr)
        return 2
    return 0
