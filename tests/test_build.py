"""The build's own checks: where sources come from, which are refused, and the seams."""

from __future__ import annotations

import io
import json
import platform
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
import recipe
import sources

from mgm_ext import _core
from tests.conftest import ROOT

DEB822 = """\
Types: deb
# a comment in the middle
URIs: http://mirror.example/debian
Suites: bookworm bookworm-updates bookworm-backports
Components: main contrib
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main
"""
ONE_LINE = (
    "deb [arch=amd64 signed-by=/k.gpg] https://mirror.example/debian/ bookworm main non-free\n"
)
FOREIGN = "Types: deb\nURIs: https://vendor.example/node_20.x\nSuites: nodistro\nComponents: main\n"


def archive(path: Path, member: str, text: str) -> Path:
    with tarfile.open(path, "w:xz") as tar:
        entry = tarfile.TarInfo(member)
        entry.size = len(text)
        tar.addfile(entry, io.BytesIO(text.encode()))
    return path


def test_debian_entries_name_the_wanted_suite_and_no_other_vendor(tmp_path: Path) -> None:
    parts = tmp_path / "sources.list.d"
    parts.mkdir()
    (parts / "debian.sources").write_text(DEB822)
    (parts / "vendor.sources").write_text(FOREIGN)
    (parts / "vendor.list").write_text("deb https://vendor.example/apt cloud-sdk main\n")
    assert sources.debian_entries(tmp_path, suite="trixie") == (
        "Types: deb-src\n"
        "URIs: http://mirror.example/debian\n"
        "Suites: trixie trixie-updates\n"
        "Components: main contrib\n"
        "Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg\n"
        "\n"
        "Types: deb-src\n"
        "URIs: http://mirror.example/debian-security\n"
        "Suites: trixie-security\n"
        "Components: main\n"
    )


def test_one_line_sources_are_read_too(tmp_path: Path) -> None:
    (tmp_path / "sources.list").write_text(ONE_LINE + "# deb http://a.example/debian old main\n")
    assert sources.debian_entries(tmp_path, suite="trixie") == (
        "URIs: https://mirror.example/debian/\n"
        "Suites: trixie\n"
        "Components: main non-free\n"
        "Signed-By: /k.gpg\n"
        "Types: deb-src\n"
    )


def test_a_local_archive_is_taken_with_its_version_and_hash(tmp_path: Path) -> None:
    path = archive(tmp_path / "any.tar.xz", "ffmpeg-7.1.9/RELEASE", "7.1.9\n")
    found = sources.find("ffmpeg", tarball=str(path), folder=tmp_path / "cache")
    assert (found.path, found.version, found.origin) == (path, "7.1.9", "local file")
    assert len(found.sha256) == 64


@pytest.mark.parametrize("version", ["7.0.2", "7.10", "8.0"])
def test_another_series_of_ffmpeg_is_refused(tmp_path: Path, version: str) -> None:
    path = archive(tmp_path / "a.tar.xz", "ffmpeg/RELEASE", version)
    with pytest.raises(sources.SourceError, match=f"is ffmpeg {version}; .* written for 7.1"):
        sources.find("ffmpeg", tarball=str(path), folder=tmp_path)


def test_another_release_of_dav1d_is_refused(tmp_path: Path) -> None:
    path = archive(tmp_path / "a.tar.xz", "dav1d-1.5.1/meson.build", "version: '1.5.1',\n")
    with pytest.raises(sources.SourceError, match=r"is dav1d 1\.5\.1; .* written for 1\.5\.4"):
        sources.find("dav1d", tarball=str(path), folder=tmp_path)


def test_a_missing_archive_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        sources.SourceError, match=r"MGM_DAV1D_TARBALL names gone\.tar, which is not"
    ):
        sources.find("dav1d", tarball="gone.tar", folder=tmp_path)


def test_a_downloaded_archive_of_a_known_release_needs_its_hash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def forged(name: str, folder: Path) -> Path:
        return archive(folder / "ffmpeg_7.1.5.orig.tar.xz", "ffmpeg/RELEASE", "7.1.5")

    monkeypatch.setattr(sources, "_from_debian", forged)
    monkeypatch.setattr(sources, "_from_upstream", forged)
    with pytest.raises(sources.SourceError, match=r"has sha256 .* expected de668509"):
        sources.find("ffmpeg", tarball="", folder=tmp_path)


@pytest.fixture(scope="module")
def archive_with_calls(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A static library: caller.c calls `seam` of owner.c, which calls its own `inner`."""
    compiler = shutil.which("cc")
    if compiler is None:
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("archive")
    files = {
        "caller": "int seam(void); int caller(void) { return seam(); }",
        "owner": "int inner(void) { return 1; } int seam(void) { return inner(); }",
    }
    for name, text in files.items():
        (folder / f"{name}.c").write_text(text)
        subprocess.run([compiler, "-c", f"{name}.c"], cwd=folder, check=True)
    subprocess.run(["ar", "rcs", "libtest.a", "caller.o", "owner.o"], cwd=folder, check=True)
    return folder / "libtest.a"


@pytest.mark.parametrize(
    ("symbol", "status", "words"),
    [
        ("seam", 0, ""),
        ("saem", 1, "saem is defined in no object of FFmpeg or dav1d: is it misspelt?\n"),
        ("inner", 1, "inner is only called within its own file, where --wrap has no effect.\n"),
    ],
)
def test_only_a_call_between_two_files_is_a_seam(
    archive_with_calls: Path, symbol: str, status: int, words: str
) -> None:
    script = ROOT / "cmake" / "check_seams.py"
    arguments = ["--archives", str(archive_with_calls), "--symbols", "seam", symbol]
    done = subprocess.run([sys.executable, script, *arguments], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (status, words)


def test_the_linked_libraries_are_lgpl_and_offline() -> None:
    info = _core.build_info()
    assert info["license"] == "LGPL version 2.1 or later"
    assert info["ffmpeg"].startswith(recipe.FFMPEG_SERIES)
    assert info["dav1d"] == recipe.DAV1D_RELEASE
    options = info["configuration"].split()
    assert {"--disable-network", "--disable-autodetect", "--enable-protocol=file"} <= set(options)
    assert not any("gpl" in option or "nonfree" in option for option in options)
    assert set(json.loads(info["sources"])) in ({"ffmpeg", "dav1d"}, set())


def test_our_entropy_decoders_run_where_the_processor_has_their_instructions() -> None:
    processor = set(Path("/proc/cpuinfo").read_text().split())
    quick = platform.machine() == "x86_64" and {"bmi1", "bmi2", "abm"} <= processor
    assert _core.build_info()["entropy"] == ("mgm-ext" if quick else "libavcodec")


@pytest.mark.parametrize(
    ("part", "names"),
    [
        ("decoders", recipe.DECODERS),
        ("parsers", recipe.PARSERS),
        ("demuxers", recipe.DEMUXERS),
        ("bitstream filters", recipe.BITSTREAM_FILTERS),
    ],
)
def test_the_security_page_lists_what_is_compiled_in(part: str, names: str) -> None:
    page = (ROOT / "SECURITY.md").read_text()
    assert f"| {part} | {' '.join(names.split())} |" in page
    option = {"bitstream filters": "bsf"}.get(part, part.removesuffix("s"))
    enabled = f"--enable-{option}={','.join(names.split())}"
    assert enabled in _core.build_info()["configuration"].replace("'", "").split()
