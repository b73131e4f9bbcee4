"""The benchmark report: arithmetic of ratios, marks of missed targets, rewriting of pages."""

from __future__ import annotations

import gc
import itertools
import json
from pathlib import Path
from typing import Any

import pytest

from benchmarks import paired, plots, report, rows, tables


def a_row(value: float | None = 2.0, **more: Any) -> rows.Row:
    options: dict[str, Any] = {"low": 1.9, "high": 2.1, "pairs": 15, "clock": "cpu", **more}
    names = options.pop("row", "field"), options.pop("rival", "PyAV")
    return rows.Row("decode", *names, value, **options)


def test_ratio_is_the_median_of_pairs_and_not_of_sums() -> None:
    # One pair in a slow spell of the machine: both took ten times as long.
    pairs = [(4.0, 2.0), (6.0, 2.0), (40.0, 20.0), (5.0, 2.0), (2.0, 2.0)]
    found = paired.summary(pairs, clock="wall")
    assert (found.median, found.pairs, found.clock) == (2.0, 5, "wall")
    assert found.low == pytest.approx(1.4)  # between 1 and 2 of 1, 2, 2, 2.5, 3
    assert found.high == pytest.approx(2.8)
    assert (found.rival_seconds, found.ours_seconds) == (5.0, 2.0)


def test_order_alternates_and_short_functions_are_repeated(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[str] = []
    clock = itertools.count()
    monkeypatch.setitem(paired.CLOCKS, "cpu", lambda: float(next(clock)))
    found = paired.ratio(
        lambda: calls.append("rival"), lambda: calls.append("ours"), pairs=4, sample=1.0
    )
    assert calls == ["rival", "ours"] + ["ours", "rival", "rival", "ours"] * 2
    assert found.median == 1.0
    assert gc.isenabled()


def test_a_sample_lasts_as_long_as_asked() -> None:
    counts = {"rival": 0, "ours": 0}

    def count(name: str) -> None:
        counts[name] += 1

    found = paired.ratio(
        lambda: count("rival"), lambda: count("ours"), pairs=5, sample=0.001, budget=0.0
    )
    assert found.pairs == 5
    assert min(counts.values()) > 100
    assert found.ours_seconds < 1e-4


@pytest.mark.parametrize(
    ("value", "bounds", "short", "text"),
    [
        (2.0, {"at_least": 1.6}, False, "at least 1.6x: met"),
        (2.0, {"at_least": 2.0}, False, "at least 2x: met"),
        (1.59, {"at_least": 1.6}, True, "at least 1.6x: **short**"),
        (2.0, {"at_most": 1.5}, True, "at most 1.5x: **short**"),
        (1.2, {"at_least": 1.0, "at_most": 1.5}, False, "at least 1x, at most 1.5x: met"),
        (None, {"at_least": 1.6}, False, "at least 1.6x: not measured"),
        (0.1, {}, False, ""),
    ],
)
def test_target_missed_is_marked(
    value: float | None, bounds: dict[str, float], short: bool, text: str
) -> None:
    row = a_row(value, **bounds)
    assert row.short is short
    assert tables.target(row) == text


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (0.31234, "x", "0.312x"),
        (1.0, "x", "1.00x"),
        (12.345, "x", "12.3x"),
        (1234.5, "x", "1234x"),
        (17.0, "frames", "17 frames"),
        (0.8512, "", "0.851"),
    ],
)
def test_quantities_have_three_figures(value: float, unit: str, text: str) -> None:
    assert tables.quantity(value, unit) == text


def test_table_shows_spread_and_leaves_out_empty_columns() -> None:
    text = tables.markdown([a_row(), a_row(None, low=None, high=None, row="clip")], "Here.")
    assert text.splitlines() == [
        "| what | against | result |",
        "| --- | --- | --- |",
        "| field | PyAV | 2.00x (1.90 to 2.10) |",
        "| clip | PyAV | none |",
        "",
        "Here.",
    ]


