"""Draws scenes: a blob with a picture for skin over a moving ground, in torch on any device."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from benchmarks.pretraining.motions import Scene

Tensor = torch.Tensor


@dataclass(frozen=True)
class Looks:
    """What does not move, one row a clip: B rows, tensors on the device."""

    ground: Tensor  # [B], which picture
    skin: Tensor
    ground_map: Tensor  # [B, 2, 3], from picture coordinates of the clip to those of the photograph
    skin_map: Tensor
    ground_gain: Tensor  # [B, 3, 3], channels permuted and scaled
    skin_gain: Tensor
    outline: Tensor  # [B, 4, 2], amplitude and phase of the harmonics of the blob's radius
    noise: Tensor  # [B], grey levels


@dataclass(frozen=True)
class Difficulty:
    """What makes the motion hard to see.

    Attributes:
        noise: most grey levels (standard deviation) of a clip's noise.
        camouflage: share of the clips in which ground and object wear the same photograph.
        pan, shake, amplitude: of the camera and of the motion, as `scene` takes them.
    """

    noise: float = 4.0
    camouflage: float = 0.0
    pan: float = 0.2
    shake: float = 0.005
    amplitude: float = 1.0


def _looks(
    scenes: Sequence[Scene], num_pictures: int, hard: Difficulty, device: torch.device
) -> Looks:
    rows: dict[str, list[Any]] = {name: [] for name in Looks.__dataclass_fields__}
    for scene in scenes:
        rng = np.random.default_rng(scene.look)
        for layer, zoom in (("ground", (0.5, 1.0)), ("skin", (0.35, 1.2))):
            angle, scale = rng.uniform(0, 2 * np.pi), rng.uniform(*zoom)
            turn = scale * np.array(
                [[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]]
            )
            rows[layer].append(rng.integers(num_pictures))
            rows[f"{layer}_map"].append(np.c_[turn, rng.uniform(-0.6, 0.6, 2)])
            gain = np.eye(3)[rng.permutation(3)] * rng.uniform(0.6, 1.25, 3)[:, None]
            rows[f"{layer}_gain"].append(gain)
        rows["outline"].append(np.stack([rng.normal(0, 0.13, 4), rng.uniform(0, 2 * np.pi, 4)], 1))
        rows["noise"].append(rng.uniform(0, hard.noise))
        if rng.uniform() < hard.camouflage:
            for part in ("", "_gain"):
                rows[f"skin{part}"][-1] = rows[f"ground{part}"][-1]
    tensors = {
        name: torch.as_tensor(np.array(value), device=device) for name, value in rows.items()
    }
    return Looks(
        **{
            name: value.float() if value.is_floating_point() else value
            for name, value in tensors.items()
        }
    )


def _sampled(photographs: Tensor, which: Tensor, points: Tensor, gain: Tensor) -> Tensor:
    """[B, 3, T, H, W]: photograph `which` at points [B, T, H, W, 2] in [-1, 1], mirrored beyond."""
    batch, frames, height, width, _ = points.shape
    flat = functional.grid_sample(
        photographs[which], points.view(batch, frames * height, width, 2),
        mode="bilinear", padding_mode="reflection", align_corners=False,
    )  # fmt: skip
    pixels = torch.einsum("bij,bjn->bin", gain, flat.flatten(2))
    return pixels.view(batch, 3, frames, height, width)


def _placed(points: Tensor, placed: Tensor) -> Tensor:
    """Points [B, T, H, W, 2] through an affine map [B, 2, 3]."""
    turned = torch.einsum("bij,bthwj->bthwi", placed[:, :, :2], points)
    return turned + placed[:, None, None, None, :, 2]


def render(
    scenes: Sequence[Scene], photographs: Tensor, side: int, hard: Difficulty
) -> tuple[Tensor, Tensor]:
    """Frames uint8 [B, T, side, side, 3] RGB and the object's alpha uint8 [B, T, side, side]."""
    device = photographs.device
    looks = _looks(scenes, len(photographs), hard, device)

    def stacked(name: str) -> Tensor:
        return torch.as_tensor(np.stack([getattr(s, name) for s in scenes]), device=device).float()

    axis = (torch.arange(side, device=device) + 0.5) / side
    plane = torch.stack(torch.meshgrid(axis, axis, indexing="xy"), -1)[None, None]  # 1 1 H W 2
    camera, centre = stacked("camera"), stacked("centre")
    ground_points = 2 * (plane - camera[:, :, None, None]) - 1
    out = _sampled(
        photographs, looks.ground, _placed(ground_points, looks.ground_map), looks.ground_gain
    )

    radius = stacked("scale") * torch.tensor([s.size / 2 for s in scenes], device=device)[:, None]
    angle = stacked("angle")
    cos, sin = torch.cos(angle), torch.sin(angle)
    turn = torch.stack([cos, sin, -sin, cos], -1).view(*angle.shape, 2, 2) / radius[..., None, None]
    body = torch.einsum("btij,bthwj->bthwi", turn, plane - centre[:, :, None, None])  # in radii
    alpha = _alpha(body, looks.outline, radius * side)
    sizes = torch.tensor([s.size for s in scenes], device=device)[:, None, None, None, None]
    skin = _sampled(photographs, looks.skin, _placed(body * sizes, looks.skin_map), looks.skin_gain)
    out = out + (skin - out) * alpha[:, None]

    generator = torch.Generator(device=device).manual_seed(scenes[0].look % (1 << 62))
    noise = torch.randn(out.shape, device=device, generator=generator)
    out = out + noise * looks.noise[:, None, None, None, None]
    frames = out.clamp(0, 255).round().byte().permute(0, 2, 3, 4, 1).contiguous()
    return frames, (alpha * 255).round().byte()


def _alpha(body: Tensor, outline: Tensor, radius: Tensor) -> Tensor:
    """How much of each pixel is object, [B, T, H, W]; `radius` in pixels, the edge one wide."""
    distance = torch.linalg.vector_norm(body, dim=-1)
    bearing = torch.atan2(body[..., 1], body[..., 0])
    edge = torch.ones_like(distance)
    for harmonic in range(outline.shape[1]):
        amplitude, phase = outline[:, harmonic, :, None, None, None].unbind(1)
        edge = edge + amplitude * torch.cos((harmonic + 2) * bearing + phase)
    return torch.sigmoid((edge.clamp(min=0.4) - distance) * radius[..., None, None] * 2)
