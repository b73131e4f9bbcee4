"""The AV1 tap: dav1d behind libavcodec, clips by SVT-AV1."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from mgm_ext import VideoReader, read_motion_field, read_motion_vectors
from tests import clips, obu_units, oracles
from tests.conftest import EncodedClip, RealFootage
from tests.inspection import assert_seam_hides_nothing
from tests.prediction import prediction

SIZE = (256, 320)


@pytest.mark.parametrize(
    "motion",
    [(1, 0), (2, 2), (0, 3), (-4, 4), (-6, 0), (-8, -8), (0, -10), (12, -12)],
)
def test_scrolled_texture_tells_its_motion(
    encoded_clip: EncodedClip, motion: tuple[int, int]
) -> None:
    path = encoded_clip("libsvtav1", motion=motion, size=SIZE, num_frames=25, preset=8)
    vectors = read_motion_vectors(path)
    oracles.assert_known_motion(vectors, motion, size=SIZE)
    assert {1, 2, 4} <= set(vectors.reference_distance.tolist())  # hidden pictures, shown later


# What SVT-AV1 can be asked for, each with a tool of AV1 that the tap must see through.
STREAMS: dict[str, dict[str, Any]] = {
    "8 bit": {"preset": 8},
    "10 bit": {"preset": 8, "pixel_format": "yuv420p10le"},
    "slow, with every tool": {"preset": 3, "num_frames": 17},
    "film grain": {"preset": 8, "svtav1_params": "film-grain=20"},
    "film grain, 10 bit": {
        "preset": 8,
        "svtav1_params": "film-grain=20",
        "pixel_format": "yuv420p10le",
    },
    "super-resolution": {
        "preset": 8,
        "svtav1_params": "superres-mode=1:superres-denom=13:superres-kf-denom=10",
    },
    "super-resolution by two": {
        "preset": 8,
        "svtav1_params": "superres-mode=1:superres-denom=16:superres-kf-denom=16",
    },
    "switch frames": {
        "preset": 8,
        "svtav1_params": "sframe-dist=8:sframe-mode=2:pred-struct=1",
    },
    "references of another size": {
        "preset": 8,
        "svtav1_params": "resize-mode=1:resize-denom=12:resize-kf-denom=8",
    },
    "screen content": {"preset": 8, "svtav1_params": "scm=1"},
    "tiles": {"preset": 8, "svtav1_params": "tile-columns=1:tile-rows=1"},
    "overlays": {"preset": 8, "svtav1_params": "enable-overlays=1:keyint=-1"},
    "forward key frames": {"preset": 8, "svtav1_params": "irefresh-type=1:keyint=16"},
    "lossless": {"preset": 8, "svtav1_params": "lossless=1", "num_frames": 10},
    "odd size": {"preset": 8, "size": (182, 246)},
}


@pytest.mark.parametrize("stream", STREAMS)
def test_vectors_are_the_same_without_pixels(encoded_clip: EncodedClip, stream: str) -> None:
    parameters = {"size": (192, 256), "num_frames": 33, **STREAMS[stream]}
    path = encoded_clip("libsvtav1", kind="object", motion=(5, 3), camera=(-2, 1), **parameters)
    vectors = oracles.assert_seam_changes_nothing(path)
    assert_seam_hides_nothing(path)
    oracles.assert_frames_as_shown(path)
    assert len(vectors.w) > 100
    assert not np.isnan(vectors.reference_distance).any()
    assert not vectors.info.damaged


@pytest.mark.parametrize(
    "stream", ["8 bit", "10 bit", "slow, with every tool", "switch frames", "overlays", "lossless"]
)
def test_vectors_predict_pixels(
    encoded_clip: EncodedClip, real_footage: RealFootage, stream: str
) -> None:
    parameters = {"num_frames": 24, **STREAMS[stream]}
    frames = real_footage(size=(192, 256), num_frames=parameters.pop("num_frames"))
    compared, total = prediction(encoded_clip("libsvtav1", kind=frames, **parameters))
    print(f"{stream}: {compared / total:.1%} of the inter area compared")
    assert compared > 0.04 * total


def test_vectors_of_super_resolution_are_in_pixels_of_the_output(
    encoded_clip: EncodedClip,
) -> None:
    parameters = "superres-mode=1:superres-denom=16:superres-kf-denom=16"
    path = encoded_clip(
        "libsvtav1", motion=(6, 4), size=SIZE, num_frames=25, preset=8, svtav1_params=parameters
    )
    vectors = read_motion_vectors(path)
    oracles.assert_known_motion(vectors, (6, 4), size=SIZE)
    assert set(vectors.motion_scale.tolist()) == {64}
    right_edge = vectors.dst_x.astype(int) + vectors.w // 2
    assert right_edge.max() >= SIZE[1]


def test_a_hidden_picture_that_is_never_shown_has_a_distance(encoded_clip: EncodedClip) -> None:
    path = encoded_clip(
        "libsvtav1",
        motion=(3, 2),
        size=SIZE,
        num_frames=33,
        preset=8,
        svtav1_params="enable-overlays=1:keyint=-1",
    )
    vectors = read_motion_vectors(path)
    # The overlay refers to the hidden picture of its own place in display order.
    assert (vectors.reference_distance == 0).any()
    oracles.assert_known_motion(vectors, (3, 2), size=SIZE)


@pytest.mark.parametrize("container", ["webm", "mkv", "ivf", "obu"])
def test_the_container_does_not_matter(encoded_clip: EncodedClip, container: str) -> None:
    parameters: dict[str, Any] = {"motion": (3, 2), "size": SIZE, "num_frames": 25, "preset": 8}
    one = read_motion_vectors(encoded_clip("libsvtav1", **parameters))
    other = read_motion_vectors(encoded_clip("libsvtav1", container=container, **parameters))
    for name in ("offsets", "dst_x", "motion_x", "motion_y", "reference_distance", "flags"):
        np.testing.assert_array_equal(getattr(one, name), getattr(other, name), name)
    assert other.info.codec == "av1"
    assert (other.info.width, other.info.height) == SIZE[::-1]


@pytest.mark.parametrize("grain", [{}, {"svtav1_params": "film-grain=20"}])
def test_a_picture_shown_again_has_no_vectors(
    encoded_clip: EncodedClip, tmp_path: Path, grain: dict[str, Any]
) -> None:
    path = encoded_clip(
        "libsvtav1", motion=(3, 2), num_frames=20, preset=8, container="ivf", **grain
    )
    before = read_motion_vectors(path)
    for slot in range(8):
        # Temporal delimiter, then a frame header: show_existing_frame, frame_to_show_map_idx.
        again = bytes([0x12, 0x00, 0x1A, 0x01, 0x80 | slot << 4 | 0x08])
        repeated = tmp_path / f"{slot}.ivf"
        repeated.write_bytes(path.read_bytes() + struct.pack("<IQ", len(again), 20) + again)
        vectors = oracles.assert_seam_changes_nothing(repeated)
        assert len(vectors) == 21
        assert vectors.offsets.tolist() == [*before.offsets, before.offsets[-1]]
        assert not vectors.info.damaged


def test_damaged_streams_give_the_same_vectors_without_pixels(
    encoded_clip: EncodedClip, tmp_path: Path
) -> None:
    path = encoded_clip("libsvtav1", kind="object", num_frames=33, preset=8)
    data = path.read_bytes()
    with av.open(str(path)) as container:
        places = [(p.pos or 0, p.size) for p in container.demux(video=0) if p.size]
    rng = np.random.default_rng(0)
    damaged = 0
    for i in range(24):
        broken = bytearray(data)
        for position, size in rng.choice(places[1:], 1 + i % 4):
            broken[position + rng.integers(size)] ^= 1 << rng.integers(8)
        mutant = tmp_path / f"{i}.mp4"
        mutant.write_bytes(broken)
        damaged += oracles.assert_seam_changes_nothing(mutant).info.damaged
    assert damaged >= 6


def turning(*, angle: float, size: tuple[int, int], num_frames: int) -> clips.Frames:
    """A texture that turns clockwise about the picture's centre, by `angle` radians per frame."""
    still = clips.still(size=(2 * size[1], 2 * size[1]), num_frames=1)[0].astype(float)
    down, across = np.indices(size) - (np.array(size)[:, None, None] - 1) / 2
    frames = []
    for t in range(num_frames):
        cos, sin = np.cos(angle * t), np.sin(angle * t)
        x, y = cos * across + sin * down + size[1], cos * down - sin * across + size[1]
        column, row = x.astype(int), y.astype(int)
        right, low = (x - column)[..., None], (y - row)[..., None]
        upper = still[row, column] * (1 - right) + still[row, column + 1] * right
        lower = still[row + 1, column] * (1 - right) + still[row + 1, column + 1] * right
        frames.append(np.rint(upper * (1 - low) + lower * low).astype(np.uint8))
    return np.stack(frames)


