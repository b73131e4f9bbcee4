"""Which coded frames belong to which sampled frame."""

from __future__ import annotations

from itertools import chain, pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mgm_ext import _core


def rows(
    frames: list[int], *, window: str = "centred", num_frames: int | None = 1000,
    keys: list[int] | None = None,
) -> list[list[int]]:  # fmt: skip
    row_frames, offsets = _core.select_rows(
        np.array(frames, np.int64),
        num_frames,
        np.array(keys or [0], np.int64),
        getattr(_core.Window, window),
    )
    assert offsets[0] == 0
    assert offsets[-1] == len(row_frames)
    return [row_frames[start:stop].tolist() for start, stop in pairwise(offsets)]


def reference(frames: list[int], window: str, num_frames: int, keys: list[int]) -> list[list[int]]:
    """Every frame of the file asks whose it is."""
    unique = sorted(set(frames))
    found: dict[int, list[int]] = {}
    for place, sample in enumerate(unique):
        gaps = [b - a for a, b in pairwise(unique)]
        before = gaps[place - 1] if place else (gaps[0] if gaps else 0)
        after = gaps[place] if place < len(gaps) else (gaps[-1] if gaps else 0)
        start = max((key for key in keys if key <= sample), default=0)
        found[sample] = []
        for frame in range(num_frames):
            gap = before if frame < sample else after
            near = 2 * abs(frame - sample) <= gap and abs(frame - sample) <= 4 and frame >= start
            owner = min(unique, key=lambda other: (abs(other - frame), other))
            since = unique[place - 1] if place else max(start - 1, sample - max(after, 1))
            mine = {
                "centred": near and owner == sample,
                "interval": since < frame <= sample,
                "frame": frame == sample,
            }
            if mine[window] or frame == sample:
                found[sample].append(frame)
    return [found[frame] for frame in frames]


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ([10, 11, 12], [[10], [11], [12]]),
        ([10, 12, 14], [[9, 10, 11], [12, 13], [14, 15]]),  # ties go to the earlier
        ([10, 14], [[8, 9, 10, 11, 12], [13, 14, 15, 16]]),
        ([10, 13, 19], [[9, 10, 11], [12, 13, 14, 15, 16], [17, 18, 19, 20, 21, 22]]),
        ([10, 30], [[6, 7, 8, 9, 10, 11, 12, 13, 14], [26, 27, 28, 29, 30, 31, 32, 33, 34]]),
        ([10], [[10]]),
        ([10, 10], [[10], [10]]),
        ([14, 10, 14], [[13, 14, 15, 16], [8, 9, 10, 11, 12], [13, 14, 15, 16]]),
        ([], []),
    ],
)
def test_centred(frames: list[int], expected: list[list[int]]) -> None:
    assert rows(frames) == expected
    assert rows(frames, num_frames=None) == expected


def test_centred_stops_at_the_ends_of_the_file_and_at_the_key_frame() -> None:
    assert rows([1, 7, 10], num_frames=11) == [[0, 1, 2, 3, 4], [5, 6, 7, 8], [9, 10]]
    assert rows([10, 18], keys=[0, 9, 17]) == [[9, 10, 11, 12, 13, 14], [17, 18, 19, 20, 21, 22]]
    assert rows([10, 18], keys=[11]) == [[6, 7, 8, 9, 10, 11, 12, 13, 14], list(range(15, 23))]


@pytest.mark.parametrize(
    ("frames", "expected"),
    [
        ([10, 12, 17], [[9, 10], [11, 12], [13, 14, 15, 16, 17]]),
        ([17, 10, 12, 10], [[13, 14, 15, 16, 17], [9, 10], [11, 12], [9, 10]]),
        ([2, 10], [[0, 1, 2], [3, 4, 5, 6, 7, 8, 9, 10]]),
        ([10], [[10]]),
    ],
)
def test_interval_is_what_came_after_the_previous_sampled_frame(
    frames: list[int], expected: list[list[int]]
) -> None:
    assert rows(frames, window="interval") == expected


def test_the_first_interval_starts_at_its_key_frame_and_the_others_cross_theirs() -> None:
    assert rows([10, 16], window="interval", keys=[0, 8, 15]) == [[8, 9, 10], list(range(11, 17))]


def test_frame_is_the_sampled_frame_alone() -> None:
    assert rows([7, 3, 7], window="frame") == [[7], [3], [7]]


windows = st.sampled_from(["centred", "interval", "frame"])
clips = st.lists(st.integers(0, 59), max_size=12)
keys = st.lists(st.integers(0, 59), max_size=5).map(lambda more: sorted({0, *more}))


@given(clips, windows, st.integers(60, 70), keys)
def test_every_selection_equals_the_reference(
    frames: list[int], window: str, num_frames: int, key_frames: list[int]
) -> None:
    expected = reference(frames, window, num_frames, key_frames)
    assert rows(frames, window=window, num_frames=num_frames, keys=key_frames) == expected


@given(clips, windows, keys)
def test_a_frame_belongs_to_one_sampled_frame_in_display_order(
    frames: list[int], window: str, key_frames: list[int]
) -> None:
    unique = sorted(set(frames))
    selected = list(chain(*rows(unique, window=window, keys=key_frames)))
    assert selected == sorted(set(selected))
    assert set(unique) <= set(selected)


@given(clips, windows, keys, st.randoms(use_true_random=False))
def test_order_and_repetition_change_nothing_but_the_order(
    frames: list[int], window: str, key_frames: list[int], random: Any
) -> None:
    by_frame = dict(zip(frames, rows(frames, window=window, keys=key_frames), strict=True))
    again = frames + frames[:3]
    random.shuffle(again)
    assert rows(again, window=window, keys=key_frames) == [by_frame[frame] for frame in again]
