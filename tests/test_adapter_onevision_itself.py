"""codec_patches against codec-video-prep itself, where it is installed (NumPy 1, ffmpeg)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgm_ext.adapters.onevision import CodecRules
from tests.clips import Frames, scroll
from tests.conftest import EncodedClip
from tests.real import onevision as real

pytest.importorskip("codec_video_prep", reason="codec-video-prep needs NumPy 1: see tests/real")

RULES = CodecRules(num_sampled_frames=40, group_size=16)
CODECS: dict[str, tuple[str, dict[str, Any]]] = {
    "CAVLC": ("libx264", {"profile": "baseline"}),
    "CABAC": ("libx264", {}),
    "HEVC": ("libx265", {}),
    "CTUs of 16": ("libx265", {"x265-params": "log-level=none:ctu=16"}),
    "VP9": ("libvpx-vp9", {}),
}


def footage() -> Frames:
    """Two motions; frames 0 to 2 black, 60 to 63 green."""
    frames = np.concatenate(
        [
            scroll(num_frames=45, size=(272, 416)),
            scroll(motion=(-5, 1), num_frames=45, size=(272, 416), seed=1),
        ]
    )
    frames[:3], frames[60:64] = 0, (0, 250, 0)
    return frames


@pytest.fixture(scope="module", params=CODECS)
def clip(encoded_clip: EncodedClip, request: pytest.FixtureRequest) -> Path:
    codec, options = CODECS[request.param]
    return encoded_clip(codec, kind=footage(), g=30, **options)


@pytest.mark.parametrize("grouping", ["readiness", "fixed"])
def test_its_bits_make_its_files(clip: Path, tmp_path: Path, grouping: str) -> None:
    rules = CodecRules(num_sampled_frames=40, group_size=16, grouping_mode=grouping)  # type: ignore[arg-type]
    theirs = real.prepare(clip, tmp_path, rules)
    with real.their_bits(clip):
        made = real.ours(clip, rules, pixels=True)
    np.testing.assert_array_equal(made.frame_ids, theirs.frame_ids)
    np.testing.assert_array_equal(made.positions, theirs.positions)
    if grouping == "readiness":
        np.testing.assert_array_equal(made.groups, theirs.groups)
    assert made.canvases is not None
    assert made.canvases.shape == theirs.canvases.shape
    apart = np.abs(made.canvases.astype(int) - theirs.canvases)  # another way of scaling
    assert apart.mean() < 6


def test_bits_of_cavlc_are_its_own(encoded_clip: EncodedClip, tmp_path: Path) -> None:
    path = encoded_clip("libx264", kind=footage(), g=30, profile="baseline")
    theirs = real.prepare(path, tmp_path, RULES)
    made = real.ours(path, RULES, pixels=True)
    np.testing.assert_array_equal(made.positions, theirs.positions)
    np.testing.assert_array_equal(made.groups, theirs.groups)


def test_its_loader_reads_what_is_saved(clip: Path, tmp_path: Path) -> None:
    from codec_video_prep.integrations.llava_onevision import load_llava_codec_result

    made = real.ours(clip, RULES, pixels=True)
    loaded = load_llava_codec_result(made.save(tmp_path))
    np.testing.assert_array_equal(loaded.src_positions, made.positions)
    assert made.canvases is not None
    for image, canvas in zip(loaded.images, made.canvases, strict=True):
        np.testing.assert_array_equal(np.asarray(image), canvas)
    assert loaded.fps == made.average_fps
