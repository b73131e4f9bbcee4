"""The real VideoMAE of `transformers`, tiny and with random weights, trains with every mask."""

from __future__ import annotations

import itertools
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch.utils.data import DataLoader

from mgm_ext import make_masking
from mgm_ext.adapters import CenterCrop
from mgm_ext.adapters.transformers import VideoMAECollator, grid_of, video_dataset
from mgm_ext.masks import MASKINGS

pytestmark = pytest.mark.usefixtures("one_thread")
transformers = pytest.importorskip("transformers")

CONFIG = transformers.VideoMAEConfig(
    image_size=32,
    patch_size=8,
    num_frames=8,
    tubelet_size=2,
    hidden_size=16,
    num_hidden_layers=1,
    num_attention_heads=2,
    intermediate_size=32,
    decoder_hidden_size=16,
    decoder_num_hidden_layers=1,
    decoder_num_attention_heads=2,
    decoder_intermediate_size=32,
)
GRID = (4, 4, 4)
STEPS = 20


def options_of(name: str) -> dict[str, Any]:
    return {"boxes": np.array([[16, 16, 80, 80]] * 4)} if name == "boxes" else {}


def data(clips: list[Path], name: str) -> Any:
    few = list(itertools.islice(itertools.cycle(clips), 2 * STEPS))
    return video_dataset(few, CONFIG, mask=name, mask_options=options_of(name), stride=2)


def loader(clips: list[Path], name: str) -> Iterator[dict[str, torch.Tensor]]:
    collate = VideoMAECollator(CONFIG, mask_ratio=0.75)
    return iter(DataLoader(data(clips, name), batch_size=2, num_workers=2, collate_fn=collate))


def new_model() -> Any:
    torch.manual_seed(0)
    return transformers.VideoMAEForPreTraining(CONFIG)


def train(model: Any, batches: Iterator[dict[str, torch.Tensor]]) -> list[float]:
    optimizer = torch.optim.AdamW(model.parameters(), lr=5e-3)
    losses = []
    for batch in batches:
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    return losses


def assert_learns(losses: list[float]) -> None:
    assert len(losses) == STEPS
    assert np.isfinite(losses).all()
    assert np.mean(losses[-5:]) < np.mean(losses[:5])


@pytest.mark.parametrize("name", list(MASKINGS))
def test_videomae_trains_with_each_mask(name: str, clips: list[Path]) -> None:
    assert_learns(train(new_model(), loader(clips, name)))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")
@pytest.mark.timeout(600)
def test_compiled_videomae_trains_with_each_mask(clips: list[Path]) -> None:
    torch.compiler.reset()
    model = new_model()
    start = {name: value.clone() for name, value in model.state_dict().items()}
    compiled = torch.compile(model)
    for name in MASKINGS:
        model.load_state_dict(start)
        batches = list(loader(clips, name))
        assert_learns(train(compiled, iter(batches)))


@pytest.mark.parametrize("keep_columns", [True, False])
def test_trainer_trains(keep_columns: bool, clips: list[Path], tmp_path: Path) -> None:
    pytest.importorskip("accelerate")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        trainer = transformers.Trainer(
            model=new_model(),
            args=transformers.TrainingArguments(
                output_dir=str(tmp_path),
                max_steps=STEPS,
                learning_rate=5e-3,
                per_device_train_batch_size=2,
                dataloader_num_workers=2,
                logging_steps=5,
                save_strategy="no",
                report_to=[],
                disable_tqdm=True,
                use_cpu=True,
                remove_unused_columns=not keep_columns,
            ),
            train_dataset=data(clips, "motion_guided"),
            data_collator=VideoMAECollator(CONFIG, mask_ratio=0.75, with_source=keep_columns),
        )
        result = trainer.train()
    losses = [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]
    assert result.global_step == STEPS
    assert losses[-1] < losses[0]


@pytest.mark.parametrize("persistent", [False, True])
def test_trainer_masks_every_epoch_anew(
    persistent: bool, clips: list[Path], tmp_path: Path
) -> None:
    pytest.importorskip("accelerate")
    seen: list[torch.Tensor] = []

    def noted(model: Any, args: Any, batch: dict[str, torch.Tensor]) -> None:
        seen.append(batch["bool_masked_pos"])

    arguments = transformers.TrainingArguments(
        output_dir=str(tmp_path),
        num_train_epochs=2,
        per_device_train_batch_size=2,
        dataloader_num_workers=2,
        dataloader_persistent_workers=persistent,
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        use_cpu=True,
    )
    few = [clips[0]] * 8
    made = video_dataset(few, CONFIG, mask="random", stride=2, crop=CenterCrop(32))
    collate = VideoMAECollator(CONFIG, mask_ratio=0.75)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = new_model()
        model.register_forward_pre_hook(noted, with_kwargs=True)
        transformers.Trainer(model, arguments, train_dataset=made, data_collator=collate).train()
    masks = {row.numpy().tobytes() for row in torch.cat(seen)}
    assert len(masks) == 16, "as many masks as samples in two epochs"


