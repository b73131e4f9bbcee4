"""Settings and result of `codec_patches`, and the files that LLaVA-OneVision-2 loads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .._arrays import read_only, rebuilt, summary

__all__ = ["CodecPatches", "CodecRules"]


@dataclass(frozen=True, slots=True, kw_only=True)
class CodecRules:
    """Settings of `codec_patches`, named and set as in codec-video-prep's `run_preinfer`.

    Attributes:
        num_sampled_frames: frames, spread evenly over the video.
        group_size: frames of a group; with "readiness", of those whose mean is enough for one.
        images_per_group: canvases of a group; the first holds its first frame, whole.
        patch: side of a patch in pixels of the canvas.
        max_pixels: most pixels of a canvas; LLaVA-OneVision-2's own configuration has 150000.
        min_group_frames, max_group_frames: of a group, with "readiness".
        grouping_mode: "readiness": a group grows until its best blocks score enough; "fixed".
        avoid_keyframes: take a neighbour for a frame that is a key frame.
        maps: how bits are laid out. "codec-video-prep": as there, the coded picture stretched over
            the canvas and, in H.264, a column without bits to the right of it; "picture": where
            they are shown.

    Raises:
        ValueError: a count is under 1 or a name is not known.
    """

    num_sampled_frames: int = 1024
    group_size: int = 32
    images_per_group: int = 4
    patch: int = 14
    max_pixels: int = 153664
    min_group_frames: int = 8
    max_group_frames: int = 64
    grouping_mode: Literal["readiness", "fixed"] = "readiness"
    avoid_keyframes: bool = True
    maps: Literal["codec-video-prep", "picture"] = "codec-video-prep"

    def __post_init__(self) -> None:
        for name in ("num_sampled_frames", "group_size", "images_per_group", "patch", "max_pixels"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} must be at least 1, got {getattr(self, name)}")
        if self.grouping_mode not in ("readiness", "fixed"):
            raise ValueError(
                f'grouping_mode must be "readiness" or "fixed", got {self.grouping_mode!r}'
            )
        if self.maps not in ("codec-video-prep", "picture"):
            raise ValueError(f'maps must be "codec-video-prep" or "picture", got {self.maps!r}')


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class CodecPatches:
    """Patches of a video that cost most bits, in canvases of the size of a frame.

    Attributes:
        positions: int32 [N h w, 3], (frame, row, column) of what lies in each patch of the N
            canvases, row by row; -1 where nothing does.
        frame_ids: int32 [T], the sampled frames.
        groups: int32 [G, 2], start and stop of each group in `frame_ids`.
        valid: bool [T]; False: the frame's bits are not known (it is lost or damaged), and none of
            its patches was chosen for them.
        grid: (h, w), patches of a canvas.
        patch: side of a patch in pixels.
        average_fps: of the video.
        canvases: uint8 [N, patch h, patch w, 3], RGB; None without pixels.

    Raises:
        ValueError: an array has another dtype or shape.
    """

    positions: NDArray[np.int32]
    frame_ids: NDArray[np.int32]
    groups: NDArray[np.int32]
    valid: NDArray[np.bool_]
    grid: tuple[int, int]
    patch: int
    average_fps: float
    canvases: NDArray[np.uint8] | None = None

    def __post_init__(self) -> None:
        frames, (down, across) = len(self.frame_ids), self.grid
        shapes: dict[str, tuple[type, tuple[int | str, ...]]] = {
            "positions": (np.int32, ("n", 3)),
            "frame_ids": (np.int32, (frames,)),
            "groups": (np.int32, ("G", 2)),
            "valid": (np.bool_, (frames,)),
        }
        if self.canvases is not None:
            sides = (down * self.patch, across * self.patch)
            shapes["canvases"] = (np.uint8, (len(self.positions) // (down * across), *sides, 3))
        for name, (dtype, shape) in shapes.items():
            array = read_only(name, getattr(self, name), dtype=dtype, shape=shape)
            object.__setattr__(self, name, array)

    def __repr__(self) -> str:
        return summary(self)

    def __reduce__(self) -> tuple[Any, ...]:
        return rebuilt(self)

    def save(self, folder: str | Path) -> Path:
        """Writes what `codec_video_prep.integrations.llava_onevision` loads.

        `src_patch_position.npy`, `frame_ids.npy`, `meta.json` and, with pixels, `canvas_000.npy`
        and so on. The folder is made; files of these names are replaced.
        """
        path = Path(folder)
        path.mkdir(parents=True, exist_ok=True)
        np.save(path / "src_patch_position.npy", self.positions, allow_pickle=False)
        np.save(path / "frame_ids.npy", self.frame_ids, allow_pickle=False)
        names = []
        for number, canvas in enumerate(() if self.canvases is None else self.canvases):
            names.append(f"canvas_{number:03d}.npy")
            np.save(path / names[-1], canvas, allow_pickle=False)
        down, across = self.grid
        meta = {
            "fps": self.average_fps,
            "canvas_files": names,
            "patch": self.patch,
            "block_size": 2,
            "hb_wb": [down, across],
            "processed_hw": [down * self.patch, across * self.patch],
            "sampled_frames": len(self.frame_ids),
            "num_groups": len(self.groups),
            "groups": self.groups.tolist(),
            "total_images": len(self.positions) // (down * across),
            "score_source": "mgm_ext.read_block_costs",
        }
        (path / "meta.json").write_text(json.dumps(meta, indent=2) + "\n")
        return path
