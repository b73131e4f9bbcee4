"""The documents: their code runs, their commands are understood, their links lead somewhere."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import report, tables
from mgm_ext.cli.command import _parser, main
from tests import clips, pages
from tests.conftest import ROOT, EncodedClip

# Pages whose code other tests run, in places of their own.
ELSEWHERE = {ROOT / "docs" / "untrusted-files.md", *(ROOT / "docs" / "data").glob("*.md")}
WITH_CODE = [page for page in pages.PAGES if page not in ELSEWHERE and pages.blocks(page, "python")]
WITH_COMMANDS = [page for page in [*pages.TOP, *pages.PAGES] if list(pages.commands(page))]


@pytest.fixture
def place(encoded_clip: EncodedClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with the files that the pages name."""
    clip = encoded_clip("libx264", kind="object", size=(112, 160), num_frames=64)
    (tmp_path / "videos").mkdir()
    for name in ("clip.mp4", "a.mp4", "b.mp4", "videos/0.mp4", "videos/1.mp4", "videos/2.mp4"):
        shutil.copy(clip, tmp_path / name)
    frames = np.zeros((3, 96, 128, 3), np.uint8)
    for name in ("photos.avi", "clip.avi"):
        shutil.copy(clips.encode(tmp_path / f"of-{name}", frames, "mjpeg"), tmp_path / name)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", WITH_CODE, ids=pages.name_of)
def test_the_code_of_a_page_runs(page: Path, place: Path) -> None:
    names: dict[str, Any] = {"__name__": page.stem}
    for block in pages.blocks(page, "python"):
        if "transformers" not in block:  # test_readme.py runs that one, with a smaller model
            exec(compile(block, str(page), "exec"), names)


