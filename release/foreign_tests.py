"""Runs the tests with a wheel of another machine, through qemu-user.

    python foreign_tests.py WHEEL [PYTEST_ARGUMENT ...]      default: the whole suite

The tests' own needs are installed for that machine, torch and what needs it apart; the files whose
imports fail for that reason are left out and named. Takes ten times as long as the processor's own.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import foreign
import try_wheels
import wheel_check
from wheels import ROOT, run

NEEDS = ("pytest", "pytest-timeout", "hypothesis", "av", "pillow", "matplotlib", "tqdm", "pyarrow")
ABSENT = {"torch", "transformers", "accelerate", "skimage", "sklearn", "skvideo"}
# Children of the tests start Python by this name; the emulator's own path would not start.
CUSTOMIZE = "import sys; sys.executable = {wrapper!r}\n"


def imported(path: Path) -> Iterator[str]:
    """The packages that a file imports when it is imported itself."""
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module.partition(".")[0]


def prepare(wheel: Path, folder: Path) -> tuple[Path, list[Path]]:
    """Fills a folder with the tests and their needs; its Python, and the files left out."""
    match = wheel_check.NAME.fullmatch(wheel.name)
    assert match is not None
    python = foreign.from_debian(int(match[1].removeprefix("cp3")), match[3])
    site = folder / "site-packages"
    run(*try_wheels.pip_for(python, site), wheel, *NEEDS)
    wrapper = folder / "python"
    words = " ".join(map(str, python.command))
    wrapper.write_text(f'#!/bin/sh\nPYTHONPATH={site} exec {words} "$@"\n')
    wrapper.chmod(0o755)
    (site / "sitecustomize.py").write_text(CUSTOMIZE.format(wrapper=str(wrapper)))
    for name in ("tests", "cmake", "release", "docs", "README.md", "SECURITY.md", "pyproject.toml"):
        place = folder / "checkout" / name
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        place.parent.mkdir(exist_ok=True)
        copy(ROOT / name, place)
    files = sorted((folder / "checkout" / "tests").glob("test_*.py"))
    return wrapper, [path for path in files if ABSENT & set(imported(path))]


def main() -> int:
    wheel, *arguments = sys.argv[1:]
    with tempfile.TemporaryDirectory(prefix="test-foreign-") as temporary:
        wrapper, left_out = prepare(Path(wheel).resolve(), Path(temporary))
        print("Left out for want of torch:", *(path.name for path in left_out))
        ignored = [f"--ignore={path}" for path in left_out]
        command = [str(wrapper), "-m", "pytest", "-p", "no:cacheprovider", *ignored, *arguments]
        checkout = Path(temporary, "checkout")
        environment = {"PATH": os.environ["PATH"], "HOME": str(Path.home())}
        return subprocess.run(command, cwd=checkout, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