def test_a_page_changes_between_its_markers_only() -> None:
    text = (
        "a\n<!-- table one -->\nold\n<!-- end -->\nb\n<!-- table two -->\nkept\n<!-- end -->\nc\n"
    )
    new = tables.rewrite(text, {"one": r"| \1 |", "three": "nowhere"})
    assert new == text.replace("\nold\n", "\n| \\1 |\n")
    assert tables.rewrite(new, {"one": r"| \1 |"}) == new


@pytest.mark.parametrize(
    "text",
    ["<!-- table one -->\nold\n", "<!-- table one -->\n<!-- table two -->\n<!-- end -->\n"],
)
def test_marker_that_is_never_closed_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="after the marker of one"):
        tables.rewrite(text, {"two": "new"})


def test_rows_come_back_in_the_order_of_their_first_recording(tmp_path: Path) -> None:
    timed = paired.summary([(3.0, 1.0)], clock="cpu")
    for name in ("z", "a"):
        rows.write(rows.make("decode", name, timed, rival="PyAV", at_least=4), tmp_path)
    rows.write(rows.make("decode", "z", 7, unit="frames", rival="PyAV"), tmp_path)
    z, a = rows.read(tmp_path)
    assert (z.row, z.value, z.unit, z.pairs) == ("z", 7.0, "frames", 0)
    assert (a.row, a.value, a.unit, a.pairs, a.short) == ("a", 3.0, "x", 1, True)


def test_results_name_machine_versions_commit_and_date(tmp_path: Path) -> None:
    about = {
        "machine": "Some CPU, 2 cores, Linux",
        "versions": {"numpy": "2.0"},
        "missing": {"decord": "no wheel"},
        "date": "2026-01-02",
    }
    measured = [a_row(commit="abc"), a_row(commit="def"), a_row(commit="abc")]
    written = report.write_results(measured, about, tmp_path)
    caption = written["decode"].splitlines()[-1]
    assert caption == (
        "Some CPU, 2 cores, Linux; numpy 2.0; commit abc, def, 2026-01-02. "
        "Missing: decord (no wheel)."
    )
    stored = json.loads((tmp_path / "decode.json").read_text())
    assert {name: stored[name] for name in about} == about
    assert stored["commit"] == "abc, def"
    assert stored["rows"][0]["value"] == 2.0
    assert (tmp_path / "decode.png").stat().st_size > 1000


def test_machine_is_known_by_its_processor() -> None:
    assert report.processor("processor : 0\nmodel name\t: A CPU @ 2 GHz\n") == "A CPU @ 2 GHz"
    assert report.circumstances()["machine"].endswith("cores, Linux")


def test_curves_need_points(tmp_path: Path) -> None:
    path = tmp_path / "growth.png"
    assert not plots.curves([a_row()], "growth", "lines", path)
    curve = [
        a_row(frames=30, ours_seconds=0.1, rival_seconds=0.3, series="field", at=at)
        for at in (240.0, 480.0)
    ]
    assert plots.curves(curve, "growth", "lines", path)
    assert plots.bars(curve, "growth", tmp_path / "bars.png")
    assert not plots.bars([a_row()], "growth", tmp_path / "none.png")
    assert path.stat().st_size > 1000


def test_a_plot_says_in_how_many_comparisons_with_others_we_win() -> None:
    rows = [a_row(2.0), a_row(0.9), a_row(3.0, rival="our own full decode")]
    others = [row for row in rows if not row.rival.startswith(plots.OURSELVES)]
    assert plots.message(others) == "mgm_ext is faster in 1 of 2 comparisons"
    assert plots.message(others[:1]) == "mgm_ext is faster in all 1 comparisons"


def test_plots_can_be_drawn_from_stored_results(tmp_path: Path) -> None:
    about = {"machine": "m", "versions": {}, "missing": {}, "date": "2026-01-02"}
    report.write_results([a_row(commit="abc")], about, tmp_path)
    first = (tmp_path / "decode.png").read_bytes()
    (tmp_path / "decode.png").unlink()
    report.plot_stored(tmp_path)
    assert (tmp_path / "decode.png").read_bytes() == first
    assert "| field | PyAV | 2.00x (1.90 to 2.10) |" in report.stored_tables(tmp_path)["decode"]
