"""libvpx without PyAV between: two passes, alternate reference frames, sizes that change.

PyAV has no way to hand the first pass's statistics to the second, and only in two passes does
libvpx code pictures that are never shown. The library is the one that PyAV itself has loaded.
"""

from __future__ import annotations

import ctypes
import struct
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

import av
import numpy as np
import pytest

from tests.clips import Frames

_I420 = 0x102
_STATISTICS = 1
_GOOD_QUALITY = 1_000_000
_UPDATE_NOTHING = 1 << 18 | 1 << 22 | 1 << 23  # neither last nor golden nor alternate
_CONTROLS = {"cpu_used": 13, "auto_alt_ref": 14, "arnr_max_frames": 21, "arnr_strength": 22}
_CODECS = {"libvpx": (b"VP80", "vpx_codec_vp8_cx"), "libvpx-vp9": (b"VP90", "vpx_codec_vp9_cx")}


class _Buffer(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p), ("size", ctypes.c_size_t)]


class _Configuration(ctypes.Structure):
    """The start of vpx_codec_enc_cfg, and room for the rest."""

    _fields_ = [
        *((name, ctypes.c_uint) for name in ("usage", "threads", "profile", "width", "height")),
        *((name, ctypes.c_uint) for name in ("bit_depth", "input_bit_depth")),
        ("timebase", ctypes.c_int * 2),
        *((name, ctypes.c_uint) for name in ("error_resilient", "pass_", "lag_in_frames")),
        ("resampling", ctypes.c_uint * 6),
        ("end_usage", ctypes.c_uint),
        ("statistics", _Buffer),
        ("block_statistics", _Buffer),
        ("kilobits", ctypes.c_uint),
        ("rest", ctypes.c_uint8 * 4096),
    ]


class _Packet(ctypes.Structure):
    _fields_ = [("kind", ctypes.c_int), ("buffer", _Buffer), ("pts", ctypes.c_int64)]


def _library() -> ctypes.CDLL:
    folder = Path(av.__file__).parents[1] / "av.libs"
    found = sorted(folder.glob("libvpx-*.so*"))
    if not found:
        pytest.skip("this PyAV does not come with its own libvpx")
    library = ctypes.CDLL(str(found[0]))
    library.vpx_codec_get_cx_data.restype = ctypes.POINTER(_Packet)
    library.vpx_img_wrap.restype = ctypes.c_void_p
    for _, name in _CODECS.values():
        getattr(library, name).restype = ctypes.c_void_p
    return library


class _Encoder:
    """One pass of libvpx over some pictures."""

    def __init__(
        self,
        library: ctypes.CDLL,
        codec: str,
        configuration: _Configuration,
        unreferenced: Collection[int],
    ) -> None:
        self.library = library
        self.unreferenced = unreferenced
        self.configuration = configuration
        self.context = ctypes.create_string_buffer(256)
        interface = ctypes.c_void_p(getattr(library, _CODECS[codec][1])())
        # The number of the interface is a macro of a header that we do not have.
        for version in range(16, 64):
            status = library.vpx_codec_enc_init_ver(
                self.context, interface, ctypes.byref(configuration), 0, version
            )
            if status != 3:
                break
        self.check(status)

    def check(self, status: int) -> None:
        assert status == 0, f"libvpx answers {status}"

    def control(self, name: str, value: int) -> None:
        self.check(self.library.vpx_codec_control_(self.context, _CONTROLS[name], value))

    def resize(self, height: int, width: int) -> None:
        if (self.configuration.height, self.configuration.width) != (height, width):
            self.configuration.height, self.configuration.width = height, width
            self.check(
                self.library.vpx_codec_enc_config_set(
                    self.context, ctypes.byref(self.configuration)
                )
            )

    def encode(self, pictures: Sequence[Frames]) -> Iterator[tuple[int, int, bytes]]:
        """Yields (kind, pts, data); `pictures` are uint8 [H, W, 3]."""
        for pts, rgb in enumerate(pictures):
            self.resize(*rgb.shape[:2])
            frame = av.VideoFrame.from_ndarray(rgb, format="rgb24").reformat(format="yuv420p")
            planes = np.ascontiguousarray(frame.to_ndarray())
            image = ctypes.create_string_buffer(512)
            self.library.vpx_img_wrap(
                image, _I420, rgb.shape[1], rgb.shape[0], 1, planes.ctypes.data_as(ctypes.c_void_p)
            )
            yield from self._send(image, pts)
        while packets := list(self._send(None, len(pictures))):
            yield from packets
        self.check(self.library.vpx_codec_destroy(self.context))

    def _send(self, image: object, pts: int) -> Iterator[tuple[int, int, bytes]]:
        time, duration, flags = ctypes.c_int64(pts), ctypes.c_ulong(1), ctypes.c_long(0)
        if pts in self.unreferenced:
            flags = ctypes.c_long(_UPDATE_NOTHING)
        encode = self.library.vpx_codec_encode
        self.check(encode(self.context, image, time, duration, flags, _GOOD_QUALITY))
        position = ctypes.c_void_p()
        while packet := self.library.vpx_codec_get_cx_data(self.context, ctypes.byref(position)):
            found = packet.contents
            data = ctypes.string_at(found.buffer.data, found.buffer.size)
            yield found.kind, found.pts, data


def encode(
    codec: str,
    pictures: Sequence[Frames],
    *,
    passes: int = 2,
    kilobits: int = 1000,
    lag_in_frames: int = 25,
    error_resilient: bool = False,
    unreferenced: Collection[int] = (),
    **controls: int,
) -> list[tuple[int, bytes]]:
    """Encodes pictures (each uint8 [H, W, 3]; sizes may differ with one pass and VP9).

    Nothing refers to the pictures whose numbers are `unreferenced` (with one pass and no lag).

    Returns:
        (pts, data) of each packet: with VP9 a hidden picture shares one with the next shown.
    """
    library = _library()
    configuration = _Configuration()
    interface = ctypes.c_void_p(getattr(library, _CODECS[codec][1])())
    assert library.vpx_codec_enc_config_default(interface, ctypes.byref(configuration), 0) == 0
    configuration.height, configuration.width = pictures[0].shape[:2]
    configuration.timebase[:] = (1, 25)
    configuration.kilobits = kilobits
    configuration.lag_in_frames = lag_in_frames
    configuration.error_resilient = int(error_resilient)
    statistics = b""
    for number in (1, 2) if passes == 2 else (0,):
        configuration.pass_ = number
        keep = ctypes.create_string_buffer(statistics, len(statistics) + 1)
        configuration.statistics = _Buffer(ctypes.addressof(keep), len(statistics))
        encoder = _Encoder(library, codec, configuration, unreferenced)
        for name, value in {"cpu_used": 2, "auto_alt_ref": 1, **controls}.items():
            encoder.control(name, value)
        packets = list(encoder.encode(pictures))
        statistics = b"".join(data for kind, _, data in packets if kind == _STATISTICS)
    return [(pts, data) for kind, pts, data in packets if kind == 0]


def write_ivf(
    path: Path, codec: str, packets: Sequence[tuple[int, bytes]], *, size: tuple[int, int]
) -> Path:
    """Writes packets (pts, data) of `size` = (H, W) pictures at 25 frames per second."""
    name = _CODECS[codec][0]
    header = struct.pack(
        "<4sHH4sHHIIII", b"DKIF", 0, 32, name, size[1], size[0], 25, 1, len(packets), 0
    )
    body = b"".join(struct.pack("<IQ", len(data), pts) + data for pts, data in packets)
    path.write_bytes(header + body)
    return path
