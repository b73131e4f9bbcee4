"""Do the boxes find what a person would? Clips with hand-drawn boxes, cropped as VideoMAE crops."""

from __future__ import annotations

import importlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from benchmarks import rivals_flow
from mgm_ext import (
    BlockCosts,
    Clip,
    MotionField,
    Score,
    VideoReader,
    View,
    describe,
    motion_boxes,
    motion_guided_mask,
    motion_score,
    read_block_costs,
    simulated_motion_mask,
    token_texture,
)
from mgm_ext.masks import PRESETS, Mask
from mgm_ext.motion_field import Window

GRID = (8, 14, 14)
STRIDES = (2, 4)
RATIOS = (0.5, 0.75)
HIT = 0.3
"""Share of a token that must be labelled for a centre in it to lie on an object."""
SCALES = (1.0, 0.875, 0.75, 0.66)
"""Of the shorter side; the two sides of a crop are at most one step apart (VideoMAE)."""
CROPS = 4
FRAMES = 16
SIMULATED = "simulated motion"
BY = ", weighed by "
"""Between a preset and what weighs its score in the place of the preset's own choice."""
WEIGHTS = {
    "auto": "texture",
    "texture": "texture",
    "coded": "coded",
    "none": "none",
    "nothing": "none",
    "bits": None,
    "bits and texture": None,
}
_GAP = 12  # frames between two clips of one video

Shares = NDArray[np.float64]
FieldOf = Callable[[VideoReader, NDArray[np.int64]], MotionField]
"""Motion of sampled frames of a video."""


class Labels(NamedTuple):
    """Boxes [K, n, 4] xyxy in source pixels at frames [K]; NaN where there are fewer than n."""

    frames: NDArray[np.int64]
    boxes: NDArray[np.float64]

    def at(self, frame: int) -> NDArray[np.float64]:
        """Boxes of any frame, interpolated between its neighbours: [n, 4]."""
        flat = self.boxes.reshape(len(self.frames), -1)
        return np.array([np.interp(frame, self.frames, one) for one in flat.T]).reshape(-1, 4)


class Case(NamedTuple):
    """One sampled clip; its crops, each with the labelled share of its tokens."""

    reader: VideoReader
    clip: Clip
    crops: tuple[tuple[View, Shares], ...]


class Crop(NamedTuple):
    """One of them, with motion from one source in its clip."""

    clip: Clip
    view: View
    objects: Shares
    boxes: list[NDArray[np.float64]]
    """Of each slot's first frame, [n, 4] each."""
    costs: BlockCosts


def load_labels(path: Path) -> dict[str, Labels]:
    """Labels by file name."""
    result = {}
    for name, keys in json.loads(path.read_text()).items():
        most = max(len(boxes) for boxes in keys.values())
        filled = [boxes + [[np.nan] * 4] * (most - len(boxes)) for boxes in keys.values()]
        frames = np.array([int(frame) for frame in keys])
        result[Path(name).name] = Labels(frames, np.array(filled, np.float64))
    return result


def multi_scale_crop(random: np.random.Generator, width: int, height: int, size: int) -> View:
    """A crop as VideoMAE's MultiScaleCrop draws it: two sides, then one of 13 places."""
    shorter = min(width, height)
    sides = [int(shorter * scale) for scale in SCALES]
    sides = [size if abs(side - size) < 3 else side for side in sides]
    pairs = [(w, h) for i, h in enumerate(sides) for j, w in enumerate(sides) if abs(i - j) <= 1]
    w, h = pairs[random.integers(len(pairs))]
    across, down = (width - w) // 4, (height - h) // 4
    places = [(0, 0), (4, 0), (0, 4), (4, 4), (2, 2), (0, 2), (4, 2), (2, 4), (2, 0)]
    places += [(1, 1), (3, 1), (1, 3), (3, 3)]
    i, j = places[random.integers(len(places))]
    return View((i * across, j * down, w, h), (size, size), bool(random.integers(2)))


