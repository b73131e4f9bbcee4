"""Samples without motion are said at once, and counted over all workers and epochs."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import warnings
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader, Dataset

from mgm_ext import make_masking
from mgm_ext.adapters import (
    FallbackWarning,
    FieldReader,
    MaskSource,
    Motion,
    SafeMasking,
    TooManyFallbacks,
)
from mgm_ext.adapters.fallbacks import FallbackCount
from mgm_ext.adapters.shared_counts import Kind, SharedCounts
from tests.conftest import EncodedClip

GIF = Motion(None, MaskSource.FALLBACK, "gif")
IGNORED = pytest.mark.filterwarnings("ignore::mgm_ext.adapters.FallbackWarning")


class Fallen(Dataset[int]):
    """Four samples, none of which has motion."""

    def __init__(self, samples: int) -> None:
        self.counted = FallbackCount(0.2, samples)

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> int:
        self.counted.record(MaskSource.FALLBACK, "mjpeg")
        return index


def test_the_first_fallback_is_said_and_no_other() -> None:
    masks = SafeMasking(make_masking("motion_guided", input_size=(4, 6, 6)), max_fallback=0.3)
    with pytest.warns(FallbackWarning, match=r"no motion \(gif\).*more than 30% of the first 1000"):
        masks(GIF, seed=1)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        masks(GIF, seed=2)
    assert (masks.count, masks.fallen, dict(masks.reasons)) == (2, 2, {"gif": 2})


def test_a_first_fallback_after_the_judged_samples_is_said_too() -> None:
    counted = FallbackCount(0.2, samples=1)
    counted.record(MaskSource.GUIDED)
    with pytest.warns(FallbackWarning, match="gif"):
        counted.record(MaskSource.FALLBACK, "gif")


class OfEpochs(Dataset[int]):
    """Of four samples two have no motion; the epochs are said as data sets do."""

    def __init__(self) -> None:
        self.counted = FallbackCount(1.0)
        self.epoch = torch.zeros(1, dtype=torch.int64).share_memory_()  # type: ignore[no-untyped-call]

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> int:
        self.counted.begin_epoch(int(self.epoch))
        source = MaskSource.GUIDED if index < 2 else MaskSource.FALLBACK
        self.counted.record(source, "gif", f"{index}.gif")
        return index


@IGNORED
@pytest.mark.parametrize("workers", [0, 2])
def test_what_fell_back_in_an_epoch_is_said_once(workers: int) -> None:
    data = OfEpochs()
    loader: Any = DataLoader(data, batch_size=2, num_workers=workers)
    for epoch in range(2):
        data.epoch.fill_(epoch)
        list(loader)
        assert data.counted.summary() == "2 of 4 samples had no motion: gif: 2 (2.gif)"
    with pytest.warns(FallbackWarning, match=r"epoch 1: 2 of 4 samples .*: gif: 2 \(2\.gif\)"):
        data.counted.begin_epoch(2)
    assert data.counted.summary() == ""
    assert dict(data.counted.reasons) == {"gif": 4}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        data.counted.begin_epoch(3)  # nothing fell back in epoch 2


@IGNORED
def test_workers_that_begin_an_epoch_together_lose_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    counted = FallbackCount(1.0)

    def record(worker: int, epoch: int) -> None:
        monkeypatch.setattr(SharedCounts, "_own", lambda counts: counts._places()[worker])
        counted._counts.begin_epoch(epoch)  # as each does that has seen no later one
        counted.record(MaskSource.FALLBACK, "gif", f"{epoch}.gif")
        counted.record(MaskSource.GUIDED)

    for worker in (1, 2):
        record(worker, 0)
    record(1, 1)
    assert counted._summary_of(0) == "2 of 4 samples had no motion: gif: 2 (0.gif)"
    record(2, 1)
    assert counted._summary_of(0) == "2 of 4 samples had no motion: gif: 2 (0.gif)"
    assert counted.summary() == "2 of 4 samples had no motion: gif: 2 (0.gif)"
    record(3, 2)
    assert counted.summary() == "1 of 2 samples had no motion: gif: 1 (2.gif)"
    assert dict(counted.reasons) == {"gif": 5}


@IGNORED
def test_reasons_beyond_the_table_are_counted_together_and_long_paths_keep_their_end() -> None:
    counted = FallbackCount(1.0)
    path = f"{'d/' * 200}clip.mp4"
    for number in range(12):
        counted.record(MaskSource.FALLBACK, f"codec {number}", path)
    assert counted.reasons.total() == 12
    assert counted.reasons["other reasons"] == 5
    assert counted.summary().count("/d/clip.mp4)") == 8


@IGNORED
@pytest.mark.parametrize("workers", [0, 2])
def test_workers_that_do_not_persist_go_on_with_the_count(workers: int) -> None:
    data = Fallen(samples=40)
    loader: Any = DataLoader(data, batch_size=1, num_workers=workers)
    for _ in range(2):
        list(loader)
    assert (data.counted.count, data.counted.fallen) == (8, 8)
    # Two workers may count at the same time, both before either judges.
    with pytest.raises(TooManyFallbacks, match=r"(9|10) of the first (9|10) .*max_fallback=0.2"):
        list(loader)


@IGNORED
def test_all_may_fall_back_where_that_is_said() -> None:
    counted = FallbackCount(1.0, samples=3)
    for _ in range(5):
        counted.record(MaskSource.FALLBACK)
        counted._counts.add(Kind.FALLEN)  # of a worker that counts at the same time
    assert (counted.count, counted.fallen) == (3, 10)


@IGNORED
def test_spawned_processes_count_together_and_copies_apart() -> None:
    data = Fallen(samples=1000)
    context = multiprocessing.get_context("spawn")
    child = context.Process(target=data.__getitem__, args=(0,))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert data.counted.fallen == 1
    for copied in (copy.deepcopy(data), pickle.loads(pickle.dumps(data))):
        copied[0]
        assert (copied.counted.fallen, data.counted.fallen) == (2, 1)


def test_clips_of_key_frames_alone_are_fallbacks(encoded_clip: EncodedClip) -> None:
    path = encoded_clip("libx264", kind="object", size=(96, 128), g=1, num_frames=8)
    motion = FieldReader().motion_for(path, np.arange(8))
    assert motion == Motion(None, MaskSource.FALLBACK, "h264 without inter frames", str(path))


@pytest.mark.parametrize(("gop", "source"), [(1, "fallback"), (30, "guided")])
def test_a_survey_calls_clips_as_the_adapters_do(
    gop: int, source: str, encoded_clip: EncodedClip
) -> None:
    pytest.importorskip("pyarrow")
    from mgm_ext.data.clips import SourceClip
    from mgm_ext.data.survey_row import survey_clip

    path = encoded_clip("libx264", kind="object", size=(96, 128), g=gop, num_frames=8)
    assert survey_clip(SourceClip("clip", str(path)), full=True)["mask_source"] == source
