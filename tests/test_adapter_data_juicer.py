"""Data-Juicer's motion score from vectors, and the operator over it."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest

from mgm_ext.adapters import data_juicer
from mgm_ext.adapters.data_juicer import video_motion_score
from tests.test_adapter_nemo_curator import write


@pytest.fixture(scope="module")
def pan(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pan") / "pan.mp4"
    write(path, bf="2")
    return path


def test_a_pan_scores_its_pixels_of_half_a_second(pan: Path) -> None:
    # 2 pixels a frame, 12 frames an interval; the object's part moves otherwise.
    score = video_motion_score(pan)
    assert score == pytest.approx(24, rel=0.15)
    half = video_motion_score(pan.read_bytes(), size=(131, 165))
    assert half == pytest.approx(score / 2, rel=1e-6)
    diagonal = (262**2 + 330**2) ** 0.5
    assert video_motion_score(pan, relative=True) == pytest.approx(score / diagonal)
    assert video_motion_score(pan, sampling_fps=25) == pytest.approx(2, rel=0.15)


def test_stills_score_nothing_and_what_has_no_vectors_minus_one(tmp_path: Path) -> None:
    write(tmp_path / "still.mp4", step=0)
    write(tmp_path / "one.mp4", count=1)
    write(tmp_path / "intra.mp4", g="1")
    (tmp_path / "broken.mp4").write_bytes((tmp_path / "still.mp4").read_bytes()[:200])
    assert video_motion_score(tmp_path / "still.mp4") < 0.01
    assert video_motion_score(tmp_path / "one.mp4") == 0.0
    assert video_motion_score(tmp_path / "intra.mp4") == -1.0
    assert video_motion_score(tmp_path / "broken.mp4") == -1.0
    with pytest.raises(ValueError, match="sampling_fps must be positive, got 0"):
        video_motion_score(tmp_path / "still.mp4", sampling_fps=0)


class Base:
    """Stands for Data-Juicer's filter where that is not installed."""

    video_key = "videos"

    def __init__(self, sampling_fps: float = 2, relative: bool = False) -> None:
        self.sampling_fps, self.relative = sampling_fps, relative
        self.size, self.max_size, self.divisible = None, None, 1


@pytest.fixture
def operator(monkeypatch: pytest.MonkeyPatch) -> Any:
    def module(name: str, **values: Any) -> None:
        made = ModuleType(name)
        made.__dict__.update(values)
        monkeypatch.setitem(sys.modules, name, made)

    registry = SimpleNamespace(register_module=lambda name: lambda cls: cls)
    for name in ("", ".ops", ".ops.filter", ".utils"):
        module(f"data_juicer{name}")
    module("data_juicer.ops.base_op", OPERATORS=registry)
    module("data_juicer.ops.filter.video_motion_score_filter", VideoMotionScoreFilter=Base)
    keys = SimpleNamespace(video_motion_score="video_motion_score")
    module("data_juicer.utils.constant", Fields=SimpleNamespace(stats="stats"), StatsKeys=keys)
    module("data_juicer.utils.mm_utils", calculate_resized_dimensions=lambda size, *_: size)
    monkeypatch.delitem(sys.modules, "mgm_ext.adapters.data_juicer_filter", raising=False)
    return data_juicer.VideoMotionScoreVectorsFilter()


def test_the_operator_scores_every_video_under_the_same_key(
    operator: Any, pan: Path, tmp_path: Path
) -> None:
    (tmp_path / "empty.mp4").touch()
    videos = [str(pan), str(tmp_path / "empty.mp4"), str(pan)]
    sample = operator.compute_stats_single({"videos": videos, "stats": {}})
    score = video_motion_score(pan)
    assert sample["stats"]["video_motion_score"] == [score, -1.0, score]
    assert operator.compute_stats_single(sample) is sample
    none = operator.compute_stats_single({"videos": [], "stats": {}})
    assert len(none["stats"]["video_motion_score"]) == 0
