"""What is asked of a wheel before it may be called one, and those that stand in wheelhouse/."""

from __future__ import annotations

import json
import platform
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import bill_of_materials
import pytest

import mgm_ext
from benchmarks import regression
from mgm_ext import _core
from tests.conftest import ROOT, RealClip

pytest.importorskip("elftools", reason="of the dependency group `test`")
pytest.importorskip("jsonschema", reason="of the dependency group `test`")

import relink
import wheel_check
import wheel_speed
import wheels
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

WHEELS = sorted((ROOT / "wheelhouse").rglob("*.whl"))
ABI = f"cp{sys.version_info[0]}{sys.version_info[1]}"
NATIVE = f"manylinux_2_28_{platform.machine()}.whl"


def module(**changes: object) -> wheel_check.Module:
    values: dict[str, object] = {
        "machine": "EM_X86_64",
        "needed": ("libc.so.6", "libm.so.6", "libpthread.so.0", "ld-linux-x86-64.so.2"),
        "versions": ("GLIBC_2.2.5", "GLIBC_2.28"),
        "exported": ("PyInit__core",),
        "imported": ("memcpy", "PyModuleDef_Init"),
    }
    return wheel_check.Module(**(values | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({}, None),
        ({"machine": "EM_AARCH64"}, "is for EM_AARCH64"),
        ({"needed": ("libc.so.6", "libstdc++.so.6")}, r"needs libstdc\+\+\.so\.6"),
        ({"versions": ("GLIBC_2.28", "GLIBC_2.29")}, "needs symbols of GLIBC_2.29"),
        ({"versions": ("GLIBC_3.0",)}, "needs symbols of GLIBC_3.0"),
        ({"versions": ("GLIBC_2.2.5", "GLIBCXX_3.4.21")}, "needs symbols of GLIBCXX_3.4.21"),
        ({"exported": ("PyInit__core", "avcodec_open2")}, "exports PyInit__core, avcodec_open2"),
        ({"exported": ()}, "exports"),
        ({"imported": ("PyModuleDef_Init",)}, "has a memcpy of its own"),
    ],
)
def test_a_module_may_need_old_symbols_of_the_c_library_alone(
    changes: dict[str, object], words: str | None
) -> None:
    name = "mgm_ext/_core.cpython-313-x86_64-linux-gnu.so"
    found = list(wheel_check.module_complaints(name, module(**changes), "x86_64"))
    assert len(found) == (words is not None)
    assert re.search(words or "^$", "".join(found))


def test_what_a_module_says_of_itself_is_read_from_its_bytes() -> None:
    found = wheel_check.read_module(Path(_core.__file__).read_bytes())
    assert found.exported == ("PyInit__core",)
    assert {"memcpy", "PyModuleDef_Init"} <= set(found.imported)
    assert "libc.so.6" in found.needed
    assert any(version.startswith("GLIBC_2.") for version in found.versions)


@pytest.mark.parametrize(
    ("line", "count"),
    [
        ("![draw](docs/draw.png)", 1),
        ("![draw](https://example.org/docs/draw.png)", 0),
        ("![a](https://example.org/a.png) ![b](http://example.org/b.png)", 1),
        ("[a link](docs/page.md)", 0),
    ],
)
def test_a_picture_without_an_address_is_missed_on_an_index_page(line: str, count: int) -> None:
    text = f"Project-URL: Repository, https://example.org\n\n{line}\n"
    assert len(list(wheel_check.page_complaints(text))) == count


@pytest.mark.parametrize("name", ["mgm_ext-0.1.0-cp313-cp313-linux_x86_64.whl", "other.whl"])
def test_another_tag_is_no_wheel_of_a_release(name: str, tmp_path: Path) -> None:
    assert wheel_check.complaints(tmp_path / name) == ["its name is no tag of ours"]


def test_the_bill_of_materials_is_valid_and_names_what_is_linked(tmp_path: Path) -> None:
    decoders = tmp_path / "build-info.json"
    built = json.loads(_core.build_info()["sources"])
    decoders.write_text(json.dumps(built))
    output = tmp_path / "bill.json"
    script = bill_of_materials.__file__
    command = [sys.executable, script, str(output), "--decoders", str(decoders)]
    command += ["--version", mgm_ext.__version__, "--pybind11", "3.1.0", "--ziglang", "0.17.1"]
    subprocess.run(command, check=True)
    text = output.read_text()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(text) is None
    parts = {part["name"]: part for part in json.loads(text)["components"]}
    assert set(parts) == {*built, "pybind11", "ziglang"}
    for name, part in parts.items():
        assert part["licenses"] == [{"expression": bill_of_materials.LICENSES[name]}]
        assert len(part["hashes"][0]["content"]) == 64


