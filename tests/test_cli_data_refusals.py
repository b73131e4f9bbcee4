"""The commands on data sets with every wrong input."""

from __future__ import annotations

from pathlib import Path

import pytest

from mgm_ext import cli

pytest.importorskip("pyarrow")

SURVEY = ("survey", "{videos}", "-o")
STORE = ("precompute", "{videos}", "-o", "{new}")
WRONG = [
    (("survey", "none", "-o", "{new}.parquet"), 1, "no such file or folder: none"),
    (("survey", "{empty}", "-o", "{new}.parquet"), 2, "holds no video, no .tar and no .parquet"),
    ((*SURVEY, "{new}.csv"), 2, "-o must end in .parquet, not"),
    ((*SURVEY, "{new}/o.parquet"), 2, "there is no folder"),
    ((*SURVEY, "{new}.parquet", "--workers", "0"), 2, "workers must be at least 1, not 0"),
    ((*SURVEY, "{new}.parquet", "--budget", "-1"), 2, "budget must be positive, got -1.0"),
    (("precompute", "none", "-o", "{new}"), 1, "no such file or folder: none"),
    ((*STORE, "--cell", "7"), 2, "argument --cell: must be 8, 16, 32 or auto, not '7'"),
    ((*STORE, "--cell", "large"), 2, "must be 8, 16, 32 or auto, not 'large'"),
    ((*STORE, "--shard", "5/2"), 2, "shard 5/2: jobs are counted from 0 to 1"),
    ((*STORE, "--shard", "5"), 2, "shard must be I/N, such as 0/8, not '5'"),
    ((*STORE, "--workers", "-1"), 2, "workers must be at least 1, not -1"),
    (("status", "none"), 1, "none is no store: it has no store.json"),
    (("status", "{empty}"), 1, "is no store: it has no store.json"),
    (("merge", "none"), 1, "none is no store: it has no store.json"),
]


@pytest.mark.parametrize(("arguments", "code", "words"), WRONG)
def test_wrong_inputs_end_in_a_sentence(
    arguments: tuple[str, ...],
    code: int,
    words: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    videos, empty, new = (tmp_path / name for name in ("videos", "empty", "new"))
    videos.mkdir()
    empty.mkdir()
    (videos / "a.mp4").write_text("no video")
    line = [part.format(videos=videos, empty=empty, new=new) for part in arguments]
    assert cli.main(line) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert words in err
    assert "Errno" not in err
