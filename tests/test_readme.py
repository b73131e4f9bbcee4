"""The README is short, runs as it stands, and claims what tables say; so does the quickstart."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from benchmarks import report, summary
from mgm_ext.cli.command import main
from tests import pages
from tests.conftest import ROOT, EncodedClip

README = ROOT / "README.md"
QUICKSTART = ROOT / "docs" / "quickstart.md"


@pytest.fixture
def place(encoded_clip: EncodedClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    clip = encoded_clip("libx264", kind="object", size=(112, 160), num_frames=64)
    for name in ("clip.mp4", "a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(clip.read_bytes())
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_it_is_short_and_says_how_to_begin_on_the_first_screen() -> None:
    text = README.read_text()
    assert len(text.encode()) <= 8192
    first_screen = text.splitlines()[:12]
    assert {"make demo", "make test"} <= {line.split("  ")[0] for line in first_screen}
    assert len(pages.blocks(README, "python")[0].strip().splitlines()) <= 8
    trainers = text.split("## In a trainer")[1].split("\n## ")[0]
    assert len(re.findall(r"^\| \[", trainers, re.MULTILINE)) == 5


def test_its_links_work_on_an_index_page_too() -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", README.read_text()):
        assert target.startswith(("https://", "#")), target


def test_every_figure_of_its_table_links_to_the_table_with_the_row() -> None:
    shown = summary.markdown(report.RESULTS, report.DOCS)
    assert shown in README.read_text(), "python -m benchmarks.report"
    for claim in summary.CLAIMS:
        page = ROOT / "docs" / claim.place.partition("#")[0]
        text = page.read_text().split(f"<!-- table {claim.table} -->")[1].split("<!-- end -->")[0]
        assert f"| {claim.row}" in text
        assert claim.rival in text


def test_a_claim_is_the_least_and_the_most_of_its_rows(tmp_path: Path) -> None:
    row = {"table": "t", "rival": "r"}
    values = [("a 1", 3.0), ("a 2", 1.5), ("a 3", 12.0), ("b", 99.0)]
    rows = [{**row, "row": name, "value": value} for name, value in values]
    (tmp_path / "t.json").write_text(json.dumps({"rows": rows}))
    assert summary.span(summary.Claim("", "t", "a", "r", ""), tmp_path) == "1.50 to 12.0x"
    assert summary.span(summary.Claim("", "t", "b", "r", ""), tmp_path) == "99.0x"
    with pytest.raises(ValueError, match="t has no row 'c' against 'r'"):
        summary.span(summary.Claim("", "t", "c", "r", ""), tmp_path)


def test_example_runs(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (code,) = pages.blocks(README, "python")
    exec(compile(code, "README.md", "exec"), {})
    shapes, masked = capsys.readouterr().out.splitlines()
    assert shapes.startswith("(16, 112, 160, 3) ")
    assert masked == str([147] * 8).replace(",", "")


def test_commands_run(place: Path) -> None:
    ours = [line for line in pages.commands(README) if line.startswith("mgm-ext")]
    assert len(ours) == 3
    # Those of the quickstart as well run in test_docs.py.
    (command,) = set(ours) - set(pages.commands(QUICKSTART))
    assert main(shlex.split(command)[1:]) == 0
    with np.load(place / "mask.npz") as arrays:
        assert arrays["mask"].sum(axis=(1, 2)).tolist() == [147] * 8


def test_ten_lines_lead_from_installing_to_training(
    encoded_clip: EncodedClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("transformers")
    section = QUICKSTART.read_text().split("## To training steps")[1].split("\n## ")[0]
    code = re.findall(r"```python\n(.*?)```", section, re.DOTALL)[0]
    assert "`pip install" in section
    assert len([line for line in code.splitlines() if line]) <= 9
    videos = tmp_path / "videos"
    videos.mkdir()
    for i, kind in enumerate(({"motion": (3, 2)}, {"motion": (-2, 1)}, {"motion": (0, 4)})):
        clip = encoded_clip("libx264", kind="object", size=(96, 128), **kind)  # type: ignore[arg-type]
        (videos / f"{i}.mp4").write_bytes(clip.read_bytes())
    monkeypatch.chdir(tmp_path)
    small = {"hidden_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2}
    small |= {f"decoder_{name}": number for name, number in small.items()}
    small |= {"intermediate_size": 24, "decoder_intermediate_size": 24}
    names: dict[str, Any] = {}
    run = code.replace("VideoMAEConfig()", f"VideoMAEConfig(**{small})")
    assert run != code, "the test trains a smaller model than the page"
    exec(compile(run, "quickstart.md", "exec"), names)
    gradients = [p.grad for p in names["model"].parameters() if p.grad is not None]
    assert sum(float(g.abs().sum()) for g in gradients) > 0
    assert names["batch"]["bool_masked_pos"].shape == (1, 1568)


def test_batch_example_runs(place: Path) -> None:
    (code,) = (block for block in pages.blocks(QUICKSTART, "python") if "MotionBatch" in block)
    names: dict[str, Any] = {}
    exec(compile(code, "quickstart.md", "exec"), names)
    assert names["mask"].shape == (2, 8, 14, 14)
    assert (names["mask"].sum((2, 3)) == 147).all()
    assert (names["mask"][0] != names["mask"][1]).any(), "seeds differ"
