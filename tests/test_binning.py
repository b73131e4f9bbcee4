"""From coded blocks to cells: literal rows, and every bit against exact arithmetic on pixels."""

from __future__ import annotations

from fractions import Fraction
from itertools import chain
from typing import Any, NamedTuple

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from mgm_ext._core import _testing

SKIP, DIRECT, LIST1, FIELD, CODED, INTRA, SECOND = 1, 2, 4, 8, 16, 32, 64
INVALID = [-32768, 0]
NAN = float("nan")


class Row(NamedTuple):
    vectors: list[Any]
    coded: list[Any]
    cut: bool


class Geometry(NamedTuple):
    crop: tuple[int, int, int, int]
    rotation: int = 0
    hflip: bool = False
    cell: int | None = 16


def binned(
    blocks: list[Any], distances: list[float], geometry: Geometry, scale: int = 4, kind: str = "P"
) -> Row:
    table = np.array(blocks, np.int32).reshape(-1, 8)
    binner = _testing.Binner(*geometry)
    results = []
    for _ in range(2):
        vectors, coded, cut = binner.write_row(table, np.array(distances, np.float32), scale, kind)
        results.append(Row(vectors.tolist(), coded.tolist(), cut))
    assert results[0] == results[1]
    return results[0]


def block_velocity(rows: list[Any], distances: list[float], scale: int) -> tuple[int, int] | None:
    """1/128 pixel per frame in the coded picture, or None."""
    found = []
    for *_, reference, motion_x, motion_y in rows if not rows[0][4] & INTRA else []:
        distance = distances[reference] if reference < len(distances) else NAN
        if distance == 0 or not np.isfinite(distance):
            continue
        divisor = scale * Fraction(distance)
        values = (round(Fraction(motion * 64) / divisor) for motion in (motion_x, motion_y))
        found.append([min(max(value, -32767), 32767) for value in values])
    if not found:
        return None
    dx, dy = (2 * sum(axis) // len(found) for axis in zip(*found, strict=True))
    return dx, dy


def painted(blocks: list[Any], distances: list[float], scale: int) -> NDArray[np.int64]:
    """Blocks on the pixels of the coded picture: dx, dy, valid, coded, intra, in half pixels."""
    margin = 300
    canvas = np.zeros((5, 2 * margin, 2 * margin), np.int64)
    pairs: list[list[Any]] = []
    for row in blocks:
        if not row[4] & SECOND:
            pairs.append([row])
        elif pairs and len(pairs[-1]) == 1:
            pairs[-1].append(row)
    for pair in pairs:
        x, y, w, h, flags = pair[0][:5]
        velocity = block_velocity(pair, distances, scale)
        left, top = x - w // 2 + margin, y - h // 2 + margin
        values = [*(velocity or (0, 0)), velocity is not None, bool(flags & (CODED | INTRA))]
        values.append(bool(flags & INTRA))
        weight = 1 if flags & FIELD else 2
        area = canvas[:, max(top, 0) : max(top + h, 0), max(left, 0) : max(left + w, 0)]
        area += weight * np.array(values)[:, None, None]
    return canvas[:, margin:, margin:]


def reference(
    blocks: list[Any], distances: list[float], geometry: Geometry, scale: int, kind: str
) -> Row:
    x, y, w, h = geometry.crop
    pixels = painted(blocks, distances, scale)[:, y : y + h, x : x + w].copy()
    for _ in range(geometry.rotation // 90):
        pixels = np.rot90(pixels, -1, (1, 2)).copy()
        pixels[[0, 1]] = -pixels[1], pixels[0].copy()
    if geometry.hflip:
        pixels = pixels[:, :, ::-1].copy()
        pixels[0] *= -1
    cell = geometry.cell or next(
        (s for s in (8, 16) if -(-pixels.shape[1] // s) * -(-pixels.shape[2] // s) <= 4096), 32
    )
    vectors: list[Any] = []
    coded: list[Any] = []
    intra_cells = 0
    for top in range(0, pixels.shape[1], cell):
        vectors.append([])
        coded.append([])
        for left in range(0, pixels.shape[2], cell):
            part = pixels[:, top : top + cell, left : left + cell]
            area = part[0].size
            dx, dy, valid, coded_area, intra = part.sum((1, 2)).tolist()
            mean = [round(Fraction(value, 2 * valid)) for value in (dx, dy)] if valid else []
            vectors[-1].append(mean if valid >= area else INVALID)
            coded[-1].append(int(coded_area >= area))
            intra_cells += intra >= area
    cells = sum(len(row) for row in coded)
    cut = kind not in "Iib" and 2 * intra_cells > cells
    if cut or kind in "Iib":
        vectors = [[INVALID] * len(row) for row in vectors]
    if kind in "Iib":
        coded = [[1] * len(row) for row in coded]
    return Row(vectors, coded, cut)


WHOLE = Geometry((0, 0, 16, 16))


@pytest.mark.parametrize(
    ("blocks", "distances", "velocity"),
    [
        ([(8, 8, 16, 16, 0, 0, -4, 8)], [-1], [64, -128]),  # from the past: content moves on
        ([(8, 8, 16, 16, 0, 0, -4, 8)], [1], [-64, 128]),
        ([(8, 8, 16, 16, 0, 1, -4, 8)], [NAN, -2], [32, -64]),
        ([(8, 8, 16, 16, 0, 0, 3, -3)], [-96], [0, 0]),  # 0.5 and -0.5: ties to even
        ([(8, 8, 16, 16, 0, 0, 9, -9)], [-96], [-2, 2]),
        ([(8, 8, 16, 16, 0, 0, 1, 0)], [-0.5], [-32, 0]),
        ([(8, 8, 16, 16, 0, 0, 4, 0), (8, 8, 16, 16, SECOND, 1, 8, 4)], [-1, 1], [32, 32]),
        ([(8, 8, 16, 16, 0, 0, 4, 0), (8, 8, 16, 16, SECOND, 1, 8, 4)], [-1, NAN], [-64, 0]),
        ([(8, 8, 16, 16, 0, 0, 4, 0), (8, 8, 16, 16, SECOND, 1, 8, 4)], [0, 1], [128, 64]),
        ([(8, 8, 16, 16, 0, 0, 4, 0)], [0], INVALID),
        ([(8, 8, 16, 16, 0, 0, 4, 0)], [], INVALID),
        ([(8, 8, 16, 16, 0, 0, 4, 0)], [float("inf")], INVALID),
        ([(8, 8, 16, 16, CODED | INTRA, 0, 0, 0)], [-1], INVALID),
        ([(8, 8, 16, 16, INTRA, 0, 0, 0), (8, 8, 16, 16, SECOND, 0, -4, 0)], [-1], INVALID),
        ([], [-1], INVALID),
        ([(8, 8, 16, 16, 0, 0, -(2**31), 2**31 - 1)], [-1], [32767, -32767]),
        ([(4, 8, 8, 16, 0, 0, -4, 0)], [-1], [64, 0]),  # half of the cell is enough
        ([(4, 8, 8, 14, 0, 0, -4, 0)], [-1], INVALID),
        ([(8, 8, 16, 16, FIELD, 0, -4, 0)], [-1], [64, 0]),  # every second line: half of it
        ([(8, 8, 16, 16, FIELD, 0, -4, 0), (8, 8, 16, 16, FIELD, 0, -8, 0)], [-1], [96, 0]),
        ([(4, 8, 8, 16, 0, 0, -4, 0), (12, 8, 8, 16, 0, 0, 0, 0)], [-1], [32, 0]),
        ([(2, 8, 4, 16, 0, 0, -4, 0), (10, 8, 12, 16, 0, 0, 0, 0)], [-1], [16, 0]),
    ],
)
def test_one_cell(blocks: list[Any], distances: list[float], velocity: list[int]) -> None:
    assert binned(blocks, distances, WHOLE).vectors == [[velocity]]
    assert reference(blocks, distances, WHOLE, 4, "P").vectors == [[velocity]]


@pytest.mark.parametrize(
    ("rotation", "hflip", "vectors"),
    [
        (0, False, [[[1, 2], [3, 4]]]),
        (0, True, [[[-3, 4], [-1, 2]]]),
        (90, False, [[[-2, 1]], [[-4, 3]]]),
        (90, True, [[[2, 1]], [[4, 3]]]),
        (180, False, [[[-3, -4], [-1, -2]]]),
        (180, True, [[[1, -2], [3, -4]]]),
        (270, False, [[[4, -3]], [[2, -1]]]),
        (270, True, [[[-4, -3]], [[-2, -1]]]),
    ],
)
def test_turned_and_mirrored(rotation: int, hflip: bool, vectors: list[Any]) -> None:
    blocks = [(8, 8, 16, 16, 0, 0, -1, -2), (24, 8, 16, 16, 0, 0, -3, -4)]
    geometry = Geometry((0, 0, 32, 16), rotation, hflip)
    assert binned(blocks, [-1], geometry, scale=64).vectors == vectors


def test_cells_count_from_the_turned_pictures_corner() -> None:
    blocks = [(4, 8, 8, 16, 0, 0, -1, 0), (16, 8, 16, 16, 0, 0, -2, 0)]  # 24 pixels wide
    geometry = Geometry((0, 0, 24, 16), 180)
    assert binned(blocks, [-1], geometry, scale=64).vectors == [[[-2, 0], [-1, 0]]]


def test_crop_is_taken_off_before_binning() -> None:
    blocks = [(8, 8, 16, 16, 0, 0, -2, 0), (24, 8, 16, 16, 0, 0, -4, 0)]
    assert binned(blocks, [-1], Geometry((12, 0, 16, 16)), scale=64).vectors == [[[4, 0]]]
    blocks[1] = (24, 8, 16, 16, 0, 0, -4, 8)
    assert binned(blocks, [-1], Geometry((4, 0, 16, 16)), scale=64).vectors == [[[2, -2]]]


@pytest.mark.parametrize(("width", "height", "cell"), [
    (512, 512, 8), (513, 512, 16), (1024, 1024, 16), (1024, 1025, 32), (65536, 65536, 32),
    (1, 1, 8),
])  # fmt: skip
def test_auto_is_the_smallest_cell_with_at_most_4096(width: int, height: int, cell: int) -> None:
    geometry = ((0, 0, width, height), 90, False, None)
    assert _testing.Binner(*geometry).size == (height, width, cell)


def test_more_than_half_intra_cells_are_a_cut() -> None:
    intra = [(8, 8, 16, 16, INTRA, 0, 0, 0), (24, 8, 16, 16, INTRA, 0, 0, 0)]
    inter = [(40, 8, 16, 16, 0, 0, -4, 0), (56, 8, 16, 16, CODED, 0, -4, 0)]
    geometry = Geometry((0, 0, 64, 16))
    half = binned(intra + inter, [-1], geometry)
    assert half == ([[INVALID, INVALID, [64, 0], [64, 0]]], [[1, 1, 0, 1]], False)
    most = binned([*intra, (40, 8, 16, 16, INTRA, 0, 0, 0), inter[1]], [-1], geometry, kind="B")
    assert most == ([[INVALID] * 4], [[1, 1, 1, 1]], True)


@pytest.mark.parametrize("kind", ["I", "i", "b"])
def test_intra_pictures_are_invalid_coded_and_no_cut(kind: str) -> None:
    blocks = [(8, 8, 16, 16, INTRA, 0, 0, 0)]
    for rows in (blocks, []):
        assert binned(rows, [], WHOLE, kind=kind) == ([[INVALID]], [[1]], False)


def test_a_second_vector_counts_its_block_once_and_never_stands_alone() -> None:
    second = (8, 8, 16, 16, SECOND | CODED, 0, -4, 0)
    half = (4, 8, 8, 14, CODED, 0, -4, 0)
    assert binned([half, second], [-1], WHOLE) == ([[INVALID]], [[0]], False)
    assert binned([second], [-1], WHOLE) == ([[INVALID]], [[0]], False)


sides = st.sampled_from([0, 1, 2, 3, 4, 5, 8, 12, 16, 32, 64, 128, 255])
motions = st.integers(-(2**31), 2**31 - 1) | st.integers(-300, 300)
rows = st.tuples(
    st.integers(-40, 120), st.integers(-40, 120), sides, sides,
    st.sampled_from([0, CODED, CODED | INTRA, INTRA, FIELD, FIELD | CODED, SECOND, SECOND | CODED]),
    st.integers(0, 6), motions, motions,
)  # fmt: skip
known = st.sampled_from([-1, -0.5, 0.5, 1, 1.5, -2, 3, -5, -48, 96, 0, NAN])
geometries = st.builds(
    Geometry,
    st.tuples(st.integers(0, 20), st.integers(0, 20), st.integers(1, 90), st.integers(1, 90)),
    st.sampled_from([0, 90, 180, 270]),
    st.booleans(),
    st.sampled_from([8, 16, 32, None]),
)


@settings(max_examples=300, deadline=None)
@given(
    st.lists(rows, max_size=60), st.lists(known, max_size=6), geometries,
    st.sampled_from([1, 2, 4, 8, 64]), st.sampled_from("PBSIib"),
)  # fmt: skip
def test_every_bit_equals_exact_arithmetic_on_pixels(
    blocks: list[Any], distances: list[float], geometry: Geometry, scale: int, kind: str
) -> None:
    assert binned(blocks, distances, geometry, scale, kind) == reference(
        blocks, distances, geometry, scale, kind
    )


@given(st.lists(rows, max_size=40), geometries, st.randoms(use_true_random=False))
def test_order_of_blocks_is_irrelevant(blocks: list[Any], geometry: Geometry, random: Any) -> None:
    pairs = [[row] for row in blocks if not row[4] & SECOND]
    for pair, row in zip(pairs, (row for row in blocks if row[4] & SECOND), strict=False):
        pair.append(row)
    distances = [-1.0, 2.0, -3.0, NAN]
    straight = binned(list(chain(*pairs)), distances, geometry)
    random.shuffle(pairs)
    assert binned(list(chain(*pairs)), distances, geometry) == straight


@pytest.mark.parametrize(
    ("geometry", "text"),
    [
        (Geometry((0, 0, 0, 16)), "sides from 1 to 65536, not 0x16"),
        (Geometry((0, 0, 16, 16), 45), "rotation must be 0, 90, 180 or 270, not 45"),
        (Geometry((0, 0, 16, 16), cell=12), 'cell must be 8, 16, 32 or "auto", not 12'),
    ],
)
def test_bad_geometry_is_quoted(geometry: Geometry, text: str) -> None:
    with pytest.raises(ValueError, match=text):
        _testing.Binner(*geometry)
