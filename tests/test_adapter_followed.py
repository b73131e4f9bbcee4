"""Any transform of frames is followed, exactly and without a trace, or refused."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn.functional import interpolate

from mgm_ext import View
from mgm_ext.adapters.followed import Followed, view_of_matrix
from tests.fields import make_field
from tests.trainers import random_states

RNG = np.random.default_rng(0)
FRAMES = np.kron(RNG.integers(0, 255, (8, 12, 16, 3), np.uint8), np.ones((1, 8, 8, 1), np.uint8))
TCHW = torch.from_numpy(FRAMES).permute(0, 3, 1, 2)
BOX = (21, 5, 80, 71)


def crop(frames: torch.Tensor) -> torch.Tensor:
    x, y, w, h = BOX
    part = frames[..., y : y + h, x : x + w].float()
    return interpolate(part, size=(48, 48), mode="bilinear", antialias=True)


def resized(frames: torch.Tensor) -> torch.Tensor:
    return crop(interpolate(frames.float(), scale_factor=2.0, mode="bilinear")[..., ::2, ::2])


def pictures(images: list[Image.Image]) -> list[Image.Image]:
    x, y, w, h = BOX
    flip = Image.Transpose.FLIP_LEFT_RIGHT
    return [im.crop((x, y, x + w, y + h)).resize((48, 48)).transpose(flip) for im in images]


def arrays(frames: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    x, y, w, h = BOX
    return frames[:, y : y + h, x : x + w].transpose(3, 0, 1, 2) / 255.0


def erased(frames: torch.Tensor) -> torch.Tensor:
    made = crop(frames).clone()
    made[..., 8:20, 8:20] = 7
    return (made - 100) / 57


FOLLOWED: dict[str, tuple[Callable[..., Any], Any, bool]] = {
    "tensors": (crop, TCHW, False),
    "floats": (crop, TCHW.float() / 255, False),
    "one frame": (crop, TCHW[:1], False),
    "three frames": (crop, TCHW[:4], False),
    "flipped": (lambda frames: crop(frames).flip(-1), TCHW, True),
    "grey": (lambda f: crop(f).mean(1, keepdim=True).repeat(1, 3, 1, 1), TCHW, False),
    "erased and normalised": (erased, TCHW, False),
    "pictures": (pictures, [Image.fromarray(frame) for frame in FRAMES], True),
    "arrays, other axes": (arrays, FRAMES, False),
}


@pytest.mark.parametrize("kind", list(FOLLOWED))
def test_crops_and_flips_are_found_to_the_pixel(kind: str) -> None:
    transform, frames, hflip = FOLLOWED[kind]
    followed = Followed(transform)
    result, same = followed(frames), transform(frames)
    np.testing.assert_array_equal(np.asarray(result[0]), np.asarray(same[0]))
    assert followed.view is not None
    assert (followed.view.crop, followed.view.hflip) == (BOX, hflip)
    field = make_field(np.zeros((8, 12, 16, 2), np.int16), cell=16)
    x, y, w, h = BOX
    assert followed.source_view(field).crop == (2 * x, 2 * y, 2 * w, 2 * h)


def test_random_numbers_are_drawn_once() -> None:
    def drawing(frames: torch.Tensor) -> torch.Tensor:
        x, y = random.randint(0, 40), int(np.random.randint(20))  # noqa: NPY002
        side = 40 + int(torch.randint(8, ()))
        return frames[..., y : y + side, x : x + side]

    states = []
    for transform in (drawing, Followed(drawing)):
        random.seed(1)
        np.random.seed(1)  # noqa: NPY002
        torch.manual_seed(1)
        made = [transform(TCHW) for _ in range(3)]
        states.append((random_states(), [clip.shape for clip in made]))
    assert states[0] == states[1]


def own_numbers() -> Callable[..., Any]:
    rng = np.random.default_rng(1)
    return lambda frames: frames[..., : 60 + int(rng.integers(30))]


def shifting(frames: torch.Tensor) -> torch.Tensor:
    return torch.stack([frame[:, :, i : i + 80] for i, frame in enumerate(frames)])


REFUSED: dict[str, tuple[Callable[..., Any], str]] = {
    "turned": (lambda frames: frames.transpose(2, 3), "turned, sheared or warped"),
    "upside down": (lambda frames: frames.flip(2), "upside down"),
    "rolled": (lambda frames: frames.roll(30, 3), "warped"),
    "mirrored halves": (lambda f: torch.cat([f[..., :64], f[..., :64].flip(3)], 3), "warped"),
    "shifting": (shifting, "it moves in time"),
    "contrast": (lambda f: f.float().lerp(f.float().mean((1, 2, 3), True), 0.2), "contrast"),
    "equalised": (lambda f: (f.float() / 255) ** 2, "warped, or its colours"),
    "random numbers of its own": (own_numbers(), "random numbers of its own"),
    "filled": (lambda f: f * 0, "filled, erased or outside"),
}


@pytest.mark.parametrize("kind", list(REFUSED))
def test_what_cannot_be_followed_is_refused(kind: str) -> None:
    transform, words = REFUSED[kind]
    with pytest.raises(ValueError, match=f"cannot be followed: .*{words}"):
        Followed(transform)(TCHW)


def test_frames_and_order_are_checked() -> None:
    with pytest.raises(ValueError, match="nothing was transformed yet"):
        Followed(crop).source_view(make_field(np.zeros((8, 6, 8, 2), np.int16)))
    with pytest.raises(ValueError, match=r"frames must be .* with three channels, not of shape"):
        Followed(lambda frames: frames)(TCHW[:, :2])
    with pytest.raises(ValueError, match="must not be an empty list"):
        Followed(lambda frames: frames)([])
    followed = Followed(crop)
    followed.__dict__["transform"].side = 5
    assert followed.side == 5


def test_matrices_are_views() -> None:
    scale = np.diag([2.0, 3.0, 1.0])
    scale[:2, 2] = (-10 * 2 + 0.5, -20 * 3 + 1)
    view = view_of_matrix(scale, (30, 40))
    np.testing.assert_allclose(view.crop, (10, 20, 20, 10))
    flip = np.array([[-1.0, 0, 39], [0, 1, 0], [0, 0, 1]])
    mirrored = view_of_matrix(flip @ scale, (30, 40))
    np.testing.assert_allclose(mirrored.crop, view.crop)
    assert mirrored.hflip
    assert not view.hflip
    assert isinstance(view, View)
    for wrong in (
        np.eye(3)[::-1],
        np.diag([1, -1, 1]),
        np.array([[1, 0.1, 0], [0, 1, 0], [0, 0, 1]]),
    ):
        with pytest.raises(ValueError, match=r"this matrix does more|matrix must be"):
            view_of_matrix(wrong + np.array([[0, 0, 0], [0, 0, 0], [0, 0, 1e-9]]), (30, 40))
    with pytest.raises(ValueError, match=r"matrix must be \[3, 3\]"):
        view_of_matrix(np.eye(2), (30, 40))