def labelled_share(labels: Labels, frames: NDArray[np.int64], view: View) -> Shares:
    """Share of each token's area that lies in at least one box, mean over a slot's frames."""
    fine = 8  # samples per token and axis
    slots, rows, columns = GRID
    x0, y0, w, h = view.crop
    x = x0 + w * (np.arange(columns * fine) + 0.5) / (columns * fine)
    y = y0 + h * (np.arange(rows * fine) + 0.5) / (rows * fine)
    if view.hflip:
        x = x[::-1]
    shares = np.zeros((len(frames), rows, columns))
    for share, frame in zip(shares, frames, strict=True):
        inside = np.zeros((len(y), len(x)), bool)
        for left, top, right, bottom in labels.at(int(frame)):
            inside |= ((y >= top) & (y < bottom))[:, None] & (x >= left) & (x < right)
        share[:] = inside.reshape(rows, fine, columns, fine).mean((1, 3))
    result: Shares = shares.reshape(slots, -1, rows, columns).mean(1)
    return result


def cases(path: Path, labels: Labels, stride: int, *, crops: int = CROPS) -> Iterator[Case]:
    """Crops of clips that start all over the labelled frames."""
    reader = VideoReader(path)
    random = np.random.default_rng(stride)
    last = min(len(reader) - 1, int(labels.frames[-1]))
    for start in range(0, last - stride * (FRAMES - 1) + 1, _GAP):
        clip = reader.read_clip(start + stride * np.arange(FRAMES))
        views = [
            multi_scale_crop(random, clip.field.width, clip.field.height, 224) for _ in range(crops)
        ]
        shares = [labelled_share(labels, clip.frame_indices, view) for view in views]
        yield Case(reader, clip, tuple(zip(views, shares, strict=True)))


def centre_tokens(score: Score, *, peak: str, first: str, seed: int) -> NDArray[np.int64]:
    """Row and column of the token that each slot's box is centred on, [S, 2]."""
    # A box of one token is the centre's token itself.
    boxes = motion_boxes(score, mask_ratio=1 / 196, peak=peak, first=first, seed=seed)
    x0, y0, w, h = score.view.crop
    middle = (boxes[:, :2] + boxes[:, 2:]) / 2
    columns = (middle[:, 0] - x0) / w * GRID[2]
    if score.view.hflip:
        columns = GRID[2] - columns
    rows = (middle[:, 1] - y0) / h * GRID[1]
    tokens: NDArray[np.int64] = np.stack([rows, columns], 1).astype(np.int64).clip(0, 13)
    return tokens


def hits(objects: Shares, tokens: NDArray[np.int64]) -> NDArray[np.float64]:
    """1 where the token is labelled, 0 where not, NaN where the slot has no labelled token."""
    there = objects[np.arange(len(objects)), tokens[:, 0], tokens[:, 1]] > HIT
    return np.where(objects.max((1, 2)) > HIT, there, np.nan)


def covered(objects: Shares, mask: Mask) -> NDArray[np.float64]:
    """Share of each slot's labelled area that is masked, NaN where there is none."""
    total = objects.sum((1, 2))
    part = (objects * mask).sum((1, 2)) / np.maximum(total, 1e-9)
    return np.where(objects.max((1, 2)) > HIT, part, np.nan)


def never_visible(crop: Crop, mask: Mask) -> NDArray[np.float64]:
    """1 where a model never sees the objects of the crop, 0 where it does: [S], the same in all."""
    found = describe(mask, boxes=crop.boxes, view=crop.view).never_visible
    return np.full(len(mask), np.nan if found is None else float(found))


def bits_weight(crop: Crop, *, with_texture: bool) -> NDArray[np.int32]:
    """Weight of each token by its bits, times its texture if asked for."""
    weight = crop.costs.weight(grid=GRID, view=crop.view)
    if not with_texture or crop.clip.frames is None:
        return weight
    width, height = crop.clip.field.width, crop.clip.field.height
    texture = token_texture(
        crop.clip.frames, grid=GRID, view=crop.view, width=width, height=height
    ).astype(np.int64)
    return (texture * weight >> 16).astype(np.int32)


def guided(crop: Crop, preset: str, seed: int) -> list[Shares]:
    """Hits, shares covered at each ratio, and crops hidden for good at each ratio: each [S]."""
    name, _, weighed_by = preset.partition(BY)
    chosen = PRESETS[name]
    weight: str | NDArray[np.int32] | None = WEIGHTS[weighed_by or chosen.weight]
    if "bits" in weighed_by:
        weight = bits_weight(crop, with_texture=weighed_by != "bits")
    score = motion_score(crop.clip, grid=GRID, view=crop.view, camera=chosen.camera, weight=weight)
    tokens = centre_tokens(score, peak=chosen.peak, first=chosen.first, seed=seed)
    masks = [motion_guided_mask(score, preset=name, mask_ratio=r, seed=seed) for r in RATIOS]
    return _measured(crop, tokens, masks)


