"""What the project says about accuracy is what the rows of the runs say."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mgm_ext
from benchmarks import tables
from benchmarks.pretraining import report
from benchmarks.pretraining.jobs import read_rows
from tests.conftest import ROOT


def _row(name: str, arm: str, ratio: float, epochs: int) -> dict[str, Any]:
    (row,) = (
        row
        for row in read_rows(report.RESULTS / f"{name}.jsonl")
        if (row["job"]["arm"], row["job"]["ratio"], row["job"]["epochs"]) == (arm, ratio, epochs)
    )
    return row


def test_the_page_has_the_tables_of_the_rows() -> None:
    page = report.PAGE.read_text()
    assert report.written()
    assert tables.rewrite(page, report.written()) == page
    for name in report.written():
        assert f"<!-- table {name} -->" in page


def test_the_sentence_about_small_objects_is_a_pair_of_rows() -> None:
    robust, tube = (_row("first_set", arm, 0.75, 75) for arm in ("robust", "tube"))
    first, second = (100 * row["finetune"]["6000"]["accuracy"] for row in (robust, tube))
    sentence = f"{first:.1f} % against {second:.1f} % at 0.75"
    readme = " ".join((ROOT / "README.md").read_text().split())
    documented = " ".join((mgm_ext.motion_guided_mask.__doc__ or "").split())
    accuracy = (ROOT / "docs" / "benchmarks" / "accuracy.md").read_text().replace(">", "")
    assert sentence in readme
    assert sentence in " ".join(accuracy.split())
    assert sentence in documented


def test_a_clips_words_are_one_draw() -> None:
    right = np.repeat([1, 0, 1, 1, 0], 6).astype(np.uint8)
    found = {
        "right": base64.b64encode(np.packbits(right).tobytes()).decode(),
        "accuracy": 0.6,
    }
    apart = report.spread(found)
    together = report.spread({**found, "by_group": [0.6] * 6})
    assert apart == pytest.approx(1.96 * np.sqrt(0.24 / 29))
    assert together == pytest.approx(1.96 * np.sqrt(0.24 / 4))


def test_plot_shows_the_runs_of_one_length(tmp_path: Path) -> None:
    rows = read_rows(report.RESULTS / "first_set.jsonl")
    assert report.plot(rows, tmp_path / "plot.png", epochs=75)
    assert (tmp_path / "plot.png").stat().st_size > 10_000
    assert not report.plot(rows, tmp_path / "none.png", epochs=1)


def test_the_table_orders_by_length_then_accuracy() -> None:
    lines = report.table(read_rows(report.RESULTS / "first_set.jsonl")).splitlines()
    cells = [line.split("|") for line in lines[2:] if line.startswith("|")]
    keys = [(int(cell[3]), -float(cell[4].split()[0])) for cell in cells]
    assert keys == sorted(keys)
    assert len(keys) == 10
    with pytest.raises(ValueError, match="no <!-- end -->"):
        tables.rewrite("<!-- table pretraining-first_set -->", report.written())
