"""Test doubles of the other trainers take our masks; each trap is shown, then guarded."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from mgm_ext import (
    View,
    make_masking,
    motion_guided_mask,
    motion_score,
    random_mask,
    seed_for,
)
from mgm_ext.adapters import MaskSource, Motion, check_mask
from mgm_ext.adapters.attention import attention_of_scores, visible_and_targets, with_class_token
from mgm_ext.adapters.mae_st import NoiseMasking, noise_of_masks, noise_of_scores
from mgm_ext.adapters.omnimae import PredShape
from tests.fields import make_field, make_score, random_field
from tests.trainers import attention_mask, random_states, sort_noise, split

GRID = (8, 14, 14)
TOKENS = 1568
FIELDS = [random_field(i, slots=8, tubelet=2, high=16, wide=16) for i in range(4)]
SCORES = [motion_score(field, grid=GRID) for field in FIELDS]
NUMBERS = torch.arange(TOKENS, dtype=torch.float32)[None, :, None].repeat(4, 1, 1)


class Sorting(NoiseMasking, torch.nn.Module):
    """MAE-ST's model as far as masks go."""

    def forward(self, x: torch.Tensor, mask_ratio: float) -> Any:
        return self.random_masking(x, mask_ratio)


@pytest.mark.parametrize("ratio", [0.75, 0.9])
def test_noise_of_a_mask_makes_the_model_choose_that_mask(ratio: float) -> None:
    options: dict[str, Any] = {"grid": GRID, "mask_ratio": ratio, "count": "floor_kept"}
    masks = [motion_guided_mask(f, seed=i, **options) for i, f in enumerate(FIELDS)]
    noise = noise_of_masks(masks, seeds=range(4))
    check_mask(noise, style="mae_st", grid=GRID)
    # The model counts over the clip, the mask by slot: at 0.9 they differ by a few tokens.
    per_clip = 1 - (TOKENS - int(masks[0].sum()) + 0.5) / TOKENS
    model = Sorting()
    model.noise = noise
    visible, mask, restore, keep = model(NUMBERS, per_clip)
    theirs = sort_noise(NUMBERS, noise, per_clip)
    for ours, same in zip((visible, mask, restore), theirs, strict=True):
        torch.testing.assert_close(ours, same)
    np.testing.assert_array_equal(mask.bool(), np.stack(masks).reshape(4, -1))
    torch.testing.assert_close(visible[..., 0].long(), keep)


def test_the_other_rounding_is_off_by_one_in_every_slot() -> None:
    kept, masked = (
        motion_guided_mask(FIELDS[0], grid=GRID, mask_ratio=0.9, count=count)
        for count in ("floor_kept", "floor_masked")
    )
    np.testing.assert_array_equal(kept.sum((1, 2)), masked.sum((1, 2)) + 1)


def test_noise_of_scores_masks_what_moves() -> None:
    values = np.zeros((2, 4, 4), np.int64)
    values[:, :2] = 1 << 24
    scores = [make_score(values)] * 200
    noise = noise_of_scores(scores, strength=6.0, seeds=range(200))
    even = noise_of_scores(scores, strength=0.0, seeds=range(200))
    x = torch.zeros(200, 32, 1)
    shares = [
        sort_noise(x, n, 0.5)[1].reshape(200, 2, 4, 4)[:, :, :2].mean().item()
        for n in (noise, even)
    ]
    assert shares[0] > 0.9
    assert abs(shares[1] - 0.5) < 0.05


def test_noise_is_used_once_and_must_fit() -> None:
    model = Sorting()
    with pytest.raises(RuntimeError, match=r"set model.noise or model.masks before"):
        model(NUMBERS, 0.75)
    model.noise = torch.rand(4, 100)
    with pytest.raises(ValueError, match=r"floats \(4, 1568\), one per token, not .*\(4, 100\)"):
        model(NUMBERS, 0.75)
    model.noise = torch.rand(4, TOKENS)
    model(NUMBERS, 0.75)
    with pytest.raises(RuntimeError, match=r"set model.noise or model.masks before"):
        model(NUMBERS, 0.75)
    with pytest.raises(ValueError, match="seeds must be 4, one per score, not 1"):
        noise_of_scores(SCORES, seeds=[1])
    masks = [make_masking("random", input_size=GRID, num_masked=k)(seed=1) for k in (100, 101)]
    with pytest.raises(ValueError, match=r"all masks of one count, got 2 masks of \[100, 101\]"):
        noise_of_masks(masks, seeds=[1, 2])


