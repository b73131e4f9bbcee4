"""Instructions that a statement executes: the figure that does not depend on neighbours."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
PROGRAM = """
import gc
gc.disable()
{setup}
for _ in range({times}):
    {statement}
"""


@dataclass(frozen=True)
class Code:
    """A statement on one line, and what must be done before it."""

    setup: str
    statement: str


def available() -> bool:
    """Whether valgrind is here."""
    return shutil.which("valgrind") is not None


@cache
def count(code: Code) -> int:
    """Instructions of one call that is not the first, so without imports and warming up."""
    tool = ["--tool=cachegrind", "--cache-sim=no", f"--cachegrind-out-file={os.devnull}"]
    runs = [_start(tool, _program(code, times)) for times in (1, 2)]
    first, both = (_total(_words(run)) for run in runs)
    return both - first


def inside(code: Code, *functions: str) -> list[int]:
    """Instructions of one call inside each native function (a pattern), callees included.

    A function whose symbol is not in the library counts 0.
    """
    with tempfile.TemporaryDirectory() as folder:
        tools = [[*_callgrind(folder), f"--toggle-collect={function}"] for function in functions]
        runs = [_start(tool, _program(code, 1)) for tool in tools]
        return [_total(_words(run)) for run in runs]


def between(program: str, function: str, *arguments: str) -> list[int]:
    """Instructions from each call of a native function to its next one, in order.

    What comes before the first call and after the last is not counted.

    Args:
        program: Python.
        function: a pattern of the native function's name.
        arguments: of the program, its `sys.argv[1:]`.
    """
    with tempfile.TemporaryDirectory() as folder:
        tool = [*_callgrind(folder), f"--dump-before={function}"]
        _words(_start(tool, program, *arguments))
        # Numbered by the calls that end them; the first is all that came before the first call.
        parts = sorted(Path(folder).glob("*.*.*"), key=lambda path: int(path.suffix[1:]))
        totals = (re.search(r"^totals: (\d+)", p.read_text(), re.MULTILINE) for p in parts[1:])
        return [int(found[1]) for found in totals if found]


def _program(code: Code, times: int) -> str:
    return PROGRAM.format(setup=code.setup, statement=code.statement, times=times)


def _callgrind(folder: str) -> list[str]:
    return ["--tool=callgrind", f"--callgrind-out-file={folder}/counts.%p"]


def _start(tool: list[str], program: str, *arguments: str) -> subprocess.Popen[str]:
    # Hashes and the threads of NumPy's libraries would differ between runs.
    environment = {**os.environ, "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(
        ["valgrind", *tool, sys.executable, "-c", program, *arguments],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=ROOT,
    )


def _words(run: subprocess.Popen[str]) -> str:
    _, words = run.communicate()
    if run.returncode:
        raise RuntimeError(f"valgrind ended with {run.returncode}: {words[-2000:]}")
    return words


def _total(words: str) -> int:
    found = re.search(r"I\s+refs:\s+([\d,]+)", words)
    if found is None:
        raise RuntimeError(f"valgrind printed no count: {words[-2000:]}")
    return int(found[1].replace(",", ""))
