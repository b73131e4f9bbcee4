"""H.264 streams that encoders do not write, and broken ones."""

from __future__ import annotations

import io
import re
from pathlib import Path

import av
import numpy as np
import pytest

from tests import clips, oracles
from tests.conftest import EncodedClip
from tests.field_pictures import (
    DOWN,
    WIDTH,
    Field,
    default_list,
    parameter_sets,
    write_field,
)
from tests.mutants import mutants
from tests.prediction import prediction

SIZE = (96, 128)
FIELDS = (
    Field(0, False, 0),
    Field(0, True, 0, lists=((0, 4, -8), None)),
    Field(2, False, 1, lists=((0, -8, 4), None)),
    Field(2, True, 1, lists=((1, 12, -2), None)),
    Field(1, False, 2, False, lists=((0, -4, 8), (0, 4, -8)), is_b=True),
    Field(1, True, 2, False, lists=((1, 8, 4), None), is_b=True),
    Field(4, False, 2, lists=((3, 4, 4), None)),
    Field(4, True, 2, lists=((2, -4, 8), None)),
    Field(3, False, 3, False, lists=(None, (1, 8, -4)), is_b=True),
    Field(3, True, 3, False, is_b=True, skipped=True),
)


@pytest.fixture(scope="module")
def field_stream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    samples = clips.scroll(size=(16 * DOWN, WIDTH), num_frames=1)[0, :, :, 0]
    stream = parameter_sets(2)
    for i, field in enumerate(FIELDS):
        active = [max(len(default_list(FIELDS, i, which)), 1) for which in (0, 1)]
        stream += write_field(field, active, samples)
    path = tmp_path_factory.mktemp("fields") / "fields.h264"
    path.write_bytes(stream)
    return path


def test_field_pictures_tell_what_was_written(field_stream: Path) -> None:
    vectors = oracles.read(field_stream)
    assert (len(vectors), vectors.info.damaged) == (5, False)
    found = [set() for _ in range(5)]  # type: list[set[tuple[float, ...]]]
    for i, rows in enumerate(found):
        names = ("motion_x", "motion_y", "reference_distance", "w", "h", "flags")
        columns = (getattr(vectors, name)[vectors.frame(i)].tolist() for name in names)
        rows.update(row for row in zip(*columns, strict=True) if not int(row[-1]) & 2)
    truth = [set() for _ in range(5)]  # type: list[set[tuple[float, ...]]]
    for i, field in enumerate(FIELDS):
        for which, vector in enumerate(field.lists):
            if vector is None:
                continue
            frame, bottom = default_list(FIELDS, i, which)[vector[0]]
            down = bottom - field.bottom
            row = (vector[1], 2 * vector[2] + 4 * down, frame - field.frame + 0.5 * down)
            truth[field.frame].add((*row, 16, 32, 8 + 4 * which))
    assert found == truth


def test_field_pictures_agree_with_libavcodec(field_stream: Path) -> None:
    oracles.assert_equals_export(field_stream)
    oracles.assert_frames_as_shown(field_stream)
    oracles.assert_seam_changes_nothing(field_stream)


@pytest.mark.parametrize("params", ["", "cabac=0:partitions=all:ref=4", "weightp=2:keyint=6"])
def test_blocks_are_copies_of_what_they_refer_to(encoded_clip: EncodedClip, params: str) -> None:
    path = encoded_clip("libx264", kind="object", size=SIZE, num_frames=12, x264_params=params)
    compared, total = prediction(path)
    assert compared > 0.05 * total


def raw_stream(encoded_clip: EncodedClip, params: str, **parameters: object) -> list[bytes]:
    """NAL units, start codes included, of content that scrolls by (3, 2)."""
    parameters = {"size": SIZE, "num_frames": 12, **parameters}
    path = encoded_clip("libx264", container="h264", x264_params=params, **parameters)  # type: ignore[arg-type]
    units = re.split(rb"\x00*(?=\x00\x00\x01)", path.read_bytes())
    return [unit for unit in units if unit]


def slices(units: list[bytes]) -> list[int]:
    return [i for i, unit in enumerate(units) if unit[3] & 31 in (1, 5)]


def write(path: Path, units: list[bytes]) -> Path:
    path.write_bytes(b"".join(units))
    return path


def test_lost_frames_of_a_stream_without_reordering_keep_their_distance(
    encoded_clip: EncodedClip, tmp_path: Path
) -> None:
    units = raw_stream(encoded_clip, "bframes=0:ref=1")
    lost = slices(units)[5]
    vectors = oracles.assert_seam_changes_nothing(
        write(tmp_path / "lost.h264", units[:lost] + units[lost + 1 :])
    )
    assert len(vectors) == 11
    assert oracles.true_motion_share(vectors, (3, 2)) >= 0.95


