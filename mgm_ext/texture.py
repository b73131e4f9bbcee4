"""How much texture each token of a clip has."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from . import _core
from ._arrays import read_only
from .views import View, crop_and_flip

__all__ = ["token_texture"]


def token_texture(
    frames: NDArray[np.uint8],
    *,
    grid: tuple[int, int, int],
    view: View | None = None,
    width: int | None = None,
    height: int | None = None,
) -> NDArray[np.int32]:
    """How much texture each token has: a weight for `motion_score`.

    With t the smaller eigenvalue of the structure tensor of the luma (Sobel / 8, grey levels
    squared), averaged over the token and the slot's frames, the weight is t / (t + 2): near 0 on
    flat ground and along straight edges, where an encoder's vectors need not be motion.

    Args:
        frames: uint8 [T, H, W, 3] RGB that show the whole picture, at any scale.
        grid: (S, R, C) tokens; S divides T.
        view: what the trainer sees, in source pixels; without it, the whole picture.
        width: of the source picture, which the view refers to; default: the frames' own.
        height: of the source picture, which the view refers to; default: the frames' own.

    Returns:
        int32 [S, R, C] in [0, 65536), the weight times 65536. Tokens outside the picture take the
        pixels at its border.

    Raises:
        ValueError: `frames` has another dtype or shape, or S does not divide T.
    """
    pixels = read_only("frames", frames, dtype=np.uint8, shape=("T", "H", "W", 3))
    if pixels.size == 0:
        raise ValueError(f"frames must not be empty, not {pixels.shape}")
    width = pixels.shape[2] if width is None else width
    height = pixels.shape[1] if height is None else height
    if width < 1 or height < 1:
        raise ValueError(f"width and height must be at least 1, not {width}x{height}")
    crop, hflip = crop_and_flip(view, width, height)
    return _core.token_texture(pixels, grid, crop, hflip, width, height)
