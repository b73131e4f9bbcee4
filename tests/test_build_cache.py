"""The cache of built decoders: made once, never half, told apart by what could change it."""

from __future__ import annotations

import argparse
import json
import shutil
from pathlib import Path

import build_decoders
import pytest
import sources

from tests.test_build import archive


class FakeBuild:
    """Takes the place of the two real builds, which take minutes; counts its calls."""

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.broken = False

    def __call__(self, source: Path, prefix: Path, *_: object) -> None:
        self.calls.append(source.name)
        (prefix / "lib").mkdir(parents=True, exist_ok=True)
        (prefix / "lib" / source.name).touch()
        if self.broken:
            raise build_decoders.BuildError("make failed")


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> FakeBuild:
    fake = FakeBuild()
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setattr(build_decoders, "build_ffmpeg", fake)
    monkeypatch.setattr(build_decoders, "build_dav1d", fake)
    monkeypatch.setattr(build_decoders, "check_tools", lambda *names: [*names])
    return fake


@pytest.fixture
def arguments(tmp_path: Path) -> argparse.Namespace:
    ffmpeg = archive(tmp_path / "f.tar.xz", "ffmpeg-7.1.5/RELEASE", "7.1.5")
    dav1d = archive(tmp_path / "d.tar.xz", "dav1d-1.5.4/meson.build", "version: '1.5.4'")
    return argparse.Namespace(
        ffmpeg_tarball=str(ffmpeg),
        dav1d_tarball=str(dav1d),
        compiler="cc",
        sanitize=False,
        jobs=1,
        target="",
    )


def test_the_second_build_finds_the_first(fake: FakeBuild, arguments: argparse.Namespace) -> None:
    prefix = build_decoders.prefix_for(arguments)
    assert fake.calls == ["dav1d-1.5.4", "ffmpeg-7.1.5"]
    assert sorted(p.name for p in (prefix / "lib").iterdir()) == fake.calls
    assert build_decoders.prefix_for(arguments) == prefix
    assert len(fake.calls) == 2


def test_build_info_names_version_hash_origin_and_options(
    fake: FakeBuild, arguments: argparse.Namespace
) -> None:
    info = json.loads((build_decoders.prefix_for(arguments) / "build-info.json").read_text())
    assert info["ffmpeg"]["version"] == "7.1.5"
    assert info["ffmpeg"]["origin"] == "local file"
    assert len(info["dav1d"]["sha256"]) == 64
    assert "--disable-network" in info["ffmpeg"]["options"].split()


@pytest.mark.parametrize(
    ("name", "value"),
    [("compiler", "gcc-13"), ("sanitize", True), ("target", "aarch64-linux-gnu.2.28")],
)
def test_what_could_change_the_libraries_gives_another_prefix(
    fake: FakeBuild, arguments: argparse.Namespace, name: str, value: object
) -> None:
    first = build_decoders.prefix_for(arguments)
    setattr(arguments, name, value)
    assert build_decoders.prefix_for(arguments) != first
    assert len(fake.calls) == 4


def test_another_archive_gives_another_prefix(
    fake: FakeBuild, arguments: argparse.Namespace, tmp_path: Path
) -> None:
    first = build_decoders.prefix_for(arguments)
    archive(tmp_path / "f.tar.xz", "ffmpeg-7.1.6/RELEASE", "7.1.6")
    assert build_decoders.prefix_for(arguments) != first


def test_a_failed_build_leaves_no_prefix_and_what_it_left_is_removed(
    fake: FakeBuild, arguments: argparse.Namespace
) -> None:
    fake.broken = True
    with pytest.raises(build_decoders.BuildError, match="make failed"):
        build_decoders.prefix_for(arguments)
    cache = build_decoders.cache_folder()
    assert not [path for path in cache.glob("decoders-*") if path.is_dir()]
    fake.broken = False
    left_over = cache / f"decoders-{build_decoders.configuration_hash(arguments)}-killed"
    left_over.mkdir()
    assert build_decoders.prefix_for(arguments).is_dir()
    assert not left_over.exists()


def test_a_wrong_archive_stops_before_anything_is_built(
    fake: FakeBuild, arguments: argparse.Namespace, tmp_path: Path
) -> None:
    archive(tmp_path / "f.tar.xz", "ffmpeg-6.0/RELEASE", "6.0")
    with pytest.raises(sources.SourceError, match=r"is ffmpeg 6\.0"):
        build_decoders.prefix_for(arguments)
    assert fake.calls == []


@pytest.mark.parametrize(
    ("missing", "package"), [("cc", "build-essential"), ("make", "make"), ("ninja", "ninja-build")]
)
def test_a_missing_tool_is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch, missing: str, package: str
) -> None:
    def which(name: str) -> str | None:
        return None if name == missing else f"/usr/bin/{name}"

    monkeypatch.setattr(shutil, "which", which)
    monkeypatch.setattr(build_decoders, "first_line", " ".join)
    with pytest.raises(build_decoders.BuildError, match=f"^{missing} is missing.* {package}\\.$"):
        build_decoders.check_tools("cc")


def test_x86_needs_nasm(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "nasm" else f"/bin/{name}")
    monkeypatch.setattr(build_decoders, "first_line", " ".join)
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    with pytest.raises(build_decoders.BuildError, match=r"nasm is missing.* package nasm\.$"):
        build_decoders.check_tools("cc")
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    assert build_decoders.check_tools("cc") == ["--version"]


def test_a_compiler_under_another_name_is_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: f"/bin/{name}")
    monkeypatch.setattr("platform.machine", lambda: "aarch64")
    monkeypatch.setattr(build_decoders, "first_line", lambda command: f"{command[0]} (Debian) 12.2")
    versions = build_decoders.check_tools("cc")
    assert versions == build_decoders.check_tools("x86_64-linux-gnu-gcc") == ["(Debian) 12.2"]
