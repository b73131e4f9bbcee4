"""Commands on a sampled clip: mask, draw, masks, contrast."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..boxes import motion_boxes
from ..contrast import MotionContrast, motion_contrast
from ..masks import MASKINGS, PRESETS, Mask, make_masking, motion_guided_mask
from ..masks.options import chosen_weight
from ..motion_field import Clip
from ..score import motion_score
from ..video_reader import VideoReader
from .output import bar, needs_extra, say

__all__ = ["add_clip_options", "contrast", "draw", "mask", "masks"]


def grid(text: str) -> tuple[int, int, int]:
    """S,R,C of the command line."""
    sides = tuple(int(side) for side in text.split(","))
    if len(sides) != 3 or min(sides) < 1:
        raise argparse.ArgumentTypeError(f"must be S,R,C, three positive integers, not {text!r}")
    return sides[0], sides[1], sides[2]


def add_clip_options(parser: argparse.ArgumentParser) -> None:
    """Which frames, tokens, ratio, preset and seed."""
    parser.add_argument("--start", type=int, default=0, help="first frame")
    parser.add_argument("--stride", type=int, default=4, help="frames from one sample to the next")
    parser.add_argument("--frames", type=int, default=16, help="sampled frames")
    parser.add_argument("--grid", type=grid, default=(8, 14, 14), help="slots,rows,columns")
    parser.add_argument("--ratio", type=float, default=0.75, help="masked share of each slot")
    parser.add_argument("--preset", choices=PRESETS, default="robust")
    parser.add_argument("--seed", type=int, default=0)


def read(arguments: argparse.Namespace, *, pixels: bool) -> Clip:
    """The frames that the options name, the last one repeated past the end."""
    reader = VideoReader(arguments.file)
    last = len(reader) - 1
    indices = np.minimum(arguments.start + arguments.stride * np.arange(arguments.frames), last)
    return reader.read_clip(indices, pixels=pixels)


def mask(arguments: argparse.Namespace) -> None:
    """Writes the mask of a clip."""
    clip = read(arguments, pixels=PRESETS[arguments.preset].weight == "auto")
    made = motion_guided_mask(
        clip,
        grid=arguments.grid,
        mask_ratio=arguments.ratio,
        preset=arguments.preset,
        seed=arguments.seed,
    )
    np.savez_compressed(arguments.output, mask=made, frame_indices=clip.frame_indices)
    facts = {
        "output": str(arguments.output),
        "frames": [int(clip.frame_indices[0]), int(clip.frame_indices[-1])],
        "mask": list(made.shape),
        "masked_per_slot": made.sum(axis=(1, 2)).tolist(),
    }
    say(facts, arguments)


def draw(arguments: argparse.Namespace) -> None:
    """Draws vectors, score, box and mask of a clip."""
    with needs_extra("draw"):
        from .. import visualise
    clip = read(arguments, pixels=True)
    preset = PRESETS[arguments.preset]
    weight = chosen_weight(None, preset, frames=True)
    score = motion_score(clip, grid=arguments.grid, camera=preset.camera, weight=weight)
    made = motion_guided_mask(
        score, mask_ratio=arguments.ratio, preset=arguments.preset, seed=arguments.seed
    )
    boxes = motion_boxes(
        score,
        mask_ratio=arguments.ratio,
        peak=preset.peak,
        first=preset.first,
        seed=arguments.seed,
    )
    panels = visualise.clip_panels(clip, score, made, boxes)
    per_slot = len(clip.frame_indices) // len(made)
    with bar(len(clip.frame_indices), "frames", arguments) as progress:
        if arguments.output.suffix == ".png":
            strips = []
            for sample, panel in enumerate(panels):
                progress.update()
                if sample % per_slot == 0:
                    strips.append(panel)
            labels = [
                f"slot {slot}, frame {clip.frame_indices[slot * per_slot]}: "
                "vectors | score and box | masked patches"
                for slot in range(len(made))
            ]
            visualise.write_png(arguments.output, visualise.sheet(strips, labels))
        else:
            fps = max(1.0, clip.info.average_fps / arguments.stride)
            visualise.write_mp4(
                arguments.output, (p for p in panels if not progress.update()), fps=fps
            )
    moving = float(score.pixels_per_frame.max())
    facts = {
        "output": str(arguments.output),
        "slots": len(made),
        "fastest_token": f"{moving:.2f} pixels per frame",
    }
    say(facts, arguments)


def masks(arguments: argparse.Namespace) -> None:
    """Draws every mask of one clip, a row each."""
    with needs_extra("masks"):
        from .. import visualise
    clip = read(arguments, pixels=True)
    made = {}
    with bar(len(MASKINGS), "masks", arguments) as progress:
        for name in MASKINGS:
            made[name] = _one_of_all(name, clip, arguments)
            progress.update()
    visualise.write_png(arguments.output, visualise.mask_sheet(clip, made))
    ratios = {name: round(float(mask.mean()), 4) for name, mask in made.items()}
    say({"output": str(arguments.output), **ratios}, arguments)


def _one_of_all(name: str, clip: Clip, arguments: argparse.Namespace) -> Mask:
    ratio, options = arguments.ratio, {}
    if name == "running_cell":
        ratio = min((0.25, 0.5, 0.75), key=lambda allowed: abs(allowed - ratio))
    if name == "motion_guided":
        options["preset"] = arguments.preset
    if name == "boxes":
        # For want of a detector: where the motion is, half as large as the mask.
        score = motion_score(clip, grid=arguments.grid, weight="texture")
        options["boxes"] = motion_boxes(score, mask_ratio=ratio / 2, seed=arguments.seed)
    masking = make_masking(name, input_size=arguments.grid, mask_ratio=ratio, **options)
    return masking(clip, seed=arguments.seed)


def contrast(arguments: argparse.Namespace) -> None:
    """Mean speed inside and outside the boxes of a file, at the frames that it names."""
    frames, boxes = _boxes_of(arguments.boxes)
    field = VideoReader(arguments.file).read_clip(frames, pixels=False).field
    found = motion_contrast(field, boxes)
    _say_contrast(found, frames, arguments)


def _boxes_of(path: Path) -> tuple[list[int], NDArray[np.float64]]:
    """Frames [T] and boxes [T, B, 4] of a JSON object {frame: [[x0, y0, x1, y1], ...]}."""
    try:
        given = {int(frame): boxes for frame, boxes in json.loads(path.read_text()).items()}
        most = max(len(boxes) for boxes in given.values())
        filled = [[*boxes, *[[np.nan] * 4] * (most - len(boxes))] for boxes in given.values()]
        result = np.array(filled, np.float64).reshape(len(given), most, 4)
    except (ValueError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{path} must hold one object {{frame: [[x0, y0, x1, y1], ...]}}: {error}"
        ) from error
    return list(given), result


def _say_contrast(found: MotionContrast, frames: list[int], arguments: argparse.Namespace) -> None:
    def known(value: float) -> float | None:
        return None if np.isnan(value) else round(value, 4)

    facts: dict[str, Any] = {
        "inside": known(found.clip_inside),
        "outside": known(found.clip_outside),
        "frames": len(frames),
        "frames_where_inside_is_faster": int((found.inside > found.outside).sum()),
    }
    if arguments.json:
        pairs = zip(frames, found.inside, found.outside, strict=True)
        facts["per_frame"] = [[frame, known(near), known(far)] for frame, near, far in pairs]
    say(facts, arguments)
