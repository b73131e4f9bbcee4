"""The command `mgm-ext`. Exit codes: 0 good, 1 bad video, 2 bad usage."""

from __future__ import annotations

import argparse
import io
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from .._core import __version__
from ..errors import MgmError
from . import clips, data, demo, files
from .arguments import Help, add_clip_options, check_output

__all__ = ["main"]

Run = Callable[[argparse.Namespace], None]


def _add(commands: Any, name: str, run: Run, text: str, output: tuple[str, ...]) -> Any:
    """A command on one file."""
    command = commands.add_parser(name, help=text, description=text, formatter_class=Help)
    command.set_defaults(run=run, suffixes=output)
    command.add_argument("file", type=Path, metavar="FILE", help="a video")
    command.add_argument("--json", action="store_true", help="one JSON object on stdout")
    if output:
        wanted = " or ".join(output)
        command.add_argument("-o", "--output", type=Path, required=True, help=f"OUT{wanted}")
    return command


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mgm-ext", description=__doc__)
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    demo.add_command(commands)

    def add(name: str, run: Run, text: str, output: tuple[str, ...] = ()) -> Any:
        return _add(commands, name, run, text, output)

    add("info", files.info, "what is known of a video and how much it moves")
    vectors = add("vectors", files.vectors, "write the motion vectors of a video", (".npz",))
    vectors.add_argument(
        "--blocks",
        choices=("coded", "libavcodec"),
        default="coded",
        help="the stream's own blocks, or the rows of libavcodec's export",
    )
    mask = add("mask", clips.mask, "write the mask of a clip", (".npz",))
    add_clip_options(mask, ratio_of=0.75)
    text = "draw vectors, score, box and mask of a clip"
    add_clip_options(add("draw", clips.draw, text, (".png", ".mp4")), ratio_of=0.4)
    text = "draw every mask of a clip, a row each"
    add_clip_options(add("masks", clips.masks, text, (".png",)), ratio_of=0.4)
    contrast = add("contrast", clips.contrast, "mean speed inside and outside of boxes")
    contrast.add_argument(
        "--boxes",
        type=Path,
        required=True,
        metavar="FILE.json",
        help="{frame: [[x0, y0, x1, y1], ...]} in pixels of the video",
    )
    _add_convert(add("convert", files.convert, "re-encode to H.264 to learn from", files.OUTPUTS))
    data.add_commands(commands)
    return parser


def _add_convert(convert: Any) -> None:
    convert.add_argument("--short-side", type=int, help="in pixels; without it as it is")
    convert.add_argument("--gop", type=int, default=48, help="most frames between key frames")
    convert.add_argument("--b-frames", type=int, default=0, help="most in a row")
    convert.add_argument("--references", type=int, default=1, help="most pictures referred to")
    convert.add_argument("--crf", type=int, default=20, help="quality, 0 lossless to 51")


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
        if chosen.suffixes and (wrong := check_output(chosen.output, chosen.suffixes)):
            parser.error(wrong)
    except SystemExit as stop:
        return int(stop.code or 0)
    return _run(chosen)


def _run(chosen: argparse.Namespace) -> int:
    try:
        chosen.run(chosen)
        sys.stdout.flush()
    except BrokenPipeError:
        # Who reads the output has enough; Python flushes once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (MgmError, OSError) as error:
        print(f"mgm-ext: {_said(error)}", file=sys.stderr)
        return 1
    except (ValueError, IndexError) as error:
        print(f"mgm-ext: {error}", file=sys.stderr)
        return 2
    return 0


def _said(error: Exception) -> str:
    """An error in words; the system's without its number."""
    if isinstance(error, OSError) and error.strerror and error.filename is not None:
        return f"{os.fsdecode(error.filename)}: {error.strerror}"
    return str(error)
