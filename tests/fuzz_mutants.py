"""Small clips of every container and codec, and the damage that fuzz.py does to them."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np

import mgm_ext
from tests import clips

# name: (encoder, container, options). The containers' indices stand in front, where they can:
# behind, one wrong bit there would keep the decoder from seeing anything.
RECIPES: dict[str, tuple[str, str, dict[str, object]]] = {
    "h264.mp4": ("libx264", "mp4", {"bf": 2}),
    "h264.ts": ("libx264", "ts", {"bf": 2, "x264_params": "slices=3:bframes=2"}),
    "h264.h264": ("libx264", "h264", {"x264_params": "bframes=3:b-pyramid=normal:ref=3"}),
    "h264.mkv": ("libx264", "mkv", {"x264_params": "cabac=0:bframes=0"}),
    "h264-mbaff.mp4": ("libx264", "mp4", {"flags": "+ildct", "x264_params": "tff=1:bframes=2"}),
    "mpeg4.avi": ("mpeg4", "avi", {"bf": 2, "flags": "+mv4"}),
    "mpeg4.mp4": ("mpeg4", "mp4", {"bf": 1, "flags": "+qpel"}),
    "mpeg4-interlaced.mkv": ("mpeg4", "mkv", {"bf": 2, "flags": "+ildct+ilme"}),
    "mpeg4-partitioned.avi": ("mpeg4", "avi", {"data_partitioning": 1, "ps": 200}),
    "mpeg2.ts": ("mpeg2video", "ts", {"bf": 2}),
    "mpeg2-interlaced.mpg": ("mpeg2video", "mpg", {"bf": 1, "flags": "+ildct+ilme"}),
    "mpeg1.mpg": ("mpeg1video", "mpg", {"bf": 2}),
    "h263.avi": ("h263", "avi", {}),
    "h263p.avi": ("h263p", "avi", {"flags": "+mv4+aic+loop", "umv": 1}),
    "h261.h261": ("h261", "h261", {}),
    "flv.flv": ("flv", "flv", {}),
    "msmpeg4.avi": ("msmpeg4", "avi", {}),
    "wmv1.wmv": ("wmv1", "wmv", {}),
    "wmv2.wmv": ("wmv2", "wmv", {}),
    "rv20.rm": ("rv20", "rm", {}),
    "hevc.mp4": ("libx265", "mp4", {}),
    "hevc.ts": ("libx265", "ts", {"x265_params": "bframes=0:ref=2"}),
    "vp9.webm": ("libvpx-vp9", "webm", {}),
    "vp9.ivf": ("libvpx-vp9", "ivf", {"lag-in-frames": 0}),
    "vp8.webm": ("libvpx", "webm", {}),
    "av1.mp4": ("libsvtav1", "mp4", {}),
    "av1-grain.webm": (
        "libsvtav1",
        "webm",
        {"preset": 6, "pixel_format": "yuv420p10le", "svtav1_params": "film-grain=20"},
    ),
    "av1-super.ivf": (
        "libsvtav1",
        "ivf",
        {"svtav1_params": "superres-mode=1:superres-denom=13:superres-kf-denom=10"},
    ),
    "av1-overlay.obu": ("libsvtav1", "obu", {"preset": 5, "svtav1_params": "enable-overlays=1"}),
}


def make_seeds(codecs: Iterable[str]) -> dict[str, bytes]:
    """The undamaged clips by name, of those `codecs` (part of a name before ".", "-") that can be
    written here and whose vectors are read; all when empty."""
    wanted = set(codecs)
    size = (96, 128)  # the smallest that H.263 has
    frames = {n: clips.moving_object(size=size, num_frames=n, box=(16, 16, 64, 64)) for n in (7, 8)}
    frames[7][:, ::2] = frames[8][1:, ::2]  # two fields
    seeds = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, (codec, suffix, options) in RECIPES.items():
            family = name.split(".")[0].split("-")[0]
            if (wanted and family not in wanted) or not clips.has_encoder(codec):
                continue
            path = clips.encode(
                Path(folder) / f"seed.{suffix}",
                frames[7 if "flags" in options else 8] if suffix != "h261" else h261_frames(),
                codec,
                container_options={"movflags": "+faststart"} if suffix == "mp4" else None,
                **{"g": 5, "b": "300k", **options},  # type: ignore[arg-type]
            )
            if mgm_ext.probe(path).has_vectors:
                seeds[name] = path.read_bytes()
            path.unlink()
    return seeds


def h261_frames() -> clips.Frames:
    return clips.scroll(size=(144, 176), num_frames=6)  # the smallest that H.261 has


def _flip_bits(data: bytearray, rng: np.random.Generator, first: int) -> None:
    for at in rng.integers(first, len(data), int(rng.integers(1, 17))):
        data[at] ^= 1 << int(rng.integers(8))


def _set_bytes(data: bytearray, rng: np.random.Generator, first: int) -> None:
    start = int(rng.integers(first, len(data)))
    length = min(int(rng.integers(1, 9)), len(data) - start)
    kinds = (b"\0" * length, b"\xff" * length, rng.bytes(length))
    data[start : start + length] = kinds[int(rng.integers(3))]


def _cut(data: bytearray, rng: np.random.Generator, first: int) -> None:
    start = int(rng.integers(first, len(data)))
    del data[start : start + int(rng.integers(1, 200))]


def _repeat(data: bytearray, rng: np.random.Generator, first: int) -> None:
    source, target = (int(at) for at in rng.integers(first, len(data), 2))
    data[target:target] = data[source : source + int(rng.integers(1, 200))]


def _end(data: bytearray, rng: np.random.Generator, first: int) -> None:
    del data[int(rng.integers(first, len(data))) :]


def mutate(data: bytes, rng: np.random.Generator) -> bytes:
    """One to three kinds of damage; mostly behind the first tenth, where headers are."""
    damaged = bytearray(data)
    kinds = (_flip_bits, _flip_bits, _flip_bits, _set_bytes, _set_bytes, _cut, _repeat, _end)
    for kind in rng.integers(len(kinds), size=int(rng.integers(1, 4))):
        first = 0 if rng.random() < 0.15 else len(data) // 10
        if first < len(damaged):
            kinds[kind](damaged, rng, first)
    return bytes(damaged)


def mutant(seeds: dict[str, bytes], seed: int, index: int) -> tuple[str, bytes]:
    """The same (name, bytes) for the same seeds, seed and index."""
    rng = np.random.default_rng((seed, index))
    name = list(seeds)[index % len(seeds)]
    return name, mutate(seeds[name], rng)
