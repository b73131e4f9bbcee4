"""V-JEPA's collators: index lists of constant length, and a data set that is followed."""

from __future__ import annotations

import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.utils.data import DataLoader

from mgm_ext import Score, VideoReader, View, motion_score
from mgm_ext.adapters import TooManyFallbacks, check_mask
from mgm_ext.adapters.vjepa import VJEPA2MaskCollator, VJEPAMaskCollator, capture
from mgm_ext.adapters.vjepa_blocks import cover_of
from tests.children import in_child
from tests.fields import random_field
from tests.jepa import VideoDataset, VideoTransform, _get_param_spatial_crop
from tests.trainers import gather_tokens

pytestmark = pytest.mark.filterwarnings("ignore::mgm_ext.adapters.FallbackWarning")

GRID = (8, 14, 14)
TOKENS = 1568
FIELDS = [random_field(i, slots=8, tubelet=2, high=16, wide=16) for i in range(4)]
SCORES = [motion_score(field, grid=GRID) for field in FIELDS]
NUMBERS = torch.arange(TOKENS, dtype=torch.float32)[None, :, None].repeat(4, 1, 1)


JEPA = [
    {"num_blocks": 8, "spatial_scale": (0.15, 0.15), "temporal_scale": (1.0, 1.0)},
    {"mask_ratio": 0.9, "mask": "motion_topk", "options": {"scope": "clip", "temperature": 1.0}},
]


def jepa_batch(scores: Sequence[Score | None]) -> list[Any]:
    moving = torch.arange(3 * 16 * 4).reshape(3, 16, 2, 2)
    clips = [([moving + i], i, s) for i, s in enumerate(scores)]
    return [(c, i, s, [np.arange(16)]) if s else (c, i, [np.arange(16)]) for c, i, s in clips]


def test_vjepa_lists_are_constant_disjoint_and_complete() -> None:
    collator = VJEPAMaskCollator(JEPA)
    lengths = set()
    batches: list[Sequence[Score | None]] = [SCORES[:3], SCORES[1:], [SCORES[0], None, SCORES[2]]]
    for scores in batches:
        (clips, labels, indices), enc, pred = collator(jepa_batch(scores))
        assert clips[0].shape == (3, 3, 16, 2, 2)
        assert labels.tolist() == [0, 1, 2]
        assert indices[0].shape == (3, 16)
        check_mask((enc, pred), style="vjepa", grid=GRID)
        for kept, wanted in zip(enc, pred, strict=True):
            both = torch.cat([gather_tokens(NUMBERS[:3], [i]) for i in (kept, wanted)], 1)[..., 0]
            torch.testing.assert_close(both.sort(dim=1).values, NUMBERS[:3, :, 0])
        lengths.add(tuple((e.shape[1], p.shape[1]) for e, p in zip(enc, pred, strict=True)))
    # What the blocks leave on average, and 0.9 of 1568: kept tokens are rounded down by slot.
    ((first, second),) = lengths
    share = cover_of(JEPA[0], GRID, 8, 1).share
    assert first == (8 * int(196 * (1 - share)), TOKENS - 8 * int(196 * (1 - share)))
    assert second == (156, TOKENS - 156)


