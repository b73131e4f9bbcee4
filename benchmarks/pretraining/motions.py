"""Sixteen motions of one object that a single frame does not tell apart."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOTIONS: Final = (
    "left", "right", "up", "down", "zigzag", "stop_go", "grow", "shrink", "spin_cw", "spin_ccw",
    "circle_cw", "circle_ccw", "swing_h", "swing_v", "pulse", "rock",
)  # fmt: skip
NUM_FRAMES: Final = 32
SMALLEST, LARGEST = 0.1, 0.5
"""Diameter of the object as a share of the picture's side."""


@dataclass(frozen=True)
class Scene:
    """One clip before it is drawn; lengths are shares of the picture's side.

    Attributes:
        motion: index into MOTIONS.
        size: diameter of the object, averaged over time.
        centre: [T, 2], the object's place (x, y) in the picture, the camera's motion in it.
        scale: [T], the object's radius as a factor of size / 2.
        angle: [T], radians, clockwise.
        camera: [T, 2], how far the ground has moved through the picture.
        look: seeds for everything that does not move: pictures, outline, gains, noise.
    """

    motion: int
    size: float
    centre: Floats
    scale: Floats
    angle: Floats
    camera: Floats
    look: int


@dataclass(frozen=True)
class _Path:
    """A motion in its own coordinates, centred on 0: [T] each, `log_scale` in nats."""

    x: Floats
    y: Floats
    log_scale: Floats
    angle: Floats


def _path(motion: str, u: Floats, rng: np.random.Generator, amplitude: float) -> _Path:
    """The motion over u in [0, 1]; all its sizes are drawn whatever the motion."""
    zero = np.zeros_like(u)
    travel, radius = amplitude * rng.uniform([0.24, 0.07], [0.40, 0.13])
    swing, rocking = amplitude * rng.uniform([0.08, 0.5], [0.15, 0.9])
    growth, turn = amplitude * rng.uniform([0.5, 0.8 * np.pi], [0.8, 1.6 * np.pi])
    periods, phase = rng.uniform(1.5, 2.5), rng.uniform(0, 2 * np.pi)
    heading = rng.integers(4) * np.pi / 2
    circle = phase + 2 * np.pi * rng.uniform(0.8, 1.3) * u
    along, wave = travel * (u - 0.5), np.sin(2 * np.pi * periods * u + phase)
    zigzag = 0.06 * amplitude * np.abs(2 * ((2 * periods * u + phase) % 1) - 1)
    round_x, round_y = radius * np.cos(circle), radius * np.sin(circle)
    halting = travel * (_halting(u) - 0.5)
    ahead, aside = np.cos(heading), np.sin(heading)
    still = _Path(zero, zero, zero, zero)
    return {
        "left": replace(still, x=-along),
        "right": replace(still, x=along),
        "up": replace(still, y=-along),
        "down": replace(still, y=along),
        "zigzag": replace(
            still, x=along * ahead - zigzag * aside, y=along * aside + zigzag * ahead
        ),
        "stop_go": replace(still, x=halting * ahead, y=halting * aside),
        "grow": replace(still, log_scale=growth * (u - 0.5)),
        "shrink": replace(still, log_scale=growth * (0.5 - u)),
        "spin_cw": replace(still, angle=turn * u),
        "spin_ccw": replace(still, angle=-turn * u),
        "circle_cw": replace(still, x=round_x, y=round_y),
        "circle_ccw": replace(still, x=round_x, y=-round_y),
        "swing_h": replace(still, x=swing * wave),
        "swing_v": replace(still, y=swing * wave),
        "pulse": replace(still, log_scale=0.5 * growth * wave),
        "rock": replace(still, angle=rocking * wave),
    }[motion]


def _halting(u: Floats) -> Floats:
    """From 0 to 1 in three steps, each followed by a rest as long."""
    steps = 3 * np.minimum(u, 1 - 1e-9)
    out: Floats = (np.floor(steps) + np.minimum(2 * (steps % 1), 1)) / 3
    return out


def scene(
    seed: int,
    index: int,
    motion: int | None = None,
    *,
    pan: float = 0.2,
    shake: float = 0.005,
    amplitude: float = 1.0,
) -> Scene:
    """Clip `index` of the set `seed`; its motion is index % 16 unless given.

    The camera pans by up to `pan` of the side and shakes by up to `shake` of it;
    `amplitude` is a factor on how far and how much the object moves.

    Where a motion leaves place or size alone, they are set off by what another motion would show at
    a random moment: a frame by itself then looks the same under every motion.
    """
    rng = np.random.default_rng((seed, index))
    kind = index % len(MOTIONS) if motion is None else motion
    u = np.linspace(0, 1, NUM_FRAMES)
    path = _path(MOTIONS[kind], u, rng, amplitude)
    speed, bearing = rng.uniform(0, pan), rng.uniform(0, 2 * np.pi)
    trembling = _shake(rng, rng.uniform(0, shake))
    camera = speed * (u - 0.5)[:, None] * [np.cos(bearing), np.sin(bearing)] + trembling
    other = _path(MOTIONS[rng.integers(len(MOTIONS))], u, rng, amplitude)
    moment = rng.integers(NUM_FRAMES)
    still_place = not (path.x.any() or path.y.any())
    still_size = not path.log_scale.any()
    offset = np.array([other.x[moment], other.y[moment]]) if still_place else np.zeros(2)
    route = np.stack([path.x, path.y], 1) + offset + camera
    log_scale = path.log_scale + (other.log_scale[moment] if still_size else 0)
    size = float(np.exp(rng.uniform(np.log(SMALLEST), np.log(LARGEST))))
    margin = 0.06
    low, high = margin - route.min(0), 1 - margin - route.max(0)
    place = np.where(low < high, rng.uniform(size=2) * (high - low) + low, (low + high) / 2)
    return Scene(
        motion=kind,
        size=size,
        centre=route + place,
        scale=np.exp(log_scale),
        angle=path.angle + rng.uniform(0, 2 * np.pi),
        camera=camera,
        look=int(rng.integers(1 << 62)),
    )


def _shake(rng: np.random.Generator, amplitude: float) -> Floats:
    """A hand-held camera: [T, 2], white noise averaged over five frames."""
    steps = rng.normal(0, 1, (NUM_FRAMES + 4, 2))
    return amplitude * np.stack(
        [np.convolve(axis, np.full(5, 0.2), "valid") for axis in steps.T], 1
    )
