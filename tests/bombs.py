"""Small files that ask for much: memory and time must follow the file, not what it says."""

from __future__ import annotations

import struct
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from tests import boxes, clips, start_codes

SAMPLES = 60_000_000
FRAGMENT = struct.pack(">III", 8, 1, 0)  # size, duration, flags
SLICE_CODES: dict[str, Callable[[int], bool]] = {
    "mpeg2video": lambda code: 0 < code < 0xB0,
    "libx265": lambda code: code >> 1 < 32,
}


def grey(*shape: int) -> clips.Frames:
    return np.full((*shape, 3), 128, np.uint8)


def mp4(folder: Path, codec: str = "mpeg4", *, num_frames: int = 8, **options: Any) -> bytes:
    """A small file with its index in front."""
    return clips.encode(
        folder / "small.mp4",
        clips.scroll(size=(96, 128), num_frames=num_frames),
        codec,
        container_options={"movflags": "+faststart"},
        **options,
    ).read_bytes()


def many_samples(folder: Path) -> bytes:
    """60 million samples of one byte, promised in a few bytes."""
    data = boxes.edit(mp4(folder), b"stsz", struct.pack(">III", 0, 1, SAMPLES))
    data = boxes.edit(data, b"stts", struct.pack(">IIII", 0, 1, SAMPLES, 512))
    return boxes.edit(data, b"stsc", struct.pack(">IIIII", 0, 1, 1, SAMPLES, 1))


def many_samples_in_fragments(folder: Path) -> bytes:
    """The same in a fragment's run, whose samples need no byte each."""
    header = clips.encode(
        folder / "fragments.mp4",
        clips.scroll(size=(96, 128), num_frames=4),
        "mpeg4",
        container_options={"movflags": "+frag_keyframe+empty_moov+default_base_moof"},
    ).read_bytes()
    tables = boxes.parse(header)
    moof = next(box for box in tables if box.kind == b"moof")
    runs = [box for box in moof.walk() if box.kind == b"trun"]
    runs[0].data = struct.pack(">II", 0, SAMPLES)
    for box in moof.walk():
        if box.kind == b"tfhd":  # defaults for duration and size
            box.data = struct.pack(">IIII", 0x020018, 1, 512, 1)
    return boxes.write(tables)


def many_real_samples(
    folder: Path, samples: int, *, all_keys: bool = False, edited: bool = False
) -> Path:
    """A long film of samples of 8 bytes that are there, each with an offset of its own."""
    tables = boxes.parse(mp4(folder, num_frames=3, bf=0, g=12))
    (sizes,), (media,) = boxes.find(tables, b"stsz"), boxes.find(tables, b"mdat")
    first, second = struct.unpack_from(">2I", sizes.data, 12)
    picture = media.data[:first]
    media.data = picture + media.data[first : first + second][:8] * (samples - 1)
    keys = range(1, samples + 1 if all_keys else 2)
    bodies = {
        b"stsz": struct.pack(">4I", 0, 0, samples, first) + struct.pack(">I", 8) * (samples - 1),
        b"stts": struct.pack(">IIII", 0, 1, samples, 512),
        b"stsc": struct.pack(">IIIII", 0, 1, 1, samples, 1),
        b"stss": struct.pack(f">II{len(keys)}I", 0, len(keys), *keys),
        b"elst": struct.pack(">IIIiI", 0, 1, 40 * samples, 512, 1 << 16),
    }
    for box in [box for top in tables for box in top.walk()]:
        box.data = bodies.get(box.kind, box.data)
        if box.kind == b"stbl":
            offsets = struct.pack(">II", 0, samples) + struct.pack(">4I", 1, 512, 1, 1536) * (
                samples // 2
            )
            box.children = [one for one in box.children if one.kind != b"ctts"]
            box.children.append(boxes.Box(b"ctts", offsets))
        if box.kind == b"trak" and not edited:
            box.children = [one for one in box.children if one.kind != b"edts"]
    place = boxes.write(tables).index(picture)
    boxes.find(tables, b"stco")[0].data = struct.pack(">III", 0, 1, place)
    path = folder / f"{samples}.mp4"
    path.write_bytes(boxes.write(tables))
    return path


