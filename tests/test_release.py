"""The notes of a release, and what its documents and workflow promise to call."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path

import notes
import pytest

from tests.conftest import ROOT

CHANGELOG = """# Changelog

## [0.2.0] - 2027-01-02

- new
- newer

## 0.1.0

- old

[0.2.0]: https://x
"""


@pytest.mark.parametrize(("version", "text"), [("0.2.0", "- new\n- newer"), ("0.1.0", "- old")])
def test_notes_are_the_versions_part_of_the_changelog(version: str, text: str) -> None:
    assert notes.changes(CHANGELOG, version) == text


@pytest.mark.parametrize("version", ["0.3.0", "0.2"])
def test_a_version_without_a_heading_is_not_released(version: str) -> None:
    with pytest.raises(SystemExit, match=f"no heading for {version}"):
        notes.changes(CHANGELOG, version)


def test_the_changelog_has_a_part_for_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert notes.changes((ROOT / "CHANGELOG.md").read_text(), version)


def test_checksums_are_as_sha256sum_writes_them(tmp_path: Path) -> None:
    (tmp_path / "a.whl").write_bytes(b"wheel")
    digest = hashlib.sha256(b"wheel").hexdigest()
    assert notes.checksums([tmp_path / "a.whl"]) == f"{digest}  a.whl\n"


@pytest.mark.parametrize("name", ["RELEASE.md", ".github/workflows/release.yml"])
def test_what_the_release_calls_is_there(name: str) -> None:
    text = (ROOT / name).read_text()
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"make ([a-z-]+)", text))
    assert targets
    for target in targets:
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
    for script in re.findall(r"release/(\w+\.(?:py|sh|txt))", text):
        assert (ROOT / "release" / script).is_file()
