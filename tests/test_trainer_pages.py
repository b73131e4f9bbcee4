"""The pages of docs/trainers name what is there, and their lines are what the table counts."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from mgm_ext.adapters.vjepa_blocks import cover_of
from tests import real_trainers
from tests.conftest import ROOT

PAGES = sorted((ROOT / "docs" / "trainers").glob("*.md"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_imports_of_a_page_work(page: Path) -> None:
    blocks = re.findall(r"```diff\n(.*?)```", page.read_text(), re.DOTALL)
    added = [line[1:].strip() for block in blocks for line in block.splitlines() if line[0] == "+"]
    imports = [line for line in added if line.startswith("from mgm_ext")]
    assert imports or page.stem in ("README", "pipelines", "omnimae")
    for line in imports:
        exec(line, {})
    whole = [line for line in added if line.count("(") == line.count(")") and "=" in line]
    for line in whole:
        if not line.endswith(":") and "_target_" not in line:
            ast.parse(line)


def test_every_trainer_that_is_run_has_a_page_in_both_tables() -> None:
    adapters = (ROOT / "docs" / "adapters.md").read_text()
    index = (ROOT / "docs" / "trainers" / "README.md").read_text()
    for name, (_, _, page) in real_trainers.TRIALS.items():
        assert f"trainers/{page}.md" in adapters, name
        assert f"({page}.md)" in index, name
        assert real_trainers.lines_of(page) > 0
    assert {p.stem for p in PAGES} == {
        "README",
        "pipelines",
        *(page for _, _, page in real_trainers.TRIALS.values()),
    }


@pytest.mark.parametrize("page", ["v-jepa", "v-jepa2"])
def test_the_counts_of_v_jepas_blocks_are_measured(page: str) -> None:
    text = (ROOT / "docs" / "trainers" / f"{page}.md").read_text()
    rows = re.findall(r"\| (\d) of ([\d.]+) \| (\d+) \| (.*) \| (.*) \| (.*) \|", text)
    assert len(rows) == 4
    for blocks, scale, batch, *shares in rows:
        config = {
            "num_blocks": int(blocks),
            "spatial_scale": (float(scale), float(scale)),
            "aspect_ratio": (0.75, 1.5),
        }
        cover = cover_of(config, (8, 14, 14), 8, int(batch))
        assert shares == [
            f"{share:.2f}" for share in (cover.share, cover.predicted / 1568, cover.kept / 1568)
        ]
    assert len(re.findall(r"- mask_ratio: ", text)) == 2


def test_no_page_says_twice_what_was_stubbed() -> None:
    for page in PAGES:
        assert "stubbed in the run" not in page.read_text(), page.stem


def test_the_table_says_what_failed() -> None:
    row = {
        "commit": "abc",
        "lines": 2,
        "page": "videomae",
        "stubbed": [],
        "ratio": 0.9,
        "masked": 352,
        "tokens": 392,
        "place": 0.99,
        "flipped": -1.0,
        "clips": 0.0,
        "epochs": [1.0, 0.5],
        "loss": [1.0, 0.9],
        "also": ["slices"],
    }
    text = real_trainers.table({"VideoMAE": row, "Other": {"failed": "why"}})
    expected = (
        "| [VideoMAE](videomae.md) | abc | 352 of 392 | 0.9 | 0.99, - | 0.0000 | 100%, 50% | "
    )
    assert expected + "1.000 to 0.900 | 2 | slices | - |" in text
    assert "| Other | **failed**: why |" in text