def test_a_local_version_is_in_a_wheels_name_and_words(tmp_path: Path) -> None:
    files = pytest.importorskip("wheel.wheelfile", reason="of the dependency group `wheel`")
    plain = tmp_path / "mgm_ext-0.1.0-cp313-cp313-manylinux_2_28_x86_64.whl"
    info = "mgm_ext-0.1.0.dist-info"
    with files.WheelFile(plain, "w") as archive:  # which writes RECORD
        archive.writestr("mgm_ext/__init__.py", "Version: 0.1.0")
        archive.writestr(f"{info}/METADATA", "Name: mgm-ext\nVersion: 0.1.0\n\nVersion: old\n")
        tag = "Root-Is-Purelib: false\nTag: cp313-cp313-manylinux_2_28_x86_64"
        archive.writestr(f"{info}/WHEEL", f"Wheel-Version: 1.0\n{tag}\n")
    wheels.relabel(plain, "+cu13")
    (labelled,) = tmp_path.glob("*.whl")
    assert labelled.name == plain.name.replace("0.1.0", "0.1.0+cu13")
    assert wheel_check.NAME.fullmatch(labelled.name)
    with zipfile.ZipFile(labelled) as archive:
        stated = archive.read("mgm_ext-0.1.0+cu13.dist-info/METADATA").decode()
        assert stated == "Name: mgm-ext\nVersion: 0.1.0+cu13\n\nVersion: old\n"
        assert (
            "mgm_ext-0.1.0+cu13.dist-info/METADATA,sha256="
            in archive.read("mgm_ext-0.1.0+cu13.dist-info/RECORD").decode()
        )


def test_the_pinned_compiler_is_the_one_in_the_bill_of_materials() -> None:
    pinned = (ROOT / "release" / "toolchain.txt").read_text()
    for (name, version), sha256 in bill_of_materials.SHA256.items():
        assert f"{name}=={version} " in pinned
        assert f"--hash=sha256:{sha256}" in pinned


def test_the_licence_expression_names_every_part_of_a_wheel() -> None:
    line = next(
        line
        for line in (ROOT / "pyproject.toml").read_text().splitlines()
        if line.startswith("license = ")
    )
    stated = set(line.split('"')[1].split(" AND "))
    shipped = {name for name in bill_of_materials.LICENSES if name != "nvidia-cuda-runtime"}
    wanted = {part for name in shipped for part in bill_of_materials.LICENSES[name].split(" AND ")}
    assert stated == wanted


@pytest.mark.skipif(not WHEELS, reason="`make wheel` has made none")
@pytest.mark.parametrize("wheel", WHEELS, ids=lambda path: path.name)
def test_wheels_are_sound(wheel: Path) -> None:
    assert wheel_check.complaints(wheel) == []


def test_a_wheel_is_timed_beside_the_own_module(real_clip: RealClip, tmp_path: Path) -> None:
    real_clip(regression.CLIP)
    made = [*(ROOT / "wheelhouse").glob(f"*-{ABI}-{NATIVE}")]  # not those with CUDA
    if not made:
        pytest.skip("`make wheel` has made none for this Python")
    sites = wheel_speed.unpack(made[0], tmp_path)
    clips = regression.make_clips(tmp_path)
    for site in sites:
        worker = wheel_speed.Worker(site, clips)
        assert worker.seconds(list(regression.PATHS).index("tube_mask"), 1) > 0
        worker.end()


def test_a_modified_ffmpeg_can_be_linked_into_a_wheel(tmp_path: Path) -> None:
    made = [wheel for wheel in WHEELS if wheel.name.endswith(f"{ABI}-{NATIVE}")]
    kits = sorted(relink.KITS.glob(f"{platform.machine()}-*-{ABI}"))
    if not (made and kits):
        pytest.skip("`make wheel` has made none for this Python")
    assert relink.ask_relinked(kits[0], made[0], tmp_path) == "7.1.x"
