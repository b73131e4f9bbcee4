"""Unpacks Debian packages and all that they need into a folder: a root of a foreign or old system.

    python debian.py SUITE ARCHITECTURE FOLDER PACKAGE...     debian.py trixie arm64 out python3.13

Nothing is configured and no right is needed: enough for the C library and an interpreter.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "cmake"))

import sources
from sources import SourceError

__all__ = ["SourceError", "source", "unpack"]


def unpack(suite: str, architecture: str, root: Path, *packages: str) -> Path:
    """The folder, filled once: a second call with the same packages finds it finished."""
    finished, wanted = root / ".finished", " ".join([suite, architecture, *packages])
    if finished.exists() and finished.read_text() == wanted:
        return root
    root.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="debian-") as temporary:
        apt = sources.Apt(Path(temporary), suite=suite, types="deb", architecture=architecture)
        apt.run("install", "-y", "--download-only", "--no-install-recommends", *packages)
        for archive in sorted(Path(temporary, "cache", "archives").glob("*.deb")):
            subprocess.run(["dpkg-deb", "-x", archive, root], check=True)
    # Later Debians expect /lib to be a link into /usr, which no package but the installer makes.
    for name in ("lib", "lib64"):
        if not (root / name).exists() and (root / "usr" / name).exists():
            (root / name).symlink_to(f"usr/{name}")
    finished.write_text(wanted)
    return root


def source(suite: str, name: str, folder: Path) -> Path:
    """The upstream archive of a source package, its signature checked by apt."""
    folder.mkdir()
    apt = sources.Apt(folder, suite=suite, types="deb-src")
    apt.run("source", "--download-only", "--tar-only", name)
    (archive,) = (path for path in folder.glob("*.orig.tar.*") if path.suffix != ".asc")
    return archive


if __name__ == "__main__":
    suite, architecture, folder, *packages = sys.argv[1:]
    print(unpack(suite, architecture, Path(folder), *packages))
