"""The table of docs/codecs.md says what clips of these codecs show."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np
import pytest

import mgm_ext
from mgm_ext import MotionVectors
from mgm_ext._core import _testing
from tests import clips, codec_table, fuzz_mutants, wmv3_writer

# What the fuzzer's clips lack: (encoder, container, options).
OTHERS = {
    "msmpeg4v2": ("msmpeg4v2", "avi"),
    "rv10": ("rv10", "rm"),
}


def read_clips() -> dict[str, list[MotionVectors]]:
    """Vectors of clips of every codec that can be written here, by libav's name of the codec."""
    seeds = list(fuzz_mutants.make_seeds([]).values())
    frames = clips.moving_object(size=(96, 128), num_frames=6, box=(16, 16, 64, 64))
    with tempfile.TemporaryDirectory() as folder:
        for name, (encoder, suffix) in OTHERS.items():
            if clips.has_encoder(encoder):
                path = clips.encode(Path(folder) / f"{name}.{suffix}", frames, encoder)
                seeds.append(path.read_bytes())
    pictures = [
        wmv3_writer.intra(20),
        wmv3_writer.uniform(20, (16, -8), skipped=[True, False]),
        wmv3_writer.direct(20),
    ]
    seeds.append(wmv3_writer.to_rcv(pictures, (64, 80)))
    found: dict[str, list[MotionVectors]] = {}
    for seed in seeds:
        vectors = mgm_ext.read_motion_vectors(seed)
        found.setdefault(vectors.info.codec, []).append(vectors)
    return found


@pytest.fixture(scope="module")
def found() -> dict[str, list[MotionVectors]]:
    return read_clips()


def test_every_codec_has_its_place() -> None:
    named = [codec for family in codec_table.FAMILIES for codec in family.codecs]
    assert sorted(named) == sorted(_testing.vector_codecs())


@pytest.mark.parametrize("family", codec_table.FAMILIES, ids=lambda family: family.codecs[0])
def test_clips_are_as_the_table_says(
    family: codec_table.Family, found: dict[str, list[MotionVectors]]
) -> None:
    read = [vectors for codec in family.codecs for vectors in found.get(codec, [])]
    assert read
    assert sum(len(vectors.w) for vectors in read) > 0
    assert [family.objection(vectors) for vectors in read] == [""] * len(read)


def test_a_false_claim_is_found(found: dict[str, list[MotionVectors]]) -> None:
    vectors = next(v for v in found["h264"] if (v.flags & 8).any())
    hevc, vp9 = (f for f in codec_table.FAMILIES if f.codecs[0] in ("hevc", "vp9"))
    assert hevc.objection(vectors) == "flags [8]"
    assert vp9.objection(vectors) == "motion_scale [4]"
    assert (
        next(f for f in codec_table.FAMILIES if f.codecs == ("mpeg1video",))
        .objection(found["hevc"][0])
        .startswith("motion_scale")
    )


def test_the_page_has_this_table(found: dict[str, list[MotionVectors]]) -> None:
    _, text, _ = codec_table.parts(codec_table.PAGE.read_text())
    assert text == codec_table.table(found), "run `python -m tests.codec_table`"


def test_pictures_beyond_sixteen_bits_are_refused(tmp_path: Path) -> None:
    frames = np.zeros((2, 16, 40000, 3), np.uint8)
    path = clips.encode(tmp_path / "wide.webm", frames, "libvpx-vp9")
    with pytest.raises(
        mgm_ext.DecodeError, match=r"wide\.webm: pictures of 40000x16: .* up to 32767 pixels a side"
    ):
        mgm_ext.read_motion_vectors(path)


@pytest.mark.parametrize("codec", ["mjpeg", "gif"])
def test_a_codec_without_vectors_is_refused_with_the_way_out(codec: str, tmp_path: Path) -> None:
    suffix = clips.ENCODERS[codec][0]
    frames = np.zeros((3, 96, 128, 3), np.uint8)
    path = clips.encode(tmp_path / f"clip.{suffix}", frames, codec)
    assert not mgm_ext.probe(path).has_vectors
    message = (
        f"clip.{suffix}: codec {codec} carries no motion vectors that mgm_ext reads; "
        "mpeg1video, .*h264, .*vp9, hevc, av1 do: convert the file with "
        "`mgm-ext convert FILE -o OUT.mp4`"
    )
    with pytest.raises(mgm_ext.NoMotionVectors, match=message) as caught:
        mgm_ext.read_motion_vectors(path)
    assert caught.value.codec == codec
    with pytest.raises(mgm_ext.NoMotionVectors, match=message):
        mgm_ext.read_motion_field(path)
