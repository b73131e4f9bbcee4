"""Scenes with a small moving object whose place is known, and what trackers trip over."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from mgm_ext import Clip, Score, motion_boxes, motion_score
from mgm_ext.masks import PRESETS, Mask
from tests.clips import Frames, texture, to_uint8

SIZE: Final = 256
FRAMES: Final = 61
SAMPLED: Final = np.arange(0, FRAMES, 4)
GRID: Final = (8, 14, 14)
SIDE: Final = 48
"""Of the object: 2.6 of 14 tokens."""
OBJECT: Final = np.array([2.6, 1.7])
PAN: Final = np.array([-2.0, 0.8])
"""Pixels per frame on the screen, of the object and of the ground."""
NOISE: Final = {"noisy": 2.0, "grainy": 5.0}
"""Standard deviation in grey levels, drawn anew in every frame, of a ground that is else flat."""
BAR: Final = 32
LOGO: Final = (200, 12, 244, 40)
TICKER: Final = (0, 216, 256, 240)
"""Boxes xyxy in pixels."""

Ground = Literal["textured", "flat", "noisy", "grainy"]
Camera = Literal["still", "pan", "zoom", "follow"]
Extra = Literal["", "bars", "logo", "ticker"]


@dataclass(frozen=True)
class Scene:
    """What is seen. The object bounces about; the camera moves the ground under it.

    "follow" keeps the object where it is on the screen: over the ground it then moves exactly as
    fast as a logo does, and neither the file nor a rule tells the two apart.
    """

    ground: Ground = "textured"
    camera: Camera = "still"
    extra: Extra = ""

    def __str__(self) -> str:
        return " ".join(part for part in (self.ground, self.camera, self.extra) if part)


def object_boxes(scene: Scene) -> NDArray[np.float64]:
    """Where the object is, float64 [FRAMES, 4] xyxy: it bounces between the picture's sides."""
    low = np.array([4.0, BAR + 4.0 if scene.extra in ("bars", "ticker") else 4.0])
    room = SIZE - SIDE - 2 * low
    moved = 0 if scene.camera == "follow" else np.arange(FRAMES)[:, None]
    steps = np.zeros((FRAMES, 2)) + moved * OBJECT + np.array([4.0, 20.0])
    corner = low + np.abs((steps + room) % (2 * room) - room)
    return np.concatenate([corner, corner + SIDE], 1)


def _ground(scene: Scene) -> Image.Image:
    """A picture three times as wide and high as a frame."""
    places = np.arange(3.0 * SIZE)
    if scene.ground == "textured":
        return Image.fromarray(to_uint8(0.8 * texture(places, places, seed=5)))
    # A sky: brighter towards the top, nothing to hold on to.
    sky = 150 - 40 * places / len(places) + 12 * np.sin(places / 170)[:, None]
    return Image.fromarray(np.repeat(sky.T[..., None], 3, 2).round().astype(np.uint8))


def _seen(ground: Image.Image, camera: Camera, t: int) -> Frames:
    scale = 1.006**t if camera == "zoom" else 1.0
    shift = t * {"pan": PAN, "follow": -OBJECT}.get(camera, 0 * PAN)
    left, top = SIZE * 1.5 - shift - SIZE / 2 / scale
    window = (1 / scale, 0, left, 0, 1 / scale, top)
    seen = ground.transform((SIZE, SIZE), Image.Transform.AFFINE, window, Image.Resampling.BICUBIC)
    return np.array(seen)


def _logo() -> Frames:
    x0, y0, x1, y1 = LOGO
    down, across = np.mgrid[: y1 - y0, : x1 - x0]
    inside = ((down - 14) ** 2 + (across - 14) ** 2 < 144) | ((across > 28) & (down % 9 < 5))
    light, dark = np.full(3, 245, np.uint8), np.array([20, 20, 120], np.uint8)
    return np.where(inside[..., None], light, dark)


