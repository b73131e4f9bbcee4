"""`check_mask` names each mistake that trainers make in silence."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from mgm_ext import motion_guided_mask, token_indices, tube_mask
from mgm_ext.adapters import STYLES, check_mask
from tests.fields import random_field

GRID = (4, 6, 6)
TOKENS = 144
FIELD = random_field(1, slots=4, tubelet=2, high=9, wide=9)


def batch(count: int = 2) -> torch.Tensor:
    masks = [motion_guided_mask(FIELD, grid=GRID, seed=i).reshape(-1) for i in range(count)]
    return torch.from_numpy(np.stack(masks))


def with_cls() -> torch.Tensor:
    return torch.cat([torch.zeros(2, 1, dtype=torch.bool), batch()], dim=1)


def index_lists() -> tuple[list[torch.Tensor], list[torch.Tensor]]:
    lists = [token_indices(motion_guided_mask(FIELD, grid=GRID, seed=i)) for i in range(2)]
    enc = torch.from_numpy(np.stack([one.ids_keep for one in lists]))
    pred = torch.from_numpy(np.stack([one.ids_masked for one in lists]))
    return [enc], [pred]


GOOD: dict[str, Any] = {
    "videomae": batch(1).numpy()[0].astype(np.float64),
    "transformers": batch(),
    "internvideo2": with_cls(),
    "mae_st": torch.rand(2, TOKENS, generator=torch.Generator().manual_seed(0)),
    "vjepa": index_lists(),
    "maskfeat": batch().reshape(2, *GRID).float(),
}


@pytest.mark.parametrize("style", STYLES)
def test_a_good_mask_passes_and_comes_back(style: str) -> None:
    assert check_mask(GOOD[style], style=style, grid=GRID, mask_ratio=0.75) is GOOD[style]
    assert check_mask(GOOD[style], style=style) is GOOD[style]


def test_the_videomae_family_takes_both_layouts() -> None:
    mask = tube_mask(grid=GRID)
    for layout in (mask.reshape(-1), mask.reshape(4, -1)):
        check_mask(layout, style="videomae", grid=GRID, scope="slot")


def unequal() -> torch.Tensor:
    mask = batch()
    mask[0, torch.nonzero(mask[0])[0]] = False
    return mask


def crossed(step: int) -> Any:
    (enc,), (pred,) = index_lists()
    wrong = enc.clone()
    wrong[0, 0] = pred[0, 0] if step == 0 else wrong[0, 1]
    return [wrong], [pred]


WRONG: list[tuple[str, Any, str]] = [
    ("transformers", unequal(), r"same number of masked tokens, got \[107, 108\].*enter another"),
    ("transformers", batch().long(), r"must be bool.*int64 numbers are taken for positions"),
    ("transformers", batch().float(), r"must be bool.*float32 numbers cannot index"),
    ("transformers", ~batch(), "36 of 144 tokens are masked, not the share 0.75.*inverted"),
    ("transformers", batch().reshape(2, 4, 36), r"must be \(B, N\) with N = 144.*not \(2, 4, 36\)"),
    ("transformers", torch.ones(2, TOKENS, dtype=torch.bool), "between 1 and 143.*not 144"),
    ("transformers", torch.zeros(2, TOKENS, dtype=torch.bool), "between 1 and 143.*not 0"),
    ("transformers", with_cls(), r"must be \(B, N\) with N = 144.*not \(2, 145\)"),
    ("internvideo2", batch(), r"must be \(B, 1 \+ N\) with N = 144.*not \(2, 144\)"),
    ("internvideo2", ~with_cls(), "column 0 is the class token"),
    ("videomae", batch(1)[0], "must be a NumPy array.*1 - mask.*torch.bool"),
    ("videomae", batch(1).numpy()[0].reshape(GRID), r"\(144,\) or \(4, 36\).*not \(4, 6, 6\)"),
    ("videomae", batch(1).numpy()[0] * 0.5, "0 and 1 only"),
    ("maskfeat", batch(), r"must be \(B, 4, 6, 6\).*not \(2, 144\)"),
    ("mae_st", batch(), "floats to sort, not bool"),
    ("mae_st", torch.rand(2, 4, 36), r"\(B, N\) with N = 144, not \(2, 4, 36\)"),
    ("mae_st", torch.full((2, TOKENS), float("nan")), "must be finite"),
    ("mae_st", torch.zeros(2, TOKENS), "constant"),
    ("vjepa", batch(), "two lists of the same length"),
    ("vjepa", [[m.int() for m in side] for side in index_lists()], "int64.*not int32"),
    ("vjepa", [[m + 50 for m in side] for side in index_lists()], r"in \[0, 144\), not"),
    ("vjepa", crossed(0), "must be disjoint"),
    ("vjepa", crossed(1), "names a token twice"),
]


@pytest.mark.parametrize(("style", "mask", "words"), WRONG)
def test_a_wrong_mask_is_refused_with_a_sentence(style: str, mask: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check_mask(mask, style=style, grid=GRID, mask_ratio=0.75)


def test_without_a_ratio_a_minority_of_masked_tokens_is_taken_for_inverted() -> None:
    with pytest.raises(ValueError, match="looks inverted; pass mask_ratio"):
        check_mask(~batch(), style="transformers")
    check_mask(~batch(), style="transformers", mask_ratio=0.25)


def test_the_wrong_order_of_flattening_is_found() -> None:
    turned = batch().reshape(2, 4, 36).permute(0, 2, 1).reshape(2, -1)
    check_mask(turned, style="transformers", grid=GRID)
    with pytest.raises(ValueError, match="flattened space-major, not time-major"):
        check_mask(turned, style="transformers", grid=GRID, scope="slot")
    random = batch()[:, torch.randperm(TOKENS, generator=torch.Generator().manual_seed(1))]
    with pytest.raises(ValueError, match="every slot must have the same number"):
        check_mask(random, style="transformers", grid=GRID, scope="slot")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"style": "bert"}, "style must be one of .*not 'bert'"),
        ({"style": "transformers", "scope": "tube"}, "scope must be .*not 'tube'"),
        ({"style": "transformers", "scope": "slot"}, "not 'slot' with None"),
    ],
)
def test_arguments_are_checked(options: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        check_mask(batch(), **options)
