"""Pictures as files."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from os import PathLike

import av
import numpy as np
from PIL import Image

from .text import Picture

__all__ = ["write_mp4", "write_png"]


def write_png(path: str | PathLike[str], picture: Picture) -> None:
    """Writes a uint8 [H, W, 3] picture as PNG."""
    Image.fromarray(picture).save(path, format="PNG", optimize=True)


def write_mp4(path: str | PathLike[str], pictures: Iterable[Picture], *, fps: float) -> int:
    """Encodes pictures as H.264.

    Args:
        path: to write.
        pictures: uint8 [H, W, 3] each, of one size.
        fps: frames per second.

    Returns:
        Number of frames written.
    """
    count = 0
    with av.open(str(path), "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=Fraction(fps).limit_denominator(1001))
        for picture in pictures:
            even = picture[: picture.shape[0] // 2 * 2, : picture.shape[1] // 2 * 2]
            if count == 0:
                stream.height, stream.width = even.shape[:2]
                stream.pix_fmt = "yuv420p"
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="rgb24")
            container.mux(stream.encode(frame))
            count += 1
        container.mux(stream.encode(None))
    return count
