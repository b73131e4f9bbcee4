"""Samples without motion are said at once, and counted over all workers and epochs."""

from __future__ import annotations

import copy
import multiprocessing
import pickle
import warnings
from typing import Any

import numpy as np
import pytest
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
from mgm_ext.adapters.fallbacks import FallbackCount, _Kind
from tests.conftest import EncodedClip

GIF = Motion(None, MaskSource.FALLBACK, "gif")
IGNORED = pytest.mark.filterwarnings("ignore:mgm_ext. a sample has no motion")


class Fallen(Dataset[int]):
    """Four samples, none of which has motion."""

    def __init__(self, samples: int) -> None:
        self.counted = FallbackCount(0.2, samples)

    def __len__(self) -> int:
        return 4

    def __getitem__(self, index: int) -> int:
        self.counted.note(MaskSource.FALLBACK, "mjpeg")
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
    counted.note(MaskSource.GUIDED)
    with pytest.warns(FallbackWarning, match="gif"):
        counted.note(MaskSource.FALLBACK, "gif")


@IGNORED
@pytest.mark.parametrize("workers", [0, 2])
def test_workers_that_do_not_persist_go_on_with_the_count(workers: int) -> None:
    data = Fallen(samples=40)
    loader: Any = DataLoader(data, batch_size=1, num_workers=workers)
    for _ in range(2):
        list(loader)
    assert (data.counted.count, data.counted.fallen) == (8, 8)
    with pytest.raises(TooManyFallbacks, match=r"9 of the first 9 samples .*max_fallback=0.2"):
        list(loader)


@IGNORED
def test_all_may_fall_back_where_that_is_said() -> None:
    counted = FallbackCount(1.0, samples=3)
    for _ in range(5):
        counted.note(MaskSource.FALLBACK)
        counted._counts.add(_Kind.FALLEN)  # of a worker that counts at the same time
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
    assert motion == Motion(None, MaskSource.FALLBACK, "h264 without inter frames")


@pytest.mark.parametrize(("gop", "source"), [(1, "fallback"), (30, "guided")])
def test_a_survey_calls_clips_as_the_adapters_do(
    gop: int, source: str, encoded_clip: EncodedClip
) -> None:
    pytest.importorskip("pyarrow")
    from mgm_ext.data.clips import SourceClip
    from mgm_ext.data.survey_row import survey_clip

    path = encoded_clip("libx264", kind="object", size=(96, 128), g=gop, num_frames=8)
    assert survey_clip(SourceClip("clip", str(path)), full=True)["mask_source"] == source
