"""Models that make their masks themselves: what was set is what they use, or they say why not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from torch import nn

from mgm_ext import motion_score
from mgm_ext.adapters.attention import MotionProbabilities, MotionStep, attention_of_scores
from mgm_ext.adapters.exact_masking import ExactMasking, masked_by
from mgm_ext.adapters.mae_st import NoiseMasking, keep_and_mask, noise_of_masks
from tests.fields import random_field
from tests.trainers import PretrainEncoder, random_token_mask, sort_noise

GRID = (8, 14, 14)
TOKENS = 1568
FIELDS = [random_field(i, slots=8, tubelet=2, high=16, wide=16) for i in range(3)]
SCORES = [motion_score(field, grid=GRID) for field in FIELDS]
NUMBERS = torch.arange(TOKENS, dtype=torch.float32)[None, :, None].repeat(3, 1, 1)


class MaskedAutoencoderViT(nn.Module):
    """MAE-ST's, as far as masks go."""

    def random_masking(self, x: torch.Tensor, mask_ratio: float) -> Any:
        noise = torch.rand(x.shape[:2])
        shown, mask, restore = sort_noise(x, noise, mask_ratio)
        return shown, mask, restore, noise.argsort(1)[:, : shown.shape[1]]

    def forward(self, x: torch.Tensor, mask_ratio: float) -> Any:
        return self.random_masking(x, mask_ratio)


class MaskMViT(nn.Module):
    """SlowFast's: another name, and maybe each slot a sample."""

    def __init__(self, per_frame: bool = False, loader_mask: bool = False) -> None:
        super().__init__()
        self.per_frame, self.loader_mask = per_frame, loader_mask

    def _mae_random_masking(
        self, x: torch.Tensor, mask_ratio: float, mask_in: torch.Tensor | None = None
    ) -> Any:
        noise = torch.rand(x.shape[:2]) if mask_in is None else mask_in
        shown, mask, restore = sort_noise(x, noise, mask_ratio)
        return shown, mask, restore, noise.argsort(1)[:, : shown.shape[1]]

    def forward(self, x: torch.Tensor, mask_ratio: float) -> Any:
        if self.per_frame:
            x = x.reshape(-1, GRID[1] * GRID[2], x.shape[2])
        mask_in = torch.ones(x.shape[:2]) if self.loader_mask else None
        return self._mae_random_masking(x, mask_ratio, mask_in)


class Lightly(nn.Module):
    """A model that draws by a function of its own."""

    def forward(self, x: torch.Tensor, mask_ratio: float) -> Any:
        return random_token_mask((x.shape[0], x.shape[1]), mask_ratio)


class MotionST(NoiseMasking, MaskedAutoencoderViT):
    pass


class MotionMViT(NoiseMasking, MaskMViT):
    pass


class MotionLightly(NoiseMasking, Lightly):
    pass


def masks_of(num_masked: int) -> torch.Tensor:
    masking = ExactMasking("motion_guided", GRID, num_masked)
    made = [masking(field, seed=i) for i, field in enumerate(FIELDS)]
    return torch.from_numpy(np.stack(made))


@pytest.mark.parametrize("kind", [MotionST, MotionMViT])
@pytest.mark.parametrize("ratio", [0.9, 0.75])
def test_the_model_masks_what_was_set_and_counts_it(kind: Any, ratio: float) -> None:
    masks = masks_of(masked_by(GRID, ratio))
    model = kind()
    for given in ({"masks": masks}, {"noise": noise_of_masks(list(masks.numpy()), seeds=range(3))}):
        for name, value in given.items():
            setattr(model, name, value)
        shown, mask, _, keep = model(NUMBERS, ratio)
        assert (mask.bool() == masks.flatten(1)).all()
        assert shown.shape[1] == keep.shape[1] == int(TOKENS * (1 - ratio))
    with pytest.raises(RuntimeError, match=r"set model\.noise or model\.masks before each forward"):
        model(NUMBERS, ratio)


def test_counts_that_differ_by_rounding_are_refused() -> None:
    model = MotionST()
    model.masks = masks_of(8 * (196 - int(196 * (1 - 0.9))))
    with pytest.raises(ValueError, match=r"keeps 156 of 1568 .*\[152\] visible.*num_masked=1412"):
        model(NUMBERS, 0.9)
    model.masks = masks_of(1176)
    with pytest.raises(ValueError, match=r"keeps 156 .*leave \[392\]"):
        model(NUMBERS, 0.9)


def test_noise_that_is_not_used_raises() -> None:
    model = MotionLightly()
    model.masks = masks_of(1176)
    with pytest.raises(RuntimeError, match=r"MotionLightly has not used the noise or the masks"):
        model(NUMBERS, 0.75)
    assert model.masks is None
    model(NUMBERS, 0.75)  # nothing was set: the model is its own


