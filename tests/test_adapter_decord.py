"""decord's documented interface on our reader, beside decord itself where it is installed."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

import mgm_ext
from mgm_ext.adapters import decord as ours
from tests.conftest import EncodedClip, RealClip
from tests.test_clip_tail import broken

FRAMES = 40
CPU: Any = "cpu"


@pytest.fixture
def path(encoded_clip: EncodedClip) -> Path:
    return encoded_clip("libx264", kind="object", size=(96, 130), num_frames=FRAMES, bf=2, g=15)


@pytest.fixture
def every_frame(path: Path) -> NDArray[np.uint8]:
    frames = mgm_ext.VideoReader(path).read_clip(range(FRAMES)).frames
    assert frames is not None
    return frames


def videomae_clip(reader: Any, *, offset: int, stride: int, length: int) -> NDArray[np.uint8]:
    """VideoMAE's sampling: T frames at a stride, the last reachable one repeated, then seek(0)."""
    indices, at = [], offset
    for _ in range(length):
        indices.append(at)
        if at + stride < len(reader):
            at += stride
    reader.seek(0)
    frames: NDArray[np.uint8] = reader.get_batch(indices).asnumpy()
    return frames


def test_frames_by_number(path: Path, every_frame: NDArray[np.uint8]) -> None:
    reader = ours.VideoReader(str(path), ctx=ours.cpu(0), num_threads=1)
    assert len(reader) == FRAMES
    np.testing.assert_array_equal(reader[7].asnumpy(), every_frame[7])
    np.testing.assert_array_equal(reader[-1].asnumpy(), every_frame[-1])
    np.testing.assert_array_equal(reader[3:9:2].asnumpy(), every_frame[3:9:2])
    batch = reader.get_batch([5, 1, 1, -2])
    assert (batch.shape, batch.dtype) == ((4, 96, 130, 3), np.uint8)
    np.testing.assert_array_equal(batch.asnumpy(), every_frame[[5, 1, 1, -2]])
    assert type(batch.asnumpy()) is np.ndarray
    batch.asnumpy()[:] = 0  # a trainer may write into it
    np.testing.assert_array_equal(reader.get_batch([5]).asnumpy(), every_frame[[5]])
    assert [frame.shape for frame in reader] == [(96, 130, 3)] * FRAMES


@pytest.mark.parametrize(
    "indices", [range(1, 9, 3), [5, 1, -2], (0, 39), np.array([3, 3]), [[4, 5], [6, 7]], [2.0, 9.9]]
)
def test_frames_by_any_sequence(path: Path, every_frame: NDArray[np.uint8], indices: Any) -> None:
    reader = ours.VideoReader(path)
    wanted = every_frame[np.array(indices).astype(int).reshape(-1)]
    np.testing.assert_array_equal(reader.get_batch(indices), wanted)
    np.testing.assert_array_equal(reader[indices], wanted)


@pytest.mark.parametrize("none", [[], (), range(0), slice(5, 5), slice(100, 200), np.array([])])
def test_no_frames_are_a_batch_of_none(path: Path, none: Any) -> None:
    for reader, shape in (
        (ours.VideoReader(path), (0, 96, 130, 3)),
        (ours.VideoReader(path, width=60, height=50), (0, 50, 60, 3)),
    ):
        reader.next()
        got = reader[none]
        assert (got.shape, got.dtype, got.asnumpy().flags.writeable) == (shape, np.uint8, True)
        assert reader.get_batch(none).shape == shape
        assert reader.field is None
        assert reader.get_frame_timestamp(none).shape == (0, 2)
        np.testing.assert_array_equal(reader.next(), reader[1])


def test_contexts_are_decords_own_as_well(path: Path) -> None:
    class DECORDContext:  # ctypes, in decord
        device_type, device_id = 1, 0

    assert len(ours.VideoReader(path, DECORDContext())) == FRAMES
    assert repr([ours.cpu(), ours.gpu(1)]) == "[cpu(0), gpu(1)]"
    assert (ours.cpu(2).device_type, ours.cpu(2).device_id) == (1, 2)
    assert ours.cpu(0) == ours.cpu()


