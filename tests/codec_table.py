"""The table of docs/codecs.md: what is claimed of each, held against clips of it.

`python -m tests.codec_table` writes the table anew.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from mgm_ext import MotionVectors

PAGE = Path(__file__).parents[1] / "docs" / "codecs.md"
MARKERS = "<!-- codecs -->", "<!-- end of codecs -->"
FLAGS = {1: "skip", 2: "derived", 4: "list 1", 8: "field"}


@dataclass(frozen=True)
class Family:
    """Codecs that one line of the table speaks of.

    Attributes:
        name: as people call it.
        codecs: libav's names.
        scales: `motion_scale` that occurs; vectors are in 1 / scale pixel.
        smallest, largest: width and height of a block that no other undercuts or exceeds.
        flags: of `MotionVectors.flags`, those that may occur.
        unread: which pictures a clip without pixels leaves unread, and why no more; begins with
            "none" where those are at most the ones that nothing refers to.
        limits: what a user must know.
    """

    name: str
    codecs: tuple[str, ...]
    scales: tuple[int, ...]
    smallest: tuple[int, int]
    largest: tuple[int, int]
    flags: frozenset[int]
    unread: str
    limits: str = ""

    def objection(self, vectors: MotionVectors) -> str:
        """Why these vectors are not as claimed; "" when they are."""
        scales = set(vectors.motion_scale.tolist()) - set(self.scales)
        if scales:
            return f"motion_scale {sorted(scales)}"
        sizes = np.stack([vectors.w, vectors.h], -1).astype(int)
        if (sizes < self.smallest).any() or (sizes > self.largest).any():
            return f"blocks of {sizes.min(0)} to {sizes.max(0)}"
        found = {flag for flag in FLAGS if (vectors.flags & flag).any()} - self.flags
        return f"flags {sorted(found)}" if found else ""

    def line(self, evidence: Sequence[str]) -> str:
        units = ", ".join("1" if scale == 1 else f"1/{scale}" for scale in self.scales)
        sizes = f"{self.smallest[0]}x{self.smallest[1]} to {self.largest[0]}x{self.largest[1]}"
        flags = ", ".join(FLAGS[flag] for flag in sorted(self.flags))
        missing = [codec for codec in self.codecs if codec not in evidence]
        known = f"no clip of {', '.join(missing)} was read" if missing else ""
        limits = "; ".join(part for part in (self.limits, known) if part)
        return f"| {self.name} | {units} | {sizes} | {flags} | {self.unread} | {limits} |"


FAMILIES = (
    Family(
        "H.264", ("h264",), (4,), (4, 4), (16, 32), frozenset({1, 2, 4, 8}),
        "all but the pictures from which wanted B pictures take co-located vectors",
        "field pictures (PAFF) are tested on streams that the tests write",
    ),
    Family(
        "HEVC", ("hevc",), (4,), (4, 4), (64, 64), frozenset({1, 2, 4}),
        "none that others refer to: merge candidates come from the picture before, and so back to "
        "the key picture; where the sequence forbids that "
        "(`sps_temporal_mvp_enabled_flag`), all, unless slice segments depend on each other",
        "tiles and long-term references are untested: no encoder here writes them; screen-content "
        "tools are not decoded; of several layers the base layer",
    ),
    Family(
        "VP9", ("vp9",), (8,), (4, 4), (64, 64), frozenset({1, 2, 4}),
        "none: probabilities adapt to every picture, vectors predict those of the next; pictures "
        "that are error-resilient, which need neither, are not told apart",
        "a hidden picture counts as the frame that shows it; a picture shown again has no vectors",
    ),
    Family(
        "VP8", ("vp8",), (4,), (4, 4), (16, 16), frozenset({1}),
        "none: segments last from picture to picture, and which frame a hidden picture is only "
        "blocks tell",
        "a hidden picture counts as the frame that copies it",
    ),
    Family(
        "AV1", ("av1",), (8, 64), (4, 4), (255, 128), frozenset({1, 2, 4}),
        "none: probabilities adapt to every picture, vectors predict those of later ones; pictures "
        "that are error-resilient, which need neither, are not told apart",
        "a warped block has the motion of its centre; with super-resolution, columns of the "
        "output; of several spatial layers the highest",
    ),
    Family(
        "MPEG-1", ("mpeg1video",), (1, 2), (16, 16), (16, 16), frozenset({1, 4}), "all",
    ),
    Family(
        "MPEG-2", ("mpeg2video",), (2,), (16, 8), (16, 16), frozenset({1, 4, 8}), "all",
    ),
    Family(
        "MPEG-4", ("mpeg4",), (2, 4), (8, 8), (16, 16), frozenset({1, 2, 4, 8}),
        "all but the first, the reference after a wanted B picture, and data partitions",
        "under global motion compensation a block has its own mean vector",
    ),
    Family(
        "H.261, H.263, Sorenson", ("h261", "h263", "h263p", "h263i", "flv1"), (2,), (8, 8),
        (16, 16), frozenset({1, 4}),
        "H.261 none: not looked into; the others as MPEG-4",
    ),
    Family(
        "MS-MPEG-4, WMV1, WMV2", ("msmpeg4v1", "msmpeg4v2", "msmpeg4v3", "wmv1", "wmv2"), (2,),
        (8, 8), (16, 16), frozenset({1}),
        "all but the first and key pictures, whose ends set tables of later ones",
    ),
    Family(
        "WMV3, VC-1", ("wmv3", "vc1"), (4,), (8, 8), (16, 16), frozenset({1, 4, 8}),
        "none: what B pictures read is stored by motion compensation",
        "progressive WMV3 is tested on a stream that the tests write",
    ),
    Family(
        "RealVideo 1, 2", ("rv10", "rv20"), (2,), (8, 8), (16, 16), frozenset({1, 2, 4}),
        "none: not looked into",
    ),
)  # fmt: skip


def table(evidence: Mapping[str, object]) -> str:
    """Markdown; `evidence` holds the codecs of which a clip was read."""
    lines = [
        "| codec | unit in pixels | blocks | flags | unread between a clip's frames | limits |",
        "|---|---|---|---|---|---|",
        *(family.line(sorted(evidence)) for family in FAMILIES),
    ]
    return "\n".join(lines)


def parts(page: str) -> Iterator[str]:
    """Before the table, the table, after it."""
    begin, end = map(re.escape, MARKERS)
    found = re.fullmatch(f"(.*{begin}\n)(.*)(\n{end}.*)", page, re.DOTALL)
    if found is None:
        raise ValueError(f"{PAGE.name} lacks {' or '.join(MARKERS)}")
    yield from found.groups()


def main() -> None:
    from tests.test_codec_table import read_clips

    before, _, after = parts(PAGE.read_text())
    PAGE.write_text(before + table(read_clips()) + after)


if __name__ == "__main__":
    main()