def test_slowfast_counts_slots_and_its_loader_must_not_mask() -> None:
    model = MotionMViT(per_frame=True)
    model.masks = masks_of(1176)
    _, mask, _, _ = model(NUMBERS, 0.75)
    assert mask.shape == (24, 196)
    model.masks = masks_of(masked_by(GRID, 0.9))
    with pytest.raises(ValueError, match=r"keeps 19 of 196 .*\[19, 20\]"):
        model(NUMBERS, 0.9)
    model = MotionMViT(loader_mask=True)
    model.masks = masks_of(1176)
    with pytest.raises(ValueError, match=r"set MASK.MAE_RND_MASK True"):
        model(NUMBERS, 0.75)


@pytest.mark.parametrize("class_token", [True, False])
def test_lightly_gets_the_indices_that_its_function_gives(class_token: bool) -> None:
    masks = masks_of(1176).flatten(1)
    keep, mask = keep_and_mask(masks, class_token=class_token)
    length = TOKENS + class_token
    theirs = random_token_mask((3, length), 0.75, class_token)
    assert [side.shape for side in (keep, mask)] == [side.shape for side in theirs]
    assert (torch.cat([keep, mask], 1).sort(1).values == torch.arange(length)).all()
    told = torch.zeros(3, length, dtype=torch.bool).scatter_(1, mask, True)
    assert (told[:, class_token:] == masks).all()
    with pytest.raises(ValueError, match="must be bool"):
        keep_and_mask(masks.long())


@pytest.mark.parametrize("name", ["motion_guided", "random", "tube", "motion_topk"])
def test_any_mask_of_exactly_so_many(name: str) -> None:
    masking = ExactMasking(name, (4, 4, 4), 4 * 11 + 3, seed=1)
    mask = masking()
    assert int(mask.sum()) == 47
    assert (masking() != mask).any()
    if name != "random":
        assert mask.sum((1, 2)).tolist() == [12, 12, 12, 11]
        with pytest.raises(ValueError, match="a visible and a masked token in each of 4 slots"):
            ExactMasking(name, (4, 4, 4), 63)
    assert ExactMasking("motion_topk", (4, 4, 4), 47, scope="clip")().sum() == 47


def test_everest_takes_the_motion_of_the_files() -> None:
    encoder = PretrainEncoder(mcm=True)
    MotionStep(encoder)
    _, (seen, rebuilt) = encoder(NUMBERS, SCORES)
    assert (~seen).sum(1).tolist() == [int((1 - 0.9) * TOKENS)] * 3 == [156] * 3
    assert (~rebuilt).sum(1).tolist() == [int((1 - 0.7) * TOKENS) - 156] * 3
    assert not (~seen & ~rebuilt).any()
    kept = (~seen | ~rebuilt).numpy()
    for score, row in zip(SCORES, kept, strict=True):
        values = score.values.reshape(-1)
        assert values[row].min() >= values[~row].max()
    _, (other, _) = encoder(NUMBERS, SCORES)
    assert (other != seen).any(), "drawn anew"
    with pytest.raises(ValueError, match="3 scores of 1568 tokens each are due, not 2"):
        encoder(NUMBERS, SCORES[:2])
    with pytest.raises(TypeError, match="must be given the batch's scores"):
        encoder(NUMBERS, torch.zeros(3))
    with pytest.raises(TypeError, match="has no mcm_step in use"):
        MotionStep(PretrainEncoder(mcm=False))


def test_adamae_keeps_its_network_in_the_graph() -> None:
    encoder = nn.Module()
    encoder.softmax = nn.Softmax(dim=-1)
    probabilities = MotionProbabilities(encoder)
    logits = torch.zeros(3, TOKENS, requires_grad=True)
    probabilities.follow(SCORES)
    p_x = encoder.softmax(logits)
    expected = attention_of_scores(SCORES).view(3, -1) / 8
    torch.testing.assert_close(p_x.detach(), expected)
    p_x.log().sum().backward()
    assert logits.grad is not None, "DistributedDataParallel finds no unused parameter"
    assert not logits.grad.any()
    with pytest.raises(RuntimeError, match=r"call follow\(scores\) before each forward"):
        encoder.softmax(logits)
    probabilities.follow(SCORES)
    with pytest.raises(RuntimeError, match="has not used the scores that were set before"):
        probabilities.follow(SCORES)
    half = MotionProbabilities(encoder, share=0.5)
    half.follow(SCORES)
    torch.multinomial(half(logits), 156)
    for wrong in (0.0, 1.5):
        with pytest.raises(ValueError, match=r"share must be in \(0, 1\]"):
            MotionProbabilities(encoder, share=wrong)
    with pytest.raises(TypeError, match="has no softmax"):
        MotionProbabilities(nn.Linear(1, 1))
