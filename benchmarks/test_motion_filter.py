"""The motion filter against NeMo Curator's own functions, where nemo_curator is installed."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest

from benchmarks.conftest import Record
from benchmarks.paired import ratio
from mgm_ext.adapters.nemo_curator import motion_filter_scores
from tests.conftest import RealClip

pytestmark = pytest.mark.filterwarnings("ignore")
MODULE = "nemo_curator.stages.video.filtering.motion_vector_backend"
CLIPS = ("bikes.mp4", "bigbuckbunny.mp4", "arm_wrestling.mp4")


@pytest.fixture
def backend() -> Any:
    return pytest.importorskip(MODULE, exc_type=ImportError)


def theirs(backend: Any, data: bytes, threads: int) -> tuple[float, float]:
    decoded = backend.decode_for_motion(io.BytesIO(data), thread_count=threads)
    found = backend.check_if_small_motion(decoded.frames, decoded.frame_size)
    return found.global_mean, found.per_patch_min_256


def ours(data: bytes) -> tuple[float, float]:
    found = motion_filter_scores(data)
    return found.global_mean, found.per_patch_min_256


@pytest.mark.parametrize("name", CLIPS)
def test_processor_time_and_equal_scores(
    record: Record, real_clip: RealClip, backend: Any, name: str
) -> None:
    data = Path(real_clip(name)).read_bytes()
    # Their float32 sums over all pixels depend on how torch splits them.
    assert ours(data) == pytest.approx(theirs(backend, data, 1), rel=2e-5)
    rival = "NeMo Curator's stages at their defaults"
    timed = ratio(lambda: theirs(backend, data, 6), lambda: ours(data), pairs=7)
    record("data", f"motion filter, {name}", timed, rival=rival, at_least=5)


def test_runs_that_differ(record: Record, real_clip: RealClip, backend: Any) -> None:
    """Runs of a hundred whose scores are not the most frequent."""
    data = Path(real_clip("arm_wrestling.mp4")).read_bytes()
    for name, count in (("ours", 100), ("Curator's, 6 threads", 20)):
        mine = name == "ours"
        found = [ours(data) if mine else theirs(backend, data, 6) for _ in range(count)]
        differ = len(found) - max(found.count(one) for one in found)
        row = f"motion filter, runs of {count} that differ, {name}"
        record("data", row, float(differ), at_most=0 if mine else None)
