"""What holds a file object that holds it in turn goes when nobody else holds either."""

from __future__ import annotations

import gc
import io
import weakref
from collections.abc import Callable
from typing import Any

import pytest

from mgm_ext import VideoReader
from mgm_ext.adapters.mvextractor import VideoCap
from tests.conftest import EncodedClip


class Holder(io.BytesIO):
    """A file object that knows who reads it."""

    owner: Any = None


class HoldingBytes(bytearray):
    """A buffer that knows who reads it."""

    owner: Any = None


class Last:
    """Calls its owner when both are gone."""

    def __init__(self, owner: Any, said: list[str]) -> None:
        self._owner, self._said = owner, said

    def __del__(self) -> None:
        try:
            self._owner.read_clip([0])
            self._said.append("read")
        except (RuntimeError, ValueError) as error:
            self._said.append(str(error))


def _reader(source: Any) -> Any:
    reader = VideoReader(source)
    reader.read_clip([1])
    return reader


def _capture(source: Any) -> Any:
    capture = VideoCap()
    assert capture.open(source)
    capture.read()
    return capture


@pytest.mark.parametrize("make", [_reader, _capture])
@pytest.mark.parametrize("kind", [Holder, HoldingBytes])
def test_a_source_that_holds_its_reader_is_freed(
    encoded_clip: EncodedClip, make: Callable[[Any], Any], kind: Callable[[bytes], Any]
) -> None:
    source = kind(encoded_clip("libx264", size=(96, 128), num_frames=4).read_bytes())
    source.owner = make(source)
    gone = weakref.ref(source)
    del source
    gc.collect()
    assert gone() is None


def test_a_reader_that_is_still_held_keeps_its_source(encoded_clip: EncodedClip) -> None:
    source = Holder(encoded_clip("libx264", size=(96, 128), num_frames=4).read_bytes())
    reader = source.owner = VideoReader(source)
    del source
    gc.collect()
    assert len(reader.read_clip([0, 3]).seconds) == 2


def test_what_is_called_on_the_way_ends_nothing(encoded_clip: EncodedClip) -> None:
    said: list[str] = []
    source = Holder(encoded_clip("libx264", size=(96, 128), num_frames=4).read_bytes())
    reader = VideoReader(source)
    source.owner = Last(reader, said)
    del source, reader
    gc.collect()
    assert said in (["read"], ["I/O operation on closed file."])