def samples(count: int = 2, **changes: Any) -> list[dict[str, Any]]:
    masking = make_masking("tube", input_size=GRID)
    pixels = torch.zeros(8, 3, 32, 32, dtype=torch.uint8)
    made = [
        {"pixel_values": pixels, "bool_masked_pos": torch.from_numpy(masking(seed=i).reshape(-1))}
        for i in range(count)
    ]
    return [{**sample, **changes} for sample in made]


def with_masks(change: Any) -> list[dict[str, Any]]:
    return [
        {**s, "bool_masked_pos": change(i, s["bool_masked_pos"])} for i, s in enumerate(samples())
    ]


def one_less(index: int, mask: torch.Tensor) -> torch.Tensor:
    # 40 and 56 of 64: divisible by two together, so that nothing in the model notices.
    result = torch.zeros(64, dtype=torch.bool)
    result[: (40, 56)[index]] = True
    return result


WRONG = {
    "unequal": (one_less, r"same number of masked tokens, got \[40, 56\].*enter another"),
    "int64": (lambda i, m: m.long(), "must be bool.*int64 numbers are taken for positions"),
    "float": (lambda i, m: m.float(), "must be bool.*float32 numbers cannot index"),
    "inverted": (lambda i, m: ~m, "16 of 64 tokens are masked.*inverted"),
    "space-time": (lambda i, m: m.reshape(4, 16), r"must be \(64,\) or \(4, 4, 4\), not \(4, 16\)"),
    "nothing": (lambda i, m: torch.zeros_like(m), "between 1 and 63"),
}


@pytest.mark.parametrize("kind", list(WRONG))
def test_the_collator_refuses_what_would_train_wrongly(kind: str) -> None:
    change, words = WRONG[kind]
    VideoMAECollator(CONFIG, mask_ratio=0.75)(samples())
    with pytest.raises(ValueError, match=words):
        VideoMAECollator(CONFIG, mask_ratio=0.75)(with_masks(change))


@pytest.mark.parametrize("kind", ["unequal", "int64", "inverted"])
def test_the_model_itself_says_nothing(kind: str) -> None:
    masks = torch.stack([s["bool_masked_pos"] for s in with_masks(WRONG[kind][0])])
    pixels = torch.rand(2, 8, 3, 32, 32, generator=torch.Generator().manual_seed(0))
    assert torch.isfinite(new_model()(pixel_values=pixels, bool_masked_pos=masks).loss)


def test_batches_are_what_the_model_was_trained_on() -> None:
    batch = VideoMAECollator(CONFIG, with_source=True)([samples(2), *samples(1)])
    assert batch["pixel_values"].shape == (3, 8, 3, 32, 32)
    assert batch["bool_masked_pos"].dtype == torch.bool
    assert batch["mask_source"].dtype == torch.uint8
    black = torch.tensor([-0.485 / 0.229, -0.456 / 0.224, -0.406 / 0.225])
    torch.testing.assert_close(batch["pixel_values"][0, 0, :, 0, 0], black)
    floats = torch.full((8, 3, 32, 32), 0.25)
    kept = VideoMAECollator(CONFIG)(samples(pixel_values=floats))
    assert (kept["pixel_values"] == 0.25).all()


def test_the_collator_says_what_is_missing() -> None:
    with pytest.raises(ValueError, match=r"must have \['bool_masked_pos'\].*remove_unused_columns"):
        VideoMAECollator(CONFIG)([{"pixel_values": torch.zeros(1), "mask": 1}])
    with pytest.raises(ValueError, match=r"must be \(8, 3, 32, 32\), not \(3, 8, 32, 32\)"):
        VideoMAECollator(CONFIG)(samples(pixel_values=torch.zeros(3, 8, 32, 32)))


def test_the_dataset_is_the_models() -> None:
    made = video_dataset(["a.mp4"], CONFIG, mask="tube", repeats=2)
    assert (made.maker.num_frames, made.maker.repeats, made.maker.masks.num_masked) == (8, 2, 48)
    with pytest.raises(ValueError, match=r"model's \(4, 4, 4\) tokens, not \(8, 14, 14\)"):
        video_dataset(["a.mp4"], CONFIG, mask=make_masking("tube", input_size=(8, 14, 14)))
    wide = transformers.VideoMAEConfig(image_size=[32, 64], patch_size=[8, 8], num_frames=8)
    assert grid_of(wide) == (4, 4, 8)
    with pytest.raises(ValueError, match="a crop must be given for pictures of 32x64"):
        video_dataset(["a.mp4"], wide)
    video_dataset(["a.mp4"], wide, crop=CenterCrop())
    odd = transformers.VideoMAEConfig(image_size=30, patch_size=8)
    with pytest.raises(ValueError, match="patches of 8x8 and tubelets of 2 must divide"):
        grid_of(odd)