@pytest.mark.parametrize("page", WITH_COMMANDS, ids=pages.name_of)
def test_commands_of_a_page_are_understood(page: Path) -> None:
    targets = re.findall(r"^([\w-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    for command in pages.commands(page):
        words = shlex.split(command.replace("$SLURM_ARRAY_TASK_ID", "0").removeprefix("srun "))
        if words[0] == "mgm-ext":
            _parser().parse_args([word for word in words[1:] if word])
        elif words[0] == "make":
            assert {w for w in words[1:] if "=" not in w} <= set(targets), command
        elif words[:2] == ["python", "-m"]:
            module = ROOT.joinpath(*words[2].split("."))
            assert module.with_suffix(".py").exists() or (module / "__main__.py").exists(), command
        elif words[0] == "python":
            assert (ROOT / words[1]).exists(), command
        else:
            assert words[0] in ("pip", "git", "apt-get", "bash", "cd", "torchrun"), command


def test_the_quickstarts_commands_run(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    found = list(pages.commands(ROOT / "docs" / "quickstart.md"))
    assert len(found) == 4
    for command in found:
        assert main(shlex.split(command)[1:]) == 0, command
    assert "guided" in capsys.readouterr().out
    for name in ("mgm-ext-demo.png", "clip.png"):
        assert (place / name).read_bytes().startswith(b"\x89PNG")
    with np.load(place / "mask.npz") as arrays:
        assert arrays["mask"].shape == (8, 14, 14)


@pytest.mark.parametrize("page", [*pages.TOP, *pages.PAGES], ids=pages.name_of)
def test_links_lead_somewhere(page: Path) -> None:
    for path, anchor in pages.links(page):
        target = page.parent / path if path else page
        assert target.exists(), path
        assert not anchor or anchor in pages.anchors(target), f"{path}#{anchor}"


def test_every_page_is_in_the_sites_contents() -> None:
    named: set[Path] = set()
    for page in pages.PAGES:
        for block in re.findall(r"^```\{toctree\}\n(.*?)^```", page.read_text(), re.S | re.M):
            for line in block.splitlines():
                if line and not line.startswith(":"):
                    named |= set(page.parent.glob(f"{line}.md"))
    assert set(pages.PAGES) - named == {ROOT / "docs" / "index.md"}


def test_the_tables_of_the_pages_are_the_stored_results() -> None:
    written = report.stored()
    shown = set()
    for page in report.PAGES:
        text = page.read_text()
        assert tables.rewrite(text, written) == text, f"{page.name}: python -m benchmarks.report"
        shown |= set(re.findall(r"<!-- table ([\w-]+) -->", text))
    # The scenes one by one are summed up in the table of scenes.
    assert set(written) - shown == {"scenes_each"}


def test_links_out_of_the_sites_folder_become_pages_or_addresses() -> None:
    code = (
        "import conf; from pathlib import Path; docs = conf.DOCS;"
        "print(conf.on_the_site('[a](../SECURITY.md) [b](../examples/gpu_decode.py) [c](../csrc) "
        "![d](../benchmarks/results/decode.png) [e](cli.md#x) [f](none.md)', docs, docs / 'a.md'));"
        "print(conf.on_the_site('[a](docs/ffmpeg.md) [b](RELEASE.md)', conf.ROOT, "
        "docs / 'develop' / 'security.md'))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=ROOT / "docs", check=True
    )
    address = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["urls"]["Repository"]
    assert done.stdout.splitlines() == [
        f"[a](develop/security.md) [b]({address}/blob/main/examples/gpu_decode.py) "
        f"[c]({address}/tree/main/csrc) ![d](../benchmarks/results/decode.png) [e](cli.md#x) "
        "[f](none.md)",
        "[a](../ffmpeg.md) [b](release.md)",
    ]


def test_the_api_pages_show_every_public_name() -> None:
    import mgm_ext

    text = "".join(page.read_text() for page in (ROOT / "docs" / "api").glob("*.md"))
    shown = re.findall(r"^\.\. auto\w+:: mgm_ext\.(\w+)$", text, re.MULTILINE)
    missing = set(mgm_ext.__all__) - set(shown)
    assert not missing
    assert len(shown) == len(set(shown))


def test_the_changelog_has_the_form_of_keep_a_changelog() -> None:
    text = (ROOT / "CHANGELOG.md").read_text()
    kinds = {"Added", "Changed", "Deprecated", "Removed", "Fixed", "Security"}
    assert set(re.findall(r"^### (.+)$", text, re.MULTILINE)) <= kinds
    headings = re.findall(r"^## (.+)$", text, re.MULTILINE)
    assert headings
    for heading in headings:
        assert re.fullmatch(r"\[\d+\.\d+\.\d+\] - (\d{4}-\d\d-\d\d|not released yet)", heading)
        assert f"\n{heading.split(' ')[0]}: https://" in text
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    assert headings[0].startswith(f"[{version}] ")


def test_the_files_that_pages_name_are_there() -> None:
    folders = ("csrc", "mgm_ext", "tests", "cmake", "release", "benchmarks", "docs", "examples")
    here = {
        str(path.relative_to(ROOT))
        for folder in folders
        for path in (ROOT / folder).rglob("*")
        if path.suffix in {".c", ".h", ".cpp", ".hpp", ".cu", ".cuh", ".cmake", ".py"}
    }
    ends = {path[place:] for path in here for place in _starts(path)}
    missing = []
    for page in [*pages.TOP, *pages.PAGES]:
        text = pages.without_code(page.read_text())
        named = re.findall(r"`([\w/.-]+\.(?:c|h|cpp|hpp|cu|cuh|cmake))`", text)
        # Of Python files those in our own folders: pages name users' and trainers' files, too.
        named += re.findall(rf"`((?:{'|'.join(folders)})/[\w/.-]+\.py)`", text)
        missing += [f"{pages.name_of(page)}: {name}" for name in named if name not in ends]
    assert missing == []


def _starts(path: str) -> list[int]:
    """Where a name of a path or of its end may begin."""
    return [0, *(match.end() for match in re.finditer("/", path))]
