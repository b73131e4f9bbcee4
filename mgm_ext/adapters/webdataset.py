"""webdataset, and any loader that hands over bytes: a stage for `.map`.

dataset = wds.WebDataset(shards).map(MaskStage(masking), handler=wds.warn_and_continue)
"""

from __future__ import annotations

import hashlib
import random
from collections.abc import Mapping
from typing import Any

from ..errors import DecodeError
from ..masks import Masking, seed_for
from .dataset import ClipMaker, Sample
from .sample_seeds import SampleSeeds
from .sources import no_motion

__all__ = ["MaskStage"]

SUFFIXES = ("mp4", "webm", "mkv", "mov", "avi", "m4v", "ts", "mpg", "video")


class MaskStage:
    """Replaces the video of a sample by a masked clip of it; everything else stays.

    Offset, crop and mask are drawn from `seed`, the sample's `__key__` and how often it came before
    in any of the loader's workers, so that every pass over the shards sees other clips. A table of
    `datasets`, whose rows have {"bytes": ...} or {"path": ...} under "video", is mapped likewise:
    `dataset.cast_column("video", Video(decode=False)).to_iterable_dataset().map(stage)`.

    Args:
        masking: makes the masks; `make_masking(name, input_size=..., ...)`.
        suffixes: keys under which a video's bytes may be; the first that is there is taken.
        seed: in [0, 2^64).
        options: of `ClipMaker`; `repeats` other than 1 is refused.

    Raises:
        ValueError: an argument is outside what is allowed.
    """

    def __init__(
        self,
        masking: Masking,
        *,
        suffixes: tuple[str, ...] = SUFFIXES,
        seed: int = 0,
        **options: Any,
    ) -> None:
        if options.get("repeats", 1) != 1:
            raise ValueError(f"a stage makes one sample of one, not repeats={options['repeats']}")
        self.maker = ClipMaker(masking, **options)
        self.suffixes = suffixes
        self.seeds = SampleSeeds(1 << 20, seed)

    def __call__(self, sample: Mapping[str, Any]) -> Sample:
        """The sample with what `ClipMaker.view` makes of its video.

        Raises:
            KeyError: the sample has no video.
            DecodeError: it cannot be decoded; the pipeline's handler decides, and the count of
                fallbacks goes on.
            TooManyFallbacks: too many videos have no motion.
        """
        key = next((suffix for suffix in self.suffixes if suffix in sample), None)
        if key is None:
            raise KeyError(f"no video under {self.suffixes}, only {sorted(sample)}")
        video = _video(sample[key])
        seed = self._seed(sample.get("__key__", video))
        try:
            clip, motion = self.maker.read(video, random.Random(seed))
        except DecodeError as error:
            failed = no_motion(error)
            self.maker.masks.record(*failed[1:])
            raise
        rest = {name: value for name, value in sample.items() if name != key}
        return {**rest, **self.maker.view(clip, motion, seed)}

    def _seed(self, name: Any) -> int:
        data = name if isinstance(name, bytes) else str(name).encode()
        number = int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little")
        base, epoch = self.seeds.visit(number)
        self.maker.masks.begin_epoch(epoch)
        return seed_for(base, epoch, number)


def _video(given: Any) -> Any:
    """The bytes or the path of a video; `datasets` has one of them in a dict."""
    if not isinstance(given, Mapping):
        return given
    return given["bytes"] if given.get("bytes") is not None else given["path"]
