"""Pre-trains a small VideoMAE of `transformers` on a folder of videos, with any mask.

    pip install ".[torch,draw]" transformers accelerate
    python examples/pretrain_hf.py VIDEOS --mask motion_guided --mask-ratio 0.9 --out out/hf

`--mask tube`, `simulated_motion`, `motion_topk`, ... for the others. Runs on a GPU where there is
one; on two cores, three clips take a few minutes. Writes loss.csv, loss.png and the model.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure
from transformers import Trainer, TrainingArguments, VideoMAEConfig, VideoMAEForPreTraining

from mgm_ext.adapters.transformers import VideoMAECollator, video_dataset
from mgm_ext.masks import MASKINGS

SUFFIXES = {".mp4", ".mkv", ".webm", ".mov", ".avi"}


def arguments(given: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("videos", type=Path, help="folder that is searched for videos")
    parser.add_argument("--mask", choices=list(MASKINGS), default="motion_guided")
    parser.add_argument("--mask-ratio", type=float, default=0.9)
    parser.add_argument("--mask-options", type=json.loads, default={}, help='{"preset": "smooth"}')
    parser.add_argument("--out", type=Path, default=Path("out/hf"))
    parser.add_argument("--steps", type=int, default=150)
    parser.add_argument("--batch", type=int, default=4)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--stride", type=int, default=4, help="frames between sampled ones")
    parser.add_argument("--size", type=int, default=112, help="side of a frame in pixels")
    parser.add_argument("--width", type=int, default=192, help="of the encoder")
    parser.add_argument("--depth", type=int, default=4, help="layers of the encoder")
    parser.add_argument("--rate", type=float, default=1e-3, help="learning rate")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--cpu", action="store_true", help="do not use a GPU")
    parser.add_argument("--bf16", action="store_true", help="mixed precision")
    return parser.parse_args(given)


def find_videos(folder: Path) -> list[Path]:
    found = sorted(path for path in folder.rglob("*") if path.suffix.lower() in SUFFIXES)
    if not found:
        raise SystemExit(f"no videos ({', '.join(sorted(SUFFIXES))}) in {folder}")
    return found


def new_model(args: argparse.Namespace) -> Any:
    config = VideoMAEConfig(
        image_size=args.size,
        num_frames=16,
        hidden_size=args.width,
        num_hidden_layers=args.depth,
        num_attention_heads=args.width // 32,
        intermediate_size=4 * args.width,
        decoder_hidden_size=args.width // 2,
        decoder_num_hidden_layers=1,
        decoder_num_attention_heads=args.width // 64,
        decoder_intermediate_size=2 * args.width,
    )
    return VideoMAEForPreTraining(config)


def draw_curve(losses: list[tuple[float, float]], out: Path, title: str) -> None:
    rows = "".join(f"{step},{loss:.6f}\n" for step, loss in losses)
    (out / "loss.csv").write_text("step,loss\n" + rows)
    figure = Figure(figsize=(6, 4))
    axes = figure.subplots()
    axes.plot([step for step, _ in losses], [loss for _, loss in losses])
    axes.set(xlabel="step", ylabel="loss (normalised pixels)", title=title)
    figure.savefig(out / "loss.png", dpi=120, bbox_inches="tight")


def main(given: Sequence[str] | None = None) -> list[tuple[float, float]]:
    args = arguments(given)
    args.out.mkdir(parents=True, exist_ok=True)
    training = TrainingArguments(
        output_dir=str(args.out),
        max_steps=args.steps,
        per_device_train_batch_size=args.batch,
        dataloader_num_workers=args.workers,
        learning_rate=args.rate,
        warmup_steps=args.steps // 10,
        lr_scheduler_type="cosine",
        logging_steps=max(1, args.steps // 50),
        save_strategy="no",
        report_to=[],
        bf16=args.bf16,
        use_cpu=args.cpu,
        seed=args.seed,
    )
    model = new_model(args)
    dataset = video_dataset(
        find_videos(args.videos),
        model.config,
        mask=args.mask,
        mask_ratio=args.mask_ratio,
        mask_options=args.mask_options,
        stride=args.stride,
        seed=args.seed,
    )
    trainer = Trainer(
        model=model,
        args=training,
        train_dataset=dataset,
        data_collator=VideoMAECollator(model.config, mask_ratio=args.mask_ratio),
    )
    trainer.train()
    trainer.save_model(str(args.out / "model"))
    losses = [(row["step"], row["loss"]) for row in trainer.state.log_history if "loss" in row]
    recipe = dataset.maker.masks.masking.recipe()
    (args.out / "mask.json").write_text(json.dumps(recipe, indent=1))
    draw_curve(losses, args.out, f"{args.mask} at {args.mask_ratio}")
    print(f"loss {losses[0][1]:.3f} -> {losses[-1][1]:.3f}; {args.out}/loss.csv, model, mask.json")
    return losses


if __name__ == "__main__":
    main()