def test_logging_has_decords_levels(path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    ours.logging.set_level(ours.logging.TRACE)
    ours.logging.set_level()
    names = [
        "QUIET",
        "PANIC",
        "FATAL",
        "ERROR",
        "WARNING",
        "INFO",
        "VERBOSE",
        "DEBUG",
        "TRACE",
        "CRITICAL",
    ]
    levels = [getattr(ours.logging, name) for name in names]
    assert levels == [-8, 0, 8, 16, 24, 32, 40, 48, 56, 8]
    ours.VideoReader(path)[3]
    assert capfd.readouterr() == ("", "")


def test_next_goes_on_from_the_last_frame(path: Path, every_frame: NDArray[np.uint8]) -> None:
    reader = ours.VideoReader(path)
    np.testing.assert_array_equal(reader.next(), every_frame[0])
    np.testing.assert_array_equal(reader.next(), every_frame[1])
    reader.get_batch([3, 10])
    np.testing.assert_array_equal(reader.next(), every_frame[11])
    reader.skip_frames(3)
    np.testing.assert_array_equal(reader.next(), every_frame[15])
    reader.seek_accurate(FRAMES - 1)
    np.testing.assert_array_equal(reader.next(), every_frame[-1])
    with pytest.raises(StopIteration, match=r"^$"):
        reader.next()
    assert reader.get_key_indices() == [0, 15, 30]
    reader.seek(29)
    np.testing.assert_array_equal(reader.next(), every_frame[15])


def test_field_is_that_of_the_last_batch(path: Path) -> None:
    reader = ours.VideoReader(path)
    assert reader.field is None
    reader.get_batch([4, 8, 12])
    wanted = mgm_ext.read_motion_field(path, frame_indices=[4, 8, 12])
    assert reader.field is not None
    np.testing.assert_array_equal(reader.field.vectors, wanted.vectors)
    reader[7]
    assert reader.field.row_frames.tolist() == [7]


def test_videomae_samples_clips(path: Path, every_frame: NDArray[np.uint8]) -> None:
    reader = ours.VideoReader(str(path), num_threads=1, ctx=ours.cpu(0))
    frames = videomae_clip(reader, offset=2, stride=4, length=16)
    wanted = [min(2 + 4 * i, 38) for i in range(16)]
    np.testing.assert_array_equal(frames, every_frame[wanted])
    assert reader.field is not None
    assert reader.field.num_samples == 16


def test_times_and_rate(path: Path) -> None:
    reader = ours.VideoReader(path)
    assert reader.get_avg_fps() == 25
    times = reader.get_frame_timestamp([0, -1])
    assert times.dtype == np.float32
    np.testing.assert_allclose(times, [[0, 0.04], [1.56, 1.6]], atol=1e-6)
    np.testing.assert_allclose(reader.get_frame_timestamp(3), [0.12, 0.16], atol=1e-6)
    assert reader.get_frame_timestamp(slice(0, 4)).shape == (4, 2)


@pytest.mark.parametrize(
    ("width", "height", "shape"),
    [(60, 50, (50, 60, 3)), (60, -1, (96, 60, 3)), (-1, 50, (50, 130, 3))],
)
def test_width_and_height_scale(
    path: Path, width: int, height: int, shape: tuple[int, ...]
) -> None:
    assert ours.VideoReader(path, width=width, height=height)[0].shape == shape


def test_torch_bridge_gives_tensors(path: Path, every_frame: NDArray[np.uint8]) -> None:
    reader = ours.VideoReader(path)
    with ours.bridge.use_torch():
        tensor = reader.get_batch([1, 2])
    assert isinstance(tensor, torch.Tensor)
    np.testing.assert_array_equal(tensor.numpy(), every_frame[1:3])
    ours.bridge.set_bridge("torch")
    assert isinstance(reader.next(), torch.Tensor)
    ours.bridge.reset_bridge()
    assert isinstance(reader.next(), np.ndarray)
    with pytest.raises(ValueError, match=r"bridge must be one of .*, not 'mxnet'"):
        ours.bridge.set_bridge("mxnet")


def test_file_objects_and_pickles(path: Path, every_frame: NDArray[np.uint8]) -> None:
    with path.open("rb") as file:
        reader = ours.VideoReader(file)
    again = pickle.loads(pickle.dumps(reader))
    np.testing.assert_array_equal(again[9].asnumpy(), every_frame[9])


@pytest.mark.parametrize(
    ("call", "error", "text"),
    [
        (lambda r: r[FRAMES], IndexError, "Index: 40 out of bound: 40"),
        (lambda r: r.get_batch([1, 99]), IndexError, r"Out of bound indices: \[99\] of 40 frames"),
        (lambda r: r.get_batch([True, False]), ValueError, "not a mask of booleans"),
        (lambda r: r["3"], TypeError, "integer"),
        (lambda r: r[1.5], TypeError, "integer"),
        (lambda _: ours.VideoReader("x", CPU), TypeError, r"ctx must be cpu\(\.\.\.\), not 'cpu'"),
        (lambda r: r.seek(-1), IndexError, r"pos must be in \[0, 40\), got -1"),
        (lambda r: r.skip_frames(0), ValueError, "num must be at least 1, got 0"),
        (lambda _: ours.VideoReader("none.mp4"), FileNotFoundError, r"none\.mp4"),
        (lambda _: ours.VideoReader("x", ctx=ours.gpu(1)), ValueError, r"not gpu\(1\)"),
    ],
)
def test_what_is_refused(
    path: Path, call: Callable[[Any], Any], error: type[Exception], text: str
) -> None:
    with pytest.raises(error, match=text):
        call(ours.VideoReader(path))


def test_damage_raises_where_faults_are_not_tolerated(real_clip: RealClip) -> None:
    path = real_clip("corrupted.mp4")
    middle = len(ours.VideoReader(path)) // 2
    assert ours.VideoReader(path)[middle].shape == (720, 1280, 3)
    assert issubclass(ours.DECORDLimitReachedError, ours.DECORDError)
    with pytest.raises(ours.DECORDLimitReachedError, match="damaged"):
        ours.VideoReader(path, fault_tol=0.1).get_batch(range(0, 2 * middle, 4))


@pytest.mark.parametrize("fault_tol", [0.1, 1, 5])
def test_every_tolerance_of_faults_is_heeded(
    path: Path, tmp_path: Path, every_frame: NDArray[np.uint8], fault_tol: float
) -> None:
    damaged = str(broken(path, tmp_path / "damaged.mp4", 20))
    strict, lenient = ours.VideoReader(damaged, fault_tol=fault_tol), ours.VideoReader(damaged)
    assert len(strict) == len(lenient) == FRAMES
    for read in (lambda: strict[20], lambda: strict.get_batch([3, 21]), lambda: list(strict)):
        with pytest.raises(ours.DECORDLimitReachedError, match="damaged"):
            read()
        # Before the damage, and from the next key frame on.
        np.testing.assert_array_equal(strict.get_batch([2, 35]).asnumpy(), every_frame[[2, 35]])
    assert lenient.get_batch(range(FRAMES)).shape == (FRAMES, 96, 130, 3)


@pytest.mark.parametrize("name", ["arm_wrestling.mp4", "bikes.mp4", "rotated_90.mov"])
def test_decord_itself_reads_the_same(real_clip: RealClip, name: str) -> None:
    theirs = pytest.importorskip("decord")
    path = str(real_clip(name))
    wanted, got = (d.VideoReader(path, ctx=d.cpu(0), num_threads=1) for d in (theirs, ours))
    assert len(got) == len(wanted)
    assert got.get_key_indices() == wanted.get_key_indices()
    assert got.get_avg_fps() == pytest.approx(wanted.get_avg_fps())
    count = len(got)
    np.testing.assert_allclose(
        got.get_frame_timestamp(range(count)), wanted.get_frame_timestamp(range(count)), atol=1e-4
    )
    indices = list(range(count // 3, count, max(count // 9, 1)))
    difference = np.abs(
        got.get_batch(indices).asnumpy().astype(int) - wanted.get_batch(indices).asnumpy()
    )
    assert difference.max() <= 2
