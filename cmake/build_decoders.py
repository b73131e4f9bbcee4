"""Builds FFmpeg and dav1d as static libraries into a cache outside the source tree.

Called by CMake; prints the finished prefix. A second call with the same sources, options, compiler
and scripts finds the first one's result. Layout of the prefix:

    lib/         libavformat.a libavcodec.a libswscale.a libavutil.a libdav1d.a
    include/     every header and *_template.c of FFmpeg's source tree, the recipe's COMPILED_AGAIN,
                 config.h, dav1d's interface
    dav1d/       every header of dav1d's source tree; dav1d/build: its config.h and vcs_version.h
    licenses/    the licence texts of both
    build-info.json
"""

from __future__ import annotations

import argparse
import fcntl
import hashlib
import importlib.util
import json
import os
import platform
import shutil
import subprocess
import sys
import tarfile
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

import recipe
import sources

PKG_CONFIG = """#!/bin/sh
# Stands in for pkg-config: FFmpeg's configure asks it about one library.
case "$*" in
  *--version*) echo 1.8 ;;
  *--cflags*) echo "-I{prefix}/include" ;;
  *--libs*) echo "-L{prefix}/lib -ldav1d -lpthread -lm -ldl" ;;
  *--variable=includedir*) echo "{prefix}/include" ;;
  *--exists*dav1d*) ;;
  *) exit 1 ;;
esac
"""

# For another target the tools are release/zig.py's, found on PATH.
CROSS_FILE = """[binaries]
c = 'zig-cc'
ar = 'zig-ar'
strip = 'zig-strip'
[host_machine]
system = 'linux'
cpu_family = '{processor}'
cpu = '{processor}'
endian = 'little'
"""


class BuildError(Exception):
    """The build cannot go on; the text says why and what to do."""


def cache_folder() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mgm-ext"


def tool(name: str, *, package: str) -> str:
    """Path of a program, or the one sentence that says how to get it."""
    path = shutil.which(name)
    if path is None:
        raise BuildError(
            f"{name} is missing: it is needed to build FFmpeg and dav1d; "
            f"install the Debian package {package}."
        )
    return path


def first_line(command: Sequence[str]) -> str:
    return subprocess.run(command, capture_output=True, text=True).stdout.partition("\n")[0]


def processor(target: str) -> str:
    return target.partition("-")[0] or platform.machine().lower()


def check_tools(compiler: str, target: str = "") -> list[str]:
    """Names and versions of the tools that shape the result."""
    tool(compiler, package="build-essential")
    tool("make", package="make")
    # Without the first word: cc, gcc and x86_64-linux-gnu-gcc are one compiler.
    versions = [first_line([compiler, "--version"]).partition(" ")[2]]
    if processor(target) in {"x86_64", "amd64", "i686"}:
        versions.append(first_line([tool("nasm", package="nasm"), "--version"]))
    meson()
    tool("ninja", package="ninja-build")
    return versions


def meson() -> list[str]:
    if importlib.util.find_spec("mesonbuild") is not None:
        return [sys.executable, "-m", "mesonbuild.mesonmain"]
    return [tool("meson", package="meson")]


def run(command: Sequence[str], *, folder: Path, log: Path) -> None:
    """Runs one step of a build, its output in `log`."""
    with log.open("a") as output:
        output.write(f"$ {' '.join(command)}\n")
        output.flush()
        status = subprocess.run(command, cwd=folder, stdout=output, stderr=output).returncode
    if status != 0:
        end = "\n".join(log.read_text(errors="replace").splitlines()[-40:])
        raise BuildError(
            f"{end}\n{command[0]} failed in {folder.name}; its last lines stand above."
        )


def unpack(archive: Path, folder: Path) -> Path:
    """The one top folder of the archive, unpacked."""
    with tarfile.open(archive) as tar:
        # As tarfile's own documentation has it: Debian 12's Python knows no filters yet.
        tar.extraction_filter = getattr(tarfile, "data_filter", lambda member, path: member)
        tar.extractall(folder)
    (top,) = folder.iterdir()
    return top


def copy_files(paths: Iterable[Path], source: Path, target: Path) -> None:
    for path in paths:
        copy = target / path.relative_to(source)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(path, copy)


def build_dav1d(source: Path, prefix: Path, arguments: argparse.Namespace, log: Path) -> None:
    build = source / "build"
    options = recipe.dav1d_options(sanitize=arguments.sanitize)
    if arguments.target:
        cross = source / "cross.ini"
        cross.write_text(CROSS_FILE.format(processor=processor(arguments.target)))
        options.append(f"--cross-file={cross}")
    else:
        os.environ["CC"] = arguments.compiler
    run([*meson(), "setup", str(build), *options], folder=source, log=log)
    run(
        ["ninja", "-C", str(build), f"-j{arguments.jobs}", "src/libdav1d.a"], folder=source, log=log
    )
    copy_files([build / "src" / "libdav1d.a"], build / "src", prefix / "lib")
    public = source / "include"
    copy_files(public.glob("dav1d/*.h"), public, prefix / "include")
    version = build / "include" / "dav1d"
    copy_files(version.glob("*.h"), version, prefix / "include" / "dav1d")
    copy_files(source.rglob("*.h"), source, prefix / "dav1d")
    copy_files([source / "COPYING"], source, prefix / "licenses" / "dav1d")