@pytest.mark.parametrize(
    "params", ["intra-refresh=1:keyint=8:bframes=0", "bframes=2:b-adapt=0:open-gop=1:keyint=6"]
)
def test_stream_may_start_without_a_key_frame(
    encoded_clip: EncodedClip, tmp_path: Path, params: str
) -> None:
    units = raw_stream(encoded_clip, params, num_frames=20)
    first = slices(units)[0]
    path = write(tmp_path / "headless.h264", units[:first] + units[first + 1 :])
    vectors = oracles.assert_seam_changes_nothing(path)
    known = np.isfinite(vectors.reference_distance)
    assert known.mean() > 0.5
    inner = (
        (vectors.dst_x > 32) & (vectors.dst_x < 96) & (vectors.dst_y > 32) & (vectors.dst_y < 64)
    )
    off = np.abs(oracles.velocities(vectors) - (3, 2)).max(axis=1)
    right = off * np.abs(vectors.reference_distance) <= 0.25
    assert right[known & inner].mean() > 0.9


def repeat_slices(path: Path, target: Path) -> Path:
    """The second slice of every packet comes once more at its end."""
    with av.open(str(path)) as source, av.open(str(target), "w") as out:
        template = source.streams.video[0]
        stream = out.add_stream_from_template(template)
        for packet in source.demux(template):
            data = bytes(packet)
            if not data:
                continue
            units, at = [], 0
            while at < len(data):
                end = at + 4 + int.from_bytes(data[at : at + 4], "big")
                units.append(data[at:end])
                at = end
            again = [unit for unit in units if unit[4] & 31 in (1, 5)][1]
            repeated = av.Packet(data + again)
            repeated.pts, repeated.dts = packet.pts, packet.dts
            repeated.time_base, repeated.stream = packet.time_base, stream
            repeated.is_keyframe = packet.is_keyframe
            out.mux(repeated)
    return target


@pytest.mark.parametrize("params", ["slices=3:bframes=0", "slices=3:bframes=2:cabac=0"])
def test_slice_that_comes_twice_leaves_its_blocks_once(
    encoded_clip: EncodedClip, tmp_path: Path, params: str
) -> None:
    path = encoded_clip("libx264", size=SIZE, num_frames=12, x264_params=params)
    once = oracles.read(path)
    repeated = repeat_slices(path, tmp_path / "twice.mp4")
    assert repeated.stat().st_size > 1.1 * path.stat().st_size
    twice = oracles.assert_seam_changes_nothing(repeated)
    assert twice.offsets.tolist() == once.offsets.tolist()
    np.testing.assert_array_equal(twice.to_structured(), once.to_structured())


def test_picture_size_may_change(encoded_clip: EncodedClip, tmp_path: Path) -> None:
    units = raw_stream(encoded_clip, "bframes=2") + raw_stream(
        encoded_clip, "bframes=2", size=(128, 96)
    )
    path = write(tmp_path / "two.h264", units)
    vectors = oracles.assert_seam_changes_nothing(path)
    oracles.assert_equals_export(path)
    assert len(vectors) == 24
    assert vectors.info.size_changes == ((12, 96, 128),)
    assert np.isfinite(vectors.reference_distance).all()


def test_edit_list_hides_frames_as_libav_does(encoded_clip: EncodedClip, tmp_path: Path) -> None:
    data = bytearray(encoded_clip("libx264", size=SIZE, num_frames=12).read_bytes())
    media_time = data.index(b"elst") + 16
    start = int.from_bytes(data[media_time : media_time + 4], "big")
    ticks = 512 * 3  # PyAV writes 512 ticks a frame
    data[media_time : media_time + 4] = (start + ticks).to_bytes(4, "big")
    path = tmp_path / "edited.mp4"
    path.write_bytes(data)
    assert len(oracles.assert_frames_as_shown(path)) == 9
    oracles.assert_equals_export(path)


@pytest.mark.parametrize("params", ["bframes=2:slices=2", "bff=1:bframes=2", "cabac=0:bframes=0"])
def test_damage_does_not_make_pixels_matter(
    encoded_clip: EncodedClip, tmp_path: Path, params: str
) -> None:
    path = encoded_clip("libx264", container="h264", size=SIZE, num_frames=10, x264_params=params)
    for mutant in mutants(path, tmp_path, count=8):
        oracles.assert_seam_changes_nothing(mutant)
        exported = oracles.read(mutant, blocks="libavcodec")
        oracles.assert_same(exported, oracles.read(mutant, blocks="libavcodec", vectors_only=False))


def test_libav_says_nothing_of_what_it_finds(
    encoded_clip: EncodedClip, capfd: pytest.CaptureFixture[str]
) -> None:
    path = encoded_clip("libx264", container="h264", size=SIZE, num_frames=8, bf=0)
    parts = re.split(b"(\0\0\0?\1)", path.read_bytes())
    parameters = next(i for i, part in enumerate(parts) if part[:1] == b"\x67")
    parts[parameters] = parts[parameters][:-6]  # the decoder reads past its end, and says so
    stream = b"".join(parts)
    capfd.readouterr()
    oracles.read(stream)
    assert capfd.readouterr() == ("", "")
    with av.open(io.BytesIO(stream), "r", format="h264") as container:  # as libav has it
        av.logging.set_level(av.logging.WARNING)
        try:
            with av.logging.Capture() as said:
                list(container.decode(video=0))
        finally:
            av.logging.set_level(None)
    assert any("Overread" in line for _, _, line in said)
