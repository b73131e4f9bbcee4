"""The libraries we compare with: how to install them, and which of them are here.

`python -m benchmarks.peers` installs each by itself, so that one that fails stops no other; the
reason goes into the report.
"""

from __future__ import annotations

import importlib
import importlib.metadata
import json
import os
import shutil
import subprocess
import sys
import warnings
from dataclasses import dataclass
from types import ModuleType

from benchmarks.rows import FOLDER

FAILURES = FOLDER / "peers.json"


@dataclass(frozen=True)
class Peer:
    """A library: the name to import, and pip's arguments."""

    module: str
    install: tuple[str, ...]


PEERS = {
    "PyAV": Peer("av", ("av>=14",)),
    # Without its declared needs: it asks for an OpenCV that wants a display.
    "motion-vector-extractor": Peer(
        "mvextractor.videocap", ("--no-deps", "motion-vector-extractor==2.0.0")
    ),
    "decord": Peer("decord", ("decord==0.6.0",)),
    # Without its declared needs: they would replace the torch that the tests pin.
    "torchcodec": Peer("torchcodec.decoders", ("--no-deps", "torchcodec==0.12.0")),
    "OpenCV": Peer("cv2", ("opencv-python-headless>=4.8",)),
}


def load(name: str) -> ModuleType | str:
    """The imported library, or why there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return importlib.import_module(PEERS[name].module)
    except Exception as error:  # a broken library raises what it likes
        return failures().get(name) or _one_line(error)


def missing() -> dict[str, str]:
    """Every library that cannot be imported, with the reason."""
    found = {name: load(name) for name in PEERS}
    return {name: reason for name, reason in found.items() if isinstance(reason, str)}


def version(name: str) -> str | None:
    """Version of an installed distribution, or None."""
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def failures() -> dict[str, str]:
    """What the last installation could not install, with pip's last words."""
    if not FAILURES.exists():
        return {}
    found: dict[str, str] = json.loads(FAILURES.read_text())
    return found


def install() -> dict[str, str]:
    """Installs every peer by itself, and keeps pip's words on those that failed."""
    failed: dict[str, str] = {}
    # torchcodec decodes with ffmpeg's libraries, and its program has mestimate.
    programs = [name for name in ("ffmpeg", "valgrind") if shutil.which(name) is None]
    if programs and shutil.which("apt-get") and os.geteuid() == 0:
        command = ["apt-get", "install", "-y", "--no-install-recommends", *programs]
        subprocess.run(command, capture_output=True)
    for name, peer in PEERS.items():
        command = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q", "install"]
        done = subprocess.run([*command, *peer.install], capture_output=True, text=True)
        if done.returncode:
            failed[name] = (done.stderr.strip().splitlines() or ["pip said nothing"])[-1]
    FAILURES.parent.mkdir(parents=True, exist_ok=True)
    FAILURES.write_text(json.dumps(failed, indent=1) + "\n")
    return failed


def _one_line(error: Exception) -> str:
    lines = str(error).strip().splitlines()
    return f"{type(error).__name__}: {lines[0] if lines else 'no message'}"


if __name__ == "__main__":
    install()
    for name, reason in missing().items():
        print(f"{name} is missing: {reason}")