def test_a_warped_block_has_the_motion_of_its_centre(encoded_clip: EncodedClip) -> None:
    angle = 0.01
    frames = turning(angle=angle, size=SIZE, num_frames=17)
    vectors = read_motion_vectors(encoded_clip("libsvtav1", kind=frames, preset=5, crf=20))
    centre = np.stack([vectors.dst_x, vectors.dst_y]) - np.array(SIZE[::-1])[:, None] / 2
    turn = angle * vectors.reference_distance
    cos, sin = np.cos(turn), np.sin(turn)
    x, y = cos * centre[0] - sin * centre[1], cos * centre[1] + sin * centre[0]
    half = np.stack([vectors.w, vectors.h]) / 2
    limit = np.array(SIZE[::-1])[:, None] / 2 - half
    inner = ((np.abs(centre) <= limit) & (np.abs([x, y]) <= limit)).all(axis=0)
    found = np.stack([vectors.motion_x, vectors.motion_y]) / vectors.motion_scale
    error = np.abs(found - ([x, y] - centre)).max(axis=0)[inner]
    assert inner.sum() > 500
    assert np.median(error) < 0.1
    assert (error < 0.5).mean() > 0.9


@pytest.mark.parametrize("stream", ["8 bit", "film grain", "overlays", "super-resolution"])
def test_clips_have_pyavs_pixels_and_one_field(encoded_clip: EncodedClip, stream: str) -> None:
    path = encoded_clip(
        "libsvtav1", kind="object", size=(192, 256), num_frames=33, **STREAMS[stream]
    )
    with av.open(str(path)) as container:
        shown = [frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)]
    whole = read_motion_field(path)
    reader = VideoReader(path)
    for indices in ([3, 9, 20], [32], [5, 6, 7], [1, 30], list(range(0, 33, 4))):
        clip = reader.read_clip(indices)
        assert clip.frames is not None
        expected = np.stack([shown[i] for i in indices]).astype(int)
        assert np.abs(clip.frames - expected).max() <= 2
        field = reader.read_clip(indices, pixels=False).field
        np.testing.assert_array_equal(field.vectors, clip.field.vectors)
        np.testing.assert_array_equal(field.vectors, whole.vectors[field.row_frames])


@pytest.mark.parametrize("missing", [0, 1, 3, 8])
def test_captions_do_not_matter(encoded_clip: EncodedClip, missing: int) -> None:
    path = encoded_clip("libsvtav1", container="obu", size=(96, 128), num_frames=8, preset=8)
    units = obu_units.split(path.read_bytes())
    said = obu_units.captions(3, missing=missing)
    data = b"".join(
        said + unit if obu_units.kind(unit) == obu_units.FRAME else unit for unit in units
    )
    plain, captioned = VideoReader(path).read_clip(range(8)), VideoReader(data).read_clip(range(8))
    assert not captioned.info.damaged
    np.testing.assert_array_equal(plain.frames, captioned.frames)
