"""Builds CPython with zig: for a system that is too old for Debian's own, or without the GIL.

    python build_python.py MINOR [--free-threaded]      python build_python.py 14 --free-threaded

From Debian's source, 3.12 or newer: the build of older ones looks into /usr/include. The result
needs nothing but glibc 2.28, and has what an import of numpy needs: no SSL, no zlib, no ctypes.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tarfile
import tempfile
from pathlib import Path

import debian
import pythons
import zig

SUITES = {13: "trixie", 14: "sid"}
ROOT = Path(__file__).resolve().parents[1]


def build(minor: int, *, free_threaded: bool) -> pythons.Python:
    """Python 3.minor in build/pythons, built once."""
    architecture = os.uname().machine
    prefix = ROOT / "build" / "pythons" / f"glibc{zig.GLIBC}-3.{minor}{'t' * free_threaded}"
    command = prefix / "bin" / f"python3.{minor}{'t' * free_threaded}"
    if not command.exists():
        tools = zig.tools(architecture)
        tools_path = f"{tools}:{os.environ['PATH']}"
        environment = os.environ | {"CC": "zig-cc", "CXX": "zig-c++", "AR": "zig-ar"}
        environment |= {"PATH": tools_path, "RANLIB": "zig-ranlib", "PKG_CONFIG": "false"}
        environment["CFLAGS"] = "-Wno-date-time"  # its build stamp, which zig forbids
        options = ["--without-ensurepip", "--disable-test-modules", f"--prefix={prefix}"]
        options += ["--disable-gil"] if free_threaded else []
        with tempfile.TemporaryDirectory(prefix="python-") as temporary:
            archive = debian.source(SUITES[minor], f"python3.{minor}", Path(temporary, "apt"))
            with tarfile.open(archive) as tar:
                tar.extractall(temporary, filter="tar")
            (source,) = Path(temporary).glob("Python-*")
            for step in (
                ["./configure", "-q", *options],
                ["make", "-s", "-j2"],
                ["make", "-s", "install"],
            ):
                subprocess.run(step, cwd=source, env=environment, check=True)
    python = pythons.ask(command)
    assert python is not None
    return python


def main() -> None:
    print(build(int(sys.argv[1]), free_threaded="--free-threaded" in sys.argv))


if __name__ == "__main__":
    main()