def many_fragments(folder: Path, *, streams: int = 900, fragments: int = 20_000) -> bytes:
    """Fragments listed ahead, of each of which libavformat keeps something for every stream."""
    tables = boxes.parse(mp4(folder, num_frames=2))
    movie = next(box for box in tables if box.kind == b"moov")
    movie.children += streams * [boxes.Box(b"trak")]
    listed = struct.pack(">IIIIIHH", 0, 1, 1000, 0, 0, 0, fragments)
    tables.insert(tables.index(movie) + 1, boxes.Box(b"sidx", listed + fragments * FRAGMENT))
    return boxes.write(tables)


def many_edits(
    folder: Path, *, edits: int = 1500, samples: int = 150_000, seconds: int = 1000
) -> bytes:
    """Every edit shows the first seconds again."""
    one = struct.pack(">IiI", 1000 * seconds, 0, 1 << 16)
    body = struct.pack(">II", 0, edits) + edits * one
    data = boxes.edit(mp4(folder, num_frames=2), b"elst", body, within=b"edts")
    data = boxes.edit(data, b"stsz", struct.pack(">III", 0, 1, samples))
    data = boxes.edit(data, b"stts", struct.pack(">IIII", 0, 1, samples, 1))
    return boxes.edit(data, b"stsc", struct.pack(">IIIII", 0, 1, 1, samples, 1))


def line() -> bytes:
    """A picture of 16383x1 pixels."""
    return b"YUV4MPEG2 W16383 H1 F25:1 Cmono\nFRAME\n" + bytes(16383)


def repeated_slices(folder: Path, codec: str, *, times: int) -> bytes:
    """The last slice of the last picture, of which nothing moves, again and again."""
    recipes: dict[str, tuple[str, dict[str, Any]]] = {
        "mpeg2video": ("m2v", {"bf": 0, "flags": "+qscale", "global_quality": 31 * 118}),
        "libx264": ("mp4", {"x264_params": "cabac=0:bframes=0:slices=2:ref=1:qp=40"}),
        "libx265": ("hevc", {"x265_params": "bframes=0:slices=2:ref=1:qp=40"}),
    }
    suffix, options = recipes[codec]
    frames = grey(4, 256, 1920)
    path = clips.encode(folder / f"slices.{suffix}", frames, codec, **options)
    if suffix == "mp4":
        return _repeat_last_unit(path.read_bytes(), times)
    units = start_codes.split(path.read_bytes())
    is_slice = SLICE_CODES[codec]
    last = max(i for i, unit in enumerate(units) if is_slice(start_codes.code(unit)))
    return b"".join(units[:last] + times * units[last : last + 1] + units[last + 1 :])


def _repeat_last_unit(data: bytes, times: int) -> bytes:
    """The last H.264 unit of the last sample; where start codes divide pictures, units that come
    again would be pictures of their own."""
    tables = boxes.parse(data)
    (sizes,), (media,) = boxes.find(tables, b"stsz"), boxes.find(tables, b"mdat")
    sample = media.data[-struct.unpack(">I", sizes.data[-4:])[0] :]
    at = 0
    while at + 4 + struct.unpack_from(">I", sample, at)[0] < len(sample):
        at += 4 + struct.unpack_from(">I", sample, at)[0]
    added = (times - 1) * sample[at:]
    media.data += added
    sizes.data = sizes.data[:-4] + struct.pack(">I", len(sample) + len(added))
    return boxes.write(tables)


def skipped_frames(folder: Path, *, cycles: int) -> bytes:
    """Pictures of 1920x1080 of which nothing moves: about 20 bytes and 8,160 vectors each."""
    frames = grey(17, 1080, 1920)
    path = clips.encode(
        folder / "skipped.h264",
        frames,
        "libx264",
        x264_params="cabac=0:bframes=0:ref=1:keyint=infinite:scenecut=0:qp=40",
    )
    units = start_codes.split(path.read_bytes())
    first = next(i for i, unit in enumerate(units) if start_codes.code(unit) & 31 == 1)
    # Frame numbers start again after 16 pictures.
    return b"".join(units[:first]) + cycles * b"".join(units[first : first + 16])
