"""Instructions that a statement executes: the figure that does not depend on neighbours."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
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


def count(code: Code) -> int:
    """Instructions of one call that is not the first, so without imports and warming up."""
    runs = [_start(_cachegrind(), code, times) for times in (1, 2)]
    first, both = (_finish(run) for run in runs)
    return both - first


def inside(code: Code, *functions: str) -> list[int]:
    """Instructions of one call inside each native function (a pattern), callees included.

    A function whose symbol is not in the library counts 0.
    """
    runs = [_start(_callgrind(function), code, 1) for function in functions]
    return [_finish(run) for run in runs]


def _cachegrind() -> list[str]:
    return ["--tool=cachegrind", "--cache-sim=no", f"--cachegrind-out-file={os.devnull}"]


def _callgrind(function: str) -> list[str]:
    folder = tempfile.gettempdir()  # its output cannot be sent to /dev/null
    out = f"--callgrind-out-file={folder}/mgm-callgrind.%p"
    return ["--tool=callgrind", out, f"--toggle-collect={function}"]


def _start(tool: list[str], code: Code, times: int) -> subprocess.Popen[str]:
    program = PROGRAM.format(setup=code.setup, statement=code.statement, times=times)
    # Hashes and the threads of NumPy's libraries would differ between runs.
    environment = {**os.environ, "PYTHONHASHSEED": "0", "OPENBLAS_NUM_THREADS": "1"}
    return subprocess.Popen(
        ["valgrind", *tool, sys.executable, "-c", program],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
        cwd=ROOT,
    )


def _finish(run: subprocess.Popen[str]) -> int:
    _, words = run.communicate()
    Path(tempfile.gettempdir(), f"mgm-callgrind.{run.pid}").unlink(missing_ok=True)
    found = re.search(r"I\s+refs:\s+([\d,]+)", words)
    if run.returncode or found is None:
        raise RuntimeError(f"valgrind ended with {run.returncode}: {words[-2000:]}")
    return int(found[1].replace(",", ""))
