"""Tries the wheels of wheelhouse/: each installed where nothing else is, run in an empty folder.

    python try_wheels.py [--old-glibc] [WHEEL ...]

Those of this machine's interpreters go into a venv, and are tried beside PyAV and OpenCV as well.
Those of another machine or system run in Debian's root of it (release/foreign.py). All must make
the same vectors, fields and masks of the same clips, bit for bit, and RGB frames within 3 levels.
With --old-glibc those of x86-64 run with Debian 11's C library, 2.31, by a Python that
release/build_python.py builds for it first.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import build_python
import foreign
import numpy as np
import pythons
import wheel_check
from wheels import ROOT, WHEELHOUSE, run

LARGEST_DIFFERENCE = 3  # levels of RGB: swscale rounds differently in its vectors of ARM
CODECS: dict[str, tuple[str, dict[str, Any]]] = {
    "h264.mp4": ("libx264", {}),
    "hevc.mp4": ("libx265", {}),
    "vp9.webm": ("libvpx-vp9", {}),
    "vp8.webm": ("libvpx", {}),
    "av1.mp4": ("libsvtav1", {}),
    "mpeg4.mp4": ("mpeg4", {"bf": 2}),
    "mpeg2.ts": ("mpeg2video", {"bf": 2}),
}

START = """import runpy, sys
sys.path.insert(0, {folder!r})
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")"""


def encode_clips(folder: Path) -> tuple[Path, list[Path]]:
    """The smoke test's clip, and one for each codec, from the tests' own makers."""
    sys.path.insert(0, str(ROOT))
    from tests import clips

    folder.mkdir()
    frames = clips.scroll(motion=(3, 2), num_frames=16)
    scroll = clips.encode(folder / "scroll.mp4", frames, "libx264", bf=0)
    frames = clips.moving_object(motion=(3, 2), camera=(1, 0), num_frames=20)
    made = [
        clips.encode(folder / name, frames, codec, **options)
        for name, (codec, options) in CODECS.items()
        if clips.has_encoder(codec)
    ]
    return scroll, made


def interpreter(wheel: Path, *, old_glibc: bool) -> pythons.Python:
    """One that the wheel is for, of this machine if possible."""
    match = wheel_check.NAME.fullmatch(wheel.name)
    if match is None:
        raise SystemExit(f"{wheel.name}: its name is no tag of ours")
    python, abi, architecture = match.groups()
    minor = int(python.removeprefix("cp3"))
    if old_glibc and architecture == "x86_64":
        return foreign.with_old_glibc(build_python.build(minor, free_threaded=abi.endswith("t")))
    for found in (
        pythons.find(minor, "t" * abi.endswith("t")),
        foreign.built(minor, abi, architecture),
    ):
        if found is not None and (found.abi, found.architecture) == (abi, architecture):
            return found
    return foreign.from_debian(minor, architecture)


def pip_for(python: pythons.Python, site: Path) -> list[str | Path]:
    """Installs into a folder what pip would choose on a plain system of that kind, by tag."""
    systems = [f"--platform=manylinux_2_{minor}_{python.architecture}" for minor in (17, 27, 28)]
    target = ["--only-binary=:all:", "--implementation=cp", f"--abi={python.abi}", *systems]
    target += [f"--python-version=3.{python.minor}", "--target", str(site)]
    return [sys.executable, "-m", "pip", "-q", "install", *target]


class Installed:
    """A wheel in a place of its own, and how Python is started there."""

    def __init__(self, wheel: Path, python: pythons.Python, folder: Path) -> None:
        self.empty = folder / "empty"
        self.empty.mkdir(parents=True)
        self.in_venv = len(python.command) == 1 and python.has_pip()
        if self.in_venv:
            run(python.path, "-m", "venv", folder / "venv")
            self.command: list[str | Path] = [folder / "venv" / "bin" / "python"]
            self.install(wheel)
            return
        run(*pip_for(python, folder / "site-packages"), wheel)
        start = START.format(folder=str(folder / "site-packages"))
        self.command = [*python.command, "-I", "-c", start]

    def install(self, *packages: str | Path) -> None:
        run(*self.command, "-m", "pip", "--disable-pip-version-check", "-q", "install", *packages)

    def run(self, script: str, *arguments: str | Path) -> str:
        path = shutil.copy(ROOT / "tests" / script, self.empty.parent)
        return run(*self.command, path, *arguments, folder=self.empty)


def try_wheel(
    wheel: Path, python: pythons.Python, folder: Path, clip: Path, clips: list[Path]
) -> dict[str, Any]:
    """What the wheel makes of the clips; its frames are in folder/frames."""
    installed = Installed(wheel, python, folder)
    print(f"{wheel.name}: {installed.run('wheel_smoke.py', clip)}", end="")
    frames = folder / "frames"
    frames.mkdir()
    made: dict[str, Any] = json.loads(installed.run("wheel_masks.py", frames, *clips))
    print(installed.run("wheel_threads.py", *clips[:2]), end="")
    if installed.in_venv:
        tool = folder / "venv" / "bin" / "mgm-ext"
        print(run(tool, "--version"), run(tool, "info", clip, folder=installed.empty), end="")
        installed.install("av", "opencv-python-headless")
        for order in ("after", "before"):
            print(installed.run("wheel_smoke.py", clip, f"--neighbours={order}"), end="")
    return made


def compare(name: str, made: dict[str, Any], first: dict[str, Any], folders: list[Path]) -> None:
    if made != first:
        wrong = [
            f"{clip} {key}"
            for clip in first
            for key in first[clip]
            if made[clip][key] != first[clip][key]
        ]
        raise SystemExit(f"{name} differs in {', '.join(wrong)}")
    largest = 0
    for path in sorted(folders[0].iterdir()):
        ours, theirs = (np.load(folder / path.name).astype(np.int16) for folder in folders)
        largest = max(largest, int(np.abs(ours - theirs).max()))
    if largest > LARGEST_DIFFERENCE:
        raise SystemExit(f"{name}: RGB differs by {largest} levels")
    count = sum(map(len, made.values()))
    print(f"{name}: {count} digests of {len(made)} clips equal, RGB within {largest} levels")


def main() -> int:
    old_glibc = "--old-glibc" in sys.argv
    named = [Path(word) for word in sys.argv[1:] if not word.startswith("--")]
    wheels = named or sorted(WHEELHOUSE.glob("*.whl"))
    wheels.sort(key=lambda wheel: "x86_64" not in wheel.name)
    with tempfile.TemporaryDirectory(prefix="try-wheels-") as temporary:
        scroll, clips = encode_clips(Path(temporary, "clips"))
        first: dict[str, Any] = {}
        for wheel in wheels:
            python = interpreter(wheel, old_glibc=old_glibc)
            made = try_wheel(wheel, python, Path(temporary, wheel.stem), scroll, clips)
            first = first or made
            folders = [Path(temporary, each.stem, "frames") for each in (wheels[0], wheel)]
            compare(wheel.name, made, first, folders)
    return 0


if __name__ == "__main__":
    sys.exit(main())
