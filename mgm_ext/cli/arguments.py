"""What the options of a sampled clip mean."""

from __future__ import annotations

import argparse
import re
from pathlib import Path
from typing import Any, Final

from ..masks import PRESETS

__all__ = ["Help", "add_clip_options", "check_output", "grid_of"]

_GRID: Final = 8, 14, 14

PRESET_HELP = (
    "how motion becomes a box: robust takes the camera's motion out, weighs by texture and follows "
    "the smoothest way of the box; smooth takes the largest motion of 3x3 tokens as it is; literal "
    "is the published MGM, the single largest token and a first box anywhere"
)


class Help(argparse.ArgumentDefaultsHelpFormatter):
    """Says the default of every option that has one."""

    def _get_help_string(self, action: argparse.Action) -> str | None:
        if action.default is None or action.default is False or action.required:
            return action.help
        return super()._get_help_string(action)


def grid(text: str) -> tuple[int, ...]:
    """S,R,C or R,C of the command line; x is as good as a comma."""
    sides = tuple(int(side) for side in re.findall(r"\d+", text))
    form = re.fullmatch(r"\d+([,xX]\d+){1,2}", text.replace(" ", ""))
    if form is None or min(sides) < 1:
        raise argparse.ArgumentTypeError(
            "must be slots,rows,columns such as 8,14,14 or 8x14x14, or rows,columns such as 16x16, "
            f"not {text!r}"
        )
    return sides


def ratio(text: str) -> float:
    """A share of the command line."""
    try:
        value = float(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(f"must be in (0, 1), not {text!r}") from error
    if not 0 < value < 1:  # not NaN either
        meant = f"; did you mean {value / 100:g}?" if 1 < value < 100 else ""
        raise argparse.ArgumentTypeError(f"must be in (0, 1), not {text}{meant}")
    return value


def grid_of(arguments: argparse.Namespace) -> tuple[int, int, int]:
    """Slots, rows and columns; where only the last two are given, a slot for two frames.

    Raises:
        ValueError: the frames cannot be halved, or shared among the slots where no grid is given.
    """
    sides = arguments.grid
    if sides is None:
        if arguments.frames % _GRID[0]:
            raise ValueError(
                f"--frames must be a multiple of {_GRID[0]}, the slots of a clip where no --grid "
                f"is given, not {arguments.frames}"
            )
        return _GRID
    if len(sides) == 3:
        return sides[0], sides[1], sides[2]
    if arguments.frames % 2:
        raise ValueError(
            f"--grid of rows and columns needs an even number of --frames, two for each slot, not "
            f"{arguments.frames}; give slots,rows,columns"
        )
    return arguments.frames // 2, sides[0], sides[1]


def add_clip_options(parser: argparse.ArgumentParser, *, ratio_of: float) -> None:
    """Which frames, tokens, ratio, preset and seed.

    Args:
        parser: of the command.
        ratio_of: its default share of masked tokens.
    """

    def add(name: str, kind: Any, default: Any, text: str, **more: Any) -> None:
        parser.add_argument(name, type=kind, default=default, help=text, **more)

    add("--start", int, 0, "first frame of the clip")
    add("--stride", int, 4, "frames from one sample to the next")
    add("--frames", int, 16, "sampled frames")
    text = "tokens as slots,rows,columns, or rows,columns with a slot for every two frames"
    add("--grid", grid, None, f"{text} (default: {','.join(map(str, _GRID))})")
    add("--ratio", ratio, ratio_of, "masked share of each slot's tokens")
    add("--preset", str, "robust", PRESET_HELP, choices=PRESETS)
    add("--seed", int, 0, "of all that is drawn")
    parser.add_argument(
        "--require-motion", action="store_true", help="end with 1 where the clip shows no motion"
    )


def check_output(output: Path, suffixes: tuple[str, ...]) -> str | None:
    """What is wrong with the name of a file to write, or None."""
    if output.suffix.lower() not in suffixes:
        return f"-o must end in {' or '.join(suffixes)}, not {output}"
    if not output.parent.is_dir():
        return f"-o {output}: there is no folder {output.parent}"
    return None
