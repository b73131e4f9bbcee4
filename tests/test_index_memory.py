"""What the index of a long file takes: 64 bytes for a sample, beside what libavformat takes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import av
import pytest

import mgm_ext
from mgm_ext import VideoReader
from tests import bombs
from tests.limits import cost_of

COUNTS = (200_000, 600_000)


def _bytes_for_a_sample(read: Callable[[str], Any], paths: list[Path]) -> float:
    costs = [cost_of(partial(read, str(path))) for path in paths]
    assert [cost.error for cost in costs] == ["", ""]
    few, many = (cost.megabytes for cost in costs)
    return (many - few) * (1 << 20) / (COUNTS[1] - COUNTS[0])


@pytest.mark.parametrize(
    "options",
    [{}, {"all_keys": True}, {"edited": True}],
    ids=["one key frame", "all key frames", "edited"],
)
def test_an_index_takes_64_bytes_for_a_sample(tmp_path: Path, options: dict[str, bool]) -> None:
    paths = [bombs.many_real_samples(tmp_path, count, **options) for count in COUNTS]
    # PyAV opens the file and no more: its peak is libavformat's own.
    libavformat = _bytes_for_a_sample(av.open, paths)
    for read in (mgm_ext.probe, lambda path: len(VideoReader(path))):
        assert _bytes_for_a_sample(read, paths) - libavformat < 64