def test_vjepa_favours_no_slot_where_a_raster_cut_would() -> None:
    config = [{"mask_ratio": 0.75, "mask": "frame_random", "max_keep": 100}]
    collator = VJEPAMaskCollator(config)
    slots = np.zeros(8)
    cut = np.zeros(8)
    for _ in range(40):
        _, (enc,), (pred,) = collator(jepa_batch(list(SCORES)))
        assert enc.shape == (4, 100)
        slots += np.bincount(enc.numpy().ravel() // 196, minlength=8)
        visible = np.setdiff1d(np.arange(TOKENS), pred[0].numpy())[:100]
        cut += np.bincount(visible // 196, minlength=8)
    shares = slots / slots.sum()
    assert abs(shares - 1 / 8).max() < 0.02
    assert (cut[3:] == 0).all(), "the first 100 in raster order never reach the fourth slot"


def test_vjepa_predicts_what_the_context_cannot_span() -> None:
    config = [{"mask_ratio": 0.75, "max_temporal_keep": 0.5}]
    _, (enc,), (pred,) = VJEPAMaskCollator(config)(jepa_batch(list(SCORES)))
    assert enc.max() < 4 * 196
    assert enc.shape == (4, 4 * 49)
    assert pred.shape == (4, TOKENS - 4 * 49)
    uneven = [{"mask_ratio": 0.75, "max_temporal_keep": 0.5, "mask": "random"}]
    with pytest.raises(ValueError, match=r"same number of tokens.*only masks that count by slot"):
        VJEPAMaskCollator(uneven)(jepa_batch(list(SCORES)))


def test_vjepa2_sorts_clips_by_their_frames() -> None:
    collator = VJEPA2MaskCollator([{"mask_ratio": 0.75}], [16, 4])
    short = motion_score(random_field(9, slots=2, tubelet=2, high=16, wide=16), grid=(2, 14, 14))
    batch = [(torch.zeros(1), i, s, [np.arange(16)]) for i, s in enumerate(SCORES[:2])]
    batch += [(torch.zeros(1), 2, short, [np.arange(4)])]
    long, brief = collator(batch)
    assert long[0][1].tolist() == [0, 1]
    assert [m.shape for m in (long[1][0], long[2][0])] == [(2, 392), (2, 1176)]
    assert [m.shape for m in (brief[1][0], brief[2][0])] == [(1, 98), (1, 294)]
    with pytest.raises(ValueError, match=r"last of a sample must be its frame numbers.*got int"):
        collator([(torch.zeros(1), SCORES[0], [np.arange(16)], 1)])
    with pytest.raises(ValueError, match=r"of the model's \(8, 14, 14\) tokens, not \[\(2, 14"):
        collator([(torch.zeros(1), short, [np.arange(16)])])


def test_vjepa_steps_skip_batches_and_settings_are_checked() -> None:
    one, two = (VJEPAMaskCollator(JEPA, seed=7) for _ in range(2))
    one(jepa_batch(list(SCORES)))
    two.step()
    second, skipped = (c(jepa_batch(list(SCORES)))[2] for c in (one, two))
    for ours, theirs in zip(second, skipped, strict=True):
        torch.testing.assert_close(ours, theirs)
    with pytest.raises(ValueError, match="must have mask_ratio, or num_blocks and spatial_scale"):
        VJEPAMaskCollator([{"num_blocks": 8}])
    blind = VJEPAMaskCollator([{"mask_ratio": 0.75, "max_fallback": 0.003}])
    blind(jepa_batch(SCORES))
    with pytest.raises(TooManyFallbacks, match=r"4 of the first 8 .*no score in the sample: 100%"):
        blind(jepa_batch([None] * 4))


def test_vjepa_workers_share_a_counter_and_not_masks() -> None:
    collator = VJEPAMaskCollator([{"mask_ratio": 0.75, "mask": "random"}])

    def masks() -> Any:
        return collator(jepa_batch(list(SCORES[:1])))[2][0].numpy()

    first, second = in_child(masks), in_child(masks)
    assert (first != second).any()


def test_settings_are_heeded_or_refused() -> None:
    base = {"mask_ratio": 0.75, "mask": "frame_random"}
    cut = {**base, "max_keep": 100}
    lists = {}
    for name in ("", "full_complement", "pred_full_complement", "inv_block"):
        config = {**cut, name: True} if name else cut
        _, (enc,), (pred,) = VJEPAMaskCollator([config])(jepa_batch(SCORES))
        lists[name] = (enc, pred)
    assert [m.shape[1] for m in lists[""]] == [100, 1176]
    assert [m.shape[1] for m in lists["full_complement"]] == [100, TOKENS - 100]
    assert [m.shape[1] for m in lists["pred_full_complement"]] == [392, 1176]
    assert [m.shape[1] for m in lists["inv_block"]] == [1176, 100]
    for name in ("full_complement", "pred_full_complement"):
        both = torch.cat(lists[name], 1).sort(1).values
        assert (both == torch.arange(TOKENS)).all(), "each is what the other leaves"
    with pytest.raises(ValueError, match=r"a mask's settings are .*, not \['full_complements'\]"):
        VJEPAMaskCollator([{**base, "full_complements": True}])


def test_clips_do_not_share_a_mask_and_pictures_are_no_failures(clips: list[Path]) -> None:
    collator = VJEPAMaskCollator([{"mask_ratio": 0.75, "max_fallback": 0.001}])
    sample = jepa_batch(SCORES[:1])[0]
    with pytest.raises(ValueError, match="num_clips=2 would share one mask"):
        collator([(sample[0] * 2, *sample[1:])])
    with pytest.raises(TypeError, match="num_clips=2 would share one mask"):
        capture(VideoDataset(clips, VideoTransform(56), num_clips=2), collator)
    picture = torch.arange(12.0).reshape(3, 1, 2, 2).repeat(1, 16, 1, 1)
    for _ in range(10):
        _, (enc,), _ = collator([([picture], 0, [np.arange(16)])])
    assert enc.shape == (1, 392)


@pytest.fixture
def rows(clips: list[Path], tmp_path: Path) -> list[Path]:
    picture = tmp_path / "picture.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 255, (96, 128, 3), np.uint8)).save(picture)
    return [*clips, picture]


def test_functional_crops_are_followed(rows: list[Path]) -> None:
    collator = VJEPAMaskCollator([{"mask_ratio": 0.75}], (56, 56), 8)
    theirs = VideoDataset(rows, VideoTransform(56))
    ours = capture(theirs, collator, seed=3)
    flips = set()
    for seed in range(6):
        states = [random.seed(seed), np.random.seed(seed)]  # noqa: NPY002
        (pixels,), label, seeded, numbers = ours[1]
        states = [random.seed(seed), np.random.seed(seed)]  # noqa: NPY002
        (same,), *_ = theirs[1]
        assert states == [None, None]
        torch.testing.assert_close(pixels, same)
        random.seed(seed)
        y, x, h, w = _get_param_spatial_crop((0.3, 1.0), (0.75, 1.35), 96, 128)
        view = View((x, y, w, h), (56, 56), np.random.RandomState(seed).uniform() < 2)
        clip = VideoReader(rows[1]).read_clip(numbers[0])
        scores = [
            motion_score(
                clip, grid=(4, 3, 3), view=View(view.crop, view.size, flip), weight="texture"
            )
            for flip in (False, True)
        ]
        found = [bool((s.values == seeded.score.values).all()) for s in scores]
        assert any(found)
        flips.add(found[1])
        assert label == 1
    assert flips == {False, True}
    (_,), _, still, _ = ours[3]
    assert still.score.values.max() == 0, "a picture"


@pytest.mark.parametrize("workers", [0, 2])
def test_a_loader_masks_every_epoch_anew_whoever_collates(workers: int, rows: list[Path]) -> None:
    def epochs() -> list[Any]:
        collator = VJEPA2MaskCollator([{"mask_ratio": 0.75, "mask": "random"}], [8], (56, 56))
        ours: Any = capture(VideoDataset(rows, VideoTransform(56)), collator, seed=3)
        loader: Any = DataLoader(ours, batch_size=2, num_workers=workers, collate_fn=collator)
        return [torch.cat([batch[0][2][0] for batch in loader]) for _ in range(2)]

    first, again = epochs(), epochs()
    assert (first[0] != first[1]).any(1).all()
    torch.testing.assert_close(first, again)
    assert first[0].shape == (4, 27)
