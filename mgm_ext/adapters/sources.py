"""Where a mask came from, and a mask for every clip: one bad file must not end a run."""

from __future__ import annotations

import os
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..boxes import SlotSource
from ..errors import DecodeError, NoMotionVectors, TimeLimitExceeded
from ..masks import Mask, Masking, make_masking
from ..masks.generator import MotionMasking
from ..masks.generators import MASKINGS, PER_CLIP
from ..motion_field import Clip, MotionField
from ..motion_vectors import VideoInfo
from ..views import View
from .fallbacks import FallbackCount, FallbackWarning, MaskSource, TooManyFallbacks

__all__ = [
    "FallbackCount",
    "FallbackWarning",
    "MaskSource",
    "Motion",
    "SafeMasking",
    "TooManyFallbacks",
    "motion_of",
    "no_motion",
    "source_of_mask",
]

_STILL: Final = (0.02 * 64) ** 2


class Motion(NamedTuple):
    """A clip's motion, or why there is none.

    Attributes:
        motion: the field, or the clip with its frames; None where the mask must fall back.
        source: where the mask comes from.
        reason: the codec or the fault, where there is no motion; else "".
        path: of the file; "" where it is not known.
    """

    motion: Clip | MotionField | None
    source: MaskSource
    reason: str = ""
    path: str = ""

    @property
    def fault(self) -> str:
        """File and reason in one line; "" where there is motion."""
        return f"{self.path}: {self.reason}" if self.reason and self.path else self.reason


def motion_of(motion: Clip | MotionField, info: VideoInfo, path: str = "") -> Motion:
    """What can be said of motion that was read.

    The source is that of the cells alone: a mask may still find that only the camera moves.

    Args:
        motion: the field, or the clip.
        info: of the reader, after the read.
        path: of the file.
    """
    field = motion.field if isinstance(motion, Clip) else motion
    if not info.has_vectors:
        return Motion(None, MaskSource.FALLBACK, info.codec, path)
    if not field.valid.any():
        # Stillness is coded too, as vectors of 0: here nothing says whether anything moves.
        why = "damaged, no vector left" if info.damaged else "without inter frames"
        return Motion(None, MaskSource.FALLBACK, f"{info.codec} {why}", path)
    if info.damaged:
        return Motion(motion, MaskSource.DAMAGED, path=path)
    # int32 before the square; an invalid cell is (-32768, 0).
    squares = (field.vectors.astype(np.int32) ** 2).sum(-1)
    moves = bool(((squares >= _STILL) & field.valid).any())
    return Motion(motion, MaskSource.GUIDED if moves else MaskSource.SIMULATED, path=path)


def source_of_mask(source: MaskSource, slots: NDArray[np.uint8] | None) -> MaskSource:
    """Where a mask came from, by what the boxes of its slots follow.

    Args:
        source: of the motion.
        slots: `slot_sources` of its score; None: the mask has no such boxes.
    """
    if slots is None or source not in (MaskSource.GUIDED, MaskSource.SIMULATED):
        return source
    guided = bool((slots == SlotSource.GUIDED).any())
    return MaskSource.GUIDED if guided else MaskSource.SIMULATED


def no_motion(error: DecodeError | NoMotionVectors | OSError) -> Motion:
    """What an error of the reader means for the mask."""
    if isinstance(error, OSError):
        name = os.fsdecode(error.filename) if isinstance(error.filename, str | bytes) else ""
        return Motion(None, MaskSource.FALLBACK, type(error).__name__, name)
    if isinstance(error, NoMotionVectors):
        return Motion(None, MaskSource.FALLBACK, error.codec, error.path)
    late = isinstance(error, TimeLimitExceeded)
    why = "over max_seconds" if late else "cannot be decoded"
    return Motion(None, MaskSource.FALLBACK, why, error.path)


class SafeMasking(FallbackCount):
    """A mask for every clip, with its source; raises when too many clips fell back.

    See `FallbackCount`: all workers of a loader count together.

    Args:
        masking: makes the masks. One whose count varies (`fit="clip"`) is refused.
        fallback: name of the mask for clips without motion; it masks as many tokens. None:
            "simulated_motion" where that can, else "random".
        max_fallback: largest share of fallbacks allowed, in [0, 1].
        samples: over how many first samples.

    Attributes:
        slot_sources: uint8 [S], what each box of the last mask follows (`mgm_ext.slot_sources`);
            None where the mask has no such boxes, or fell back.

    Raises:
        ValueError: an argument is outside what is allowed, or the fallback cannot mask as many
            tokens.
    """

    def __init__(
        self,
        masking: Masking,
        *,
        fallback: str | None = None,
        max_fallback: float = 0.2,
        samples: int = 1000,
    ) -> None:
        if masking.settings.get("fit") == "clip":
            raise ValueError('fit="clip" masks a varying number of tokens; use "grow" or "shift"')
        super().__init__(max_fallback, samples)
        self.masking = masking
        self.slot_sources: NDArray[np.uint8] | None = None
        self.num_masked = int(masking(view=View.full(32, 32), seed=0).sum())
        walks = masking.settings.get("groups") is None
        walks = walks and self.num_masked % masking.input_size[0] == 0
        self.fallback = self._as_many(fallback or ("simulated_motion" if walks else "random"))

    def _as_many(self, name: str) -> Masking:
        grid, masked = self.masking.input_size, self.num_masked
        per = 1 if name in PER_CLIP else grid[0]
        if masked % per:
            raise ValueError(
                f"fallback {name!r} masks equally in each of {grid[0]} slots and cannot mask "
                f'{masked} tokens; "random" can'
            )
        groups = self.masking.settings.get("groups")
        taken = MASKINGS[name].function.__kwdefaults__ if name in MASKINGS else None
        if groups is not None and "groups" not in (taken or {}):
            raise ValueError(f"fallback {name!r} cannot count by groups; 'random' and 'block' can")
        own = {} if groups is None else {"groups": groups}
        made = make_masking(name, input_size=grid, num_masked=masked // per, **own)
        if isinstance(made, MotionMasking):
            raise ValueError(f"fallback must be a mask that knows no motion, not {name!r}")
        return made

    def __call__(
        self, motion: Motion, *, view: View | None = None, seed: int | None = None
    ) -> tuple[Mask, MaskSource]:
        """The mask, bool [S, R, C], and where it came from.

        Args:
            motion: of the clip.
            view: what the trainer sees, in source pixels; None: the whole picture.
            seed: in [0, 2^64); None: the masking's own next one.

        Raises:
            TooManyFallbacks: see the class.
        """
        self.slot_sources = None
        if not isinstance(self.masking, MotionMasking):
            return self.masking(view=view, seed=seed), MaskSource.GUIDED
        self.record(motion.source, motion.reason, motion.path)
        if motion.motion is None:
            return self.fallback(view=view, seed=seed), MaskSource.FALLBACK
        mask, self.slot_sources = self.masking.with_sources(motion.motion, view=view, seed=seed)
        return mask, source_of_mask(motion.source, self.slot_sources)
