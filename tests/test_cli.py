"""The command line: what it prints, writes and exits with."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

import mgm_ext
from mgm_ext import cli
from mgm_ext.masks import MASKINGS
from mgm_ext.visualise.legend import HEAD
from tests.conftest import ROOT, EncodedClip

ROWS = [(0, row) for row in range(6)] + [(1 + row // 4, 6 + row) for row in range(8)]
"""(group, row) of each mask: six random, four of boxes, four of motion."""


@pytest.fixture
def clip(encoded_clip: EncodedClip) -> Path:
    return encoded_clip("libx264", kind="object", size=(112, 160), num_frames=40, bf=2)


def test_info_tells_of_the_stream_and_its_motion(
    clip: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(["info", str(clip), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert (facts["codec"], facts["size"], facts["frames"]) == ("h264", "160x112", 40)
    assert facts["has_vectors"] is True
    assert facts["inter_share"] + facts["intra_share"] == pytest.approx(1.0, abs=2e-4)
    assert facts["p95_speed"] >= facts["median_speed"] >= 0
    assert cli.main(["info", str(clip)]) == 0
    assert "has vectors" in capsys.readouterr().out


def test_vectors_are_written_whole(clip: Path, tmp_path: Path) -> None:
    output = tmp_path / "vectors.npz"
    assert cli.main(["vectors", str(clip), "-o", str(output)]) == 0
    with np.load(output) as arrays:
        assert arrays["offsets"][-1] == len(arrays["motion_x"]) > 0
        assert len(arrays["picture_types"]) == 40


def test_mask_is_written_with_its_frames(clip: Path, tmp_path: Path) -> None:
    output = tmp_path / "mask.npz"
    arguments = ["mask", str(clip), "-o", str(output), "--stride", "2", "--grid", "8,7,10"]
    assert cli.main([*arguments, "--ratio", "0.5"]) == 0
    with np.load(output) as arrays:
        assert arrays["mask"].shape == (8, 7, 10)
        assert (arrays["mask"].sum(axis=(1, 2)) == 35).all()
        assert arrays["frame_indices"].tolist() == list(range(0, 32, 2))
        assert str(arrays["mask_source"]) == "guided"
        assert arrays["slot_sources"].tolist() == [mgm_ext.SlotSource.GUIDED] * 8


@pytest.mark.parametrize("suffix", [".png", ".mp4"])
def test_draw_writes_a_picture_or_a_video(clip: Path, tmp_path: Path, suffix: str) -> None:
    output = tmp_path / f"drawn{suffix}"
    assert cli.main(["draw", str(clip), "-o", str(output), "--stride", "2", "--ratio", "0.4"]) == 0
    if suffix == ".png":
        with Image.open(output) as picture:
            high = 224 + 22  # 320 pixels wide, and the label
            assert picture.size == (4 * 320 + 3 * 4, HEAD + 8 * high)
            grey = (np.asarray(picture)[:, 3 * 324 :] == 118).all(axis=-1)
        assert grey.mean() == pytest.approx(0.4 * 8 * 224 / (HEAD + 8 * high), abs=0.06)
    else:
        assert output.stat().st_size > 1000


def test_masks_draws_a_row_for_each_mask(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "sheet.png"
    line = ["masks", str(clip), "-o", str(output), "--stride", "2", "--grid", "4,7,10", "--json"]
    assert cli.main([*line, "--ratio", "0.4"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert list(facts) == ["output", "mask_source", "guided_slots", *MASKINGS]
    assert facts.pop("running_cell") == 0.5  # it knows 1/4, 1/2 and 3/4 only
    assert {facts[name] for name in facts if name in MASKINGS} == {0.4}
    with Image.open(output) as picture:
        pixels = np.asarray(picture)
    high = 90 + 3  # 128 pixels wide, and the gap
    assert pixels.shape == (4 * 24 + (1 + len(MASKINGS)) * high, 150 + 4 * 131, 3)
    grey = (pixels == 118).all(-1)[:, 150:].reshape(-1, 4 * 131)
    tops = [24, *(24 * (2 + group) + high * (1 + row) for group, row in ROWS)]
    shares = [grey[top : top + 90].sum() / (4 * 128 * 90) for top in tops]
    assert shares[0] < 0.02
    assert shares[1:] == pytest.approx([0.4] * 3 + [0.5] + [0.4] * 10, abs=0.04)


def test_contrast_of_the_moving_object(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    boxes = tmp_path / "boxes.json"
    # The object starts at (32, 32, 96, 96) and moves (3, 2) pixels per frame.
    boxes.write_text(
        json.dumps({"3": [[41, 38, 105, 102]], "8": [[56, 48, 120, 112], [0, 0, 1, 1]]})
    )
    assert cli.main(["contrast", str(clip), "--boxes", str(boxes), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["inside"] == pytest.approx(np.hypot(3, 2), rel=0.15)
    assert facts["outside"] < 0.5
    assert facts["frames_where_inside_is_faster"] == 2
    assert [frame for frame, _, _ in facts["per_frame"]] == [3, 8]
    boxes.write_text("[[1, 2, 3, 4]]")
    assert cli.main(["contrast", str(clip), "--boxes", str(boxes)]) == 2
    assert "must hold one object {frame: " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "code", "text"),
    [
        (["info", "none.mp4"], 1, "No such file"),
        (["draw", "x.mp4", "-o", "x.gif"], 2, "must end in .png or .mp4"),
        (["mask", "x.mp4"], 2, "required: -o"),
        (["mask", "x.mp4", "-o", "x.npz", "--grid", "8"], 2, "or rows,columns such as 16x16"),
        ([], 2, "required"),
    ],
)
def test_failures_have_their_exit_codes(
    arguments: list[str], code: int, text: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main(arguments) == code
    assert text in capsys.readouterr().err


def test_a_grid_that_does_not_divide_is_bad_usage(
    clip: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["mask", str(clip), "-o", str(tmp_path / "m.npz"), "--grid", "7,14,14"]
    assert cli.main(arguments) == 2
    assert "grid" in capsys.readouterr().err


def test_names_that_are_not_utf8_are_printed_as_they_are(clip: Path, tmp_path: Path) -> None:
    name = os.fsencode(tmp_path) + b"/caf\xe9.mp4"
    Path(os.fsdecode(name)).symlink_to(clip)
    environment = {**os.environ, "PYTHONIOENCODING": "utf-8:strict"}
    command: list[str | bytes] = [sys.executable, "-m", "mgm_ext", "info", name]
    done = subprocess.run(command, env=environment, cwd=ROOT, capture_output=True)
    assert (done.returncode, done.stderr) == (0, b"")
    assert name + b"\n" in done.stdout


def test_version_is_the_packages_own(capsys: pytest.CaptureFixture[str]) -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert cli.main(["--version"]) == 0
    assert capsys.readouterr().out == f"mgm-ext {project['version']}\n"
    assert mgm_ext.__version__ == project["version"]
