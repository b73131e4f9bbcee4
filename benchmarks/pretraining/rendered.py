"""The rendered set: scenes drawn, encoded by x264, read back as a user reads files."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Final

import av
import numpy as np
import torch
from numpy.typing import NDArray

import mgm_ext
from benchmarks.pretraining.motions import MOTIONS, NUM_FRAMES, Scene, scene
from benchmarks.pretraining.pictures import pictures
from benchmarks.pretraining.render import Difficulty, render

STRIDE: Final = 2
SAMPLED: Final = NUM_FRAMES // STRIDE
_BATCH: Final = 32
_PILOT: Final = (12_288, 1_024, 2_048)
_SEEDS: Final = {"train": 11, "validation": 12, "test": 13}


@dataclass(frozen=True)
class Plan:
    """How many clips, and how large; a set is a function of this.

    Attributes:
        counts: clips of "train", "validation" and "test"; they stand in this order.
        side: of the encoded picture in pixels; frames are read at half of it.
        seed: of the scenes; another seed is a fresh set.
        hard: how hard the motion is to see.
    """

    counts: tuple[int, int, int] = (12_288, 1_024, 8_192)
    side: int = 256
    seed: int = 0
    hard: Difficulty = field(default_factory=Difficulty)

    @property
    def total(self) -> int:
        """Clips of all three splits."""
        return sum(self.counts)

    def scene_of(self, index: int) -> tuple[str, Scene]:
        """Split and scene of the clip at `index` of the whole."""
        for split, count in zip(_SEEDS, self.counts, strict=True):
            if index < count:
                seed = 1000 * self.seed + _SEEDS[split]
                return split, scene(
                    seed,
                    index,
                    pan=self.hard.pan,
                    shake=self.hard.shake,
                    amplitude=self.hard.amplitude,
                )
            index -= count
        raise IndexError(index)

    def labels(self) -> NDArray[np.int64]:
        """The motion of each clip."""
        return np.concatenate([np.arange(count) % len(MOTIONS) for count in self.counts])


PLANS: Final = {
    "rendered": Plan(),
    # To choose how hard "rendered" is: the tube at 0.9 should come to 0.80 to 0.88.
    "camouflage_5": Plan(_PILOT, seed=1, hard=Difficulty(camouflage=0.5)),
    "camouflage_10": Plan(_PILOT, seed=1, hard=Difficulty(camouflage=1.0)),
    "both": Plan(_PILOT, seed=1, hard=Difficulty(camouflage=0.5, pan=0.4, shake=0.01)),
    "gentle": Plan(_PILOT, seed=1, hard=Difficulty(amplitude=0.7)),
}


def encoded(frames: NDArray[np.uint8]) -> bytes:
    """An mp4 of RGB frames [T, H, W, 3] by x264 with its own defaults."""
    out = io.BytesIO()
    with av.open(out, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=25, options={"threads": "1"})
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuv420p"
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
    return out.getvalue()


class Store:
    """The set on disk (or in shared memory), in arrays that every process maps.

    `frames` uint8 [N, 16, side / 2, side / 2, 3]; `alpha` uint8 [N, 16, side / 2, side / 2] of the
    object; `fields-K.pkl` the fields of the K-th part.
    """

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder, self.plan = folder, plan
        self.half = plan.side // 2

    def array(self, name: str, mode: str = "r") -> NDArray[np.uint8]:
        """`frames` or `alpha`; mode "w+" makes it."""
        shape = (self.plan.total, SAMPLED, self.half, self.half) + (
            (3,) if name == "frames" else ()
        )
        path = self.folder / f"{name}.u8"
        expected = int(np.prod(shape))
        if mode != "w+" and path.stat().st_size != expected:
            raise ValueError(f"{path} has {path.stat().st_size} bytes, not {expected}")
        mapped: NDArray[np.uint8] = np.memmap(path, np.uint8, mode, shape=shape)  # type: ignore[call-overload]
        return mapped

    def fields(self) -> list[mgm_ext.MotionField]:
        """The fields of the training clips, in order."""
        found: dict[int, mgm_ext.MotionField] = {}
        for path in sorted(self.folder.glob("fields-*.pkl")):
            found.update(pickle.loads(path.read_bytes()))
        return [found[index] for index in range(self.plan.counts[0])]

    def write_part(self, part: int, parts: int, device: str, threads: int) -> None:
        """Draws, encodes and reads every `parts`-th batch; one process of several calls this."""
        frames, alpha = self.array("frames", "r+"), self.array("alpha", "r+")
        photographs = {
            split: torch.from_numpy(pictures(split)).to(device).permute(0, 3, 1, 2).float()
            for split in _SEEDS
        }
        fields: dict[int, mgm_ext.MotionField] = {}

        def keep(index: int, drawn: NDArray[np.uint8]) -> None:
            reader = mgm_ext.VideoReader(encoded(drawn), size=self.half)
            clip = reader.read_clip(np.arange(0, NUM_FRAMES, STRIDE))
            frames[index] = np.asarray(clip.frames)
            if index < self.plan.counts[0]:
                fields[index] = clip.field

        with ThreadPoolExecutor(threads) as pool:
            pending = []
            for split, first, scenes in self._batches(part, parts):
                drawn, covered = render(scenes, photographs[split], self.plan.side, self.plan.hard)
                halved = torch.nn.functional.avg_pool2d(covered[:, ::STRIDE].float(), 2).round()
                alpha[first : first + len(scenes)] = halved.byte().cpu().numpy()
                clips = drawn.cpu().numpy()
                pending += [
                    pool.submit(partial(keep, first + i, clip)) for i, clip in enumerate(clips)
                ]
                while len(pending) > 8 * _BATCH:
                    pending.pop(0).result()
            for each in pending:
                each.result()
        (self.folder / f"fields-{part}.pkl").write_bytes(pickle.dumps(fields, protocol=5))

    def _batches(self, part: int, parts: int) -> Iterator[tuple[str, int, list[Scene]]]:
        first = 0
        number = 0
        for split, count in zip(_SEEDS, self.plan.counts, strict=True):
            for start in range(0, count, _BATCH):
                stop = min(start + _BATCH, count)
                if number % parts == part:
                    scenes = [self.plan.scene_of(first + i)[1] for i in range(start, stop)]
                    yield split, first + start, scenes
                number += 1
            first += count
