"""UMT, InternVideo2, EVEREST, AdaMAE: their data sets give scores, their models draw the mask."""

from __future__ import annotations

import functools
import importlib
from pathlib import Path
from typing import Any

import torch
from torch import nn

from mgm_ext.adapters.attention import MotionProbabilities, MotionStep, attention_of_scores
from mgm_ext.adapters.videomae import capture

from .edges import stored
from .trial import Made, Trial
from .videomae import GRID, SIDE, Recorder, arguments, engine_step, enter, tiny
from .world import STUBBED, one_process, stub

__all__ = ["TRIALS"]


class Teacher(nn.Module):
    """In place of CLIP or a video teacher: features of the right shape, even attention."""

    def __init__(self, grid: tuple[int, int, int], width: int, leading: int, middle: bool) -> None:
        super().__init__()
        self.grid, self.width, self.leading, self.middle = grid, width, leading, middle

    def forward(self, videos: torch.Tensor) -> Any:
        slots, rows, columns = self.grid
        batch, tokens = len(videos), slots * rows * columns + self.leading
        features = torch.nn.functional.normalize(torch.randn(1, batch, tokens, self.width), dim=-1)
        attention = torch.full((batch * slots, rows * columns), 1 / (rows * columns))
        if not self.middle:
            return features, attention
        return features, torch.nn.functional.normalize(torch.randn(batch, 64), dim=-1), attention


class Swapped:
    """Our two lines in UMT's and InternVideo2's engine, which is not edited here.

    `videos, scores = batch` and `attn = attention_of_scores(scores)` reach it by the teacher.
    """

    def __init__(self, teacher: Teacher) -> None:
        self.teacher, self.scores = teacher, None

    def __call__(self, videos: torch.Tensor) -> Any:
        *rest, attention = self.teacher(videos)
        if self.scores is not None:
            attention = attention_of_scores(self.scores)
        return (*rest, attention)


def attentive(engine: Any, model: Any, dataset: Any, grid: Any, more: Any, place: int = 1) -> Any:
    recorder = Recorder(model, place)
    swapped = more["swapped"]

    def make(ours: bool, ratio: float | None) -> Made:
        made = capture(dataset(), input_size=grid, seed=1) if ours else dataset()
        options = {**more["options"], "mask_ratio": 0.8 if ratio is None else ratio}
        step = engine_step(engine, model, **options)

        def train(batch: Any) -> tuple[float, torch.Tensor]:
            swapped.scores = batch[1] if ours else None
            loss = step((batch[0], torch.zeros(len(batch[0]))))
            assert recorder.mask is not None
            return loss, recorder.mask[:, -grid[0] * grid[1] * grid[2] :]

        return Made(made, train, lambda batch: batch[0])

    return make


def listed(clips: list[Path], work: Path, **more: Any) -> Any:
    """The arguments that UMT's and InternVideo2's builders of data sets share."""
    both = {"mask_type": "attention", "mask_ratio": 0.8, "flip": True, "prefix": "", "split": " "}
    reading = {"num_segments": 1, "use_decord": True, "num_sample": 1}
    return arguments(clips, work, **both, **reading, **more)


def taught(builder: Any, engine: Any, model: Any, grid: Any, options: dict[str, Any]) -> Any:
    """A `make` of a model that a teacher's attention masks.

    Args:
        builder: of the data set.
        engine: the trainer's.
        model: the student.
        grid: (S, R, C) tokens.
        options: of the engine; the one that is `Swapped` is the teacher of the masks.
    """
    (swapped,) = (value for value in options.values() if isinstance(value, Swapped))
    options = {"clip_input_resolution": SIDE, "mask_type": "attention", **options}
    return attentive(engine, model, builder, grid, {"swapped": swapped, "options": options})


def umt(folder: Path, clips: list[Path], work: Path) -> Trial:
    enter(folder / "single_modality")
    grid = (8, 7, 7)
    args = listed(clips, work, num_frames=8)
    build = importlib.import_module("datasets.build")
    engine = importlib.import_module("engines.engine_for_pretraining_umt")
    kind = importlib.import_module("models.modeling_pretrain_umt").PretrainVisionTransformer
    model = student(
        kind,
        encoder_embed_dim=48,
        encoder_depth=1,
        encoder_num_heads=2,
        norm_layer=functools.partial(nn.LayerNorm, eps=1e-6),
        tubelet_size=1,
        clip_decoder_embed_dim=48,
        clip_output_dim=32,
    )
    STUBBED.append("CLIP")
    options = {"teacher_model": Swapped(Teacher(grid, 32, 0, middle=False))}

    def dataset() -> Any:
        return build.build_pretraining_dataset(args)

    make = taught(dataset, engine, model, grid, options)
    return Trial(make, grid, 0.8, flips=True, also=(lambda: stored(dataset(), grid),))


