"""The motion filter's scores: against the rule written out per pixel, and its stages."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from mgm_ext.adapters.nemo_curator import (
    GLOBAL_MEAN,
    MotionScores,
    VideoResolutionTooSmallError,
    motion_filter_scores,
)
from mgm_ext.adapters.nemo_curator_painting import Painting, plan_of

BLOCKS = ((8, 8), (16, 16), (16, 8), (8, 16))


def write(path: Path, codec: str = "libx264", count: int = 40, **options: Any) -> bytes:
    """A textured scene under a pan, with an object."""
    width, height = options.pop("size", (330, 262))
    rate = options.pop("rate", 25)
    step = options.pop("step", 2)
    rng = np.random.default_rng(0)
    scene = np.kron(rng.integers(0, 255, (50, 70)), np.ones((8, 8))).astype(np.uint8)
    with av.open(str(path), "w") as out:
        stream: Any = out.add_stream(codec, rate=rate, options=options)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuv420p"
        for t in range(count):
            grey = scene[:height, step * t : step * t + width].copy()
            if step:
                grey[60:120, 5 * t : 5 * t + 60] = 200
            frame = av.VideoFrame.from_ndarray(np.stack([grey] * 3, -1), format="rgb24")
            out.mux(stream.encode(frame))
        out.mux(stream.encode(None))
    return path.read_bytes()


def painted(rows: NDArray[Any], height: int, width: int) -> NDArray[np.float32]:
    """One frame's motion, pixel by pixel."""
    canvas = np.zeros((height, width), np.float32)
    for wide, high in BLOCKS:
        for row in rows:
            if (row["w"], row["h"]) != (wide, high):
                continue
            motion = np.array([row["motion_x"], row["motion_y"]], np.float32) / row["motion_scale"]
            ys = np.clip(row["dst_y"] + np.arange(-high // 2, high // 2), 0, height - 1)
            xs = np.clip(row["dst_x"] + np.arange(-wide // 2, wide // 2), 0, width - 1)
            canvas[np.ix_(ys, xs)] = np.hypot(*motion) / (height + width)
    return canvas


def rule(data: bytes, step: int, count: int) -> tuple[float, float, int]:
    """The whole rule from PyAV's vectors, written out."""
    frames: list[NDArray[np.float32]] = []
    container: Any = av.open(io.BytesIO(data))
    with container:
        stream = container.streams.video[0]
        stream.codec_context.flags2 |= av.codec.context.Flags2.export_mvs
        stream.codec_context.thread_count = 1
        for i, frame in enumerate(container.decode(video=0)):
            side = [one for one in frame.side_data if one.type.name == "MOTION_VECTORS"]
            if i % step == 0 and side and len(frames) < count:
                frames.append(painted(side[0].to_ndarray(), frame.height, frame.width))
    mean = np.stack(frames).mean(0, np.float64)
    down, across = (256 * np.arange(max(1, round(side / 256))) + 127 for side in mean.shape)
    pixel = [
        np.minimum(one, side - 1) for one, side in zip((down, across), mean.shape, strict=True)
    ]
    after = [
        np.minimum(one + 1, side - 1) for one, side in zip((down, across), mean.shape, strict=True)
    ]
    corners = [mean[np.ix_(ys, xs)] for ys in (pixel[0], after[0]) for xs in (pixel[1], after[1])]
    return float(mean.mean()), float(np.mean(corners, axis=0).min()), len(frames)


@pytest.mark.parametrize(
    ("name", "codec", "step", "count", "options"),
    [
        ("b.mp4", "libx264", 12, 10, {"bf": "2"}),
        ("slow.mp4", "libx264", 1, 20, {"rate": 2, "bf": "2"}),
        ("interlaced.mp4", "libx264", 12, 10, {"flags": "+ildct+ilme", "size": (384, 272)}),
        ("second.mp4", "libx264", 1, 60, {"rate": 1, "count": 60, "step": 3, "size": (336, 256)}),
    ],
)
def test_scores_are_the_rules(
    tmp_path: Path, name: str, codec: str, step: int, count: int, options: dict[str, Any]
) -> None:
    data = write(tmp_path / name, codec, **options)
    plan = plan_of(data, 2.0, 0.5)
    assert (plan.step, plan.frames) == (step, count)
    mean, least, frames = rule(data, step, count)
    found = motion_filter_scores(data)
    assert found.frames == frames > 0
    assert found.global_mean == pytest.approx(mean, rel=1e-6)
    assert found.per_patch_min_256 == pytest.approx(least, rel=1e-6)
    assert not found.is_small()
    assert motion_filter_scores(tmp_path / name) == found


def test_blocks_off_the_grid_and_over_the_edges_are_painted_alike() -> None:
    rng = np.random.default_rng(1)
    names = ("w", "h", "dst_x", "dst_y", "motion_x", "motion_y", "motion_scale")
    for aligned in (True, False):
        sides = np.array([(8, 8), (16, 16), (16, 8), (8, 16), (4, 8)])[rng.integers(0, 5, 300)]
        corners = np.stack([rng.integers(-3, 44, 300), rng.integers(-3, 36, 300)], 1)
        corners = 8 * corners if aligned else 7 * corners
        motion = rng.integers(-40, 40, (300, 2))
        scale = np.full((300, 1), 4)
        table = np.concatenate([sides, corners + sides // 2, motion, scale], axis=1)
        rows = np.zeros(len(table), [(name, np.int64) for name in names])
        for name, column in zip(names, table.T, strict=True):
            rows[name] = column
        painting = Painting(330, 262)
        painting.add(table)
        want = painted(rows, 262, 330)
        mean, least = painting.scores()
        assert mean == pytest.approx(want.mean(dtype=np.float64), rel=1e-6)
        middle = want[127:129, 127:129].mean(dtype=np.float64)
        assert least == pytest.approx(middle, rel=1e-6)


def test_a_clip_scores_the_same_in_every_run(tmp_path: Path) -> None:
    data = write(tmp_path / "b.mp4", bf="3")
    assert len({motion_filter_scores(data) for _ in range(20)}) == 1


def test_without_compat_every_codec_scores_and_the_camera_does_not(tmp_path: Path) -> None:
    vp9 = write(tmp_path / "c.webm", "libvpx-vp9", deadline="realtime")
    assert motion_filter_scores(vp9) == MotionScores(-1.0, -1.0, 0)
    assert motion_filter_scores(vp9).is_small()
    found = motion_filter_scores(vp9, compat=False)
    assert found.frames == 39
    assert not found.is_small(GLOBAL_MEAN[False], 0.0)
    still = motion_filter_scores(write(tmp_path / "still.mp4", step=0), compat=False)
    assert still.is_small(GLOBAL_MEAN[False], 0.0)
    # Of a pan of 2 pixels per frame only the object's part is left.
    pan = motion_filter_scores(write(tmp_path / "pan.mp4"), compat=False)
    assert pan.per_patch_min_256 * (330 + 262) > 1
    assert pan.global_mean < pan.per_patch_min_256 / 3


@pytest.mark.parametrize("compat", [True, False])
def test_small_pictures_and_broken_files_are_errors(tmp_path: Path, compat: bool) -> None:
    small = write(tmp_path / "small.mp4", size=(320, 240), count=4)
    with pytest.raises(VideoResolutionTooSmallError, match="256 pixels, the picture is 320 x 240"):
        motion_filter_scores(small, compat=compat)
    with pytest.raises((ValueError, OSError), match="Invalid data"):
        motion_filter_scores(small[:500], compat=compat)
    with pytest.raises(ValueError, match="target_fps must be positive, got 0"):
        motion_filter_scores(small, target_fps=0, compat=compat)


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The stages over test doubles of Curator's two classes, where it is not installed."""
    try:
        import nemo_curator.stages.base  # noqa: F401
    except ImportError:
        for name in ("nemo_curator", "nemo_curator.stages"):
            monkeypatch.setitem(sys.modules, name, ModuleType(name))
        base, resources = ModuleType("base"), ModuleType("resources")
        base.ProcessingStage = type(  # type: ignore[attr-defined]
            "ProcessingStage", (), {"__class_getitem__": classmethod(lambda cls, _: cls)}
        )
        resources.Resources = SimpleNamespace  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "nemo_curator.stages.base", base)
        monkeypatch.setitem(sys.modules, "nemo_curator.stages.resources", resources)
    monkeypatch.delitem(sys.modules, "mgm_ext.adapters.nemo_curator_stages", raising=False)
    import mgm_ext.adapters.nemo_curator as adapter

    return adapter


def task_of(*buffers: bytes | None) -> SimpleNamespace:
    clips = [SimpleNamespace(buffer=data, errors={}, decoded_motion_data=None) for data in buffers]
    stats = SimpleNamespace(num_filtered_by_motion=0)
    return SimpleNamespace(
        data=SimpleNamespace(clips=clips, filtered_clips=[], clip_stats=stats), task_id="t"
    )


@pytest.mark.parametrize("score_only", [False, True])
def test_stages_keep_what_moves_and_say_why_the_rest_has_no_score(
    stages: ModuleType, tmp_path: Path, score_only: bool
) -> None:
    good = write(tmp_path / "good.mp4")
    vp9 = write(tmp_path / "c.webm", "libvpx-vp9", count=4, deadline="realtime")
    small = write(tmp_path / "small.mp4", size=(320, 240), count=4)
    task = task_of(good, vp9, small, good[:400], None)
    clips = list(task.data.clips)
    make: Callable[..., Any] = stages.MotionFilterStage
    done = make(score_only=score_only).process(stages.MotionVectorDecodeStage().process(task))
    assert [clip.errors for clip in clips] == [
        {},
        {"motion_decode": "no_motion_frames"},
        {"motion_decode": "resolution_too_small"},
        {"motion_decode": "decode_failed"},
        {"buffer": "empty"},
    ]
    scores = [clip.motion_score_global_mean for clip in clips]
    assert scores[0] > GLOBAL_MEAN[True]
    assert scores[1:] == [-1.0] * 4
    assert done.data.clips == (clips if score_only else clips[:1])
    assert done.data.clip_stats.num_filtered_by_motion == (0 if score_only else 4)
    assert all(clip.decoded_motion_data is None for clip in clips)
