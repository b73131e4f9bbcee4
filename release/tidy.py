"""clang-tidy over the C++ of csrc, as .clang-tidy says; what was clean is not looked at again.

    python release/tidy.py BUILD...    # folders of CMake; the first with compile commands counts

A file is clean for as long as it, the headers of ours that it includes, .clang-tidy, the compiler's
options and clang-tidy's version stay what they were.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CSRC = ROOT / "csrc"
_INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"', re.MULTILINE)


def _tool() -> str:
    beside = Path(sys.executable).with_name("clang-tidy")
    return str(beside) if beside.exists() else "clang-tidy"


def _options(builds: list[Path]) -> list[str]:
    """Include folders and definitions of the Python module, which has those of all libraries.

    Raises:
        SystemExit: nothing was built.
    """
    for build in builds:
        commands = build / "compile_commands.json"
        if not commands.exists():
            continue
        for entry in json.loads(commands.read_text()):
            words = shlex.split(entry["command"])
            if {"-D_core_EXPORTS", "-std=c++20"} <= set(words):
                return _kept(words)
    raise SystemExit(f"no compile_commands.json with _core in {', '.join(map(str, builds))}")


def _kept(words: list[str]) -> list[str]:
    kept = [word for word in words if word.startswith(("-I", "-D", "-std="))]
    for place, word in enumerate(words):
        if word == "-isystem":
            kept += [word, words[place + 1]]
    return kept


@cache
def _headers(source: Path) -> frozenset[Path]:
    """Our own headers that a file includes, directly or not."""
    found: set[Path] = set()
    for name in _INCLUDE.findall(source.read_text()):
        for folder in (CSRC, source.parent):
            header = folder / name
            if header.exists() and header not in found:
                found |= {header, *_headers(header)}
                break
    return frozenset(found)


def _key(source: Path, common: bytes) -> str:
    digest = hashlib.sha256(common)
    for path in (source, *sorted(_headers(source))):
        digest.update(str(path.relative_to(ROOT)).encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def _look(source: Path, options: list[str], mark: Path) -> str:
    """What clang-tidy says of a file; "" where it is clean."""
    if mark.exists():
        return ""
    command = [_tool(), "--quiet", str(source), "--", *options]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode == 0:
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()
        return ""
    return done.stdout or done.stderr


def main() -> int:
    options = _options([Path(name) for name in sys.argv[1:]])
    version = subprocess.run([_tool(), "--version"], capture_output=True, check=True).stdout
    rules = (ROOT / ".clang-tidy").read_bytes()
    common = b"\0".join([version, rules, " ".join(options).replace(str(ROOT), ".").encode()])
    kept = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mgm-ext" / "tidy"
    sources = sorted(path for path in CSRC.rglob("*.cpp") if "cuda" not in path.parts)
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        said = pool.map(lambda path: _look(path, options, kept / _key(path, common)), sources)
        found = [text for text in said if text]
    print("".join(found), end="")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
