"""V-JEPA's collators keep the trainer's own counts, and are not used without `capture`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from mgm_ext import motion_score
from mgm_ext.adapters import FallbackWarning
from mgm_ext.adapters.vjepa import VJEPA2MaskCollator, VJEPAMaskCollator, capture
from tests.fields import random_field
from tests.jepa import VideoDataset, VideoTransform, block_lists
from tests.test_adapter_vjepa import jepa_batch

GRID = (4, 14, 14)
TOKENS = 784
FEW: dict[str, Any] = {
    "num_blocks": 8,
    "spatial_scale": (0.15, 0.15),
    "temporal_scale": (1.0, 1.0),
    "aspect_ratio": (0.75, 1.5),
}
LARGE = {**FEW, "num_blocks": 2, "spatial_scale": (0.7, 0.7)}
SCORES = [
    motion_score(random_field(i, slots=4, tubelet=2, high=16, wide=16), grid=GRID) for i in range(2)
]


def lists(config: dict[str, Any], batch_size: int, **more: Any) -> tuple[int, int]:
    """Lengths of the encoder's and the predictor's."""
    collator = VJEPAMaskCollator([{**config, **more}], 224, 8, batch_size=batch_size)
    _, (enc,), (pred,) = collator(jepa_batch(SCORES))
    assert enc.shape[0] == 2
    assert (enc.sort(1).values == enc).all()
    return enc.shape[1], pred.shape[1]


@pytest.mark.parametrize("batch_size", [1, 12])
@pytest.mark.parametrize("config", [FEW, LARGE, {**FEW, "temporal_scale": (0.5, 1.0)}])
def test_counts_are_the_means_of_the_trainers_own(config: dict[str, Any], batch_size: int) -> None:
    draw = torch.Generator().manual_seed(1)
    theirs = [block_lists(config, GRID, batch_size, draw) for _ in range(1200 // batch_size)]
    ours = lists(config, batch_size)
    for count, side in zip(ours, zip(*theirs, strict=True), strict=True):
        lengths = np.array([one.shape[1] for one in side])
        slack = 4 + 4 * lengths.std() / len(lengths) ** 0.5  # 4: rounded down in each slot
        assert slack < 0.07 * TOKENS
        assert count == pytest.approx(lengths.mean(), abs=slack)
    if batch_size == 1:
        assert sum(ours) == TOKENS


def test_a_cut_favours_no_slot_and_complements_stay_whole() -> None:
    collator = VJEPAMaskCollator([FEW], 224, 8, batch_size=12)
    slots = np.zeros((2, 4))
    for _ in range(30):
        _, (enc,), (pred,) = collator(jepa_batch(SCORES))
        slots += [np.bincount(one.numpy().ravel() // 196, minlength=4) for one in (enc, pred)]
    assert abs(slots / slots.sum(1, keepdims=True) - 0.25).max() < 0.02
    kept, wanted = lists(FEW, 12)
    assert lists(FEW, 12, full_complement=True) == (kept, TOKENS - kept)
    assert lists(FEW, 12, pred_full_complement=True) == (TOKENS - wanted, wanted)
    assert lists(FEW, 12, max_keep=20) == (20, wanted)
    assert lists({"mask_ratio": 0.5}, 12) == (392, 392)
    with pytest.raises(ValueError, match="batch_size must be at least 1, not 0"):
        VJEPAMaskCollator([FEW], batch_size=0)
    with pytest.raises(ValueError, match=r"leave the encoder no token of \(4, 14, 14\)"):
        lists({**FEW, "spatial_scale": (1.0, 1.0), "aspect_ratio": (1.0, 1.0)}, 1)


def test_evaluations_have_no_collator_and_are_left_alone(clips: list[Path]) -> None:
    theirs = VideoDataset(clips, VideoTransform(56))
    assert capture(theirs, None) is theirs


class MaskCollator:
    """The trainer's own, whose import was left where it was."""


def test_a_collator_of_their_own_is_refused(clips: list[Path]) -> None:
    theirs = VideoDataset(clips, VideoTransform(56))
    with pytest.raises(TypeError, match=r"not .*\.MaskCollator, which draws masks of its own"):
        capture(theirs, MaskCollator())


def test_a_collator_without_capture_is_refused() -> None:
    collator = VJEPA2MaskCollator([{"mask_ratio": 0.75}], [8])
    blind = [(torch.rand(3, 8, 2, 2), i, [np.arange(8)]) for i in range(2)]
    with pytest.raises(ValueError, match=r"no sample .*capture\(dataset, collator\)"):
        collator(blind)
    VJEPA2MaskCollator([{"mask_ratio": 0.75, "mask": "random"}], [8])(blind)
    willing = VJEPA2MaskCollator([{"mask_ratio": 0.75, "max_fallback": 1.0}], [8])
    with pytest.warns(FallbackWarning, match="no score in the sample"):
        willing(blind)


def test_what_replaces_what_is_printed(
    clips: list[Path], capsys: pytest.CaptureFixture[str]
) -> None:
    configs = [FEW, {"mask_ratio": 0.4, "mask": "motion_topk"}]
    collator = VJEPAMaskCollator(configs, 224, 8, batch_size=12)
    capture(VideoDataset(clips, VideoTransform(224)), collator)
    first, second = capsys.readouterr().out.splitlines()
    kept, wanted = lists(FEW, 12)
    assert first.startswith("mgm_ext: mask 0 of MaskCollator is replaced by motion_guided: ")
    assert f"encoder sees {kept} and the predictor {wanted} of 784 tokens" in first
    assert first.endswith("at batch_size=12")
    assert second.endswith("sees 468 and the predictor 316 of 784 tokens, by mask_ratio=0.4")
    capture(VideoDataset(clips, VideoTransform(224)), collator, quiet=True)
    assert capsys.readouterr().out == ""
