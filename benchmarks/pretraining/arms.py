"""The masks that are compared, by name, made through the package's public API."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Final

import numpy as np
import torch
from numpy.typing import NDArray

import mgm_ext
from benchmarks.pretraining.recipes import PLAIN, Recipe, filled, with_hints
from benchmarks.pretraining.samples import Draw, Samples

Grid = tuple[int, int, int]
Bools = NDArray[np.bool_]


@dataclass(frozen=True)
class Arm:
    """One way to mask.

    Attributes:
        mask: a key of `mgm_ext.MASKINGS`; "oracle": from the true outline.
        options: as `mgm_ext.batch_masks` takes them.
        guided: the mask reads motion.
        window: of the field; the readers' "frame" in place of the set's own.
        hidden: of an oracle, the share of the object to hide.
        recipe: what is done to the mask in the course of a training.
    """

    mask: str
    options: dict[str, Any] = field(default_factory=dict)
    guided: bool = False
    window: str = ""
    hidden: float | None = None
    recipe: Recipe = PLAIN


def _guided(mask: str, window: str = "", **options: Any) -> Arm:
    return Arm(mask, options, guided=True, window=window)


_TOPK, _ROBUST = _guided("motion_topk"), _guided("motion_guided", preset="robust")
_RECIPES: Final[dict[str, Arm]] = {
    "motion_topk_hints": replace(_TOPK, recipe=Recipe(hints=0.2)),
    "robust_hints": replace(_ROBUST, recipe=Recipe(hints=0.2)),
    "motion_topk_half": replace(_TOPK, recipe=Recipe(guided=(0.5, 0.5))),
    "robust_half": replace(_ROBUST, recipe=Recipe(guided=(0.5, 0.5))),
    "motion_topk_rising": replace(_TOPK, recipe=Recipe(guided=(0.0, 0.5))),
    "motion_topk_falling": replace(_TOPK, recipe=Recipe(guided=(1.0, 0.0))),
    "motion_topk_then_tube": replace(_TOPK, recipe=Recipe(tube_from=0.8)),
    "tube_weighted": Arm("tube", recipe=Recipe(loss="weighted")),
    "tube_vectors": Arm("tube", recipe=Recipe(loss="vectors")),
    "motion_topk_vectors": replace(_TOPK, recipe=Recipe(loss="vectors")),
}

ARMS: Final[dict[str, Arm]] = {
    "tube": Arm("tube"),
    "random": Arm("random"),
    "frame_random": Arm("frame_random"),
    "block": Arm("block"),
    "simulated_motion": Arm("simulated_motion"),
    "fixed_box": Arm("fixed_box"),
    "jumping_box": Arm("jumping_box"),
    "static_box": Arm("boxes"),
    "motion_topk": _TOPK,
    "motion_topk_soft": _guided("motion_topk", temperature=1.0),
    "motion_topk_visible": _guided("motion_topk", visible_from_motion=0.5),
    "tracked": _guided("tracked"),
    "literal": _guided("motion_guided", window="frame", preset="literal"),
    "smooth": _guided("motion_guided", preset="smooth"),
    "robust": _ROBUST,
    **_RECIPES,
    "oracle_0": Arm("oracle", hidden=0.0),
    "oracle_50": Arm("oracle", hidden=0.5),
    "oracle_80": Arm("oracle", hidden=0.8),
    "oracle_95": Arm("oracle", hidden=0.95),
    "oracle_100": Arm("oracle", hidden=1.0),
}
"""Guided masks get fields and no frames: "robust" weighs by the coded share."""


class Masker:
    """Masks of an arm for the samples of a set, at one ratio, in a training of so many epochs."""

    def __init__(
        self,
        arm: str,
        ratio: float,
        samples: Samples,
        grid: Grid,
        *,
        seed: int,
        threads: int,
        epochs: int = 1,
    ) -> None:
        self.arm, self.samples, self.grid, self.epochs = ARMS[arm], samples, grid, epochs
        self.ratio, self.seed, self.threads = ratio, seed, threads
        self.num_masked = int(ratio * grid[1] * grid[2])
        self._fields: dict[int, mgm_ext.MotionField] = {}
        self._box = static_box(samples, grid, ratio) if self.arm.mask == "boxes" else None

    def masks(self, draw: Draw, epoch: int, first: int = 0) -> Bools:
        """bool [B, S, R, C], True = masked; `first`: number of the batch's first sample."""
        recipe, seeds = self.arm.recipe, (self.seed, epoch, first)
        if epoch >= recipe.tube_from * self.epochs:
            return self._masks(ARMS["tube"], self.ratio, draw, seeds)
        share = recipe.guided_share(epoch / max(1, self.epochs - 1))
        guided = round(share * self.num_masked)
        if guided == self.num_masked and not recipe.hints:
            return self._masks(self.arm, self.ratio, draw, seeds)
        places, shape = self.grid[1] * self.grid[2], (len(draw), *self.grid)
        rng = np.random.default_rng((*seeds, 91))
        mask = np.zeros((*shape[:2], places), np.bool_)
        if guided:
            ratio = (guided + 0.5) / places  # rounded down to `guided` tokens
            mask = self._masks(self.arm, ratio, draw, seeds).reshape(mask.shape)
        mask = filled(mask, rng.random((len(draw), places), np.float32), self.num_masked)
        keys = rng.random(mask.shape, np.float32)
        return with_hints(mask, keys, recipe.hints).reshape(shape)

    def _masks(self, arm: Arm, ratio: float, draw: Draw, numbers: tuple[int, int, int]) -> Bools:
        """As the package makes them; numbers: seed, epoch and first sample."""
        seed, epoch, first = numbers
        seeds = [mgm_ext.seed_for(seed, epoch, first + i) for i in range(len(draw))]
        options = dict(arm.options)
        if self._box is not None:
            options["boxes"] = [np.tile(self._box, (self.grid[0], 1))] * len(draw)
        return mgm_ext.batch_masks(
            arm.mask,
            [self._field(c, s) for c, s in zip(draw.clip, draw.start, strict=True)]
            if arm.guided
            else None,
            seeds=seeds,
            threads=self.threads,
            grid=self.grid,
            views=[
                self.samples.view_of(int(x), int(y)) for x, y in zip(draw.x, draw.y, strict=True)
            ],
            mask_ratio=ratio,
            **options,
        )

    def _field(self, clip: int, start: int) -> mgm_ext.MotionField:
        whole = self.samples.field_of(int(clip), int(start))
        if self.arm.window != "frame" or whole.window == "frame":
            return whole
        if clip not in self._fields:
            self._fields[clip] = frame_window(whole)
        return self._fields[clip]

    def oracle(self, draw: Draw, generator: torch.Generator) -> torch.Tensor:
        """bool [B, S, R, C] from the true outline, on the samples' device."""
        assert self.arm.hidden is not None
        coverage = self.samples.coverage(draw, self.grid)
        keys = torch.rand(len(draw), *self.grid[1:], generator=generator, device=coverage.device)
        return oracle_mask(coverage, keys, hidden=self.arm.hidden, num_masked=self.num_masked)


