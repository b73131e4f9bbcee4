"""The Python interpreters that wheels are made for: one for each version from 3.11 on.

python pythons.py            prints the paths, and the versions that are missing to stderr
python pythons.py --first    prints one: the `python3` of PATH where it is new enough
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

OLDEST, NEWEST = 11, 14
WITHOUT_GIL = range(13, NEWEST + 1)  # pybind11 supports it from 3.13 on
QUESTION = """
import platform, sys, sysconfig
print(sys.version_info[1], sys.executable, sysconfig.get_path("include"), platform.machine(),
      sysconfig.get_config_var("EXT_SUFFIX"), sep="\\n")
"""


@dataclass(frozen=True)  # no slots: the oldest `python3` reads this file too
class Python:
    """An interpreter: how it is started, and what a module for it needs to know."""

    command: tuple[str, ...]
    minor: int
    include: Path
    architecture: str
    suffix: str

    @property
    def abi(self) -> str:
        """As in a wheel's name: cp313, or cp314t without the GIL."""
        threads = "t" if self.suffix.startswith(f".cpython-3{self.minor}t-") else ""
        return f"cp3{self.minor}{threads}"

    def has_pip(self) -> bool:
        """Whether it can make a venv and install into it."""
        done = subprocess.run([*self.command, "-c", "import ensurepip, ssl"], capture_output=True)
        return done.returncode == 0

    @property
    def path(self) -> Path:
        return Path(self.command[-1])


def ask(*command: str | Path) -> Python | None:
    """What a command that starts Python 3 says of it; None where it does not start one.

    A version manager's stand-in may be on PATH and still refuse to start.
    """
    words = [str(word) for word in command]
    try:
        done = subprocess.run([*words, "-c", QUESTION], capture_output=True, text=True)
    except OSError:
        return None
    if done.returncode != 0:
        return None
    minor, path, include, architecture, suffix = done.stdout.splitlines()
    return Python((*words[:-1], path), int(minor), Path(include), architecture, suffix)


def candidates(minor: int, threads: str) -> Iterator[str | Path]:
    """Where Python 3.minor may be: PATH first, then the folders of pyenv and uv."""
    name = f"python3.{minor}{threads}"
    if found := shutil.which(name):
        yield found
    home = Path.home()
    pyenv = Path(os.environ.get("PYENV_ROOT") or home / ".pyenv")
    yield from sorted(pyenv.glob(f"versions/3.{minor}.*/bin/{name}"), reverse=True)
    uv = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "uv" / "python"
    yield from sorted(uv.glob(f"cpython-3.{minor}.*/bin/{name}"), reverse=True)


def find(minor: int, threads: str = "") -> Python | None:
    """The first candidate that starts and is Python 3.minor; threads="t": without the GIL."""
    for candidate in candidates(minor, threads):
        answer = ask(candidate)
        if answer is not None and answer.abi == f"cp3{minor}{threads}":
            return answer
    return None


def first() -> Python | None:
    """`python3` where it is new enough, else the oldest version that will do."""
    answer = ask("python3")
    if answer is not None and answer.minor >= OLDEST:
        return answer
    found = map(find, range(OLDEST, NEWEST + 1))
    return next((python for python in found if python is not None), None)


def find_all() -> list[Python]:
    """One interpreter for each version; names the missing ones on stderr."""
    found = {minor: find(minor) for minor in range(OLDEST, NEWEST + 1)}
    missing = [f"3.{minor}" for minor, python in found.items() if python is None]
    if missing:
        print(f"No Python {', '.join(missing)} here: no wheel for it.", file=sys.stderr)
    without_gil = [find(minor, "t") for minor in WITHOUT_GIL]
    return [python for python in (*found.values(), *without_gil) if python is not None]


def main() -> int:
    if "--first" not in sys.argv:
        print("\n".join(str(python.path) for python in find_all()))
        return 0
    python = first()
    if python is None:
        print(f"Python 3.{OLDEST} or newer is missing: install python3.", file=sys.stderr)
        return 1
    print(python.path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
