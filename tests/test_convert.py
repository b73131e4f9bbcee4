"""`mgm-ext convert`: the same pictures, in H.264 that vectors can be read from."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

import mgm_ext
from mgm_ext import cli
from mgm_ext.convert import convert_video
from tests import clips
from tests.conftest import EncodedClip, RealClip


def frames_of(path: Path, **options: Any) -> clips.Frames:
    reader = mgm_ext.VideoReader(path, **options)
    frames = reader.read_clip(range(len(reader))).frames
    assert frames is not None
    return frames


def test_mjpeg_becomes_h264_with_the_motion_of_the_picture(
    encoded_clip: EncodedClip, tmp_path: Path
) -> None:
    source = encoded_clip("mjpeg", motion=(3, 2), size=(96, 128), num_frames=20, b="8M")
    seen: list[tuple[int, int | None]] = []
    out = tmp_path / "out.mp4"
    assert convert_video(source, out, gop=7, progress=lambda *counts: seen.append(counts)) == 20
    assert seen == [(count, 20) for count in range(1, 21)]
    assert list(tmp_path.iterdir()) == [out]
    vectors = mgm_ext.read_motion_vectors(out)
    assert vectors.info.codec == "h264"
    assert set(vectors.picture_types[1:7]) == {"P"}
    assert np.diff(np.flatnonzero(vectors.key_frames)).max() <= 7
    assert set(vectors.reference_distance.tolist()) == {-1.0}
    field = mgm_ext.read_motion_field(out)
    assert np.median(field.velocity[1:7][field.valid[1:7]], axis=0).tolist() == [3, 2]
    assert np.abs(frames_of(out).astype(int) - frames_of(source)).mean() < 6


def test_short_side_b_frames_and_references(encoded_clip: EncodedClip, tmp_path: Path) -> None:
    source = encoded_clip("mpeg4", kind="object", size=(96, 130), num_frames=24)
    out = tmp_path / "out.mkv"
    convert_video(source, out, short_side=48, b_frames=3, references=4, gop=100)
    info = mgm_ext.VideoReader(out).info
    assert (info.height, info.width, info.num_frames) == (48, 64, 24)
    assert "B" in mgm_ext.read_motion_vectors(out).picture_types


@pytest.mark.parametrize("degrees", [90, 180, 270])
def test_the_picture_is_upright(real_clip: RealClip, tmp_path: Path, degrees: int) -> None:
    source = real_clip(f"rotated_{degrees}.mov")
    out = tmp_path / "out.mp4"
    convert_video(source, out, crf=5)
    assert mgm_ext.probe(out).rotation == 0
    wanted = frames_of(source)
    got = frames_of(out)
    assert got.shape == wanted.shape
    assert np.abs(got.astype(int) - wanted).mean() < 3


def test_variable_times_are_kept(tmp_path: Path) -> None:
    source, out = tmp_path / "source.mkv", tmp_path / "out.mp4"
    pictures = clips.scroll(size=(96, 128), num_frames=6)
    times = [0, 40, 200, 240, 500, 510]
    with av.open(str(source), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 128, 96, "yuv420p"
        stream.codec_context.time_base = Fraction(1, 1000)
        for pts, picture in zip(times, pictures, strict=True):
            frame = av.VideoFrame.from_ndarray(picture)
            frame.pts, frame.time_base = pts, stream.codec_context.time_base
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    convert_video(source, out)
    seconds = mgm_ext.VideoReader(out).frame_seconds
    np.testing.assert_allclose(seconds - seconds[0], np.array(times) / 1000, atol=1e-3)


def test_a_damaged_file_gives_what_can_be_decoded(real_clip: RealClip, tmp_path: Path) -> None:
    assert convert_video(real_clip("corrupted.mp4"), tmp_path / "out.mp4", short_side=64) > 10


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"short_side": 8}, r"short_side must be in \[16, 8192\] or None, got 8"),
        ({"gop": 0}, r"gop must be in \[1, 1048576\], got 0"),
        ({"b_frames": 17}, r"b_frames must be in \[0, 16\], got 17"),
        ({"references": 0}, r"references must be in \[1, 16\], got 0"),
        ({"crf": 52}, r"crf must be in \[0, 51\], got 52"),
        ({"output": "out.avi"}, r"output must end in \.mp4 or \.mkv, not out\.avi"),
    ],
)
def test_bad_arguments_are_refused(
    encoded_clip: EncodedClip, tmp_path: Path, options: dict[str, Any], text: str
) -> None:
    source = encoded_clip("mpeg4", kind="object", size=(96, 130), num_frames=24)
    with pytest.raises(ValueError, match=text):
        convert_video(source, **{"output": tmp_path / "out.mp4", **options})


def test_the_source_is_never_overwritten(encoded_clip: EncodedClip, tmp_path: Path) -> None:
    source = tmp_path / "clip.mp4"
    data = encoded_clip("mpeg4", kind="object", size=(96, 130), num_frames=24).read_bytes()
    source.write_bytes(data)
    with pytest.raises(ValueError, match="output must be another file than the source"):
        convert_video(source, source)
    assert source.read_bytes() == data


def test_files_that_are_no_video(tmp_path: Path) -> None:
    text = tmp_path / "text.mp4"
    text.write_text("no video")
    with pytest.raises(mgm_ext.DecodeError, match=r"text\.mp4"):
        convert_video(text, tmp_path / "out.mp4")
    with pytest.raises(FileNotFoundError, match=r"none\.mp4"):
        convert_video(tmp_path / "none.mp4", tmp_path / "out.mp4")
    assert list(tmp_path.iterdir()) == [text]


def test_the_command(
    encoded_clip: EncodedClip, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    source = encoded_clip("mjpeg", motion=(3, 2), size=(96, 128), num_frames=20, b="8M")
    out = tmp_path / "out.mp4"
    line = ["convert", str(source), "-o", str(out), "--short-side", "64", "--gop", "10", "--json"]
    assert cli.main(line) == 0
    assert json.loads(capsys.readouterr().out) == {"output": str(out), "frames": 20}
    assert mgm_ext.probe(out).height == 64
    assert cli.main(["convert", str(source), "-o", str(out), "--references", "99"]) == 2
    assert "references must be in [1, 16], got 99" in capsys.readouterr().err
    assert cli.main(["convert", str(tmp_path / "none"), "-o", str(out)]) == 1
