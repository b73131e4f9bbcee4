"""Interpreters of another machine, or ones that this system lacks, in build/pythons.

    python foreign.py ARCHITECTURE MINOR...      python foreign.py aarch64 11 13

They are unpacked from Debian's packages and run through qemu-user or their own dynamic linker;
nothing is installed.
"""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

import debian
import pythons

PYTHONS = Path(__file__).resolve().parents[1] / "build" / "pythons"
SUITES = {11: "bookworm", 13: "trixie", 14: "forky"}
NUMPY_NEEDS = "libstdc++6"
DEBIAN_NAMES = {"x86_64": "amd64", "aarch64": "arm64"}


def launcher(root: Path, architecture: str) -> list[str]:
    """What starts a program of this root: its dynamic linker, or an emulator of its processor."""
    triplet = f"{architecture}-linux-gnu"
    if architecture == os.uname().machine:
        folders = [root / "lib" / triplet, root / "usr" / "lib" / triplet]
        # Not the one in lib64: a link with an address from the top, which is another root's here.
        linker = next(path for each in folders for path in each.glob("ld-linux*.so.*"))
        return [str(linker), "--library-path", ":".join(map(str, folders))]
    emulator = shutil.which(f"qemu-{architecture}-static") or shutil.which(f"qemu-{architecture}")
    if emulator is None:
        raise SystemExit(
            f"qemu-{architecture} is missing; install the Debian package qemu-user-static."
        )
    return [emulator, "-L", str(root)]


def from_debian(minor: int, architecture: str) -> pythons.Python:
    """Python 3.minor of a Debian release that has it."""
    root = PYTHONS / f"{architecture}-3.{minor}"
    name = f"python3.{minor}"
    debian.unpack(
        SUITES[minor], DEBIAN_NAMES[architecture], root, name, f"lib{name}-dev", NUMPY_NEEDS
    )
    # pyconfig.h includes <aarch64-linux-gnu/python3.13/pyconfig.h>.
    triplet = f"{architecture}-linux-gnu"
    link = root / "usr" / "include" / name / triplet
    if not link.is_symlink():
        link.symlink_to(f"../{triplet}")
    python = pythons.ask(*launcher(root, architecture), root / "usr" / "bin" / name)
    if python is None:
        raise SystemExit(f"{root} holds no Python that starts.")
    return python


def with_old_glibc(python: pythons.Python) -> pythons.Python:
    """The same interpreter, run with the C library of Debian 11."""
    architecture = python.architecture
    root = PYTHONS / f"{architecture}-bullseye"
    debian.unpack("bullseye", DEBIAN_NAMES[architecture], root, "libc6", NUMPY_NEEDS)
    old = pythons.ask(*launcher(root, architecture), python.path)
    if old is None:
        raise SystemExit(f"{python.path} does not start with the C library of Debian 11.")
    return old


def built(minor: int, abi: str, architecture: str) -> pythons.Python | None:
    """One of release/build_python.py's, where it was made."""
    if architecture != os.uname().machine:
        return None
    threads = "t" * abi.endswith("t")
    names = PYTHONS.glob(f"glibc*-3.{minor}{threads}/bin/python3.{minor}{threads}")
    return next((python for path in names if (python := pythons.ask(path)) is not None), None)


def main() -> None:
    architecture, *minors = sys.argv[1:]
    for minor in minors:
        print(from_debian(int(minor), architecture))


if __name__ == "__main__":
    main()
