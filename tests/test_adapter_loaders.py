"""webdataset's stage of bytes, and Lightning's callback after the transfer."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import default_collate

from mgm_ext import (
    DecodeError,
    View,
    make_masking,
    motion_guided_mask,
    motion_score,
    seed_for,
    tube_mask,
)
from mgm_ext.adapters import MultiScaleCrop, TooManyFallbacks
from mgm_ext.adapters.lightning import MaskCallback, Motions
from mgm_ext.adapters.webdataset import MaskStage
from tests.conftest import EncodedClip
from tests.fields import random_field
from tests.trainers import random_states

pytestmark = pytest.mark.filterwarnings("ignore::mgm_ext.adapters.FallbackWarning")

GRID = (4, 4, 4)
VIEWS = [View((10 * i, 5, 60, 70), (64, 64), i == 1) for i in range(3)]
FIELDS = [random_field(i, slots=4, tubelet=2, high=9, wide=9) for i in range(3)]
MASKING = make_masking("motion_guided", input_size=GRID, mask_ratio=0.75)
OPTIONS: dict[str, Any] = {"num_frames": 8, "stride": 2, "crop": MultiScaleCrop(64)}


@pytest.fixture(scope="module")
def clip(encoded_clip: EncodedClip) -> Path:
    return encoded_clip("libx264", kind="object", size=(96, 128), motion=(3, 2))


def test_a_stage_makes_a_masked_clip_of_bytes(clip: Path) -> None:
    stage = MaskStage(MASKING, **OPTIONS)
    before = random_states()
    sample = {"__key__": "a/1", "mp4": clip.read_bytes(), "cls": 5}
    first, second = stage(sample), stage(sample)
    assert random_states() == before
    made = {"pixel_values", "bool_masked_pos", "mask_source", "mask_reason"}
    assert set(first) == {"__key__", "cls", *made}
    assert first["pixel_values"].shape == (8, 3, 64, 64)
    assert first["bool_masked_pos"].sum() == 48
    assert (first["pixel_values"] != second["pixel_values"]).any(), "a second pass differs"
    again = MaskStage(MASKING, **OPTIONS)(sample)
    for key in ("pixel_values", "bool_masked_pos", "mask_source"):
        torch.testing.assert_close(again[key], first[key])


def test_a_stage_leaves_bad_videos_to_the_pipeline_and_counts_them(clip: Path) -> None:
    stage = MaskStage(MASKING, max_fallback=0.001, **OPTIONS)
    with pytest.raises(KeyError, match=r"no video under .*'__key__', 'txt'"):
        stage({"__key__": "a", "txt": b""})
    with pytest.raises(DecodeError, match="<bytes>"):
        stage({"__key__": "a", "mp4": b"nothing"})
    with pytest.raises(TooManyFallbacks, match=r"2 of the first 2 .*cannot be decoded: 100%"):
        stage({"__key__": "b", "webm": b"nothing"})
    row = {"__key__": "a/1", "video": {"bytes": clip.read_bytes(), "path": None}}
    of_path = {"video": {"bytes": None, "path": str(clip)}}
    for sample in (row, of_path):
        assert MaskStage(MASKING, **OPTIONS)(sample)["bool_masked_pos"].sum() == 48
    with pytest.raises(ValueError, match="not repeats=2"):
        MaskStage(MASKING, repeats=2, **OPTIONS)


def test_fields_and_views_of_a_default_collated_batch_are_followed() -> None:
    samples = [{"motion": f, "view": v, "x": 1} for f, v in zip(FIELDS, VIEWS, strict=True)]
    batch = default_collate(samples)
    for name in ("motion", "view"):
        moved = batch[name].to("cpu", non_blocking=True).pin_memory()
        assert moved is batch[name]
    callback = MaskCallback("motion_guided", grid=GRID, mask_ratio=0.75, seed=9)
    callback.mask(batch, device="cpu", epoch=0, index=1)
    seed = seed_for(9, 0, 1, 2)
    expected = motion_guided_mask(FIELDS[2], grid=GRID, view=VIEWS[2], seed=seed)
    np.testing.assert_array_equal(batch["bool_masked_pos"][2], expected.reshape(-1))
    scores = [motion_score(f, grid=GRID, view=v) for f, v in zip(FIELDS, VIEWS, strict=True)]
    scored = default_collate([{"motion": score} for score in scores])
    callback.mask(scored, device="cpu", epoch=0, index=1)
    assert scored["bool_masked_pos"].shape == (3, 64)


TRAINER = SimpleNamespace(world_size=2, global_rank=1, current_epoch=3)
MODULE = SimpleNamespace(device="cpu")


def test_the_callback_masks_the_batch_after_its_transfer() -> None:
    callback = MaskCallback("motion_guided", grid=GRID, mask_ratio=0.75, seed=9)
    batch: dict[str, Any] = {"motion": Motions(FIELDS, VIEWS)}
    callback.on_train_batch_start(TRAINER, MODULE, batch, 4)
    for i, mask in enumerate(batch["bool_masked_pos"]):
        seed = seed_for(9, 3, 9, i)
        expected = motion_guided_mask(FIELDS[i], grid=GRID, view=VIEWS[i], seed=seed)
        np.testing.assert_array_equal(mask, expected.reshape(-1))
    seen = batch["bool_masked_pos"]
    callback.on_validation_batch_start(TRAINER, MODULE, batch, 4)
    assert (batch["bool_masked_pos"] != seen).any()


def test_a_function_makes_the_mask_from_signed_seeds() -> None:
    def tubes(motion: torch.Tensor, seeds: torch.Tensor, *, grid: Any) -> torch.Tensor:
        unsigned = seeds.numpy().view(np.uint64)
        masks = [tube_mask(grid=grid, seed=int(seed)) for seed in unsigned]
        return torch.from_numpy(np.stack(masks)).to(motion.device)

    batch: dict[str, Any] = {"score": torch.zeros(3, *GRID)}
    MaskCallback(tubes, motion="score", key="mask", grid=GRID, seed=2).mask(
        batch, device="cpu", epoch=0, index=7
    )
    for i, mask in enumerate(batch["mask"]):
        expected = tube_mask(grid=GRID, seed=seed_for(2, 0, 7, i)).reshape(-1)
        np.testing.assert_array_equal(mask, expected)


def test_the_callback_says_what_is_missing() -> None:
    callback = MaskCallback("tube", grid=GRID)
    with pytest.raises(TypeError, match="must be a dict to take a mask, not list"):
        callback.mask([], device="cpu", epoch=0, index=0)  # type: ignore[arg-type]
    with pytest.raises(KeyError, match=r"no 'motion', only \['pixels'\]"):
        callback.mask({"pixels": 1}, device="cpu", epoch=0, index=0)
    with pytest.raises(TypeError, match=r"'motion' must be Motions\(\[...\]\) or a list, not int"):
        callback.mask({"motion": 1}, device="cpu", epoch=0, index=0)
    for motion in (FIELDS, Motions(FIELDS)):
        with pytest.raises(ValueError, match="fields come without what the trainer sees"):
            callback.mask({"motion": motion}, device="cpu", epoch=0, index=0)
    with pytest.raises(ValueError, match="views must be 3, one per clip, not 1"):
        Motions(FIELDS, [None])
    uneven = MaskCallback("motion_guided", grid=GRID, fit="clip", preset="smooth")
    with pytest.raises(ValueError, match=r"same number of masked tokens|looks inverted"):
        uneven.mask({"motion": Motions(FIELDS, [None] * 3)}, device="cpu", epoch=0, index=0)