def test_attention_shows_what_is_asked_for_and_never_ends_multinomial() -> None:
    values = np.zeros((8, 14, 14), np.int64)
    values[:, 4:8, 4:8] = 1 << 24
    scores = [make_score(values)] * 4
    torch.manual_seed(0)
    for visible, fewer in (("still", True), ("moving", False)):
        attention = attention_of_scores(scores, visible=visible)
        assert attention.shape == (32, 196)
        torch.testing.assert_close(attention.sum(1), torch.ones(32))
        mask = attention_mask(attention, 4, 0.75)
        check_mask(mask, style="transformers", grid=GRID, mask_ratio=0.75, scope="slot")
        shown = (~mask).reshape(4, *GRID)[:, :, 4:8, 4:8].float().mean()
        assert (shown < 0.1) if fewer else (shown > 0.6)
    with pytest.raises(RuntimeError, match="invalid multinomial distribution"):
        torch.multinomial(torch.zeros(1, 196), 196)
    still = attention_of_scores([make_score(np.zeros((2, 4, 4), np.int64))])
    torch.testing.assert_close(still, torch.full((2, 16), 1 / 16))
    for wrong, words in (({"visible": "all"}, "not 'all'"), ({"floor": 0.0}, r"\(0, 1\], not 0.0")):
        with pytest.raises(ValueError, match=words):
            attention_of_scores(scores, **wrong)


def test_the_class_token_stays_visible() -> None:
    masks = torch.from_numpy(
        np.stack([motion_guided_mask(f, grid=GRID, seed=1).reshape(-1) for f in FIELDS])
    )
    led = with_class_token(masks)
    check_mask(led, style="internvideo2", grid=GRID, mask_ratio=0.75)
    x = torch.cat([torch.full((4, 1, 1), -1.0), NUMBERS], dim=1)
    visible, _ = split(x, led)
    assert (visible[:, 0] == -1).all()
    torch.testing.assert_close(visible[:, 1:], split(NUMBERS, masks)[0])
    with pytest.raises(IndexError, match="shape of the mask"):
        split(x, masks)
    with pytest.raises(ValueError, match=r"bool \(B, N\), not torch.float32"):
        with_class_token(masks.float())


def test_everest_sees_and_rebuilds_only_what_moves() -> None:
    visible, targets = visible_and_targets(SCORES, keep_ratio=0.4, mask_ratio=0.9, seeds=range(4))
    assert visible.shape == (4, TOKENS - int(0.9 * TOKENS))
    assert targets.shape == (4, int(0.4 * TOKENS) - visible.shape[1])
    check_mask(([visible], [targets]), style="vjepa", grid=GRID)
    kept = np.sort(np.concatenate([visible[0], targets[0]]))
    values = SCORES[0].values.reshape(-1)
    assert values[kept].min() >= np.delete(values, kept).max()
    with pytest.raises(ValueError, match="seeds must be 4"):
        visible_and_targets(SCORES, seeds=[0])


@pytest.mark.parametrize("name", ["motion_guided", "tracked", "random", "motion_topk"])
@pytest.mark.parametrize("high", [0, 1, 5, 1176.0, 1177.9, 1560, 1568])
def test_omnimae_gets_exactly_what_it_asks_for(name: str, high: float) -> None:
    shape = PredShape(name, seed=3)
    shape.follow(FIELDS[0], View((0, 0, 256, 256), (224, 224)))
    before = random_states()
    mask = shape(8, 14, 14, high)
    assert random_states() == before
    assert mask.dtype == np.bool_
    assert (mask.shape, int(mask.sum())) == (GRID, int(high))


def test_omnimae_draws_the_second_of_a_seeds_masks_first() -> None:
    shape = PredShape("random", seed=3)
    for call in (1, 2):
        expected = random_mask(grid=GRID, num_masked=100, seed=seed_for(3, 0, call))
        np.testing.assert_array_equal(shape(*GRID, 100), expected)


def test_omnimae_follows_each_clip_or_says_so() -> None:
    shape = PredShape(seed=3, preset="smooth")
    with pytest.raises(RuntimeError, match=r"call follow.* before each clip"):
        shape(8, 14, 14, 1176)
    vectors = np.zeros((8, 14, 14, 2), np.int16)
    vectors[:, :3, :3] = (640, 0)
    shape.follow(make_field(vectors))
    assert shape(8, 14, 14, 8 * 9)[:, :3, :3].mean() > 0.9
    with pytest.raises(RuntimeError, match="call follow"):
        shape(8, 14, 14, 1176)
    shape.follow(Motion(None, MaskSource.FALLBACK, "gif"))
    assert shape(8, 14, 14, 1176).sum() == 1176
    assert shape.source is MaskSource.FALLBACK
    assert shape(1, 14, 14, 147).sum() == 147, "an image"
    with pytest.raises(ValueError, match=r"high must be in \[0, 196\], not 197"):
        shape(1, 14, 14, 197)
