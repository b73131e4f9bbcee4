"""The relink kit: what a user needs to put a modified FFmpeg into our module, as the LGPL asks.

    python relink.py KIT WHEEL      tries one for this Python: links, installs, imports
    python relink.py --pack FOLDER  one archive for each kit that `make wheel` left

`collect` is called by wheels.py once a module is linked. The kit holds our
objects, the libraries as they were linked and a script with the link line; the linker is the PyPI
package `ziglang` of the version in it.
"""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
KITS = ROOT / "build" / "relink"
SCRIPT = """#!/bin/sh
# Links the module again:  sh relink.sh [FOLDER]     with your libavcodec.a and the others
# Needs the linker that the objects were compiled with:  pip install ziglang=={version}
set -eu
cd "$(dirname "$0")"
for library in ${{1:+"$1"/lib*.a}}; do cp "$library" lib/; done
{command}
"""


def link_line(tree: Path, module: str) -> list[str]:
    """The words with which ninja links a module."""
    listing = subprocess.run(
        ["ninja", "-C", tree, "-t", "commands", module], capture_output=True, text=True, check=True
    )
    line = next(row for row in reversed(listing.stdout.splitlines()) if " -shared " in row)
    return shlex.split(line.partition("&&")[2].rpartition("&&")[0])


def collect(tree: Path, *, module: str, target: str, abi: str) -> Path:
    """Copies what one module was linked from, and its link line, into build/relink."""
    kit = KITS / f"{target}-{abi}"
    shutil.rmtree(kit, ignore_errors=True)
    for folder in ("objects", "lib"):
        (kit / folder).mkdir(parents=True)
    words = ["python3", "-m", "ziglang", "c++", "-target", target]
    for word in link_line(tree, module)[1:]:
        path = tree / word
        if path.suffix in {".o", ".a"} and path.is_file():
            ours = path.suffix == ".o" or path.name == "libmgm_core.a"
            place = Path("objects" if ours else "lib", path.name)
            if (kit / place).exists():
                raise SystemExit(f"two objects are called {path.name}")
            shutil.copy(path, kit / place)
            words.append(str(place))
        elif "--version-script=" in word:
            shutil.copy(ROOT / "cmake" / "exports.map", kit)
            words.append("-Wl,--version-script=exports.map")
        else:
            words.append(word)
    script = SCRIPT.format(version=metadata.version("ziglang"), command=shlex.join(words))
    (kit / "relink.sh").write_text(script)
    return kit


def pack(folder: Path) -> None:
    """One archive for each kit, named like its wheel."""
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    folder.mkdir(exist_ok=True)
    for kit in sorted(KITS.iterdir()):
        architecture, abi = kit.name.partition("-")[0], kit.name.rpartition("-")[2]
        name = f"mgm_ext-{version}-relink-{abi}-{architecture}"
        with tarfile.open(folder / f"{name}.tar.xz", "w:xz") as tar:
            tar.add(kit, arcname=name)


def modified(libraries: Path, folder: Path) -> Path:
    """FFmpeg's libraries with another release's number in them, so that they can be told apart."""
    folder.mkdir()
    for path in libraries.glob("lib*.a"):
        text = path.read_bytes()
        if path.name == "libavutil.a":
            text = re.sub(rb"(?<![\d.])7\.1\.\d(?![\d.])", b"7.1.x", text)
        (folder / path.name).write_bytes(text)
    return folder


def ask_relinked(kit: Path, wheel: Path, folder: Path) -> str:
    """The FFmpeg that an installed wheel names once its module is linked with a modified one.

    The wheel is for the Python that runs this; the kit is used in a copy.
    """
    copy, site = folder / "kit", folder / "site"
    shutil.copytree(kit, copy)
    environment = {"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "HOME": str(Path.home())}
    libraries = modified(copy / "lib", folder / "modified")
    subprocess.run(["sh", copy / "relink.sh", libraries], env=environment, check=True)
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    (module,) = copy.glob("_core.*.so")
    shutil.copy(module, site / "mgm_ext")
    code = "import mgm_ext; print(mgm_ext._core.__file__, mgm_ext._core.build_info()['ffmpeg'])"
    packages = os.pathsep.join([str(site), str(metadata.distribution("numpy").locate_file(""))])
    # The base interpreter: a venv would put an editable install of mgm_ext first.
    base = getattr(sys, "_base_executable", sys.executable)
    command = [base, "-c", code]
    done = subprocess.run(
        command,
        env={"PYTHONPATH": packages},
        cwd=folder,
        check=True,
        stdout=subprocess.PIPE,
        text=True,
    )
    path, release = done.stdout.split()
    if not path.startswith(str(site)):
        raise SystemExit(f"{path} was imported, not the relinked module")
    return release


def main() -> int:
    if sys.argv[1] == "--pack":
        pack(Path(sys.argv[2]))
        return 0
    kit, wheel = map(Path, sys.argv[1:])
    with tempfile.TemporaryDirectory(prefix="relink-") as temporary:
        release = ask_relinked(kit, wheel, Path(temporary))
    print(f"{wheel.name}: relinked and imported; it names FFmpeg {release}")
    return 0 if release == "7.1.x" else 1


if __name__ == "__main__":
    sys.exit(main())
