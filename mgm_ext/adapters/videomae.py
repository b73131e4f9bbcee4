"""VideoMAE, VideoMAEv2, MGMAE and what grew from them: masks that follow the motion.

One line, in the script that builds the data set:

    from mgm_ext.adapters.videomae import capture
    dataset_train = capture(build_pretraining_dataset(args))

Or explicitly: the data set reads with `import mgm_ext.adapters.decord as decord` and hands
`ClipContext(decord_vr.field)` to its transform, in the spare slot of the `Group*` transforms:

    self.transform = FollowedCompose(transforms.Compose([GroupMultiScaleCrop(...), ...]))
    self.masked_position_generator = VideoMAEMaskingGenerator(args.window_size, args.mask_ratio)
    ...
    process_data, context = self.transform(images)
    return process_data, self.masked_position_generator(context.clip, context.view)
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final, NamedTuple

from .capture import Capture, CapturedDataset, ClipContext, FollowedCompose
from .generators import (
    MGMAEMaskingGenerator,
    RunningCellMaskingGenerator,
    VideoMAEMaskingGenerator,
    VideoMAEv2MaskingGenerator,
)
from .mae_dfer import MAEDFERMaskingGenerator
from .scored import MotionScoreGenerator

__all__ = [
    "Capture",
    "CapturedDataset",
    "ClipContext",
    "FollowedCompose",
    "MGMAEMaskingGenerator",
    "RunningCellMaskingGenerator",
    "VideoMAEMaskingGenerator",
    "VideoMAEv2MaskingGenerator",
    "capture",
]

Grid = tuple[int, int, int]
_NAMES: Final = (
    "masked_position_generator",
    "encoder_mask_map_generator",
    "init_mask_map_generator",
)


class _Replaced(NamedTuple):
    """The generator that is replaced."""

    name: str
    generator: Any
    grid: Grid

    @property
    def masked(self) -> int | None:
        """How many tokens of a clip it masks, where it says so."""
        total = getattr(self.generator, "total_masks", getattr(self.generator, "num_mask", None))
        return None if total is None or self.name.startswith("init") else int(total)

    @property
    def in_the_model(self) -> bool:
        """The trainer draws its mask in the model, and none in the data set."""
        return not callable(self.generator) or type(self.generator).__name__ == "EmptyMask"


def capture(
    dataset: Any,
    *,
    mask: str | None = None,
    mask_ratio: float | None = None,
    input_size: Grid | None = None,
    keep_draws: bool = True,
    seed: int | None = None,
    in_place: Collection[str] = (),
    quiet: bool = False,
    **options: Any,
) -> CapturedDataset:
    """A data set of the VideoMAE family whose masks follow the motion of what it reads.

    Its clips are read by `mgm_ext.adapters.decord`, frames and motion from one decode (torchcodec
    keeps its own pixels); crops and flips are followed; its mask generator is replaced. All only
    while a sample is made: the data set itself stays as it is. Every visit of a sample has another
    mask; see `CapturedDataset.set_epoch`.

    MAE-DFER's windows keep their counts. Where the mask is drawn in the model (UMT, InternVideo2,
    AdaMAE, EVEREST) the sample has a `Score` in its place. A sample whose frames no followed reader
    read, such as a folder of JPEGs, gets the fallback mask.

    Args:
        dataset: with `transform.masked_position_generator` (or `encoder_mask_map_generator`, or
            `init_mask_map_generator`), a `Compose` in its transform, and decord or torchcodec in
            its module.
        mask: a name that `make_masking` takes; None: "motion_guided", for MAE-DFER "motion_topk",
            for MGMAE "tracked".
        mask_ratio: None: as many tokens as the replaced generator masks.
        input_size: (T, H, W) in tokens, `args.window_size`, where the generator does not say.
        keep_draws: go on drawing what the replaced generator drew from `np.random`, so that the
            data set's offsets stay the same.
        seed: of the masks, in [0, 2^64); None: torch's initial seed.
        in_place: names of steps of the transform that leave each pixel where it is, beside those
            known; others are refused.
        quiet: do not print what replaces what.
        options: of `VideoMAEMaskingGenerator`, or of `MotionScoreGenerator`.

    Raises:
        TypeError: the data set has no such parts, or a step that cannot be followed.
    """
    theirs = _replaced(dataset, input_size)
    options["replaces"] = theirs.generator if keep_draws and callable(theirs.generator) else None

    def made(record: Capture) -> Any:
        return _made(theirs, mask, mask_ratio, {**options, "capture": record})

    captured = CapturedDataset(dataset, theirs.name, made, seed=seed, in_place=in_place)
    if not quiet:
        print(_said(theirs, captured.masks, mask_ratio))  # noqa: T201
    return captured


def _replaced(dataset: Any, input_size: Any) -> _Replaced:
    transform = getattr(dataset, "transform", None)
    name = next((name for name in _NAMES if hasattr(transform, name)), None)
    if name is None:
        raise TypeError(
            f"{type(dataset).__name__} has no transform with a mask generator of VideoMAE's; use "
            "VideoMAEMaskingGenerator with the clip"
        )
    theirs = getattr(transform, name)
    grid = input_size or tuple(
        getattr(theirs, side, None) for side in ("frames", "height", "width")
    )
    if None in grid:
        raise TypeError(
            f"transform.{name} is {theirs!r}, which does not say how many tokens a clip has; give "
            "input_size=args.window_size"
        )
    frames, height, width = grid
    return _Replaced(name, theirs, (frames, height, width))


def _made(theirs: _Replaced, mask: str | None, ratio: float | None, options: dict[str, Any]) -> Any:
    if theirs.in_the_model:
        if mask is not None or ratio is not None:
            raise TypeError(
                "this trainer draws its mask in the model: the data set gives it a Score, so mask "
                "and mask_ratio belong there"
            )
        return MotionScoreGenerator(theirs.grid, **options)
    if mask is not None:
        options["mask"] = mask
    if hasattr(theirs.generator, "num_masks_per_win"):
        return _windowed(theirs, ratio, options)
    if theirs.name.startswith("init"):
        if ratio is None:
            raise TypeError("give mask_ratio=args.mask_ratio: MGMAE's generator does not say it")
        return MGMAEMaskingGenerator(theirs.grid, ratio, **options)
    kind = VideoMAEMaskingGenerator
    if theirs.name.startswith("encoder"):
        kind = VideoMAEv2MaskingGenerator
    if ratio is None and theirs.masked is not None:
        per = 1 if options.get("mask") in ("random", "block") else theirs.grid[0]
        options = {"num_masked": theirs.masked // per, **options}
    return kind(theirs.grid, 0.75 if ratio is None else ratio, **options)


def _windowed(theirs: _Replaced, ratio: float | None, options: dict[str, Any]) -> Any:
    # One slot deep: what is equal in each slot is equal in windows of any depth.
    slots, rows, columns = theirs.grid
    down, across = theirs.generator.spatial_part_size
    window = (1, rows // down, columns // across)
    masked = slots * down * across * int(theirs.generator.num_masks_per_win)
    if ratio is None:
        options = {"num_masked": masked, **options}
    return MAEDFERMaskingGenerator(theirs.grid, 0.75 if ratio is None else ratio, window, **options)


def _said(theirs: _Replaced, made: Any, ratio: float | None) -> str:
    """What replaces what, in one line."""
    was = type(theirs.generator).__name__ if callable(theirs.generator) else "the model's own mask"
    tokens = theirs.grid[0] * theirs.grid[1] * theirs.grid[2]
    if theirs.in_the_model:
        return f"mgm_ext: {made!r} goes to the model in place of {was}"
    count = "" if theirs.masked is None else f" ({theirs.masked} of {tokens} tokens masked)"
    why = "as many" if made.total_masks == theirs.masked else f"mask_ratio={ratio}"
    if theirs.masked not in (None, made.total_masks):
        why += ", not the trainer's own"
    name = made.masks.masking.name
    return f"mgm_ext: {was}{count} is replaced by {name}: {made.total_masks} of {tokens}, {why}"
