"""The command `mgm-ext`. Exit codes: 0 good, 1 bad video, 2 bad usage."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from .decode import probe, read_motion_vectors
from .errors import MgmError
from .masks import PRESETS, motion_guided_mask
from .motion_field import Clip
from .score import motion_score
from .video_reader import VideoReader

__all__ = ["main"]

_CHUNK = 128  # frames between two looks at the progress bar
_STILL = 0.02  # source pixels per frame, as in motion_guided_mask


def _grid(text: str) -> tuple[int, int, int]:
    sides = tuple(int(side) for side in text.split(","))
    if len(sides) != 3 or min(sides) < 1:
        raise argparse.ArgumentTypeError(f"must be S,R,C, three positive integers, not {text!r}")
    return sides[0], sides[1], sides[2]


def _bar(total: int, unit: str, arguments: argparse.Namespace) -> Any:
    quiet = arguments.json or not sys.stderr.isatty()
    return tqdm(total=total, unit=unit, disable=quiet, leave=False)


def _say(facts: dict[str, Any], arguments: argparse.Namespace) -> None:
    if arguments.json:
        print(json.dumps(facts))
        return
    width = max(len(name) for name in facts)
    for name, value in facts.items():
        print(f"{name.replace('_', ' '):<{width}}  {value}")


def _speeds(reader: VideoReader, arguments: argparse.Namespace) -> dict[str, Any]:
    """Shares of cells and speeds over the whole file."""
    count, valid, still, cells = len(reader), 0, 0, 0
    speeds = []
    with _bar(count, "frames", arguments) as bar:
        for start in range(0, count, _CHUNK):
            indices = range(start, min(start + _CHUNK, count))
            field = reader.read_clip(indices, pixels=False, window="frame").field
            speed = np.hypot(*np.moveaxis(field.velocity[field.valid], -1, 0))
            valid, cells = valid + len(speed), cells + field.valid.size
            still += int((speed < _STILL).sum())
            speeds.append(np.minimum(speed * 64, 65535).astype(np.uint16))
            bar.update(len(indices))
    moving = np.concatenate(speeds) / 64 if valid else np.zeros(1)
    return {
        "inter_share": round(valid / cells, 4),
        "intra_share": round(1 - valid / cells, 4),
        "still_share": round(still / cells, 4),
        "median_speed": round(float(np.median(moving)), 3),
        "p95_speed": round(float(np.percentile(moving, 95)), 3),
    }


def _info(arguments: argparse.Namespace) -> None:
    header = probe(arguments.file)
    reader = VideoReader(arguments.file)
    facts: dict[str, Any] = {
        "file": str(arguments.file),
        "codec": header.codec,
        "size": f"{header.width}x{header.height}",
        "frames": len(reader),
        "fps": round(header.average_fps, 3),
        "seconds": round(header.duration_seconds, 3),
        "has_vectors": header.has_vectors,
    }
    keys = reader.key_frames
    facts["key_frames"] = len(keys)
    if len(keys) > 1:
        facts["key_frame_spacing"] = float(np.median(np.diff(keys)))
    if header.has_vectors:
        facts |= _speeds(reader, arguments)
    facts["damaged"] = reader.info.damaged
    _say(facts, arguments)


def _vectors(arguments: argparse.Namespace) -> None:
    vectors = read_motion_vectors(arguments.file, blocks=arguments.blocks)
    arrays = {
        name: getattr(vectors, name) for name in vectors.__dataclass_fields__ if name != "info"
    }
    np.savez_compressed(arguments.output, **arrays)
    facts = {"output": str(arguments.output), "frames": len(vectors), "vectors": len(vectors.w)}
    _say(facts, arguments)


def _read(arguments: argparse.Namespace, *, pixels: bool) -> Clip:
    reader = VideoReader(arguments.file)
    last = len(reader) - 1
    indices = np.minimum(arguments.start + arguments.stride * np.arange(arguments.frames), last)
    return reader.read_clip(indices, pixels=pixels)


def _mask(arguments: argparse.Namespace) -> None:
    clip = _read(arguments, pixels=PRESETS[arguments.preset].weight == "auto")
    mask = motion_guided_mask(
        clip,
        grid=arguments.grid,
        mask_ratio=arguments.ratio,
        preset=arguments.preset,
        seed=arguments.seed,
    )
    np.savez_compressed(arguments.output, mask=mask, frame_indices=clip.frame_indices)
    facts = {
        "output": str(arguments.output),
        "frames": [int(clip.frame_indices[0]), int(clip.frame_indices[-1])],
        "mask": list(mask.shape),
        "masked_per_slot": mask.sum(axis=(1, 2)).tolist(),
    }
    _say(facts, arguments)


def _lacks_extra(command: str, error: ImportError) -> SystemExit:
    return SystemExit(
        f"mgm-ext {command} needs the extra `draw` ({error.name} is missing): "
        "pip install 'mgm-ext[draw]'"
    )


def _convert(arguments: argparse.Namespace) -> None:
    try:
        from .convert import convert_video
    except ImportError as error:
        raise _lacks_extra("convert", error) from error
    with _bar(0, "frames", arguments) as bar:

        def progress(count: int, total: int | None) -> None:
            bar.total = total
            bar.update(count - bar.n)

        count = convert_video(
            arguments.file,
            arguments.output,
            short_side=arguments.short_side,
            gop=arguments.gop,
            b_frames=arguments.b_frames,
            references=arguments.references,
            crf=arguments.crf,
            progress=progress,
        )
    _say({"output": str(arguments.output), "frames": count}, arguments)


def _draw(arguments: argparse.Namespace) -> None:
    try:
        from . import visualise
    except ImportError as error:
        raise _lacks_extra("draw", error) from error
    clip = _read(arguments, pixels=True)
    preset = PRESETS[arguments.preset]
    weight = "texture" if preset.weight == "auto" else preset.weight
    score = motion_score(clip, grid=arguments.grid, camera=preset.camera, weight=weight)
    mask = motion_guided_mask(
        score, mask_ratio=arguments.ratio, preset=arguments.preset, seed=arguments.seed
    )
    panels = visualise.clip_panels(
        clip, score, mask, mask_ratio=arguments.ratio, seed=arguments.seed
    )
    per_slot = len(clip.frame_indices) // len(mask)
    with _bar(len(clip.frame_indices), "frames", arguments) as bar:
        if arguments.output.suffix == ".png":
            strips = []
            for sample, panel in enumerate(panels):
                bar.update()
                if sample % per_slot == 0:
                    strips.append(panel)
            labels = [
                f"slot {slot}, frame {clip.frame_indices[slot * per_slot]}: "
                "vectors | score and box | masked patches"
                for slot in range(len(mask))
            ]
            visualise.write_png(arguments.output, visualise.sheet(strips, labels))
        else:
            fps = max(1.0, clip.info.average_fps / arguments.stride)
            visualise.write_mp4(arguments.output, (p for p in panels if not bar.update()), fps=fps)
    moving = float(score.pixels_per_frame.max())
    facts = {
        "output": str(arguments.output),
        "slots": len(mask),
        "fastest_token": f"{moving:.2f} pixels per frame",
    }
    _say(facts, arguments)


def _add_clip_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--start", type=int, default=0, help="first frame")
    parser.add_argument("--stride", type=int, default=4, help="frames from one sample to the next")
    parser.add_argument("--frames", type=int, default=16, help="sampled frames")
    parser.add_argument("--grid", type=_grid, default=(8, 14, 14), help="slots,rows,columns")
    parser.add_argument("--ratio", type=float, default=0.75, help="masked share of each slot")
    parser.add_argument("--preset", choices=PRESETS, default="robust")
    parser.add_argument("--seed", type=int, default=0)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mgm-ext", description=__doc__)
    commands = parser.add_subparsers(required=True, metavar="COMMAND")

    def add(
        name: str, run: Callable[[argparse.Namespace], None], text: str, output: tuple[str, ...]
    ) -> argparse.ArgumentParser:
        command = commands.add_parser(name, help=text, description=text)
        command.set_defaults(run=run, suffixes=output)
        command.add_argument("file", type=Path, metavar="FILE")
        command.add_argument("--json", action="store_true", help="one JSON object on stdout")
        if output:
            wanted = " or ".join(output)
            command.add_argument("-o", "--output", type=Path, required=True, help=f"OUT{wanted}")
        return command

    add("info", _info, "what is known of a video and how much it moves", ())
    vectors = add("vectors", _vectors, "write the motion vectors of a video", (".npz",))
    vectors.add_argument("--blocks", choices=("coded", "libavcodec"), default="coded")
    _add_clip_options(add("mask", _mask, "write the mask of a clip", (".npz",)))
    _add_clip_options(
        add("draw", _draw, "draw vectors, score, box and mask of a clip", (".png", ".mp4"))
    )
    convert = add("convert", _convert, "re-encode to H.264 to learn from", (".mp4", ".mkv"))
    convert.add_argument("--short-side", type=int, help="pixels; default: as it is")
    convert.add_argument("--gop", type=int, default=48, help="most frames between key frames")
    convert.add_argument("--b-frames", type=int, default=0, help="most in a row")
    convert.add_argument("--references", type=int, default=1, help="most pictures referred to")
    convert.add_argument("--crf", type=int, default=20, help="0 lossless to 51")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs one command.

    Args:
        arguments: of the command line; None takes the process's own.

    Returns:
        0 good, 1 bad video, 2 bad usage.
    """
    parser = _parser()
    try:
        chosen = parser.parse_args(arguments)
        if chosen.suffixes and chosen.output.suffix not in chosen.suffixes:
            parser.error(f"-o must end in {' or '.join(chosen.suffixes)}, not {chosen.output}")
    except SystemExit as stop:
        return int(stop.code or 0)
    try:
        chosen.run(chosen)
    except (MgmError, OSError) as error:
        print(f"mgm-ext: {error}", file=sys.stderr)
        return 1
    except (ValueError, IndexError) as error:
        print(f"mgm-ext: {error}", file=sys.stderr)
        return 2
    return 0