def internvideo2(folder: Path, clips: list[Path], work: Path) -> Trial:
    enter(folder / "InternVideo2" / "single_modality")
    for name in ("modules.mlp", "ops.rms_norm", "bert_padding", "flash_attn_interface"):
        stub(f"flash_attn.{name}")
    one_process()
    grid = (8, 7, 7)
    args = listed(clips, work, num_frames=16, sampling_rate=2)
    build = importlib.import_module("datasets.build")
    engine = importlib.import_module("engines.engine_for_pretraining")
    meter = importlib.import_module("utils").SmoothedValue
    meter.synchronize_between_processes = lambda _: None  # wants CUDA
    model = student(
        importlib.import_module("models.internvideo2_pretrain").PretrainInternVideo2,
        patch_size=16,
        embed_dim=48,
        num_heads=2,
        depth=1,
        use_flash_attn=False,
        use_fused_rmsnorm=False,
        use_fused_mlp=False,
        attn_pool_num_heads=2,
        clip_embed_dim=48,
        clip_teacher_embed_dim=32,
        clip_teacher_final_dim=64,
        mae_teacher_embed_dim=32,
    )
    mae = Teacher(grid, 32, 0, middle=False)
    STUBBED.extend(["InternVL", "VideoMAEv2-g", "its meters' all_reduce"])
    options = {
        "clip_teacher_model": Swapped(Teacher(grid, 32, 1, middle=True)),
        "mae_teacher_model": lambda videos: mae(videos)[0],
        "mae_input_resolution": SIDE,
    }
    make = taught(lambda: build.build_pretraining_dataset(args), engine, model, grid, options)
    return Trial(make, grid, 0.8, flips=True)


def student(kind: Any, **more: Any) -> Any:
    """A tiny model of what both share."""
    torch.manual_seed(0)
    return kind(img_size=SIDE, mlp_ratio=2, num_frames=8, **more)


def everest(folder: Path, clips: list[Path], work: Path) -> Trial:
    """Visible tokens are of what moves, too: the object is not what is masked."""
    enter(folder)
    grid = (8, 8, 8)  # its mcm_step wants slots of an even number of tokens
    args = arguments(clips, work, mask_type="motion-centric", input_size=128, window_size=grid)
    datasets = importlib.import_module("datasets")
    engine = importlib.import_module("engine_for_pretraining")
    kind = importlib.import_module("modeling_pretrain").PretrainVisionTransformer

    def make(ours: bool, ratio: float | None) -> Made:
        model = tiny(
            kind,
            img_size=128,
            motion_centric_masking=True,
            motion_centric_masking_ratio=0.7,
            masking_ratio=ratio or 0.9,
        )
        made = datasets.build_pretraining_dataset(args)
        if ours:
            made = capture(made, input_size=grid)
            MotionStep(model.encoder)
        seen: list[torch.Tensor] = []
        real = model.encoder.mcm_step

        def noted(*given: Any) -> Any:
            masks = real(*given)
            seen[:] = [masks[0].clone()]
            return masks

        model.encoder.mcm_step = noted
        step = engine_step(engine, model, mask_type="motion-centric")

        def train(batch: Any) -> tuple[float, torch.Tensor]:
            return step(batch), seen[0]

        return Made(made, train, lambda batch: batch[0])

    return Trial(make, grid, 0.9, placed=False)


def adamae(folder: Path, clips: list[Path], work: Path) -> Trial:
    enter(folder)
    args = arguments(clips, work, mask_type="learnable")
    datasets = importlib.import_module("datasets")
    engine = importlib.import_module("msc.engine_for_pretraining")
    kind = importlib.import_module("models.pretrain.vit").PretrainVisionTransformer

    def make(ours: bool, ratio: float | None) -> Made:
        model = tiny(kind, mask_ratio=ratio or 0.9)
        made = datasets.build_pretraining_dataset(args)
        probabilities = MotionProbabilities(model.encoder) if ours else None
        if ours:
            made = capture(made)
        seen: list[torch.Tensor] = []
        model.register_forward_hook(lambda m, a, out: seen.__setitem__(slice(None), [out[2]]))
        step = engine_step(engine, model)

        def train(batch: Any) -> tuple[float, torch.Tensor]:
            if probabilities is not None:
                probabilities.follow(batch[1])
            loss = step((batch[0], None))
            unused = [n for n, p in model.named_parameters() if p.requires_grad and p.grad is None]
            assert not unused, f"no gradient: {unused}"
            return loss, seen[0]

        return Made(made, train, lambda batch: batch[0])

    return Trial(make, GRID, 0.9)


TRIALS = {"UMT": umt, "InternVideo2": internvideo2, "EVEREST": everest, "AdaMAE": adamae}
