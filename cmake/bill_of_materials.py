"""Writes what a module is made of as a CycloneDX bill of materials; called by CMake.

    python bill_of_materials.py OUTPUT --version 0.1.0 --decoders build-info.json ...

No library for it, because every `pip install` from source runs this; release/wheel_check.py holds
the result to the format's schema.
"""

from __future__ import annotations

import argparse
import json
import urllib.parse
import uuid
from pathlib import Path
from typing import Any

# SPDX expressions. ziglang links in LLVM's libc++, libc++abi, libunwind and its own compiler_rt.
LICENSES = {
    "mgm-ext": "Apache-2.0",
    "ffmpeg": "LGPL-2.1-or-later",
    "dav1d": "BSD-2-Clause",
    "pybind11": "BSD-3-Clause",
    "ziglang": "Apache-2.0 WITH LLVM-exception AND MIT",
    "nvidia-cuda-runtime": "LicenseRef-NVIDIA-CUDA-Toolkit-EULA",
}
ON_PYPI = {"mgm-ext", "pybind11", "ziglang", "nvidia-cuda-runtime"}
# Of the files on PyPI that release/toolchain.txt pins. FFmpeg's and dav1d's come with their build.
SHA256 = {
    ("pybind11", "3.1.0"): "b8488090f8acffbcb6b5d6a85571a6827a0a2981ffb75e5a0b27b87c4a6b7dd0",
    ("ziglang", "0.17.1"): "ea6cc5d87b033cf0aedfbc8f9549a908cae6c50ac31f1698188fa48a74524b54",
}


def component(name: str, version: str, sha256: str | None) -> dict[str, Any]:
    kind = "pypi" if name in ON_PYPI else "generic"
    purl = f"pkg:{kind}/{name}@{urllib.parse.quote(version)}"
    part: dict[str, Any] = {
        "type": "library",
        "bom-ref": purl,
        "name": name,
        "version": version,
        "purl": purl,
        "licenses": [{"expression": LICENSES[name]}],
    }
    if sha256 is not None:
        part["hashes"] = [{"alg": "SHA-256", "content": sha256}]
    return part


def components(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    """FFmpeg and dav1d as they were built, and what the headers and the compiler put in."""
    built: dict[str, dict[str, str]] = {}
    if arguments.decoders.is_file():
        built = json.loads(arguments.decoders.read_text())
    versions: dict[str, tuple[str, str | None]] = {
        name: (row["version"], row["sha256"]) for name, row in built.items()
    }
    for name, version in (
        ("pybind11", arguments.pybind11),
        ("ziglang", arguments.ziglang),
        ("nvidia-cuda-runtime", arguments.cuda),
    ):
        if version:
            versions[name] = (version, SHA256.get((name, version)))
    return [
        component(name, version, sha256) for name, (version, sha256) in sorted(versions.items())
    ]


def bill(arguments: argparse.Namespace) -> dict[str, Any]:
    own = component("mgm-ext", arguments.version, None)
    parts = components(arguments)
    # The same parts have the same number: a build can be repeated to the byte.
    number = uuid.uuid5(uuid.NAMESPACE_URL, json.dumps([own, parts]))
    return {
        "$schema": "http://cyclonedx.org/schema/bom-1.6.schema.json",
        "bomFormat": "CycloneDX",
        "specVersion": "1.6",
        "serialNumber": f"urn:uuid:{number}",
        "version": 1,
        "metadata": {"component": own},
        "components": parts,
        "dependencies": [
            {"ref": own["bom-ref"], "dependsOn": [part["bom-ref"] for part in parts]},
            *({"ref": part["bom-ref"]} for part in parts),
        ],
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--version", required=True)
    parser.add_argument("--decoders", type=Path, required=True)
    parser.add_argument("--pybind11", required=True)
    parser.add_argument("--ziglang", default="")
    parser.add_argument("--cuda", default="")
    arguments = parser.parse_args()
    arguments.output.write_text(json.dumps(bill(arguments), indent=1) + "\n")


if __name__ == "__main__":
    main()
