"""A compiler for another machine or an older C library: wrappers around the PyPI package `ziglang`.

    python zig.py x86_64        prints the folder of the tools zig-cc, zig-c++, zig-ar, ...

zig is clang with the headers and symbol lists of every glibc from 2.17 on, and a static libc++: one
pinned package makes manylinux_2_28 modules for both architectures on any Linux, as any user. The
tools' names have no path in them, because FFmpeg keeps its options as a string.
"""

from __future__ import annotations

import os
import shutil
import sys
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
GLIBC = "2.28"
ARCHITECTURES = ("x86_64", "aarch64")

# Frame pointers, debug records and traps are zig's defaults, not gcc's.
COMPILER = """#!/bin/sh
exec "{zig}" {command} -target {target} -fomit-frame-pointer -fno-sanitize=undefined -g0 "$@"
"""
TOOL = """#!/bin/sh
exec "{zig}" {command} "$@"
"""


def target(architecture: str) -> str:
    return f"{architecture}-linux-gnu.{GLIBC}"


def find_zig() -> Path:
    distribution = metadata.distribution("ziglang")
    return Path(str(distribution.locate_file("ziglang/zig")))


def binutils(name: str, architecture: str) -> str:
    """GNU binutils' program for this architecture's objects: zig has neither nm nor strip."""
    for command in (f"{architecture}-linux-gnu-{name}", name):
        if os.uname().machine == architecture or command != name:
            path = shutil.which(command)
            if path is not None:
                return path
    raise SystemExit(
        f"{architecture}-linux-gnu-{name} is missing; install the Debian package "
        f"binutils-{architecture.replace('_', '-')}-linux-gnu."
    )


def tools(architecture: str) -> Path:
    """The folder of the tools for one architecture, made where it is missing."""
    folder = ROOT / "build" / "zig" / target(architecture)
    folder.mkdir(parents=True, exist_ok=True)
    zig = find_zig()
    texts = {
        "zig-cc": COMPILER.format(zig=zig, command="cc", target=target(architecture)),
        "zig-c++": COMPILER.format(zig=zig, command="c++", target=target(architecture)),
        "zig-ar": TOOL.format(zig=zig, command="ar"),
        "zig-ranlib": TOOL.format(zig=zig, command="ranlib"),
        "zig-nm": f'#!/bin/sh\nexec {binutils("nm", architecture)} "$@"\n',
        "zig-strip": f'#!/bin/sh\nexec {binutils("strip", architecture)} "$@"\n',
    }
    for name, text in texts.items():
        path = folder / name
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
            path.chmod(0o755)
    return folder


if __name__ == "__main__":
    print(tools(sys.argv[1]))
