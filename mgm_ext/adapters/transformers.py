"""Hugging Face: batches for `VideoMAEForPreTraining`, checked before the model sees them.

::

    dataset = video_dataset(paths, model.config, mask="motion_guided", mask_ratio=0.75)
    loader = DataLoader(dataset, batch_size=8, collate_fn=VideoMAECollator(model.config))
    loss = model(**next(iter(loader))).loss

Nothing here imports `transformers`: a config is anything with its five numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final, Protocol

import numpy as np
import torch

from ..decode import Source
from ..masks import Masking, make_masking
from .check_mask import check_mask
from .crops import Crop, MultiScaleCrop
from .dataset import ClipDataset, Sample

__all__ = ["VideoMAECollator", "VideoMAEConfig", "grid_of", "video_dataset"]

IMAGE_MEAN: Final = (0.485, 0.456, 0.406)
IMAGE_STD: Final = (0.229, 0.224, 0.225)


class VideoMAEConfig(Protocol):
    """What is read of `transformers.VideoMAEConfig`."""

    image_size: Any
    patch_size: Any
    num_frames: int
    tubelet_size: int


def _side(size: Any) -> tuple[int, int]:
    return (int(size), int(size)) if isinstance(size, int) else (int(size[0]), int(size[1]))


def grid_of(config: VideoMAEConfig) -> tuple[int, int, int]:
    """(S, R, C) tokens of the model's clips.

    Raises:
        ValueError: patches or tubelets do not divide the clip.
    """
    (high, wide), (down, across) = _side(config.image_size), _side(config.patch_size)
    if high % down or wide % across or config.num_frames % config.tubelet_size:
        raise ValueError(
            f"patches of {down}x{across} and tubelets of {config.tubelet_size} must divide "
            f"{config.num_frames} frames of {high}x{wide}"
        )
    return config.num_frames // config.tubelet_size, high // down, wide // across


def video_dataset(
    videos: Sequence[Source],
    config: VideoMAEConfig,
    *,
    mask: str | Masking = "motion_guided",
    mask_ratio: float = 0.75,
    mask_options: Mapping[str, Any] | None = None,
    crop: Crop | None = None,
    **options: Any,
) -> ClipDataset:
    """A `ClipDataset` of the model's frames, size and grid.

    Args:
        videos: paths, or bytes.
        config: the model's.
        mask: a name that `make_masking` takes, or a masking of the model's grid.
        mask_ratio: share of the tokens to mask, in (0, 1).
        mask_options: the mask's own options.
        crop: draws the view; None: `MultiScaleCrop`.
        options: of `ClipMaker`: stride, repeats, fallback, max_seconds, ...; and `seed`.

    Raises:
        ValueError: an argument is outside what is allowed.
    """
    grid = grid_of(config)
    if isinstance(mask, str):
        given = dict(mask_options or {})
        masking = make_masking(mask, input_size=grid, mask_ratio=mask_ratio, **given)
    else:
        masking = mask
    if tuple(masking.input_size) != grid:
        raise ValueError(f"the mask must be of the model's {grid} tokens, not {masking.input_size}")
    side = _side(config.image_size)
    if crop is None and side[0] != side[1]:
        raise ValueError(f"a crop must be given for pictures of {side[0]}x{side[1]}")
    return ClipDataset(
        videos,
        masking,
        num_frames=config.num_frames,
        crop=MultiScaleCrop(side[0]) if crop is None else crop,
        **options,
    )


class VideoMAECollator:
    """Samples as one batch: "pixel_values" and "bool_masked_pos", as the model takes them.

    The model trains on unequal counts (tokens of one clip enter another) and on int64 masks (taken
    for positions) without a word; here both are refused, as are floats and inverted masks.

    Args:
        config: the model's.
        mask_ratio: that is meant; None: at least half of the tokens must be masked.
        image_mean: of the three channels, subtracted from pixels in [0, 1].
        image_std: of the three channels.
        with_source: keep "mask_source" uint8 [B] in the batch; the model does not take it.
    """

    def __init__(
        self,
        config: VideoMAEConfig,
        *,
        mask_ratio: float | None = None,
        image_mean: Sequence[float] = IMAGE_MEAN,
        image_std: Sequence[float] = IMAGE_STD,
        with_source: bool = False,
    ) -> None:
        self.grid = grid_of(config)
        self.mask_ratio = mask_ratio
        self.with_source = with_source
        self._frames = (config.num_frames, 3, *_side(config.image_size))
        self._mean = torch.tensor(image_mean).view(3, 1, 1)
        self._std = torch.tensor(image_std).view(3, 1, 1)

    def __call__(self, samples: Iterable[Sample | list[Sample]]) -> dict[str, torch.Tensor]:
        """One batch.

        Args:
            samples: dicts with "pixel_values" [T, 3, H, W], uint8 or already normalised floats, and
                "bool_masked_pos" bool [N] or [S, R, C]; lists of them (repeated views) are joined.

        Returns:
            "pixel_values" float32 [B, T, 3, H, W] and "bool_masked_pos" bool [B, N].

        Raises:
            ValueError: a sample lacks a key or has another shape, or a mask would train wrongly.
        """
        flat = [one for item in samples for one in (item if isinstance(item, list) else [item])]
        missing = [k for k in ("pixel_values", "bool_masked_pos") if any(k not in s for s in flat)]
        if missing or not flat:
            raise ValueError(
                f"every sample must have {missing or 'pixels and a mask'}, got keys "
                f"{sorted({k for sample in flat for k in sample})}; Trainer drops other names "
                "unless remove_unused_columns=False"
            )
        batch = {
            "pixel_values": torch.stack([self._pixels(one["pixel_values"]) for one in flat]),
            "bool_masked_pos": self._masks([one["bool_masked_pos"] for one in flat]),
        }
        if self.with_source:
            sources = [int(one.get("mask_source", 0)) for one in flat]
            batch["mask_source"] = torch.tensor(sources, dtype=torch.uint8)
        return batch

    def _pixels(self, given: Any) -> torch.Tensor:
        pixels = torch.as_tensor(given)
        if tuple(pixels.shape) != self._frames:
            raise ValueError(f"pixel_values must be {self._frames}, not {tuple(pixels.shape)}")
        if pixels.dtype == torch.uint8:
            return (pixels.float() / 255 - self._mean) / self._std
        return pixels

    def _masks(self, given: list[Any]) -> torch.Tensor:
        tokens = int(np.prod(self.grid))
        rows = []
        for mask in given:
            row = torch.as_tensor(mask)
            if tuple(row.shape) not in (self.grid, (tokens,)):
                raise ValueError(
                    f"bool_masked_pos must be ({tokens},) or {self.grid}, not {tuple(row.shape)}"
                )
            rows.append(row.reshape(-1))
        stacked = torch.stack(rows)
        return check_mask(stacked, style="transformers", grid=self.grid, mask_ratio=self.mask_ratio)
