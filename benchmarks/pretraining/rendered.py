"""The rendered set: scenes drawn, encoded by x264, read back as a user reads files."""

from __future__ import annotations

import io
import pickle
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
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
    "rendered": Plan(hard=Difficulty(camouflage=1.0)),
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
    """The set on disk (or in shared memory): files as a user has them, and outlines of the objects.

    `part-K.pkl` maps a clip's number to its mp4 and, of training clips, the object's alpha in 16
    frames at half the side, a bit a pixel. Pixels are not kept: every process decodes its own, in
    less time than a fresh machine's memory takes to grow.
    """

    def __init__(self, folder: Path, plan: Plan) -> None:
        self.folder, self.plan = folder, plan
        self.half = plan.side // 2

    def write_part(self, part: int, parts: int, device: str, threads: int) -> None:
        """Draws and encodes every `parts`-th batch; one process of several calls this."""
        photographs = {
            split: torch.from_numpy(pictures(split)).to(device).permute(0, 3, 1, 2).float()
            for split in _SEEDS
        }
        clips: dict[int, tuple[bytes, bytes]] = {}

        def keep(index: int, drawn: NDArray[np.uint8], outline: NDArray[np.bool_]) -> None:
            packed = np.packbits(outline).tobytes() if index < self.plan.counts[0] else b""
            clips[index] = encoded(drawn), packed

        with ThreadPoolExecutor(threads) as pool:
            pending = []
            for split, first, scenes in self._batches(part, parts):
                drawn, covered = render(scenes, photographs[split], self.plan.side, self.plan.hard)
                halved = torch.nn.functional.avg_pool2d(covered[:, ::STRIDE].float(), 2)
                outlines = (halved > 127).cpu().numpy()
                frames = drawn.cpu().numpy()
                pending += [
                    pool.submit(keep, first + i, frames[i], outlines[i]) for i in range(len(scenes))
                ]
                while len(pending) > 8 * _BATCH:
                    pending.pop(0).result()
            for each in pending:
                each.result()
        (self.folder / f"part-{part}.pkl").write_bytes(pickle.dumps(clips, protocol=5))

    def read(
        self, device: torch.device, threads: int
    ) -> tuple[torch.Tensor, torch.Tensor, list[mgm_ext.MotionField]]:
        """Everything that `write_part` wrote, on a device.

        Returns:
            Frames uint8 [N, 16, side / 2, side / 2, 3]; the training clips' alpha, 0 or 255, of the
            same shape without colours; their fields.
        """
        clips: dict[int, tuple[bytes, bytes]] = {}
        for path in self.folder.glob("part-*.pkl"):
            clips.update(pickle.loads(path.read_bytes()))
        shape = (SAMPLED, self.half, self.half)
        video = torch.empty((self.plan.total, *shape, 3), dtype=torch.uint8, device=device)
        alpha = torch.empty((self.plan.counts[0], *shape), dtype=torch.uint8, device=device)
        fields = []

        def decoded(index: int) -> mgm_ext.Clip:
            reader = mgm_ext.VideoReader(clips[index][0], size=self.half)
            return reader.read_clip(np.arange(0, NUM_FRAMES, STRIDE))

        with ThreadPoolExecutor(threads) as pool:
            for first in range(0, self.plan.total, 256):
                stop = min(first + 256, self.plan.total)
                batch = list(pool.map(decoded, range(first, stop)))
                frames = np.stack([np.asarray(clip.frames) for clip in batch])
                video[first:stop] = torch.from_numpy(frames).to(device)
                trained = range(first, min(stop, self.plan.counts[0]))
                fields += [batch[index - first].field for index in trained]
                for index in trained:
                    bits = np.unpackbits(np.frombuffer(clips[index][1], np.uint8))
                    alpha[index] = torch.from_numpy(bits * np.uint8(255)).view(shape).to(device)
        return video, alpha, fields

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
