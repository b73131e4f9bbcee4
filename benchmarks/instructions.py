"""Instructions that a statement executes: the figure that does not depend on neighbours."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
# The native function whose calls are the marks between what is counted: Python's os.getppid.
MARK = "getppid"


@dataclass(frozen=True)
class Pair:
    """Two statements, ours and the rival's, and the line of the report that tells of both."""

    row: str
    ours: str
    theirs: str
    rival: str
    at_least: float | None = None


def available() -> bool:
    """Whether valgrind is here."""
    return shutil.which("valgrind") is not None


def counts(setup: str, statements: Sequence[str]) -> list[int]:
    """Instructions of each statement (one line) when it runs for the second time.

    setup: Python that runs before all of them, and is not counted.
    """
    halves = [statements[0::2], statements[1::2]]  # one for each processor
    with ThreadPoolExecutor(2) as pool:
        even, odd = pool.map(lambda half: _counts(setup, half), halves)
    return [(odd if i % 2 else even)[i // 2] for i in range(len(statements))]


def _counts(setup: str, statements: Sequence[str]) -> list[int]:
    mark = f"os.{MARK}()"
    lines = [line for s in statements for line in (s, mark, s, mark)]
    program = "\n".join(["import gc, os", "gc.disable()", setup, *lines])
    return between(program, MARK)[0::2]  # without the first runs


def compare(record: Callable[..., None], setup: str, pairs: Sequence[Pair]) -> None:
    """Counts and records all; what stands in several pairs is counted once."""
    statements = list(dict.fromkeys(s for pair in pairs for s in (pair.ours, pair.theirs)))
    found = dict(zip(statements, counts(setup, statements), strict=True))
    for pair in pairs:
        ours, theirs = found[pair.ours], found[pair.theirs]
        note = f"{ours / 1000:,.0f} against {theirs / 1000:,.0f} thousand instructions"
        record(
            "instructions",
            pair.row,
            theirs / ours,
            unit="x",
            rival=pair.rival,
            at_least=pair.at_least,
            note=note,
        )


def inside(setup: str, statement: str, *functions: str) -> list[int]:
    """Instructions of a statement inside each native function (a pattern), callees included.

    A function whose symbol is not in the library counts 0.
    """
    program = f"import gc\ngc.disable()\n{setup}\n{statement}\n"
    with tempfile.TemporaryDirectory() as folder:
        tools = [[*_callgrind(folder), f"--toggle-collect={function}"] for function in functions]
        runs = [_start(tool, program) for tool in tools]
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


def of_processes(program: str, *arguments: str) -> dict[str, int]:
    """Instructions of a Python program and of the processes that it starts, by command line."""
    with tempfile.TemporaryDirectory() as folder:
        _words(_start([*_callgrind(folder), "--trace-children=yes"], program, *arguments))
        texts = [path.read_text() for path in Path(folder).glob("counts.*")]
        found = [
            (re.search(r"^cmd: (.*)", text, re.MULTILINE), re.search(r"^totals: (\d+)", text, re.M))
            for text in texts
        ]
        return {command[1]: int(total[1]) for command, total in found if command and total}


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
