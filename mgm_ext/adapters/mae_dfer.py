"""MAE-DFER: masks with one count in each window of its local attention."""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np

from .generators import VideoMAEMaskingGenerator

__all__ = ["MAEDFERMaskingGenerator"]

_TEMPERATURE: Final = 0.25


class MAEDFERMaskingGenerator(VideoMAEMaskingGenerator):
    """MAE-DFER's: as many masked tokens in each of its attention's windows.

    Args:
        input_size: (T, H, W) in tokens.
        mask_ratio: share of each window's tokens to mask, in (0, 1).
        part_win_size: (t, h, w) of a window in tokens; they must tile the clip.
        mask: "motion_topk", "random" or "block": those that can count by window.
        options: of `VideoMAEMaskingGenerator`; `temperature` is 0.25 by default: what moves is
            masked, what stands still is drawn anew each time. 0 draws nothing.

    Raises:
        ValueError: the windows do not tile the clip, or the mask cannot count by window.
    """

    def __init__(
        self,
        input_size: tuple[int, int, int],
        mask_ratio: float,
        part_win_size: tuple[int, int, int] = (2, 5, 10),
        *,
        mask: str = "motion_topk",
        **options: Any,
    ) -> None:
        if any(size % side for size, side in zip(input_size, part_win_size, strict=True)):
            raise ValueError(
                f"windows of {tuple(part_win_size)} must tile the clip's {tuple(input_size)} tokens"
            )
        drawn = {"scope": "clip", "temperature": _TEMPERATURE}
        given: dict[str, Any] = {"random": {}, "block": {}, "motion_topk": drawn}
        if mask not in given:
            raise ValueError(f"mask must be one of {tuple(given)}, not {mask!r}")
        t, h, w = np.indices(input_size)
        down, across = input_size[1] // part_win_size[1], input_size[2] // part_win_size[2]
        groups = (t // part_win_size[0] * down + h // part_win_size[1]) * across
        groups = groups + w // part_win_size[2]
        masked = int(mask_ratio * math.prod(part_win_size)) * int(groups.max() + 1)
        super().__init__(
            input_size,
            mask_ratio,
            mask=mask,
            **{
                "groups": groups,
                "num_masked": masked,
                **given[mask],
                **options,
            },
        )