def build_ffmpeg(source: Path, prefix: Path, arguments: argparse.Namespace, log: Path) -> None:
    stand_in = source / "pkg-config"
    stand_in.write_text(PKG_CONFIG.format(prefix=prefix))
    stand_in.chmod(0o755)
    # Relative, because the options become a string in the library.
    own = ["--pkg-config=./pkg-config"]
    if arguments.target:
        own += recipe.ffmpeg_cross_options(processor(arguments.target))
    elif not arguments.sanitize:
        own.append(f"--cc={arguments.compiler}")
    options = recipe.ffmpeg_options(sanitize=arguments.sanitize)
    run(["sh", "./configure", *own, *options], folder=source, log=log)
    run(["make", f"-j{arguments.jobs}"], folder=source, log=log)
    libraries = sorted(source.glob("lib*/lib*.a"))
    for library in libraries:
        copy_files([library], library.parent, prefix / "lib")
    headers = [*source.rglob("*.h"), *source.rglob("*_template.c")]
    ours = [
        path for path in headers if path.relative_to(source).parts[0] not in {"fftools", "tests"}
    ]
    again = [source / name for name in recipe.COMPILED_AGAIN]
    copy_files([*ours, *again], source, prefix / "include")
    texts = [source / "COPYING.LGPLv2.1", source / "LICENSE.md"]
    copy_files(texts, source, prefix / "licenses" / "ffmpeg")


def build(prefix: Path, found: dict[str, sources.Source], arguments: argparse.Namespace) -> None:
    """Builds in a temporary folder beside `prefix` and renames it when everything is done."""
    with tempfile.TemporaryDirectory(prefix=f"{prefix.name}-", dir=prefix.parent) as temporary:
        folder, log = Path(temporary), prefix.parent / f"{prefix.name}.log"
        finished = folder / "prefix"
        log.write_text("")
        for name, step in (("dav1d", build_dav1d), ("ffmpeg", build_ffmpeg)):
            print(f"Building {name} {found[name].version}", file=sys.stderr, flush=True)
            step(unpack(found[name].path, folder / name), finished, arguments, log)
        information = {
            name: {"version": source.version, "sha256": source.sha256, "origin": source.origin}
            for name, source in found.items()
        }
        information["ffmpeg"]["options"] = " ".join(
            recipe.ffmpeg_options(sanitize=arguments.sanitize)
        )
        information["dav1d"]["options"] = " ".join(
            recipe.dav1d_options(sanitize=arguments.sanitize)
        )
        (finished / "build-info.json").write_text(json.dumps(information, indent=1))
        finished.rename(prefix)


def configuration_hash(arguments: argparse.Namespace) -> str:
    """Changes with anything that could change the libraries."""
    machine = arguments.target or platform.machine()
    parts = [*check_tools(arguments.compiler, arguments.target), machine, str(arguments.sanitize)]
    for tarball in (arguments.ffmpeg_tarball, arguments.dav1d_tarball):
        named = Path(tarball).expanduser()
        known = tarball and named.is_file()
        parts.append(hashlib.sha256(named.read_bytes()).hexdigest() if known else tarball)
    for script in (Path(__file__), Path(recipe.__file__)):
        parts.append(script.read_text())
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()[:16]


def prefix_for(arguments: argparse.Namespace) -> Path:
    """The finished prefix, built first where the cache has none."""
    cache = cache_folder()
    cache.mkdir(parents=True, exist_ok=True)
    prefix = cache / f"decoders-{configuration_hash(arguments)}"
    with (cache / f"{prefix.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if prefix.is_dir():
            return prefix
        for left_over in cache.glob(f"{prefix.name}-*"):
            shutil.rmtree(left_over)
        found = {
            name: sources.find(name, tarball=tarball, folder=cache / "sources")
            for name, tarball in (
                ("ffmpeg", arguments.ffmpeg_tarball),
                ("dav1d", arguments.dav1d_tarball),
            )
        }
        build(prefix, found, arguments)
    return prefix


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--compiler", default="cc")
    parser.add_argument("--ffmpeg-tarball", default="")
    parser.add_argument("--dav1d-tarball", default="")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    parser.add_argument("--sanitize", action="store_true")
    parser.add_argument("--target", default="", help="x86_64-linux-gnu.2.28; else this machine")
    arguments = parser.parse_args()
    if arguments.target:
        os.environ["PATH"] = f"{Path(arguments.compiler).parent}:{os.environ['PATH']}"
    try:
        print(prefix_for(arguments))
    except (BuildError, sources.SourceError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
