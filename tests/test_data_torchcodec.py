"""Frames from another decoder and motion from a store belong together by number and time."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from mgm_ext import VideoReader, read_motion_field
from mgm_ext.data import FieldStore, precompute
from tests.data_sets import assert_same_field
from tests.test_examples import example

STREAMS = {
    "b_frames": 64,
    "late_start": 64,
    "edit_list_cut": 59,
    "variable_rate": 64,
    "variable_rate_b": 64,
}

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def gpu_decode() -> ModuleType:
    return example("gpu_decode")


@pytest.fixture(scope="module")
def folder(gpu_decode: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("streams")
    gpu_decode.make(folder)
    return folder


@pytest.fixture
def torchcodec(gpu_decode: ModuleType, folder: Path) -> ModuleType:
    """Skips the test where torchcodec or the FFmpeg that it loads is not here."""
    try:
        gpu_decode.TorchCodec(str(folder / "b_frames.mp4"), "cpu")
    except (ImportError, RuntimeError, OSError) as error:
        pytest.skip(f"torchcodec does not work here: {str(error).splitlines()[0]}")
    return gpu_decode


class OneLate:
    """Our own frames, but for number i those of i + 1."""

    def __init__(self, path: str) -> None:
        self._reader = VideoReader(path)

    def __len__(self) -> int:
        return len(self._reader)

    def frames(self, indices: Sequence[int]) -> torch.Tensor:
        late = np.minimum(np.array(indices) + 1, len(self) - 1)
        frames = self._reader.read_clip(late).frames
        assert frames is not None
        return torch.from_numpy(frames.copy())


def test_the_check_finds_a_decoder_that_is_one_frame_late(
    gpu_decode: ModuleType, folder: Path
) -> None:
    path = str(folder / "b_frames.mp4")
    assert gpu_decode.offsets(path, OneLate(path)) == {0, 1}  # 0: the last frame


class CountsCutFrames(OneLate):
    """As PyNvVideoCodec counts a file whose edit list cuts frames: those of the header, all."""

    def __len__(self) -> int:
        return super().__len__() + 5


def test_a_file_that_the_decoder_numbers_otherwise_is_refused(
    gpu_decode: ModuleType, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = str(folder / "edit_list_cut.mp4")
    assert gpu_decode.offsets(path, CountsCutFrames(path)) == {5}
    _, motion = next(gpu_decode.motions(None, folder))
    with pytest.raises(
        ValueError, match=r"edit_list_cut\.mp4: the decoder counts 64 frames where 59"
    ):
        gpu_decode.clip_of(path, range(16), CountsCutFrames, motion)
    monkeypatch.setitem(gpu_decode.DECODERS, "torchcodec, CPU", CountsCutFrames)
    said = gpu_decode.main([str(folder), "--decoders", "torchcodec, CPU", "--clips", "1"])
    assert "no file's frames" in said["decoders"]["torchcodec, CPU"]["refused"]


@pytest.mark.parametrize("name", STREAMS)
def test_streams_are_as_odd_as_they_are_called(folder: Path, name: str) -> None:
    reader = VideoReader(folder / f"{name}.mp4")
    assert len(reader) == STREAMS[name]
    steps = np.diff(reader.frame_seconds)
    assert (steps.max() > 1.5 * steps.min()) == name.startswith("variable")
    assert (reader.frame_seconds[0] > 0.2) == (name == "late_start")
    types = reader.read_clip(range(20), pixels=False).picture_types
    assert ("B" in types) == (name != "variable_rate")


@pytest.mark.parametrize("name", STREAMS)
def test_frame_numbers_and_times_are_torchcodecs(
    torchcodec: ModuleType, folder: Path, name: str
) -> None:
    from torchcodec.decoders import VideoDecoder

    path = str(folder / f"{name}.mp4")
    assert torchcodec.offsets(path, torchcodec.TorchCodec(path, "cpu")) == {0}
    theirs = VideoDecoder(path, seek_mode="exact").get_frames_in_range(0, STREAMS[name])
    ours = VideoReader(path).frame_seconds
    np.testing.assert_allclose(theirs.pts_seconds.numpy(), ours, atol=1e-6)


def test_motion_of_the_decoded_frames_comes_from_a_store(
    torchcodec: ModuleType, folder: Path, tmp_path: Path
) -> None:
    precompute(folder, tmp_path / "side", workers=1)
    path, indices = str(folder / "variable_rate_b.mp4"), list(range(3, 51, 3))
    for _, motion in torchcodec.motions(tmp_path / "side", folder):
        open_decoder = torchcodec.DECODERS["torchcodec, CPU"]
        frames, mask = torchcodec.clip_of(path, indices, open_decoder, motion)
        assert frames.shape == (16, 256, 344, 3)
        assert (mask.sum((1, 2)) == 147).all()
    store = FieldStore(tmp_path / "side")
    field = store.field("variable_rate_b.mp4", indices)
    assert_same_field(field, read_motion_field(path, frame_indices=indices, cell=16))
    # A time, as data sets of robots name frames by, gives the number.
    times = store.clip("variable_rate_b.mp4").frame_seconds
    assert np.searchsorted(times, times[indices] + 1e-3, side="right").tolist() == [
        index + 1 for index in indices
    ]


def test_the_example_says_what_it_found(
    gpu_decode: ModuleType, folder: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = tmp_path / "few"
    few.mkdir()
    (few / "b_frames.mp4").symlink_to(folder / "b_frames.mp4")
    given = [str(few), "--clips", "2", "--threads", "1"]
    chosen = ["torchcodec, CPU", "PyNvVideoCodec, NVDEC"]
    said = gpu_decode.main([*given, "--decoders", *chosen])
    assert list(said["decoders"]) == chosen
    for found in said["decoders"].values():
        assert ("refused" in found) != ("field_for, 1 threads" in found)
    assert capsys.readouterr().out.startswith("{")
