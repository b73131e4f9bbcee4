"""Finds the Python interpreters of this machine: one path for each version from 3.11 on.

python pythons.py            prints the paths, and the versions that are missing to stderr
python pythons.py --first    prints one: the `python3` of PATH where it is new enough
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

OLDEST, NEWEST = 11, 14
QUESTION = "import sys; print(sys.version_info[1], sys.executable)"


def ask(command: str | Path) -> tuple[int, Path] | None:
    """Minor version and real path of a Python 3; None where the command does not run one.

    A version manager's stand-in may be on PATH and still refuse to start.
    """
    try:
        done = subprocess.run([command, "-c", QUESTION], capture_output=True, text=True)
    except OSError:
        return None
    minor, _, path = done.stdout.strip().partition(" ")
    return (int(minor), Path(path)) if done.returncode == 0 and path else None


def candidates(minor: int) -> Iterator[str | Path]:
    """Where Python 3.minor may be: PATH first, then the folders of pyenv and uv."""
    name = f"python3.{minor}"
    if found := shutil.which(name):
        yield found
    home = Path.home()
    pyenv = Path(os.environ.get("PYENV_ROOT") or home / ".pyenv")
    yield from sorted(pyenv.glob(f"versions/3.{minor}.*/bin/{name}"), reverse=True)
    uv = Path(os.environ.get("XDG_DATA_HOME") or home / ".local" / "share") / "uv" / "python"
    yield from sorted(uv.glob(f"cpython-3.{minor}.*/bin/{name}"), reverse=True)


def find(minor: int) -> Path | None:
    """The first candidate that starts and is Python 3.minor."""
    for candidate in candidates(minor):
        answer = ask(candidate)
        if answer is not None and answer[0] == minor:
            return answer[1]
    return None


def first() -> Path | None:
    """`python3` where it is new enough, else the oldest version that will do."""
    answer = ask("python3")
    if answer is not None and answer[0] >= OLDEST:
        return answer[1]
    found = map(find, range(OLDEST, NEWEST + 1))
    return next((path for path in found if path is not None), None)


def find_all() -> list[Path]:
    """One interpreter for each version; names the missing ones on stderr."""
    found = {minor: find(minor) for minor in range(OLDEST, NEWEST + 1)}
    missing = [f"3.{minor}" for minor, path in found.items() if path is None]
    if missing:
        print(f"No Python {', '.join(missing)} here: no wheel for it.", file=sys.stderr)
    return [path for path in found.values() if path is not None]


def main() -> int:
    if "--first" not in sys.argv:
        print("\n".join(map(str, find_all())))
        return 0
    path = first()
    if path is None:
        print(f"Python 3.{OLDEST} or newer is missing: install python3.", file=sys.stderr)
        return 1
    print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
