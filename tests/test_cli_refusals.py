"""Every command with every wrong input: one sentence, an exit code, and nothing written."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgm_ext import NoMotionVectors, SlotSource, VideoReader, cli, read_motion_vectors
from mgm_ext.adapters.sources import MaskSource, motion_of
from mgm_ext.cli.sampling import Sampled, mask_facts
from tests.conftest import ROOT, EncodedClip

OUTPUTS = {
    "info": None,
    "vectors": "o.npz",
    "mask": "o.npz",
    "draw": "o.png",
    "masks": "o.png",
    "convert": "o.mp4",
    "contrast": None,
}
SAMPLING = ("mask", "draw", "masks")
SIZE: dict[str, Any] = {"size": (96, 128)}
Captured = pytest.CaptureFixture[str]


@pytest.fixture
def clip(encoded_clip: EncodedClip) -> Path:
    return encoded_clip("libx264", kind="object", num_frames=40, **SIZE)


def line(command: str, file: Path | str, folder: Path, *more: str) -> list[str]:
    output = OUTPUTS[command]
    wanted = [] if output is None else ["-o", str(folder / output)]
    if command == "contrast":
        (folder / "boxes.json").write_text('{"3": [[1, 2, 30, 40]]}')
        wanted = ["--boxes", str(folder / "boxes.json")]
    return [command, str(file), *wanted, *more]


def refused(arguments: list[str], code: int, capsys: Captured) -> str:
    """What is said where a command ends with that code, and prints nothing else."""
    assert cli.main(arguments) == code
    out, err = capsys.readouterr()
    assert out == ""
    assert "Traceback" not in err
    assert "Errno" not in err
    return err


@pytest.mark.parametrize("command", OUTPUTS)
def test_files_that_are_none(command: str, tmp_path: Path, capsys: Captured) -> None:
    missing = refused(line(command, "none.mp4", tmp_path), 1, capsys)
    assert missing == "mgm-ext: none.mp4: No such file or directory\n"
    folder = refused(line(command, tmp_path, tmp_path), 1, capsys)
    assert folder == f"mgm-ext: {tmp_path}: Is a directory\n"
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    assert "text.mp4: " in refused(line(command, text, tmp_path), 1, capsys)
    empty = tmp_path / "empty.mp4"
    empty.touch()
    assert "empty.mp4: " in refused(line(command, empty, tmp_path), 1, capsys)
    assert not list(tmp_path.glob("o.*"))


@pytest.mark.parametrize("command", [name for name, output in OUTPUTS.items() if output])
def test_outputs_of_another_kind_or_in_no_folder(
    command: str, clip: Path, tmp_path: Path, capsys: Captured
) -> None:
    wrong = refused([command, str(clip), "-o", str(tmp_path / "o.gif")], 2, capsys)
    assert "-o must end in ." in wrong
    output = tmp_path / "nowhere" / str(OUTPUTS[command])
    assert "there is no folder" in refused([command, str(clip), "-o", str(output)], 2, capsys)
    assert "required: -o" in refused([command, str(clip)], 2, capsys)


@pytest.mark.parametrize("command", [name for name, output in OUTPUTS.items() if output])
def test_suffixes_in_any_case_are_written_as_named(
    command: str, clip: Path, tmp_path: Path, capsys: Captured
) -> None:
    output = tmp_path / str(OUTPUTS[command]).upper()
    short = ["--frames", "4", "--grid", "2,3,4"] if command in SAMPLING else []
    assert cli.main([command, str(clip), "-o", str(output), *short]) == 0
    assert [path.name for path in tmp_path.iterdir()] == [output.name]
    assert str(output) in capsys.readouterr().out


@pytest.mark.parametrize("command", SAMPLING)
def test_frames_that_the_file_has_not(
    command: str, clip: Path, tmp_path: Path, capsys: Captured
) -> None:
    has = f"{clip} has 40 frames"
    for start in ("9999", "40", "-5"):
        err = refused(line(command, clip, tmp_path, "--start", start), 2, capsys)
        assert err == f"mgm-ext: --start must be in [0, 40), not {start}: {has}\n"
    for name, value in (("stride", "0"), ("stride", "-1"), ("frames", "0"), ("frames", "-2")):
        err = refused(line(command, clip, tmp_path, f"--{name}", value), 2, capsys)
        assert err == f"mgm-ext: --{name} must be at least 1, not {value}: {has}\n"
    assert not list(tmp_path.glob("o.*"))


@pytest.mark.parametrize("command", SAMPLING)
def test_shares_and_grids(command: str, clip: Path, tmp_path: Path, capsys: Captured) -> None:
    def usage(*more: str) -> str:
        return refused(line(command, clip, tmp_path, *more), 2, capsys)

    assert "must be in (0, 1), not 75; did you mean 0.75?" in usage("--ratio", "75")
    for ratio in ("0", "1", "-0.5", "100", "nan", "most"):
        assert "argument --ratio: must be in (0, 1), not" in usage("--ratio", ratio)
        assert "did you mean" not in usage("--ratio", ratio)
    for grid in ("8", "0,14,14", "a,b,c", "8;14;14", "1,2,3,4", "8,,14", "8,-14,14", "16x"):
        assert "such as 8,14,14 or 8x14x14" in usage("--grid", grid)
    odd = usage("--grid", "16x16", "--frames", "7")
    assert "an even number of --frames, two for each slot, not 7" in odd
    assert "grid must have a number of slots that divides the 16 frames" in usage("--grid", "7,2,2")
    assert "--frames must be a multiple of 8, the slots of a clip" in usage("--frames", "15")
    assert "seed" in usage("--seed", "-1")
    assert "invalid choice" in usage("--preset", "best")
    assert not list(tmp_path.glob("o.*"))


@pytest.mark.parametrize(
    ("grid", "shape"),
    [("16x16", (8, 16, 16)), ("16,16", (8, 16, 16)), ("4X6x8", (4, 6, 8)), ("4, 6, 8", (4, 6, 8))],
)
def test_grids_are_understood(
    grid: str, shape: tuple[int, ...], clip: Path, tmp_path: Path
) -> None:
    assert cli.main(line("mask", clip, tmp_path, "--grid", grid)) == 0
    with np.load(tmp_path / "o.npz") as arrays:
        assert arrays["mask"].shape == shape


KINDS = {
    "mjpeg": ("fallback", "codec mjpeg carries no motion vectors; `mgm-ext convert FILE -o"),
    "picture": ("fallback", "the file holds a single picture, in which nothing moves"),
    "intra": ("fallback", "no motion in the sampled frames (h264 without inter frames)"),
    "one": ("fallback", "no motion in the sampled frames (h264 without inter frames)"),
    "still": ("simulated", "nothing moves in the sampled frames"),
}


@pytest.fixture
def files(encoded_clip: EncodedClip) -> dict[str, Path]:
    return {
        "mjpeg": encoded_clip("mjpeg", num_frames=14, **SIZE),
        "picture": encoded_clip("mjpeg", num_frames=1, container="mjpeg", **SIZE),
        "intra": encoded_clip("libx264", kind="object", g=1, num_frames=14, **SIZE),
        "one": encoded_clip("libx264", kind="object", num_frames=1, **SIZE),
        "still": encoded_clip("libx264", kind="still", num_frames=20, **SIZE),
    }


@pytest.mark.parametrize("command", SAMPLING)
@pytest.mark.parametrize("kind", KINDS)
def test_clips_without_motion_say_so(
    command: str, kind: str, files: dict[str, Path], tmp_path: Path, capsys: Captured
) -> None:
    source, why = KINDS[kind]
    short = ["--frames", "4", "--grid", "2,3,4"]
    strict = refused(line(command, files[kind], tmp_path, *short, "--require-motion"), 1, capsys)
    assert why in strict
    assert not list(tmp_path.glob("o.*"))
    assert cli.main(line(command, files[kind], tmp_path, *short)) == 0
    out, err = capsys.readouterr()
    facts = dict(row.split("  ", 1) for row in out.splitlines())
    assert facts["mask source"].strip() == source
    assert f"{files[kind]}: {why}" in err
    assert err.count("follows nothing") == 1
    different = "only 1 of 4 sampled frames are different, the file has 1" in err
    assert different == (kind in ("one", "picture"))


def test_a_mask_that_only_the_camera_moves_is_not_called_guided(
    clip: Path, capsys: Captured
) -> None:
    reader = VideoReader(clip)
    sampled = Sampled(read := reader.read_clip([0, 1]), motion_of(read, reader.info), reader)
    assert sampled.motion.source is MaskSource.GUIDED
    walking = np.full(2, SlotSource.SIMULATED, np.uint8)
    said = argparse.Namespace(file=clip, require_motion=False)
    facts = mask_facts(sampled, walking, said)
    assert (facts["mask_source"], facts["guided_slots"]) == ("simulated", "0 of 2")
    assert "nothing but the camera moves in the sampled frames" in capsys.readouterr().err
    said.require_motion = True
    with pytest.raises(NoMotionVectors, match="nothing but the camera moves"):
        mask_facts(sampled, walking, said)


def test_a_clip_with_motion_says_nothing(clip: Path, tmp_path: Path, capsys: Captured) -> None:
    assert cli.main(line("mask", clip, tmp_path, "--stride", "2", "--require-motion")) == 0
    out, err = capsys.readouterr()
    assert (err, "mask source      guided" in out) == ("", True)
    assert cli.main(line("mask", clip, tmp_path, "--start", "30")) == 0
    assert "only 4 of 16 sampled frames are different, the file has 40" in capsys.readouterr().err


@pytest.mark.parametrize("codec", ["prores_ks", "ffv1"])
def test_codecs_that_only_convert_reads_name_it(
    codec: str, encoded_clip: EncodedClip, tmp_path: Path, capsys: Captured
) -> None:
    path = encoded_clip(codec, kind="object", num_frames=8, **SIZE)
    for command in ("info", "vectors", "mask", "draw", "masks"):
        err = refused(line(command, path, tmp_path), 1, capsys)
        assert "is not decoded: convert the file with `mgm-ext convert FILE -o OUT.mp4`" in err
    assert cli.main(line("convert", path, tmp_path)) == 0
    assert cli.main(["info", str(tmp_path / "o.mp4")]) == 0


def test_a_reader_that_closes_early_is_no_error(clip: Path) -> None:
    command = [sys.executable, "-m", "mgm_ext", "info", str(clip)]
    pipes: Any = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    with subprocess.Popen(command, cwd=ROOT, **pipes) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.close()
        assert child.stderr.read() == b""
    assert child.returncode == 0


def test_the_library_has_no_frames_beyond_the_last_either(clip: Path) -> None:
    for start in (40, 9999):
        with pytest.raises(IndexError, match=rf"start={start} is beyond the last frame .*: 40 fra"):
            read_motion_vectors(clip, start=start)
    with pytest.raises(IndexError, match="beyond the last frame of <bytes>"):
        read_motion_vectors(clip.read_bytes(), start=40)
    assert len(read_motion_vectors(clip, start=39, stop=99)) == 1
    assert len(read_motion_vectors(clip, start=9, stop=9)) == 0
    with pytest.raises(IndexError, match="frame index 40 is out of range"):
        VideoReader(clip).read_clip([40])
    with pytest.raises(IndexError, match="-41"):
        VideoReader(clip).read_clip([-41])
