"""Commands on a sampled clip: mask, draw, masks, contrast."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..boxes import motion_boxes, slot_sources
from ..contrast import MotionContrast, motion_contrast
from ..masks import MASKINGS, PRESETS, Mask, Masking, make_masking, motion_guided_mask
from ..masks.options import chosen_weight
from ..motion_field import Clip
from ..score import Score, motion_score
from ..video_reader import VideoReader
from .arguments import grid_of
from .output import bar, needs_extra, say, write_npz
from .sampling import mask_facts, sample

__all__ = ["contrast", "draw", "mask", "masks"]


def mask(arguments: argparse.Namespace) -> None:
    """Writes the mask of a clip."""
    sampled = sample(arguments, pixels=PRESETS[arguments.preset].weight == "auto")
    clip = sampled.clip
    made, slots = _guided(arguments).with_sources(clip, seed=arguments.seed)
    assert slots is not None
    source = mask_facts(sampled, slots, arguments)
    write_npz(
        arguments.output,
        mask=made,
        frame_indices=clip.frame_indices,
        mask_source=np.array(source["mask_source"]),
        slot_sources=slots,
    )
    facts = {
        "output": str(arguments.output),
        **source,
        "frames": [int(clip.frame_indices[0]), int(clip.frame_indices[-1])],
        "mask": list(made.shape),
        "masked_per_slot": made.sum(axis=(1, 2)).tolist(),
    }
    say(facts, arguments)


def _guided(arguments: argparse.Namespace) -> Masking:
    grid, ratio = grid_of(arguments), arguments.ratio
    return make_masking("motion_guided", input_size=grid, mask_ratio=ratio, preset=arguments.preset)


def draw(arguments: argparse.Namespace) -> None:
    """Draws vectors, score, box and mask of a clip."""
    with needs_extra("draw"):
        from .. import visualise
    sampled = sample(arguments, pixels=True)
    clip = sampled.clip
    raw, score, made, boxes = _steps(clip, arguments)
    slots = slot_sources(score, first=PRESETS[arguments.preset].first)
    source = mask_facts(sampled, slots, arguments)
    legend = visualise.clip_legend(clip, score, made, raw=raw)
    labels = visualise.clip_labels(clip, score)
    panels = visualise.clip_panels(clip, score, made, boxes, raw=raw)
    per_slot = len(clip.frame_indices) // len(made)
    with bar(len(clip.frame_indices), "frames", arguments) as progress:
        strips = (panel for panel in panels if not progress.update())
        if arguments.output.suffix.lower() == ".png":
            kept = [strip for place, strip in enumerate(strips) if place % per_slot == 0]
            page = visualise.sheet(kept, labels[::per_slot], legend=legend)
            visualise.write_png(arguments.output, page)
        else:
            pages = (
                visualise.sheet([strip], [label], legend=legend)
                for strip, label in zip(strips, labels, strict=True)
            )
            fps = max(1.0, clip.info.average_fps / arguments.stride)
            visualise.write_mp4(arguments.output, pages, fps=fps)
    facts = {
        "output": str(arguments.output),
        **source,
        "slots": len(made),
        "masked": round(float(made.mean()), 4),
        "fastest_token": f"{float(score.pixels_per_frame.max()):.2f} pixels per frame",
    }
    say(facts, arguments, {"masked": "of the tokens"})


def _steps(
    clip: Clip, arguments: argparse.Namespace
) -> tuple[Score | None, Score, Mask, NDArray[np.float32]]:
    """The score with the camera's motion where the preset takes it out, the score, mask, boxes."""
    preset, grid = PRESETS[arguments.preset], grid_of(arguments)
    weight = chosen_weight(None, preset, frames=True)
    score = motion_score(clip, grid=grid, camera=preset.camera, weight=weight)
    raw = None
    if preset.camera != "none":
        raw = motion_score(clip, grid=grid, camera="none", weight=weight)
    drawn: dict[str, Any] = {"mask_ratio": arguments.ratio, "seed": arguments.seed}
    made = motion_guided_mask(score, preset=arguments.preset, **drawn)
    return raw, score, made, motion_boxes(score, peak=preset.peak, first=preset.first, **drawn)


def masks(arguments: argparse.Namespace) -> None:
    """Draws every mask of one clip, a row each."""
    with needs_extra("masks"):
        from .. import visualise
    sampled = sample(arguments, pixels=True)
    clip = sampled.clip
    slots = _guided(arguments).with_sources(clip, seed=arguments.seed)[1]
    source = mask_facts(sampled, slots, arguments)
    made = {}
    with bar(len(MASKINGS), "masks", arguments) as progress:
        for name in MASKINGS:
            made[name] = _one_of_all(name, clip, arguments)
            progress.update()
    visualise.write_png(arguments.output, visualise.mask_sheet(clip, made))
    ratios = {name: round(float(mask.mean()), 4) for name, mask in made.items()}
    facts = {"output": str(arguments.output), **source, **ratios}
    say(facts, arguments, dict.fromkeys(ratios, "of the tokens"))


def _one_of_all(name: str, clip: Clip, arguments: argparse.Namespace) -> Mask:
    ratio, options, grid = arguments.ratio, dict[str, Any](), grid_of(arguments)
    if name == "running_cell":
        ratio = min((0.25, 0.5, 0.75), key=lambda allowed: abs(allowed - ratio))
    if name == "motion_guided":
        options["preset"] = arguments.preset
    if name == "boxes":
        # For want of a detector: where the motion is, half as large as the mask.
        score = motion_score(clip, grid=grid, weight="texture")
        options["boxes"] = motion_boxes(score, mask_ratio=ratio / 2, seed=arguments.seed)
    masking = make_masking(name, input_size=grid, mask_ratio=ratio, **options)
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
