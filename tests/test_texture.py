"""token_texture: what it sees, and the same bits as the reference."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mgm_ext import View, token_texture
from tests.fields import views
from tests.reference import score as plain


def grey(picture: Any) -> NDArray[np.uint8]:
    """One RGB frame from a grey picture."""
    return np.repeat(np.asarray(picture, np.uint8)[None, ..., None], 3, axis=-1)


def test_flat_ground_and_a_straight_edge_have_no_texture() -> None:
    picture = np.zeros((16, 32))
    picture[:, 8:] = 200
    assert token_texture(grey(picture), grid=(1, 1, 2)).tolist() == [[[0, 0]]]


def test_a_corner_has_texture_and_a_checkerboard_more() -> None:
    picture = np.zeros((16, 32))
    picture[6:, 6:16] = 200
    picture[:, 16:] = 200 * ((np.indices((16, 16)) // 2).sum(0) % 2)
    ((corner, board),) = token_texture(grey(picture), grid=(1, 1, 2))[0]
    assert 0 < corner < board < 65536


def test_weight_is_t_over_t_plus_2_of_the_smaller_eigenvalue() -> None:
    random = np.random.default_rng(0)
    picture = random.integers(100, 108, (64, 64)).astype(float)
    p = np.pad(picture, 1, mode="edge")
    tall, flat = p[:-2] + 2 * p[1:-1] + p[2:], p[:, :-2] + 2 * p[:, 1:-1] + p[:, 2:]
    gx, gy = (tall[:, 2:] - tall[:, :-2]) / 8, (flat[2:] - flat[:-2]) / 8
    tensor = [[(gx * gx).mean(), (gx * gy).mean()], [(gx * gy).mean(), (gy * gy).mean()]]
    t = np.linalg.eigvalsh(tensor)[0]
    weight = token_texture(grey(picture), grid=(1, 1, 1))[0, 0, 0]
    assert weight / 65536 == pytest.approx(t / (t + 2), abs=2e-3)


@settings(max_examples=60, deadline=None)
@given(data=st.data(), seed=st.integers(0, 2**32))
def test_texture_equals_the_reference(data: st.DataObject, seed: int) -> None:
    slots, tubelet = data.draw(st.integers(1, 3)), data.draw(st.integers(1, 2))
    height, width = data.draw(st.integers(1, 40)), data.draw(st.integers(1, 40))
    random = np.random.default_rng(seed)
    frames = random.integers(0, 256, (slots * tubelet, height, width, 3), np.uint8)
    frames //= np.uint8(data.draw(st.sampled_from([1, 16, 128])))
    source = data.draw(st.integers(1, 80)), data.draw(st.integers(1, 80))
    view = data.draw(views(*source))
    grid = (slots, data.draw(st.integers(1, 5)), data.draw(st.integers(1, 5)))
    native = token_texture(frames, grid=grid, view=view, width=source[0], height=source[1])
    expected = plain.token_texture(
        frames, grid=grid, crop=view.crop, hflip=view.hflip, width=source[0], height=source[1]
    )
    np.testing.assert_array_equal(native, expected)
    assert native.dtype == np.int32


def test_wide_frames_do_not_overflow() -> None:
    board = 255 * ((np.indices((8, 6000)) // 2).sum(0) % 2)
    native = token_texture(grey(board), grid=(1, 1, 1))
    expected = plain.token_texture(
        grey(board), grid=(1, 1, 1), crop=(0, 0, 6000, 8), hflip=False, width=6000, height=8
    )
    np.testing.assert_array_equal(native, expected)


def test_scaled_frames_give_the_view_the_same_tokens() -> None:
    small = np.kron(np.random.default_rng(1).integers(0, 256, (8, 8)), np.ones((4, 4)))
    view = View((32, 32, 32, 32), (64, 64))
    native = token_texture(grey(small), grid=(1, 2, 2), view=view, width=64, height=64)
    cropped = token_texture(grey(small), grid=(1, 4, 4))[:, 2:, 2:]
    np.testing.assert_array_equal(native, cropped)


@pytest.mark.parametrize(
    ("frames", "options", "message"),
    [
        (np.zeros((2, 4, 4, 3), np.float32), {}, r"frames must be uint8 \[T, H, W, 3\]"),
        (np.zeros((2, 4, 4), np.uint8), {}, r"frames must be uint8 \[T, H, W, 3\]"),
        (np.zeros((2, 0, 4, 3), np.uint8), {}, r"frames must not be empty"),
        (np.zeros((3, 4, 4, 3), np.uint8), {}, r"divides the 3 frames, not 2"),
        (np.zeros((2, 4, 4, 3), np.uint8), {"width": 0}, r"at least 1, not 0x4"),
    ],
)
def test_bad_arguments_are_named(
    frames: NDArray[Any], options: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        token_texture(frames, grid=(2, 2, 2), **options)
