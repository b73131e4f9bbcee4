"""Photographs that scikit-image and scikit-learn carry: ground and skin of the rendered objects."""

from __future__ import annotations

from importlib import resources
from typing import Final

import numpy as np
from numpy.typing import NDArray

SIDE: Final = 320
SPLITS: Final = {
    "train": (
        "skimage/astronaut.png", "skimage/brick.png", "skimage/camera.png", "skimage/coffee.png",
        "skimage/grass.png", "skimage/hubble_deep_field.jpg", "skimage/moon.png",
        "skimage/motorcycle_left.png", "skimage/retina.jpg", "skimage/page.png",
        "sklearn/flower.jpg",
    ),
    "validation": ("skimage/cell.png", "skimage/text.png", "skimage/rocket.jpg"),
    "test": (
        "skimage/chelsea.png", "skimage/coins.png", "skimage/gravel.png", "skimage/ihc.png",
        "sklearn/china.jpg",
    ),
}  # fmt: skip
"""No picture stands in two sets."""
_FOLDERS: Final = {"skimage": ("skimage", "data"), "sklearn": ("sklearn.datasets", "images")}


def pictures(split: str) -> NDArray[np.uint8]:
    """The middle square of each picture of a split, uint8 [n, 320, 320, 3]."""
    return np.stack([_square(name) for name in SPLITS[split]])


def _square(name: str) -> NDArray[np.uint8]:
    from PIL import Image

    package, file = name.split("/")
    where, folder = _FOLDERS[package]
    with (
        resources.as_file(resources.files(where).joinpath(folder, file)) as path,
        Image.open(path) as picture,
    ):
        side = min(picture.size)
        left, top = (picture.width - side) // 2, (picture.height - side) // 2
        square = picture.convert("RGB").crop((left, top, left + side, top + side))
        return np.asarray(square.resize((SIDE, SIDE), Image.Resampling.BICUBIC))
