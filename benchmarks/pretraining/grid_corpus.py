"""The real set: one speaker of the GRID corpus, six words a sentence, motion at the mouth."""

from __future__ import annotations

import json
import tarfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import NDArray

import mgm_ext

NUM_FRAMES: Final = 75
"""Of a clip; 5 of the 1,000 have one fewer and are left out."""
WINDOW: Final = 16
"""Frames of a sample, at stride 1."""
POSITIONS: Final = ("command", "colour", "preposition", "letter", "digit", "adverb")
VOCABULARY: Final = (
    ("bin", "lay", "place", "set"),
    ("blue", "green", "red", "white"),
    ("at", "by", "in", "with"),
    tuple("abcdefghijklmnopqrstuvxyz"),
    ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine"),
    ("again", "now", "please", "soon"),
)
"""Of each position, as the corpus names them; there is no w."""
SPLITS: Final = {"train": 0.7, "validation": 0.1, "test": 0.2}
"""Shares of the sentences; a sentence stands in one split with all its words."""


@dataclass(frozen=True)
class Sentences:
    """Whole clips with their words.

    Attributes:
        frames: uint8 [N, 75, 128, 128, 3].
        fields: of every frame, a row each.
        words: N lists of six (word, first frame, last frame).
    """

    frames: NDArray[np.uint8]
    fields: list[mgm_ext.MotionField]
    words: list[list[tuple[str, int, int]]]

    def spelt(self) -> NDArray[np.int64]:
        """Clips whose words all stand in the vocabulary: one sentence's do not."""
        return np.array(
            [
                clip
                for clip, words in enumerate(self.words)
                if all(word in known for (word, *_), known in zip(words, VOCABULARY, strict=True))
            ]
        )

    def start_of(self, clip: int, position: int) -> int:
        """First of the 16 frames around a word."""
        _, first, last = self.words[clip][position]
        middle = (first + last + 1) // 2
        return int(np.clip(middle - WINDOW // 2, 0, self.frames.shape[1] - WINDOW))


def read_shard(path: Path, *, limit: int | None = None, threads: int = 8) -> Sentences:
    """The clips of a shard in webdataset's form, in the order of their keys; `limit`: the first."""
    members: dict[str, dict[str, bytes]] = {}
    with tarfile.open(path) as shard:
        for member in shard:
            file = shard.extractfile(member)
            if file is not None:
                key, _, kind = member.name.partition(".")
                members.setdefault(key, {})[kind] = file.read()
    keys = sorted(members)[:limit]

    def read(key: str) -> mgm_ext.Clip:
        reader = mgm_ext.VideoReader(members[key]["mp4"])
        return reader.read_clip(np.arange(len(reader)), window="frame")

    with ThreadPoolExecutor(threads) as pool:
        clips = dict(zip(keys, pool.map(read, keys), strict=True))
    whole = {key: clip for key, clip in clips.items() if len(clip.frame_indices) == NUM_FRAMES}
    frames = [clip.frames for clip in whole.values() if clip.frames is not None]
    words = [[tuple(word) for word in json.loads(members[key]["json"])["words"]] for key in whole]
    return Sentences(np.stack(frames), [clip.field for clip in whole.values()], words)
