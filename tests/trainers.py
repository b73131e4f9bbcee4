"""Stand-ins for trainers that cannot be installed: they take masks as the real ones do.

Each draws from the same generators, in the same order, and consumes masks by the same operations
as the trainer it is named after; none of their learning is here.
"""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import torch


def random_states() -> tuple[Any, ...]:
    """What the global generators would draw next; equal states compare equal."""
    legacy: Any = np.random.get_state()  # noqa: NPY002
    torch_state = torch.get_rng_state().numpy().tobytes()
    return random.getstate(), legacy[1].tobytes(), legacy[2:], torch_state


class GroupMultiScaleCrop:
    """VideoMAE's crop: draws a pair of sides, then one of 13 places, from `random`."""

    def __init__(self, input_size: int, scales: tuple[float, ...] = (1, 0.875, 0.75, 0.66)) -> None:
        self.scales = scales
        self.input_size = [input_size, input_size]

    def _sample_crop_size(self, im_size: tuple[int, int]) -> tuple[int, int, int, int]:
        image_w, image_h = im_size
        sides = [int(min(im_size) * scale) for scale in self.scales]
        target = self.input_size[0]
        sides = [target if abs(side - target) < 3 else side for side in sides]
        count = len(sides)
        steps = [(i, j) for i in range(count) for j in range(count) if abs(i - j) <= 1]
        w, h = random.choice([(sides[j], sides[i]) for i, j in steps])
        dx, dy = (image_w - w) // 4, (image_h - h) // 4
        places = (0, 40, 4, 44, 22, 2, 42, 24, 20, 11, 31, 13, 33)
        x, y = random.choice([(place // 10 * dx, place % 10 * dy) for place in places])
        return w, h, x, y

    def __call__(self, img_tuple: tuple[list[Any], Any]) -> tuple[list[Any], Any]:
        images, label = img_tuple
        w, h, x, y = self._sample_crop_size(images[0].size)
        size = (self.input_size[0], self.input_size[1])
        cropped = [image.crop((x, y, x + w, y + h)).resize(size, 2) for image in images]
        return cropped, label
