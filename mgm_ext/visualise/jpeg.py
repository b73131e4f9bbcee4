"""A picture as the bytes of a JPEG file."""

from __future__ import annotations

import io

from PIL import Image

from .text import Picture

__all__ = ["jpeg_bytes"]


def jpeg_bytes(picture: Picture, *, quality: int = 85) -> bytes:
    """Encodes uint8 [H, W, 3] RGB."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, "JPEG", quality=quality)
    return file.getvalue()
