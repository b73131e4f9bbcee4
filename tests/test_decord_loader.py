"""decord's VideoLoader, beside decord itself where it is installed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
import torch

import mgm_ext
from mgm_ext.adapters import decord as ours
from mgm_ext.adapters.decord_loader import batches_of
from tests.conftest import EncodedClip


@pytest.fixture
def paths(encoded_clip: EncodedClip) -> list[str]:
    return [
        str(encoded_clip("libx264", kind="object", size=(96, 130), num_frames=n, bf=2, g=15))
        for n in (40, 24, 31)
    ]


def loader(paths: Sequence[str], shuffle: Any = 0, **options: Any) -> ours.VideoLoader:
    return ours.VideoLoader(
        paths, ctx=ours.cpu(0), shape=(4, 48, 64, 3), interval=1, skip=2, shuffle=shuffle, **options
    )


def epoch(batches: ours.VideoLoader) -> list[list[list[int]]]:
    return [indices.tolist() for _, indices in batches]


@pytest.mark.parametrize(
    ("length", "size", "interval", "skip", "firsts"),
    [
        (60, 4, 1, 2, [0, 9, 18, 27, 36, 45]),  # as decord 0.6.0 has them, all of these
        (60, 4, 3, 5, [0, 18, 36]),
        (60, 8, 3, 0, [0, 29]),
        (60, 30, 0, 0, [0]),
        (60, 59, 0, 0, []),
        (6, 4, 0, 0, [0]),
        (5, 4, 0, 0, []),
        (10, 1, 7, 2, [0, 3, 6]),
    ],
)
def test_batches_of_one_video(
    length: int, size: int, interval: int, skip: int, firsts: list[int]
) -> None:
    found = batches_of([length], size, interval, skip)
    assert [batch.frames[0] for batch in found] == firsts
    assert all(len(batch.frames) == size for batch in found)
    assert all(
        b - a == interval + 1
        for batch in found
        for a, b in zip(batch.frames, batch.frames[1:], strict=False)
    )


def test_batches_hold_the_frames_they_name(paths: list[str]) -> None:
    batches = loader(paths)
    readers = [mgm_ext.VideoReader(path, size=(48, 64)) for path in paths]
    count = 0
    for frames, indices in batches:
        assert (frames.dtype, indices.dtype) == (np.uint8, np.int64)
        assert (frames.asnumpy().shape, indices.asnumpy().shape) == ((4, 48, 64, 3), (4, 2))
        wanted = readers[indices[0, 0]].read_clip(indices[:, 1])
        np.testing.assert_array_equal(frames, wanted.frames)
        assert batches.field is not None
        np.testing.assert_array_equal(batches.field.vectors, wanted.field.vectors)
        count += 1
    assert count == len(batches) == 9


def test_an_epoch_ends_until_reset(paths: list[str]) -> None:
    batches = loader(paths)
    first = epoch(batches)
    assert epoch(batches) == []
    with pytest.raises(StopIteration, match=r"^$"):
        batches.next()
    batches.reset()
    assert batches.next()[1].tolist() == first[0]
    assert len(epoch(batches)) == len(first) - 1


def rises(batches: list[Any]) -> bool:
    return batches == sorted(batches)


@pytest.mark.parametrize("shuffle", [0, 1, 2, 3])
def test_orders(paths: list[str], shuffle: int) -> None:
    wanted = epoch(loader(paths))
    batches = loader(paths, shuffle, seed=1)
    first = epoch(batches)
    batches.reset()
    second = epoch(batches)
    assert sorted(first) == sorted(second) == wanted
    assert (first == wanted) == (second == first) == (shuffle == 0)
    assert first == epoch(loader(paths, shuffle, seed=1))
    videos = [batch[0][0] for batch in first]
    assert rises(videos) == (shuffle in (0, 3))
    in_order = all(rises([b for b in first if b[0][0] == video]) for video in range(3))
    assert in_order == (shuffle in (0, 1))


def test_orders_differ_without_a_seed(paths: list[str]) -> None:
    drawn = {str(epoch(loader(paths[:1] * 3, 2))) for _ in range(3)}
    assert len(drawn) > 1


def test_tensors_where_the_bridge_says_so(paths: list[str]) -> None:
    with ours.bridge.use_torch():
        frames, indices = next(loader(paths))
    assert isinstance(frames, torch.Tensor)
    assert indices.dtype == torch.int64


@pytest.mark.parametrize(
    ("change", "error", "text"),
    [
        ({"uris": []}, ValueError, r"uris must be a list of paths, got \[\]"),
        ({"uris": "a.mp4"}, ValueError, "uris must be a list of paths, got 'a.mp4'"),
        ({"uris": ["none.mp4"]}, FileNotFoundError, r"none\.mp4"),
        ({"ctx": ours.gpu(0)}, ValueError, r"ctx must be cpu\(\.\.\.\), not gpu\(0\)"),
        ({"ctx": [ours.cpu(0), ours.gpu(1)]}, ValueError, r"not gpu\(1\)"),
        ({"shape": (4, 48, 64)}, ValueError, r"shape must be \(batch, height, width, 3\)"),
        ({"shape": (4, 48, 64, 1)}, ValueError, r"got \(4, 48, 64, 1\)"),
        ({"shape": (0, 48, 64, 3)}, ValueError, r"got \(0, 48, 64, 3\)"),
        ({"interval": -1}, ValueError, "interval and skip must be >= 0, got -1 and 0"),
        ({"shuffle": 4}, ValueError, "shuffle must be 0, 1, 2 or 3, got 4"),
    ],
)
def test_what_is_refused(
    paths: list[str], change: dict[str, Any], error: type[Exception], text: str
) -> None:
    options: dict[str, Any] = {
        "uris": paths, "ctx": ours.cpu(0), "shape": (4, 48, 64, 3), "interval": 0, "skip": 0,
        "shuffle": 0,
    }  # fmt: skip
    with pytest.raises(error, match=text):
        ours.VideoLoader(**{**options, **change})


@pytest.mark.parametrize("interval", [0, 1, 4])
@pytest.mark.parametrize("skip", [0, 1, 6])
@pytest.mark.parametrize("size", [1, 3, 8])
def test_decord_itself_makes_the_same_batches(
    paths: list[str], size: int, interval: int, skip: int
) -> None:
    theirs = pytest.importorskip("decord")
    wanted, got = (
        [indices.asnumpy().tolist() for _, indices in d.VideoLoader(
            paths, d.cpu(0), (size, 96, 130, 3), interval, skip, 0)]
        for d in (theirs, ours)
    )  # fmt: skip
    assert got == wanted
