"""Commands on whole files: info, vectors, convert."""

from __future__ import annotations

import argparse
from typing import Any

import numpy as np

from ..decode import probe, read_motion_vectors
from ..video_reader import VideoReader
from .output import bar, needs_extra, say, write_npz

__all__ = ["OUTPUTS", "convert", "info", "vectors"]

OUTPUTS = (".mp4", ".mkv")
"""Suffixes of what `convert` writes."""

_CHUNK = 128  # frames between two looks at the progress bar
_STILL = 0.02  # source pixels per frame, as in motion_guided_mask
_UNITS = {
    "size": "pixels",
    "fps": "frames per second",
    "seconds": "s",
    "key_frame_spacing": "frames",
    **dict.fromkeys(("inter_share", "intra_share", "still_share"), "of the cells"),
    **dict.fromkeys(("median_speed", "p95_speed"), "pixels per frame"),
}


def _speeds(reader: VideoReader, arguments: argparse.Namespace) -> dict[str, Any]:
    """Shares of cells and speeds over the whole file."""
    count, valid, still, cells = len(reader), 0, 0, 0
    speeds = []
    with bar(count, "frames", arguments) as progress_bar:
        for start in range(0, count, _CHUNK):
            indices = range(start, min(start + _CHUNK, count))
            field = reader.read_clip(indices, pixels=False, window="frame").field
            speed = np.hypot(*np.moveaxis(field.velocity[field.valid], -1, 0))
            valid, cells = valid + len(speed), cells + field.valid.size
            still += int((speed < _STILL).sum())
            speeds.append(np.minimum(speed * 64, 65535).astype(np.uint16))
            progress_bar.update(len(indices))
    moving = np.concatenate(speeds) / 64 if valid else np.zeros(1)
    return {
        "inter_share": round(valid / cells, 4),
        "intra_share": round(1 - valid / cells, 4),
        "still_share": round(still / cells, 4),
        "median_speed": round(float(np.median(moving)), 3),
        "p95_speed": round(float(np.percentile(moving, 95)), 3),
    }


def info(arguments: argparse.Namespace) -> None:
    """What is known of a video and how much it moves."""
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
    say(facts, arguments, _UNITS)


def vectors(arguments: argparse.Namespace) -> None:
    """Writes the motion vectors of a video."""
    found = read_motion_vectors(arguments.file, blocks=arguments.blocks)
    arrays = {name: getattr(found, name) for name in found.__dataclass_fields__ if name != "info"}
    write_npz(arguments.output, **arrays)
    facts = {"output": str(arguments.output), "frames": len(found), "vectors": len(found.w)}
    say(facts, arguments)


def convert(arguments: argparse.Namespace) -> None:
    """Re-encodes a video to H.264 to learn from."""
    with needs_extra("convert"):
        from ..convert import convert_video
    with bar(0, "frames", arguments) as progress_bar:

        def progress(count: int, total: int | None) -> None:
            progress_bar.total = total
            progress_bar.update(count - progress_bar.n)

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
    say({"output": str(arguments.output), "frames": count}, arguments)
