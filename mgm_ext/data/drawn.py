"""A few clips of each kind as pictures, for the report; drawn in a worker process."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import Final, NamedTuple

import numpy as np
import pyarrow as pa

from ..boxes import motion_boxes
from ..masks import motion_guided_mask
from ..score import motion_score
from ..video_reader import VideoReader
from .clips import Shard, ShardError, SourceClip
from .runner import Failure, Workers

__all__ = ["Drawing", "draw_clip", "drawings"]

_JOB: Final = "mgm_ext.data.drawn:draw_clip"
_FRAMES: Final = 16
_SIDE: Final = 200  # short side of the pictures


class Drawing(NamedTuple):
    """One clip of a kind.

    Attributes:
        kind: its codec and the source of its masks.
        key: the clip.
        picture: a JPEG file; empty where the clip could not be drawn.
        text: what is seen, or why it could not be drawn.
    """

    kind: str
    key: str
    picture: bytes
    text: str


def draw_clip(clip: SourceClip) -> tuple[bytes, str]:
    """Vectors, score with box and masked patches of the slot that moves most, and its caption.

    Where no motion can be read, or nothing moves, a box would stand where nothing is: the frame
    alone is drawn, and the caption says so.
    """
    from .. import visualise
    from ..visualise.jpeg import jpeg_bytes

    reader = VideoReader(clip.source, size=_SIDE)
    count = len(reader)
    stride = max(1, min(4, count // _FRAMES))
    start = max(0, (count - stride * _FRAMES) // 2)
    indices = np.minimum(start + stride * np.arange(_FRAMES), count - 1)
    read = reader.read_clip(indices)
    score = motion_score(read, weight="texture")
    if read.frames is not None and not score.motion.any():
        why = "nothing moves" if score.valid.any() else "it carries no motion that can be read"
        text = f"frame {indices[0]} of {count}: {why}, so there is no box and no guided mask"
        return jpeg_bytes(read.frames[0]), text
    mask = motion_guided_mask(score, preset="robust", seed=0)
    boxes = motion_boxes(score, seed=0)
    slot = int(score.motion.sum((1, 2)).argmax())
    panels = list(visualise.clip_panels(read, score, mask, boxes))
    fastest = float(score.pixels_per_frame.max())
    text = f"frame {indices[2 * slot]} of {count}, fastest token {fastest:.2f} pixels per frame"
    return jpeg_bytes(panels[2 * slot]), text


def _chosen(table: pa.Table, per_kind: int) -> dict[str, str]:
    """Keys to draw and their kinds."""
    kinds: defaultdict[str, list[str]] = defaultdict(list)
    columns = (table.column(name).to_pylist() for name in ("key", "codec", "mask_source"))
    for key, codec, source in zip(*columns, strict=True):
        kind = f"{codec or 'unreadable'}, {source or 'motion not read'}"
        if len(kinds[kind]) < per_kind:
            kinds[kind].append(key)
    return {key: kind for kind in sorted(kinds) for key in kinds[kind]}


def _found(shards: Iterable[Shard], wanted: set[str]) -> Iterator[SourceClip]:
    for shard in shards:
        if not wanted:
            return
        try:
            for clip in shard.clips():
                if clip.key in wanted:
                    wanted.discard(clip.key)
                    yield clip
        except (ShardError, OSError):
            continue  # the survey says why


def drawings(
    table: pa.Table, shards: Iterable[Shard], *, budget: float, per_kind: int = 2
) -> list[Drawing]:
    """Draws clips of each codec and mask source; needs the extra `draw`.

    Args:
        table: of the survey.
        shards: of its source.
        budget: seconds that a clip may take.
        per_kind: how many of each.
    """
    kinds = _chosen(table, per_kind)
    drawn = []
    with Workers(_JOB, {}, workers=1, budget=budget) as pool:
        for key, result in pool.run((clip.key, clip) for clip in _found(shards, set(kinds))):
            failed = isinstance(result, Failure)
            picture, text = (b"", f"{result[0]}: {result[1]}") if failed else result
            drawn.append(Drawing(kinds[key], key, picture, text))
    order = {kind: place for place, kind in enumerate(dict.fromkeys(kinds.values()))}
    return sorted(drawn, key=lambda one: (order[one.kind], one.key))


def can_draw() -> bool:
    """Whether the packages of the extra `draw` are there."""
    from importlib.util import find_spec

    return all(find_spec(name) is not None for name in ("av", "PIL"))