def frame_window(whole: mgm_ext.MotionField) -> mgm_ext.MotionField:
    """The field of the sampled frames alone, as `window="frame"` reads it.

    Of a clip at stride 2 read with `window="centred"`: its even frames.
    """
    rows = np.flatnonzero(whole.row_frames % 2 == 0)
    if len(rows) != whole.num_samples:
        raise ValueError(f"{len(rows)} rows of even frames for {whole.num_samples} sampled frames")
    return mgm_ext.MotionField(
        vectors=whole.vectors[rows], coded=whole.coded[rows], cuts=whole.cuts[rows],
        row_frames=whole.row_frames[rows], sample_offsets=np.arange(len(rows) + 1),
        cell=whole.cell, width=whole.width, height=whole.height, window="frame",
    )  # fmt: skip


def oracle_mask(
    coverage: torch.Tensor, keys: torch.Tensor, *, hidden: float, num_masked: int
) -> torch.Tensor:
    """Exactly `num_masked` tokens a slot, `hidden` of those that the object touches among them.

    Args:
        coverage: [B, S, R, C], share of the token that is object.
        keys: [B, R, C], uniform: one order of places for the whole clip, as a tube has.
        hidden: share of the object's tokens to mask, rounded to whole tokens.
        num_masked: K of each slot; where the ground has too few tokens, the object lends some.
    """
    batch, slots, rows, columns = coverage.shape
    touched = coverage.flatten(2) > 0.02
    order = keys.flatten(1)[:, None].expand(batch, slots, -1)
    count = touched.sum(-1, keepdim=True)
    target = (hidden * count).round().long().clamp(max=num_masked)
    target = torch.maximum(target, num_masked - (rows * columns - count))
    place = torch.where(touched, order, 2.0).argsort(-1).argsort(-1)
    first = touched & (place < target)
    rest = torch.where(touched, 2.0, order).argsort(-1).argsort(-1)
    second = ~touched & (rest < num_masked - target)
    return (first | second).view(batch, slots, rows, columns)


def static_box(samples: Samples, grid: Grid, ratio: float) -> NDArray[np.float32]:
    """The box of K tokens where `robust` masks most often, over clips and moments.

    In source pixels, at the size that K tokens have in a view, the same for every clip: what
    guidance knows of the data set without the clip's own vectors.
    """
    some = samples.pretraining[:: max(1, len(samples.pretraining) // 500)]
    width, height = samples.fields[some[0]].width, samples.fields[some[0]].height
    last = samples.video.shape[1] - samples.frames
    starts = sorted({round(last * part / 4) for part in range(5)})
    fields = [samples.field_of(int(clip), start) for clip in some for start in starts]
    mean = mgm_ext.batch_masks(
        "motion_guided",
        fields,
        seeds=range(len(fields)),
        grid=(samples.frames // 2, 16, 16),
        mask_ratio=1 / 3,
        preset="robust",
    ).mean((0, 1))
    side = np.sqrt(ratio) * samples.scale * samples.crop
    tokens = max(1, round(side / width * 16))
    sums = np.lib.stride_tricks.sliding_window_view(mean, (tokens, tokens)).sum((2, 3))
    row, column = np.unravel_index(int(sums.argmax()), sums.shape)
    x, y = (column + tokens / 2) / 16 * width, (row + tokens / 2) / 16 * height
    box = [x - side / 2, y - side / 2, x + side / 2, y + side / 2]
    return np.array(box, np.float32)
