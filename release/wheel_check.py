"""What must hold for a finished wheel, read from its bytes: nothing of it is run.

python wheel_check.py WHEEL...
"""

from __future__ import annotations

import io
import json
import re
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from elftools.elf.dynamic import DynamicSection
from elftools.elf.elffile import ELFFile
from elftools.elf.gnuversions import GNUVerNeedSection
from elftools.elf.sections import SymbolTableSection

GLIBC = (2, 28)
LARGEST = {False: 6_000_000, True: 24_000_000}  # bytes, without and with the CUDA module
CUDA_VERSION = "+cu13"  # in the version of a wheel with _cuda, as the tag cannot say it
MACHINES = {"x86_64": "EM_X86_64", "aarch64": "EM_AARCH64"}
# What a module may need of the system: the C library, in the pieces that 2.28 still has.
SYSTEM_LIBRARIES = re.compile(r"(lib(c|m|dl|rt|pthread)|ld-linux[\w-]*)\.so\.\d")
LICENSES = {"LICENSE", "NOTICE", "LGPL-2.1.txt", "dav1d.txt", "pybind11.txt", "llvm.txt", "zig.txt"}
NAME = re.compile(
    r"mgm_ext-[^-+]+(?:\+cu\d+)?-(cp3\d+)-(cp3\d+t?)-manylinux_2_28_(x86_64|aarch64)\.whl"
)


@dataclass(frozen=True, slots=True)
class Module:
    """What an extension module says of itself."""

    machine: str
    needed: tuple[str, ...]
    versions: tuple[str, ...]  # symbol versions asked of other libraries: GLIBC_2.17, ...
    exported: tuple[str, ...]
    imported: tuple[str, ...]


def read_module(data: bytes) -> Module:
    elf = ELFFile(io.BytesIO(data))
    needed, versions, exported, imported = [], [], [], []
    for section in elf.iter_sections():
        if isinstance(section, DynamicSection):
            needed += [str(tag.needed) for tag in section.iter_tags("DT_NEEDED")]  # type: ignore[attr-defined]
        elif isinstance(section, GNUVerNeedSection):
            versions += [v.name for _, rows in section.iter_versions() for v in rows]
        elif isinstance(section, SymbolTableSection) and section.name == ".dynsym":
            symbols = list(section.iter_symbols())
            exported += [s.name for s in symbols if is_exported(s.entry)]
            imported += [s.name for s in symbols if s.entry["st_shndx"] == "SHN_UNDEF"]
    lists = (needed, versions, exported, imported)
    return Module(elf["e_machine"], *map(tuple, lists))


def is_exported(entry: Any) -> bool:
    return bool(entry["st_shndx"] != "SHN_UNDEF" and entry["st_info"]["bind"] != "STB_LOCAL")


def too_new(versions: tuple[str, ...]) -> list[str]:
    """Those that a system of the oldest glibc lacks; it is not asked for a C++ library at all."""
    bad = []
    for version in versions:
        match = re.fullmatch(r"GLIBC_(\d+)\.(\d+)(\.\d+)?", version)
        if match is None or (int(match[1]), int(match[2])) > GLIBC:
            bad.append(version)
    return bad


def module_complaints(name: str, module: Module, architecture: str) -> Iterator[str]:
    stem = Path(name).name.partition(".")[0]
    if module.machine != MACHINES[architecture]:
        yield f"{name} is for {module.machine}"
    if foreign := [lib for lib in module.needed if not SYSTEM_LIBRARIES.fullmatch(lib)]:
        yield f"{name} needs {', '.join(foreign)}"
    if bad := too_new(module.versions):
        yield f"{name} needs symbols of {', '.join(bad)}"
    if module.exported != (f"PyInit_{stem}",):
        yield f"{name} exports {', '.join(module.exported)}"
    if stem == "_core" and "memcpy" not in module.imported:
        yield f"{name} has a memcpy of its own"


def text_complaints(names: list[str]) -> Iterator[str]:
    """Licences and the bill of materials."""
    info = [name.partition(".dist-info/")[2] for name in names if ".dist-info/" in name]
    missing = LICENSES - {Path(name).name for name in info if name.startswith("licenses/")}
    if missing:
        yield f"no {', '.join(sorted(missing))} in licenses/"
    if "sboms/mgm-ext.cdx.json" not in info:
        yield "no sboms/mgm-ext.cdx.json"


def page_complaints(metadata: str) -> Iterator[str]:
    """What an index page would not show: it knows no picture of the repository."""
    if pictures := re.findall(r"!\[[^\]]*\]\((?!https://)([^)]+)\)", metadata):
        yield f"README shows {', '.join(pictures)} without an address"
    if "Project-URL: Repository, https://" not in metadata:
        yield "no Project-URL"


def bill_complaints(archive: zipfile.ZipFile) -> Iterator[str]:
    """The bill of materials against the schema that its own words name."""
    from cyclonedx.schema import SchemaVersion
    from cyclonedx.validation.json import JsonStrictValidator

    for name in archive.namelist():
        if name.endswith(".cdx.json"):
            text = archive.read(name).decode()
            version = SchemaVersion.from_version(json.loads(text)["specVersion"])
            error = JsonStrictValidator(version).validate_str(text)
            if error is not None:
                yield f"{name}: {error.data}"


def complaints(wheel: Path) -> list[str]:
    """Everything that is wrong with a wheel, one sentence each."""
    match = NAME.fullmatch(wheel.name)
    if match is None:
        return ["its name is no tag of ours"]
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        libraries = [name for name in names if ".so" in Path(name).suffixes]
        cuda = any(Path(name).name.startswith("_cuda.") for name in libraries)
        found = [*text_complaints(names), *bill_complaints(archive)]
        (metadata,) = (name for name in names if name.endswith(".dist-info/METADATA"))
        found += page_complaints(archive.read(metadata).decode())
        for name in libraries:
            found += module_complaints(name, read_module(archive.read(name)), match[3])
            if f".cpython-3{match[2].removeprefix('cp3')}-" not in name:
                found.append(f"{name} is for another Python")
    if not any(Path(name).name.startswith("_core.") for name in libraries):
        found.append("no _core")
    if cuda != (CUDA_VERSION in wheel.name):
        found.append(f"{'a' if cuda else 'no'} _cuda inside")
    if wheel.stat().st_size >= LARGEST[cuda]:
        found.append(f"{wheel.stat().st_size} bytes; allowed are {LARGEST[cuda]}")
    return found


def main() -> int:
    bad = 0
    for wheel in map(Path, sys.argv[1:]):
        found = complaints(wheel)
        bad += bool(found)
        print(f"{wheel.name}: {'; '.join(found) or f'{wheel.stat().st_size / 1e6:.2f} MB, sound'}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
