"""Parts of MPEG-4 video that no encoder here writes: global motion, pictures not coded, and the
packed B-frames of DivX.

Source: ISO/IEC 14496-2, 6.2.3 to 6.2.6 and 7.8; table B-33 for the trajectory.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import av

from tests.bit_writer import BitWriter

RATE = 25  # ticks and frames per second
TIME_BITS = 5
VOP = b"\0\0\1\xb6"


def packets_of(path: Path) -> list[bytes]:
    """The coded pictures of a file; headers stand before the first."""
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        data = [bytes(packet) for packet in container.demux(stream) if packet.size]
        headers = stream.codec_context.extradata or b""
    return data if data[0].startswith(b"\0\0\1\xb0") else [headers + data[0], *data[1:]]


def picture_of(packet: bytes) -> bytes:
    """The picture without its headers."""
    return packet[packet.index(VOP) :]


def headers(height: int, width: int, *, points: int, quarter: bool = False) -> bytes:
    """Of a stream with global motion by `points` points, half-pixel accuracy."""
    bits = BitWriter()
    bits.start(0x00)
    bits.start(0x20)
    bits.fields((0, 1), (17, 8), (1, 1), (2, 4), (1, 3), (1, 4), (0, 1), (0, 2), (1, 1))
    bits.fields((RATE, 16), (1, 1), (0, 1), (1, 1), (width, 13), (1, 1), (height, 13), (1, 1))
    bits.fields((0, 1), (1, 1), (2, 2), (points, 6), (0, 2), (0, 1))  # sprites: global motion
    bits.fields((0, 1), (0, 1), (int(quarter), 1), (1, 1), (1, 1), (0, 1), (0, 1), (0, 1), (0, 1))
    bits.align(stuff=True)
    return bits.to_bytes()


def _begin(kind: str, tick: int) -> BitWriter:
    bits = BitWriter()
    bits.start(0xB6)
    bits.fields(("IPBS".index(kind), 2), (0, 1), (1, 1), (tick, TIME_BITS), (1, 1))
    return bits


def not_coded(tick: int) -> bytes:
    """A picture that says: show the one before again. tick: within the first second."""
    bits = _begin("P", tick)
    bits.put(0, 1)
    bits.align(stuff=True)
    return bits.to_bytes()


def _trajectory(bits: BitWriter, value: int) -> None:
    size = abs(value).bit_length()
    lengths = ("00", "010", "011", "100", "101", "110", "1110", "11110", "111110", "1111110")
    bits.code(lengths[size])
    bits.put(value if value >= 0 else value + (1 << size) - 1, size)
    bits.put(1, 1)


def global_motion(
    tick: int, trajectory: Sequence[tuple[int, int]], *, macroblocks: int, skipped: Sequence[bool]
) -> bytes:
    """A picture all of whose macroblocks follow the global motion, `skipped` or said so.

    trajectory: half pixels by which the first corner comes from elsewhere, then by how much more
    the further ones do.
    """
    bits = _begin("S", tick)
    bits.fields((1, 1), (0, 1), (0, 3))
    for x, y in trajectory:
        _trajectory(bits, x)
        _trajectory(bits, y)
    bits.fields((4, 5), (1, 3))  # quantiser, range of motion
    for i in range(macroblocks):
        bits.code("1" if skipped[i % len(skipped)] else "01111")
    bits.align(stuff=True)
    return bits.to_bytes()


def pack(packets: Sequence[bytes]) -> list[bytes]:
    """The chunks of I P B P B ... as DivX packed them: each B with the P before it, and a picture
    that is not coded where it stood."""
    first, *rest = packets
    at = first.index(VOP)
    chunks = [first[:at] + b"\0\0\1\xb2DivX503b1393p" + first[at:]]
    for i in range(0, len(rest) - 1, 2):
        chunks += [rest[i] + rest[i + 1], not_coded(i + 2)]
    return chunks + ([rest[-1]] if len(rest) % 2 else [])


def write_avi(path: Path, chunks: Sequence[bytes], size: tuple[int, int]) -> Path:
    """One chunk to a frame; size: (H, W)."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=RATE)
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.codec_tag = "DX50"
        container.start_encoding()
        for i, chunk in enumerate(chunks):
            packet = av.Packet(chunk)
            packet.stream = stream
            packet.pts = packet.dts = i
            packet.is_keyframe = i == 0
            container.mux(packet)
    return path
