"""What a survey says of a data set, in numbers and in sentences."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from .runner import QUARANTINED

__all__ = ["Summary", "numbers", "summarise"]

_SOON: Final = 5  # key frames closer than this cost rows
_FAR: Final = 300  # key frames farther apart than this cost decoding
_STILL: Final = 0.95
_CONVERT: Final = "mgm-ext convert IN -o OUT.mp4 --gop 48"


@dataclass(frozen=True)
class Summary:
    """Totals, and advice.

    Attributes:
        clips: rows.
        num_bytes: of all files.
        seconds: of video.
        codecs: clips by codec; "unreadable" where there is none.
        mask_sources: clips by what their masks would be made from; without --full only "fallback"
            and "unknown".
        errors: clips by the class of their error.
        full: the fields were read.
        advice: sentences, the largest share first.
    """

    clips: int
    num_bytes: int
    seconds: float
    codecs: Counter[str]
    mask_sources: Counter[str]
    errors: Counter[str]
    full: bool
    advice: list[str]

    def facts(self) -> dict[str, Any]:
        """For people, or JSON."""
        return {
            "clips": self.clips,
            "gigabytes": round(self.num_bytes / 1e9, 3),
            "hours": round(self.seconds / 3600, 3),
            **{f"codec_{name}": count for name, count in self.codecs.most_common()},
            **{f"mask_{name}": count for name, count in self.mask_sources.most_common()},
            **{f"error_{name}": count for name, count in self.errors.most_common()},
        }


def numbers(table: pa.Table, column: str) -> NDArray[np.float64]:
    """A column's values that are known."""
    values: NDArray[np.float64] = table.column(column).drop_null().to_numpy().astype(np.float64)
    return values


def _percent(share: float) -> str:
    return "under 1 %" if 0 < share < 0.01 else f"{100 * share:.0f} %"


def summarise(table: pa.Table) -> Summary:
    """Reads the rows of a survey.

    Args:
        table: of `SURVEY_SCHEMA`.
    """
    codecs = Counter(name or "unreadable" for name in table.column("codec").to_pylist())
    sources = Counter(name or "unknown" for name in table.column("mask_source").to_pylist())
    errors = Counter(name for name in table.column("error_class").to_pylist() if name)
    full = len(numbers(table, "inter_share")) > 0
    advice = [*_codec_advice(table), *_error_advice(table, errors), *_key_frame_advice(table)]
    if full:
        advice += _motion_advice(table)
    ranked = sorted(advice, key=lambda entry: -entry[0])
    return Summary(
        clips=len(table),
        num_bytes=int(numbers(table, "bytes").sum()),
        seconds=float(numbers(table, "seconds").sum()),
        codecs=codecs,
        mask_sources=sources,
        errors=errors,
        full=full,
        advice=[text for _, text in ranked],
    )


Advice = tuple[float, str]  # share of the clips, sentence


def _codec_advice(table: pa.Table) -> list[Advice]:
    without = Counter(
        codec
        for codec, has in zip(
            table.column("codec").to_pylist(), table.column("has_vectors").to_pylist(), strict=True
        )
        if has is False
    )
    return [
        (
            count / len(table),
            f"{_percent(count / len(table))} are {codec}: no vectors, so their masks fall back; "
            f"convert them with: {_CONVERT}",
        )
        for codec, count in without.items()
    ]


def _error_advice(table: pa.Table, errors: Counter[str]) -> list[Advice]:
    advice = []
    for name, count in errors.items():
        share = count / len(table)
        what = "were given up: they killed or hung their reader" if name == QUARANTINED else name
        advice.append((share, f"{_clips(count, share)}: {what}; column `error` says why"))
    damaged = int(np.sum(numbers(table, "damaged")))
    if damaged:
        share = damaged / len(table)
        said = "damaged in part; their masks follow what can be decoded and are marked"
        advice.append((share, f"{_clips(damaged, share)}: {said}"))
    return advice


def _clips(count: int, share: float) -> str:
    return f"{count:,} clip{'s' if count > 1 else ''} ({_percent(share)})"


def _key_frame_advice(table: pa.Table) -> list[Advice]:
    advice = []
    soon = _soon(table)
    if soon.any():
        share = float(soon.mean())
        gap = float(np.median(_column(table, "key_frame_median")[soon]))
        text = (
            f"{_percent(share)} have a key frame every {gap:g} frames or so: "
            f"{_valid_share(table, soon, gap)}; re-encode them with: {_CONVERT}"
        )
        advice.append((share, text))
    longest = numbers(table, "key_frame_longest")
    far = longest[longest > _FAR]
    if len(far):
        share = len(far) / len(table)
        text = (
            f"{_percent(share)} have over {_FAR} frames from one key frame to the next (the "
            f"longest {far.max():.0f}): a clip is decoded from its key frame, so random clips are "
            "slow; precompute their motion, or re-encode with --gop 48"
        )
        advice.append((share, text))
    return advice


def _column(table: pa.Table, name: str) -> NDArray[np.float64]:
    """float64, NaN where null."""
    values: NDArray[np.float64] = table.column(name).to_numpy(zero_copy_only=False).astype(float)
    return values


def _soon(table: pa.Table) -> NDArray[np.bool_]:
    """Clips with key frames so often that it costs rows; not those that are short themselves."""
    gap = _column(table, "key_frame_median")
    soon: NDArray[np.bool_] = (gap < _SOON) & (_column(table, "frames") > 2 * gap)
    return soon


def _valid_share(table: pa.Table, soon: NDArray[np.bool_], gap: float) -> str:
    inter = _column(table, "inter_share")[soon]
    if np.isnan(inter).all():
        return f"at least one row in {gap:g} has no motion"
    return f"{_percent(float(np.nanmedian(inter)))} of their cells have motion"


def _motion_advice(table: pa.Table) -> list[Advice]:
    still = numbers(table, "still_share")
    inter = numbers(table, "inter_share")
    held = int((still >= _STILL * np.maximum(inter, 1e-9)).sum()) if len(still) else 0
    if not held:
        return []
    share = held / len(table)
    return [
        (
            share,
            f"{_percent(share)} hardly move (95 % of their valid cells are still): their masks "
            "hold or walk by chance; drop them, or sample at a larger stride",
        )
    ]