def simulated(crop: Crop, preset: str, seed: int) -> list[Shares]:
    """The same of simulated-motion masking, whose centre is that of its box at the first ratio."""
    masks = [simulated_motion_mask(grid=GRID, mask_ratio=ratio, seed=seed) for ratio in RATIOS]
    places = np.stack(np.meshgrid(*map(np.arange, GRID[1:]), indexing="ij"))
    middle = (masks[0][:, None] * places).sum((2, 3)) / masks[0].sum((1, 2))[:, None]
    tokens = np.rint(middle).astype(np.int64)
    return _measured(crop, tokens, masks)


def _measured(crop: Crop, tokens: NDArray[np.int64], masks: Sequence[Mask]) -> list[Shares]:
    shares = [covered(crop.objects, mask) for mask in masks]
    return [hits(crop.objects, tokens), *shares, *(never_visible(crop, mask) for mask in masks)]


def coded(window: Window) -> FieldOf:
    """The field that the file's own vectors give."""
    return lambda reader, frames: reader.read_clip(frames, pixels=False, window=window).field


def dense_flow(name: str) -> FieldOf:
    """A field of optical flow from each sampled frame of one video to the next frame of the file.

    name: "DIS" or "Farneback", at OpenCV's usual settings; the pictures are first made smaller,
    to `rivals_flow.SIDE` pixels of the shorter side, as a trainer's data are.
    """
    cv2 = importlib.import_module("cv2")
    flow_between = rivals_flow.method(cv2, name)
    known: dict[int, NDArray[np.float32]] = {}  # clips overlap

    def shrunk(picture: NDArray[np.uint8], scale: float) -> NDArray[np.uint8]:
        small = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        return np.asarray(cv2.cvtColor(small, cv2.COLOR_RGB2GRAY))

    def learn(reader: VideoReader, frames: NDArray[np.int64]) -> None:
        ahead = np.where(frames + 1 < len(reader), 1, -1)
        pictures = reader.read_clip(np.concatenate([frames, frames + ahead])).frames
        assert pictures is not None
        scale = min(1.0, rivals_flow.SIDE / min(pictures.shape[1:3]))
        small = [shrunk(picture, scale) for picture in pictures]
        for frame, sign, one, other in zip(
            frames, ahead, small[: len(frames)], small[len(frames) :], strict=True
        ):
            known[int(frame)] = flow_between(one, other) * np.float32(sign / scale)

    def field_of(reader: VideoReader, frames: NDArray[np.int64]) -> MotionField:
        new = np.array(sorted(set(frames.tolist()) - set(known)), np.int64)
        if len(new):
            learn(reader, new)
        size = (reader.info.width, reader.info.height)
        flows = [cv2.resize(known[int(frame)], size) for frame in frames]
        return MotionField.from_flow(np.stack(flows))

    return field_of


def measure(
    path: Path, labels: Labels, stride: int, sources: Mapping[str, tuple[FieldOf, Sequence[str]]]
) -> dict[tuple[str, str], Shares]:
    """Means over slots, [5] each: centre on the object, share of it masked at each ratio, and share
    of the crops in which no slot shows it, at each ratio.

    sources: by name, where motion is from, and the presets (or SIMULATED) that are given it.

    Returns:
        By source and preset.
    """
    rows: dict[tuple[str, str], list[list[Shares]]] = defaultdict(list)
    seed = 0
    for case in cases(path, labels, stride):
        fields = {
            name: field_of(case.reader, case.clip.frame_indices)
            for name, (field_of, _) in sources.items()
        }
        costs = read_block_costs(path, frame_indices=case.clip.frame_indices)
        boxes = [labels.at(int(frame)) for frame in case.clip.frame_indices[:: FRAMES // GRID[0]]]
        for view, objects in case.crops:
            for name, (_, presets) in sources.items():
                crop = Crop(replace(case.clip, field=fields[name]), view, objects, boxes, costs)
                for preset in presets:
                    make = simulated if preset == SIMULATED else guided
                    rows[name, preset].append(make(crop, preset, seed))
            seed += 1
    return {key: np.nanmean(np.array(own), axis=(0, 2)) for key, own in rows.items()}
