"""VP9 streams as no encoder at hand writes them, and how hidden pictures find their place."""

from __future__ import annotations

from pathlib import Path

import av
import numpy as np
import pytest

from mgm_ext import MotionVectors
from tests import clips, libvpx, oracles, vp9_header
from tests.conftest import EncodedClip, RealFootage
from tests.prediction import prediction

SIZE = (192, 256)
CODEC = "libvpx-vp9"
Packets = list[tuple[int, bytes]]


@pytest.fixture(scope="module")
def resilient() -> Packets:
    """A scroll of which any picture can be parsed without those before it."""
    frames = list(clips.scroll(num_frames=8))
    return libvpx.encode(CODEC, frames, passes=1, error_resilient=True, lag_in_frames=0)


@pytest.fixture(scope="module")
def two_passes(real_footage: RealFootage) -> Packets:
    frames = real_footage(size=SIZE, num_frames=30)
    return libvpx.encode(CODEC, list(frames), kilobits=300, cpu_used=4)


def write(path: Path, pictures: list[bytes], size: tuple[int, int] = SIZE) -> Path:
    return libvpx.write_ivf(path, CODEC, list(enumerate(pictures)), size=size)


def read(path: Path) -> MotionVectors:
    """Both ways, and against PyAV's frames."""
    oracles.assert_frames_as_shown(path)
    return oracles.assert_seam_changes_nothing(path)


def data_of(packets: Packets) -> list[bytes]:
    return [data for _, data in packets]


def slot_of(packet: bytes) -> int:
    """The reference slot in which a superframe's hidden picture is kept."""
    hidden = vp9_header.parse(vp9_header.split(packet)[0], width=SIZE[1])
    assert not hidden["shown"]
    return hidden["refresh"].bit_length() - 1


def first_superframe(packets: Packets) -> int:
    return next(i for i, data in enumerate(data_of(packets)) if len(vp9_header.split(data)) > 1)


def test_a_header_put_together_again_is_what_it_was(two_passes: Packets) -> None:
    for data in data_of(two_passes):
        pictures = vp9_header.split(data)
        assert [vp9_header.parse(p, width=SIZE[1]).to_bytes() for p in pictures] == pictures


def test_a_repeated_picture_has_no_vectors(resilient: Packets, tmp_path: Path) -> None:
    pictures = data_of(resilient)
    plain = read(write(tmp_path / "plain.ivf", pictures))
    pictures.insert(5, vp9_header.show_existing(0))
    vectors = read(write(tmp_path / "repeated.ivf", pictures))
    counts = np.diff(plain.offsets).tolist()
    assert np.diff(vectors.offsets).tolist() == [*counts[:5], 0, *counts[5:]]
    np.testing.assert_array_equal(vectors.motion_x, plain.motion_x)
    assert -2 in vectors.reference_distance[vectors.frame(6)]
    assert -1 not in vectors.reference_distance[vectors.frame(6)]


def test_a_hidden_picture_is_reported_when_it_is_shown(two_passes: Packets, tmp_path: Path) -> None:
    pictures = data_of(two_passes)
    at = first_superframe(two_passes)
    pictures.insert(at + 3, vp9_header.show_existing(slot_of(pictures[at])))
    vectors = read(write(tmp_path / "shown.ivf", pictures))
    assert len(vectors) == len(two_passes) + 1
    frame = vectors.frame(at + 3)
    assert frame.stop > frame.start
    # From the frame before the superframe's, as the decoder saw it.
    assert vectors.reference_distance[frame].max() == -4
    before = vectors.reference_distance[vectors.frame(at + 1)]
    assert set(before[before > 0].tolist()) == {2}


def test_a_hidden_picture_counts_as_the_frame_of_the_same_pixels(
    two_passes: Packets, tmp_path: Path
) -> None:
    pictures = data_of(two_passes)
    at = first_superframe(two_passes)
    path = write(tmp_path / "hidden.ivf", pictures)
    pictures.insert(at + 1, vp9_header.show_existing(slot_of(pictures[at])))
    shown = oracles.pyav_frames(write(tmp_path / "shown.ivf", pictures))
    luma = np.stack([frame.to_ndarray(format="gray").astype(int) for frame in shown])
    error = np.abs(luma[at + 2 :] - luma[at + 1]).mean(axis=(1, 2))
    nearest = at + 1 + int(error.argmin())
    vectors = read(path)
    ahead = vectors.reference_distance[vectors.frame(at)].max()
    assert at + ahead == nearest


def test_an_intra_only_picture_has_no_vectors(resilient: Packets, tmp_path: Path) -> None:
    pictures = data_of(resilient)
    hidden = vp9_header.as_intra_only(pictures[0], refresh=0xFF)
    pictures[4:4] = [hidden, vp9_header.show_existing(0)]
    vectors = read(write(tmp_path / "intra.ivf", pictures))
    assert len(vectors) == len(resilient) + 1
    assert vectors.picture_types[4] == "I"
    assert not vectors.key_frames[4]
    assert len(vectors.w[vectors.frame(4)]) == 0
    assert set(vectors.reference_distance[vectors.frame(5)].tolist()) == {-1}


@pytest.mark.parametrize(("pixel_format", "profile"), [("yuv420p", 2), ("yuv444p", 3)])
def test_ten_bits_change_no_vector(
    encoded_clip: EncodedClip, tmp_path: Path, pixel_format: str, profile: int
) -> None:
    # Quantised so far that no coefficient is written with as many bits as its depth asks for.
    clip = encoded_clip(CODEC, pixel_format=pixel_format, num_frames=8, qmin=40, qmax=50)
    with av.open(str(clip)) as container:
        pictures = [bytes(packet) for packet in container.demux(video=0) if packet.size]
    deep = [
        vp9_header.join([vp9_header.as_ten_bits(p, width=SIZE[1]) for p in vp9_header.split(data)])
        for data in pictures
    ]
    path = write(tmp_path / "deep.ivf", deep)
    vectors = read(path)
    assert vectors.info.profile == f"Profile {profile}"
    oracles.assert_same(vectors, read(write(tmp_path / "plain.ivf", pictures)))
    compared, total = prediction(path)
    assert compared > 0.02 * total


def test_a_scaled_reference_leaves_vectors_in_our_pixels(tmp_path: Path) -> None:
    motion, frames = (6, -4), []
    for t in range(12):
        scale = 1 if t < 6 else 2
        xs, ys = (np.arange(0, n, scale, dtype=np.float64) for n in (SIZE[1], SIZE[0]))
        frames.append(clips.to_uint8(clips.texture(xs - motion[0] * t, ys - motion[1] * t)))
    packets = libvpx.encode(CODEC, frames, passes=1, lag_in_frames=0, kilobits=2000)
    path = write(tmp_path / "scaled.ivf", data_of(packets))
    vectors = read(path)
    assert vectors.info.size_changes == ((6, SIZE[1] // 2, SIZE[0] // 2),)
    rows = vectors.frame(6)
    assert set(vectors.reference_distance[rows].tolist()) == {-1}
    moved = -np.stack([vectors.motion_x[rows], vectors.motion_y[rows]], axis=-1) / 8
    np.testing.assert_allclose(np.median(moved, axis=0), (3, -2), atol=0.25)
