"""Field pictures, 16x8 and dual prime of MPEG-2: rows and pixels against what was written."""

from __future__ import annotations

import io
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from tests import oracles
from tests.mpeg2_writer import BOTTOM, FRAME, TOP, Kind, Macroblock, Mpeg2Writer, Vector

SIZE = (96, 96)
DIRECT, LIST1, FIELD = 2, 4, 8

# Frame, structure, the frame that each direction refers to, and whether the other field of its own
# frame can be referred to.
Context: TypeAlias = tuple[int, int, dict[int, int], bool]


@dataclass(frozen=True)
class Row:
    """What must come back of one vector. parity: of the lines predicted, None for all lines."""

    frame: int
    x: int
    y: int
    w: int
    h: int
    motion: tuple[int, int]
    distance: float
    flags: int
    reference: int  # frame
    alone: bool  # not one of two
    parity: int | None
    whole: bool  # of whole pixels, and lines of a field

    def fields(self) -> tuple[float, ...]:
        place = (self.x, self.y, self.w, self.h)
        return (*place, *self.motion, self.distance, self.flags)


class Author:
    """Draws macroblocks at random, writes them and notes the rows."""

    def __init__(self, seed: int, *, top_first: bool) -> None:
        self.rng = np.random.default_rng(seed)
        self.top_first = top_first
        self.writer = Mpeg2Writer(*SIZE)
        self.rows: list[Row] = []

    def intra(self, temporal: int, structure: int) -> None:
        count = SIZE[0] * SIZE[1] // (256 if structure == FRAME else 512)
        levels = self.rng.integers(20, 235, (count, 6))
        self.writer.intra(temporal, structure, levels, top_first=self.top_first)

    def draw(self, select: bool = True) -> Vector:
        x, y = (int(v) for v in self.rng.integers(-10, 11, 2))
        if self.rng.random() < 0.7:
            x, y = x & ~1, y & ~1
        return Vector(x, y, int(self.rng.integers(2)) if select else 0)

    def inter(
        self,
        temporal: int,
        kind: str,
        structure: int,
        references: dict[int, int],
        *,
        second: bool = False,
    ) -> None:
        """references: the frame that each direction refers to. second: field of its frame."""
        across = SIZE[1] // 16
        macroblocks = []
        kinds: list[Kind] = ["field", "frame" if structure == FRAME else "16x8", "dual"]
        for place in range(across * SIZE[0] // (16 if structure == FRAME else 32)):
            mb_kind = kinds[int(self.rng.integers(2 if kind == "B" else 3))]
            parts = 2 if mb_kind == ("field" if structure == FRAME else "16x8") else 1
            directions = [(0,), (1,), (0, 1)][int(self.rng.integers(3))] if kind == "B" else (0,)
            vectors = {d: [self.draw() for _ in range(parts)] for d in directions}
            dual = (int(self.rng.integers(-1, 2)), int(self.rng.integers(-1, 2)))
            dual = dual if mb_kind == "dual" else (0, 0)
            mb = Macroblock(mb_kind, vectors, dual)
            macroblocks.append(mb)
            at = (place % across * 16, place // across * (16 if structure == FRAME else 32))
            context = (temporal, structure, references, second and kind == "P")
            self.note(mb, at, context)
        self.writer.inter(temporal, kind, structure, macroblocks, top_first=self.top_first)

    def note(
        self,
        mb: Macroblock,
        at: tuple[int, int],
        context: Context,
    ) -> None:
        structure = context[1]
        x, y = at
        if mb.kind == "frame":
            for d in mb.vectors:
                self.add(context, (x + 8, y + 8, 16, 16), mb, d, mb.vectors[d][0], None)
            return
        height = 16 if structure == FRAME else 32
        whole = (x + 8, y + height // 2, 16, height)
        parities = (0, 1) if structure == FRAME else (structure - 1,)
        if mb.kind == "dual":
            for p in parities:
                sent = mb.vectors[0][0]
                self.add(context, whole, mb, 0, Vector(sent.x, sent.y, p), p, pair=True)
                self.add(context, whole, mb, 0, self.derived(mb, p, structure), p, pair=True)
        elif mb.kind == "16x8":
            for part in range(2):
                area = (x + 8, y + 8 + 16 * part, 16, 16)
                for d in mb.vectors:
                    self.add(context, area, mb, d, mb.vectors[d][part], parities[0])
        else:
            for part, p in enumerate(parities):
                for d in mb.vectors:
                    self.add(context, whole, mb, d, mb.vectors[d][part], p)

    def derived(self, mb: Macroblock, parity: int, structure: int) -> Vector:
        """ISO/IEC 13818-2, 7.6.3.6: scaled to the distance of the other field, and moved by half a
        line for its place."""
        times = 1
        if structure == FRAME:
            times = 1 if (parity == 0) == self.top_first else 3
        sent = mb.vectors[0][0]
        x, y = ((v * times + (v > 0)) >> 1 for v in (sent.x, sent.y))
        return Vector(x + mb.dual[0], y + mb.dual[1] + (1 if parity else -1), 1 - parity)

    def add(
        self,
        context: Context,
        area: tuple[int, int, int, int],
        mb: Macroblock,
        direction: int,
        vector: Vector,
        parity: int | None,
        *,
        pair: bool = False,
    ) -> None:
        frame, _, references, second = context
        reference, distance, motion_y = references[direction], 0.0, vector.y
        flags = LIST1 if direction else 0
        if parity is not None:
            other = vector.select - parity
            if second and other:
                reference = frame
            distance = 0.5 * other * (1 if self.top_first else -1)
            motion_y = 2 * vector.y + 2 * other
            flags |= FIELD | (DIRECT if mb.kind == "dual" and other else 0)
        self.rows.append(
            Row(
                *(frame, *area),
                motion=(vector.x, motion_y),
                distance=reference - frame + distance,
                flags=flags,
                reference=reference,
                alone=len(mb.vectors) == 1 and not pair,
                parity=parity,
                whole=vector.x % 2 == 0 and vector.y % 2 == 0,
            )
        )


def write(seed: int, *, top_first: bool) -> Author:
    """Frames 0 to 3 as fields, in the order 0, 2, 1, 3; frames 4 to 6 as frames: 4, 6, 5."""
    author = Author(seed, top_first=top_first)
    first, last = (TOP, BOTTOM) if top_first else (BOTTOM, TOP)
    author.intra(0, first)
    author.intra(0, last)
    for temporal, kind, references in ((2, "P", {0: 0}), (1, "B", {0: 0, 1: 2}), (3, "P", {0: 2})):
        author.inter(temporal, kind, first, references)
        author.inter(temporal, kind, last, references, second=True)
    author.inter(4, "P", FRAME, {0: 3})
    author.inter(6, "P", FRAME, {0: 4})
    author.inter(5, "B", FRAME, {0: 4, 1: 6})
    return author


def luma(data: bytes) -> list[NDArray[np.uint8]]:
    with av.open(io.BytesIO(data), "r", format="mpegvideo") as container:
        frames = []
        for frame in container.decode(video=0):
            plane = np.asarray(memoryview(frame.planes[0]), np.uint8)
            frames.append(plane.reshape(-1, frame.planes[0].line_size)[: SIZE[0], : SIZE[1]].copy())
        return frames


@pytest.mark.parametrize("top_first", [True, False])
@pytest.mark.parametrize("seed", range(3))
def test_every_kind_of_field_vector_comes_back(seed: int, top_first: bool) -> None:
    author = write(seed, top_first=top_first)
    vectors = oracles.assert_seam_changes_nothing(author.writer.to_bytes())
    assert "".join(vectors.picture_types) == "IBPPPBP"
    assert not vectors.info.damaged
    names = ["dst_x", "dst_y", "w", "h", "motion_x", "motion_y", "reference_distance", "flags"]
    rows = vectors.to_structured()[names].tolist()
    for frame in range(7):
        expected = [row.fields() for row in author.rows if row.frame == frame]
        assert sorted(rows[vectors.frame(frame)]) == sorted(expected), f"frame {frame}"
    assert len(rows) == len(author.rows) > 300


@pytest.mark.parametrize("top_first", [True, False])
def test_field_blocks_equal_the_lines_that_their_vectors_point_to(top_first: bool) -> None:
    author = write(7, top_first=top_first)
    frames = luma(author.writer.to_bytes())
    assert len(frames) == 7
    compared = {None: 0, 0: 0, 1: 0}
    for row in author.rows:
        dx, dy = row.motion[0] // 2, row.motion[1] // 2
        step, first = (1, 0) if row.parity is None else (2, row.parity)
        lines = np.arange(row.y - row.h // 2 + first, row.y + row.h // 2, step)
        columns = np.arange(row.x - 8, row.x + 8)
        inside = min(lines) + dy >= 0 and max(lines) + dy < SIZE[0]
        inside = inside and min(columns) + dx >= 0 and max(columns) + dx < SIZE[1]
        if not (row.alone and row.whole and inside):
            continue
        block = frames[row.frame][np.ix_(lines, columns)]
        source = frames[row.reference][np.ix_(lines + dy, columns + dx)]
        assert np.array_equal(block, source), row
        compared[row.parity] += 1
    assert min(compared.values()) > 15


def test_libavcodec_rows_of_fields_equal_the_export_and_have_distances(tmp_path: Path) -> None:
    path = tmp_path / "fields.m2v"
    path.write_bytes(write(0, top_first=True).writer.to_bytes())
    vectors = oracles.assert_equals_export(path)
    assert len(vectors.w) > 300
    assert not np.isnan(vectors.reference_distance).any()
    assert {-2, -1.5, -0.5, 0.5, 1} <= set(vectors.reference_distance.tolist())


def test_a_lost_macroblock_of_a_field_is_damage() -> None:
    author = write(1, top_first=True)
    data = author.writer.to_bytes()
    starts = [i for i in range(len(data) - 3) if data[i : i + 3] == b"\0\0\1"]
    pictures = [i for i in starts if data[i + 3] == 0]
    first, second, *_ = [i for i in starts if i > pictures[2] and 1 <= data[i + 3] <= 0xAF]
    holed = oracles.assert_seam_changes_nothing(data[:first] + data[second:])
    assert holed.info.damaged
    lost = (holed.dst_x[holed.frame(2)] == 8) & (holed.dst_y[holed.frame(2)] < 32)
    expected = [r for r in author.rows if r.frame == 2 and r.x == 8 and r.y < 32]
    top = [r for r in expected if r.parity == 0]
    assert top
    assert lost.sum() == len(expected) - len(top)
