"""Data sets under `capture`: the trainer's own in all but masks, whose source can be read."""

from __future__ import annotations

import pickle
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from mgm_ext.adapters import MaskSource, omnimae, videomae, vjepa
from mgm_ext.adapters.wrapped_dataset import WrappedDataset
from tests.conftest import EncodedClip
from tests.jepa import VideoDataset, VideoTransform
from tests.test_adapter_capture import transform
from tests.test_adapter_omnimae import dataset as omnimae_dataset
from tests.videomae_family import VideoMAE

pytestmark = pytest.mark.filterwarnings("ignore::mgm_ext.adapters.FallbackWarning")

NONE = 255
KINDS = ("videomae", "vjepa", "omnimae")


@pytest.fixture(scope="module")
def rows(encoded_clip: EncodedClip) -> list[Path]:
    """Moving, still, of key frames alone, and a clip that nothing asks for."""
    size: dict[str, Any] = {"size": (96, 128), "num_frames": 30}
    moving = encoded_clip("libx264", kind="object", **size)
    still = encoded_clip("libx264", kind="still", **size)
    return [moving, still, encoded_clip("libx264", kind="object", g=1, **size), moving]


def captured(kind: str, rows: list[Path]) -> tuple[Any, Any]:
    """The data set and its loader's collator."""
    if kind == "videomae":
        return videomae.capture(VideoMAE(rows, transform()), quiet=True), None
    if kind == "omnimae":
        return omnimae.capture(omnimae_dataset(rows, 0)), lambda batch: None
    collator = vjepa.VJEPAMaskCollator([{"mask_ratio": 0.75}], (56, 56), 8)
    return vjepa.capture(VideoDataset(rows, VideoTransform(56)), collator, quiet=True), collator


@pytest.mark.parametrize("kind", KINDS)
def test_the_source_of_each_mask_is_read_whichever_worker_made_it(
    kind: str, rows: list[Path]
) -> None:
    ours, collate = captured(kind, rows)
    assert ours.mask_source.tolist() == [NONE] * 4
    loader: Any = DataLoader(ours, sampler=range(3), num_workers=2, collate_fn=collate)
    for _ in loader:
        pass
    expected = [MaskSource.GUIDED, MaskSource.SIMULATED, MaskSource.FALLBACK, NONE]
    assert ours.mask_source.tolist() == expected
    assert ours.mask_source.dtype == np.uint8
    assert pickle.loads(pickle.dumps(ours.seeds)).base == ours.seeds.base


class Epochs:
    """A data set that wants to know the epoch."""

    def __init__(self) -> None:
        self.epoch, self.root = 0, "here"

    def __len__(self) -> int:
        return 3

    def set_epoch(self, epoch: int) -> None:
        self.epoch = epoch


def test_a_trainer_that_seeds_torch_repeats_its_masks() -> None:
    visits = []
    for seed in (3, 3, 4):
        with torch.random.fork_rng():
            torch.manual_seed(seed)
            visits.append(WrappedDataset(Epochs()).seeds.visit(0))
    assert visits[0] == visits[1] != visits[2]


def test_epochs_go_on_to_the_data_set_and_attributes_are_its_own() -> None:
    ours = WrappedDataset(Epochs(), seed=1)
    ours.set_epoch(4)
    assert (ours.dataset.epoch, ours.seeds.visit(0)) == (4, (1, 4))
    assert (ours.root, len(ours)) == ("here", 3)
    with pytest.raises(AttributeError, match="nothing"):
        _ = ours.nothing
    copied = pickle.loads(pickle.dumps(ours))
    copied._made_from(1, MaskSource.SIMULATED)
    assert copied.mask_source.tolist() == [NONE, MaskSource.SIMULATED, NONE]
    assert ours.mask_source.tolist() == [NONE] * 3


@pytest.mark.parametrize("kind", KINDS)
def test_every_capture_tells_its_data_set_the_epoch(kind: str, rows: list[Path]) -> None:
    ours, _ = captured(kind, rows)
    told: list[int] = []
    ours.dataset.set_epoch = told.append
    ours.set_epoch(2)
    assert told == [2]
    assert ours.seeds.epoch == 2