def _ticker() -> Frames:
    """A strip of letters, longer than the way that it scrolls."""
    height = TICKER[3] - TICKER[1]
    letters = np.random.default_rng(8).integers(0, 2, (3, 120)) * 200 + 30
    strip = np.kron(letters, np.ones((height // 3, 6)))
    return np.repeat(strip[..., None], 3, 2).astype(np.uint8)


def frames(scene: Scene) -> Frames:
    """uint8 [FRAMES, SIZE, SIZE, 3]."""
    random = np.random.default_rng(7)
    ground, logo, ticker = _ground(scene), _logo(), _ticker()
    places = np.arange(float(SIDE))
    object_ = to_uint8(texture(places, places, seed=6))
    result = np.empty((FRAMES, SIZE, SIZE, 3), np.uint8)
    for t, (frame, box) in enumerate(
        zip(result, object_boxes(scene).round().astype(int), strict=True)
    ):
        frame[:] = _seen(ground, scene.camera, t)
        x, y = box[:2]
        frame[y : y + SIDE, x : x + SIDE] = object_
        if scene.ground in NOISE:
            noise = NOISE[scene.ground] * random.standard_normal(frame.shape)
            frame[:] = (frame + noise).clip(0, 255)
        if scene.extra == "bars":
            frame[:BAR] = frame[-BAR:] = 16
        elif scene.extra == "logo":
            frame[LOGO[1] : LOGO[3], LOGO[0] : LOGO[2]] = logo
        elif scene.extra == "ticker":
            frame[TICKER[1] : TICKER[3]] = ticker[:, 7 * t : 7 * t + SIZE]
    return result


def token_shares(
    boxes: NDArray[np.float64], grid: tuple[int, int, int], size: int = SIZE
) -> NDArray[np.float64]:
    """Share of each token that boxes [T, 4] cover, mean over each slot's frames: [S, R, C].

    size: of the square picture, which the tokens divide.
    """

    def axis(i: int, tokens: int) -> NDArray[np.float64]:
        edges = size * np.arange(tokens + 1) / tokens
        low, high = boxes[:, i, None], boxes[:, i + 2, None]
        both = np.minimum(high, edges[1:]) - np.maximum(low, edges[:-1])
        shares: NDArray[np.float64] = both.clip(0) * tokens / size
        return shares

    slots, rows, columns = grid
    shares = axis(1, rows)[:, :, None] * axis(0, columns)[:, None, :]
    mean: NDArray[np.float64] = shares.reshape(slots, -1, rows, columns).mean(1)
    return mean


def score_of(clip: Clip, scene: Scene, preset: str) -> Score:
    """As `motion_guided_mask` of the preset makes it; the ticker is named in `ignore`."""
    chosen = PRESETS[preset]
    weight = chosen.weight
    if weight == "auto":
        weight = "coded" if clip.frames is None else "texture"
    ignore = [TICKER] if scene.extra == "ticker" else ()
    return motion_score(clip, grid=GRID, camera=chosen.camera, weight=weight, ignore=ignore)


def masked_share(scene: Scene, mask: Mask) -> float:
    """Share of the object that a mask [8, 14, 14] hides."""
    there = token_shares(object_boxes(scene)[SAMPLED], GRID)
    return float((there * mask).sum() / there.sum())


def distraction(scene: Scene, score: Score, preset: str) -> float:
    """Share of slots whose box is centred on the scene's bars, logo or ticker."""
    chosen = PRESETS[preset]
    boxes = motion_boxes(score, mask_ratio=1 / 196, peak=chosen.peak, first=chosen.first)
    x, y = ((boxes[:, :2] + boxes[:, 2:]) / 2).T
    if scene.extra == "bars":
        return float(((y < BAR) | (y > SIZE - BAR)).mean())
    x0, y0, x1, y1 = TICKER if scene.extra == "ticker" else LOGO
    return float(((x > x0) & (x < x1) & (y > y0) & (y < y1)).mean())


REENCODED: Final[dict[str, tuple[str, dict[str, Any]]]] = {
    "crf 23": ("libx264", {"crf": 23}),
    "crf 32": ("libx264", {"crf": 32}),
    "ultrafast": ("libx264", {"preset": "ultrafast"}),
    "no B-frames": ("libx264", {"bf": 0}),
    "VP9": ("libvpx-vp9", {}),
}
"""Encoder and options, by name."""
