"""What the trainers' data sets do beside the plain way: followed, or refused in one sentence."""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mgm_ext import VideoReader, View, motion_score
from mgm_ext.adapters import MaskSource
from mgm_ext.adapters.videomae import capture

from .world import seed_all

__all__ = ["hybrid_lists", "pictures", "refused", "sliced", "stored"]


def hybrid_lists(dataset: Callable[[str], Any], clips: list[Path], work: Path) -> str:
    """A folder of JPEGs after a video, and before any: the fallback mask, and its count."""
    image = importlib.import_module("PIL.Image")
    folder = work / "jpegs"
    folder.mkdir(exist_ok=True)
    for n, frame in enumerate(_frames(clips[0])):
        image.fromarray(frame).save(folder / f"img_{n:05}.jpg")
    rows = work / "hybrid.txt"
    lines = [f"{folder} 0 70\n", f"{clips[0]} 0 -1\n", f"{folder} 0 70\n"]
    rows.write_text("".join(lines))
    ours = capture(dataset(str(rows)), quiet=True)
    sources = []
    for index in range(3):
        assert ours[index][1].sum() == ours.masks.total_masks
        sources.append(ours.masks.source)
    fallback = MaskSource.FALLBACK
    assert sources == [fallback, MaskSource.GUIDED, fallback], sources
    return "hybrid lists"


def _frames(clip: Path) -> Any:
    return VideoReader(clip).read_clip(np.arange(72)).frames


def sliced(dataset: Any, clip: Path, grid: tuple[int, int, int], box: Any) -> str:
    """Frames sliced before the transform: the mask is that of the slice, of one of the offsets."""
    ours = capture(dataset, seed=2, mask="motion_topk", temperature=0.0, quiet=True)
    seed_all(4)
    _, mask = ours[0]
    masked = mask.reshape(grid).astype(bool)
    x, y, w, h = box
    found = False
    for offset in range(72 - 63):
        field = VideoReader(clip).read_clip(np.arange(offset, offset + 64, 4))
        score = motion_score(field, grid=grid, view=View((x, y, w, h), (h, w)), weight="texture")
        moving = score.values > 0.5 * score.values.max()
        found = found or bool(masked[moving].all())
    assert found, "the mask is not that of the slice"
    return "slices before the transform"


def refused(make: Callable[[], Any], error: type[Exception], words: str, name: str) -> str:
    """What cannot be followed raises in these words."""
    with pytest.raises(error, match=re.escape(words)):
        make()
    return name


def stored(dataset: Any, grid: tuple[int, int, int]) -> str:
    """UMT's files of a store, which it reads by the bare VideoReader."""

    class Client:
        def get(self, name: str) -> bytes:
            return Path("/" + name.split("//", 1)[1].lstrip("/")).read_bytes()

    plain = capture(dataset, input_size=grid, seed=1, quiet=True)
    seed_all(3)
    _, expected = plain[0]
    dataset.client = Client()
    dataset.clips = [(f"s3://{path}", label) for path, label in dataset.clips]
    seed_all(3)
    _, score = capture(dataset, input_size=grid, seed=1, quiet=True)[0]
    assert (score.values == expected.values).all()
    assert score.values.max() > 0
    return "files of a store"


def pictures(dataset: Any, collator: Any) -> str:
    """V-JEPA 2's pictures among the videos stand still, and are no failures."""
    samples = [dataset[i] for i in range(len(dataset))]
    still = [int(sample[2].score.values.max()) for sample in samples]
    assert still[0] == 0
    assert still[1] > 0
    for _ in range(3):
        collator(samples)
    return "pictures among videos"
