"""Makes the wheels: one for each architecture and Python, all with zig, into wheelhouse/.

    python wheels.py [--cuda] [--architectures x86_64,aarch64] [INTERPRETER ...]

Run by the project's own venv. The interpreters are only asked what a module for them is called;
the core is compiled once for each architecture, the bindings once for each Python.
release/try_wheels.py tries what was made.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

import debian
import foreign
import pythons
import relink
import wheel_check
import zig

ROOT = Path(__file__).resolve().parents[1]
WHEELHOUSE = ROOT / "wheelhouse"


def run(*command: str | Path, folder: Path | None = None) -> str:
    """Standard output of a command that must succeed, alone on the Python path."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")}
    clean["PATH"] = f"{Path(sys.executable).parent}:{clean['PATH']}"  # ninja
    done = subprocess.run(
        [str(part) for part in command], cwd=folder, env=clean, stdout=subprocess.PIPE, text=True
    )
    if done.returncode != 0:
        print(done.stdout)
        raise SystemExit(f"{' '.join(str(part) for part in command)}: exit {done.returncode}")
    return done.stdout


def defines(python: pythons.Python, *, cuda: bool) -> dict[str, str]:
    """CMake's variables for a module of another machine and Python."""
    return {
        "CMAKE_TOOLCHAIN_FILE": str(ROOT / "cmake" / "zig.cmake"),
        "MGM_TOOLS": str(zig.tools(python.architecture)),
        "MGM_TARGET": zig.target(python.architecture),
        "MGM_ZIG_VERSION": metadata.version("ziglang"),
        "MGM_CUDA": "ON" if cuda else "OFF",
        "MGM_LOCAL_VERSION": wheel_check.CUDA_VERSION if cuda else "",
        "Python_EXECUTABLE": sys.executable,
        "Python_INCLUDE_DIR": str(python.include),
        # Without an interpreter CMake takes headers of a free-threaded Python only on demand.
        "Python_FIND_ABI": f"ANY;ANY;ANY;{'ON' if python.abi.endswith('t') else 'OFF'}",
        "PYTHON_MODULE_EXTENSION": python.suffix,
    }


def relabel(raw: Path, local: str) -> None:
    """Appends a local version to a wheel's, in its name and in what it says of itself."""
    tool = [sys.executable, "-m", "wheel"]
    folder = raw.parent / "unpacked"
    run(*tool, "unpack", "--dest", folder, raw)
    (top,) = folder.iterdir()
    (info,) = top.glob("*.dist-info")
    stated = info / "METADATA"
    text = re.sub(r"^(Version: .*)$", rf"\g<1>{local}", stated.read_text(), count=1, flags=re.M)
    stated.write_text(text)
    info.rename(top / f"{info.name.removesuffix('.dist-info')}{local}.dist-info")
    raw.unlink()
    run(*tool, "pack", "--dest-dir", raw.parent, top)


def build(python: pythons.Python, folder: Path, *, cuda: bool) -> Path:
    """The wheel for one interpreter; nothing has to be grafted in, `check` holds it to its tag."""
    tree = ROOT / "build" / f"wheel-{python.architecture}{'-cuda' * cuda}"
    settings = {"build-dir": str(tree), "cmake.python-hints": "false"}
    settings |= {f"cmake.define.{name}": v for name, v in defines(python, cuda=cuda).items()}
    options = [word for name, value in settings.items() for word in ("-C", f"{name}={value}")]
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    run(*pip, "wheel", "--no-build-isolation", "--no-deps", *options, "-w", folder / "raw", ROOT)
    (raw,) = (folder / "raw").glob("*.whl")
    if cuda:  # its _core is linked from the objects of the plain wheel's kit
        relabel(raw, wheel_check.CUDA_VERSION)
    else:
        relink.collect(tree, module="_core", target=zig.target(python.architecture), abi=python.abi)
    (raw,) = (folder / "raw").glob("*.whl")
    tags = ["--python-tag", python.abi.removesuffix("t"), "--abi-tag", python.abi]
    tags += ["--platform-tag", f"manylinux_2_28_{python.architecture}"]
    run(sys.executable, "-m", "wheel", "tags", "--remove", *tags, raw)
    (tagged,) = (folder / "raw").glob("*.whl")
    place = WHEELHOUSE / "cuda" if cuda else WHEELHOUSE
    place.mkdir(parents=True, exist_ok=True)
    for old in place.glob(f"mgm_ext-*-{python.abi}-manylinux*_{python.architecture}.whl"):
        old.unlink()
    return Path(shutil.move(tagged, place / tagged.name))


def check(wheel: Path) -> None:
    """Stops where the wheel is not what its name says, by auditwheel and by our own rules."""
    shown = run(sys.executable, "-m", "auditwheel", "show", wheel)
    print(shown)
    match = re.search(r'platform tag:\s+"manylinux_2_(\d+)_', shown)
    if match is None or int(match[1]) > wheel_check.GLIBC[1]:
        raise SystemExit(f"{wheel.name}: auditwheel allows it no manylinux_2_28")
    if found := wheel_check.complaints(wheel):
        raise SystemExit(f"{wheel.name}: {'; '.join(found)}")


def interpreters(architecture: str, given: list[Path]) -> list[pythons.Python]:
    """Those of this machine, and Debian's where a release has one that is missing here."""
    native = architecture == os.uname().machine
    if given and native:
        asked = [(path, pythons.ask(path)) for path in given]
        if bad := [str(path) for path, python in asked if python is None]:
            raise SystemExit(f"{', '.join(bad)}: no Python 3.")
        return [python for _, python in asked if python is not None]
    here = pythons.find_all() if native else []
    abis = {python.abi for python in here}
    lacking = [minor for minor in sorted(foreign.SUITES) if f"cp3{minor}" not in abis]
    more = []
    for minor in lacking:
        try:
            more.append(foreign.from_debian(minor, architecture))
        except debian.SourceError as error:
            print(f"No Python 3.{minor} for {architecture}: {error}", file=sys.stderr)
    for minor in pythons.WITHOUT_GIL:
        built = foreign.built(minor, f"cp3{minor}t", architecture)
        if built is not None and built.abi not in abis:
            more.append(built)
    return [*here, *more]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--cuda", action="store_true")
    parser.add_argument("--architectures", default=",".join(zig.ARCHITECTURES))
    parser.add_argument("interpreters", type=Path, nargs="*")
    arguments = parser.parse_args()
    for architecture in arguments.architectures.split(","):
        for python in interpreters(architecture, arguments.interpreters):
            with tempfile.TemporaryDirectory(prefix="wheel-") as folder:
                wheel = build(python, Path(folder), cuda=arguments.cuda)
            check(wheel)
    return 0


if __name__ == "__main__":
    sys.exit(main())
