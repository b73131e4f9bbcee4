"""Where a video may come from, and what is said of what it cannot come from."""

from __future__ import annotations

import io
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import mgm_ext
from mgm_ext import VideoReader
from tests.children import in_child
from tests.conftest import EncodedClip

READERS: list[Callable[[Any], object]] = [
    mgm_ext.probe,
    mgm_ext.read_motion_vectors,
    mgm_ext.read_motion_field,
    lambda source: mgm_ext.read_motion_field(source, frame_indices=[0, 3]),
    lambda source: VideoReader(source).read_clip([0, 3]),
]


@pytest.fixture
def path(encoded_clip: EncodedClip) -> Path:
    return encoded_clip("libx264", kind="object", size=(96, 130), num_frames=20, g=7)


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    "view", [lambda b: b[::-1], lambda b: b[::2], lambda b: b[::-3], lambda b: b[::7][::2]]
)
def test_views_with_steps_are_refused(
    path: Path, read: Callable[[Any], object], view: Callable[[memoryview], memoryview]
) -> None:
    data = path.read_bytes()
    with pytest.raises(ValueError, match="source must be contiguous bytes"):
        read(view(memoryview(data)))


def test_contiguous_views_read_as_the_bytes_they_show(path: Path) -> None:
    data = path.read_bytes()
    wanted = mgm_ext.read_motion_field(data).vectors
    longer = memoryview(b"abc" + data + b"de")[3:-2]
    square = memoryview(bytearray(data + bytes(-len(data) % 16))).cast(
        "B", (-(-len(data) // 16), 16)
    )
    for view in (longer, square, memoryview(bytearray(data))):
        np.testing.assert_array_equal(mgm_ext.read_motion_field(view).vectors, wanted)


def test_a_bytearray_that_is_read_keeps_its_size(path: Path) -> None:
    data = bytearray(path.read_bytes())
    reader = VideoReader(data)
    with pytest.raises(BufferError, match="Existing exports"):
        data.clear()
    del reader
    data.clear()


class Odd(io.BytesIO):
    """A file whose read() and seek() answer what the test says, after so many reads."""

    def __init__(self, data: bytes, after: int, **answers: Callable[[Any], Any]) -> None:
        super().__init__(data)
        self.after, self.answers = after, answers

    def read(self, size: int | None = -1, /) -> Any:
        self.after -= 1
        got = super().read(min(size or -1, 4096))
        return self.answers["read"](got) if self.after < 0 and "read" in self.answers else got

    def seek(self, offset: int, whence: int = 0, /) -> Any:
        got = super().seek(offset, whence)
        return self.answers["seek"](got) if self.after < 0 and "seek" in self.answers else got


class Index:
    def __index__(self) -> int:
        raise ZeroDivisionError("no index today")


@pytest.mark.parametrize("after", [0, 2])
@pytest.mark.parametrize(
    ("answers", "error", "text"),
    [
        ({"seek": lambda _: None}, TypeError, r"seek\(\) must return an int, got NoneType"),
        ({"seek": lambda at: str(at)}, TypeError, r"seek\(\) must return an int, got str"),
        ({"seek": lambda at: float(at)}, TypeError, r"seek\(\) must return an int, got float"),
        (
            {"seek": lambda _: 2**70},
            ValueError,
            "must return a position, got 1180591620717411303424",
        ),
        ({"seek": lambda _: -1}, ValueError, r"seek\(\) must return a position, got -1"),
        ({"seek": lambda at: at + 1}, ValueError, r"seek\(\d+\) went to \d+"),
        ({"seek": lambda _: Index()}, ZeroDivisionError, "no index today"),
        ({"read": lambda _: None}, TypeError, r"read\(\) must return bytes, got NoneType"),
        ({"read": lambda _: "text"}, TypeError, r"read\(\) must return bytes, got str"),
        ({"read": lambda _: 7}, TypeError, r"read\(\) must return bytes, got int"),
        ({"read": lambda _: bytearray(9)}, TypeError, r"read\(\) must return bytes, got bytearray"),
        ({"read": lambda _: bytes(1 << 17)}, ValueError, r"read\(\d+\) returned 131072 bytes"),
        ({"read": lambda _: 1 // 0}, ZeroDivisionError, "division"),
    ],
)
def test_file_objects_that_break_their_word(
    path: Path, answers: dict[str, Any], error: type[Exception], text: str, after: int
) -> None:
    for read in READERS[1:]:  # the header alone may need no third read
        with pytest.raises(error, match=text):
            read(Odd(path.read_bytes(), after, **answers))


def test_file_objects_that_cannot_seek_or_are_closed(path: Path, tmp_path: Path) -> None:
    read_end, write_end = os.pipe()
    os.close(write_end)
    with os.fdopen(read_end, "rb") as pipe, pytest.raises(OSError, match="seek"):
        mgm_ext.probe(pipe)
    with path.open("rb") as file:
        pass
    with pytest.raises(ValueError, match="closed file"):
        mgm_ext.probe(file)
    with path.open("r", encoding="latin-1") as text, pytest.raises(TypeError, match="got str"):
        mgm_ext.probe(text)  # type: ignore[arg-type]


@pytest.mark.parametrize("container", ["mp4", "mkv", "ts", "h264"])
def test_readers_share_a_file_object(encoded_clip: EncodedClip, container: str) -> None:
    path = encoded_clip(
        "libx264", kind="noise", size=(96, 130), num_frames=20, container=container, g=7
    )
    wanted = VideoReader(path)
    with path.open("rb") as file:
        one, other = VideoReader(file), VideoReader(file)
        for index in (1, 12, 5, 19):
            for reader in (one, other):
                np.testing.assert_array_equal(
                    reader.read_clip([index]).frames, wanted.read_clip([index]).frames
                )
                file.seek(index)
        assert not one.info.damaged


@pytest.mark.parametrize("read", READERS)
def test_a_null_character_ends_no_name(path: Path, read: Callable[[Any], object]) -> None:
    for name in (f"{path}\0.jpg", Path(f"{path}\0"), "\0"):
        with pytest.raises(ValueError, match="embedded null"):
            read(name)


class ByteName(os.PathLike[bytes]):
    def __init__(self, name: bytes) -> None:
        self.name = name

    def __fspath__(self) -> bytes:
        return self.name


def test_a_path_of_bytes_is_a_path(path: Path) -> None:
    source: Any = ByteName(os.fsencode(path))
    assert mgm_ext.probe(source).num_frames == 20


@pytest.mark.skipif(sys.platform != "linux", reason="names are bytes on Linux")
def test_names_that_are_not_utf8(path: Path, tmp_path: Path) -> None:
    name = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.mp4")
    Path(name).symlink_to(path)
    for read in READERS:
        read(name)
        read(Path(name))
    reader = VideoReader(name)
    assert "caf" in repr(reader)
    with pytest.raises(IndexError, match=r"caf.\.mp4 has 20 frames"):
        reader.read_clip([20])
    with pytest.raises(ValueError, match=r"caf.\.mp4, got 5"):
        mgm_ext.probe(name, stream=5)
    Path(name).unlink()
    with pytest.raises(FileNotFoundError) as missing:
        mgm_ext.probe(name)
    assert missing.value.filename == name
    Path(name).write_bytes(b"no video")
    with pytest.raises(mgm_ext.DecodeError) as broken:
        mgm_ext.probe(name)
    assert broken.value.path == name


@pytest.mark.parametrize(
    "address",
    [
        "file:clip.mp4",
        "file:///clip.mp4",
        "http://localhost/clip.mp4",
        pytest.param("https://localhost/clip.mp4?signature=" + "a" * 5000, id="longer than names"),
        "rtsp://localhost/stream",
        "s3://bucket/clip.mp4",
        "data:video/mp4;base64,AAAA",
        "pipe:0",
        "concat:clip.mp4|clip.mp4",
    ],
)
@pytest.mark.parametrize("read", READERS)
def test_addresses_are_not_opened(read: Callable[[Any], object], address: str) -> None:
    scheme = re.escape(address.split(":")[0])
    with pytest.raises(OSError, match=rf"addresses \({scheme}:\) are not opened: give a path"):
        read(address)


def test_a_missing_address_is_a_missing_file() -> None:
    with pytest.raises(FileNotFoundError, match="No such file or directory; addresses"):
        mgm_ext.probe("rtsp://localhost/stream")
    with pytest.raises(FileNotFoundError, match=r"No such file or directory: '\./a:b\.mp4'"):
        mgm_ext.probe("./a:b.mp4")


@pytest.mark.parametrize(
    "name", ["file:clip.mp4", "http:clip.mp4", "c:clip.mp4", "http://clip.mp4"]
)
def test_a_file_of_an_addresss_name_is_read(path: Path, tmp_path: Path, name: str) -> None:
    def frames() -> object:
        os.chdir(tmp_path)
        Path(name).parent.mkdir(exist_ok=True)
        Path(name).symlink_to(path)
        return mgm_ext.probe(name).num_frames

    assert in_child(frames) == 20
