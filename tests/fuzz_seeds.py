"""Small clips of every container and codec, for the fuzzers."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from tests import clips, obu_units

FRAGMENTS = "+frag_keyframe+empty_moov+default_base_moof"

# name: (encoder, container, options). The containers' indices stand in front, where they can:
# behind, one wrong bit there would keep the decoder from seeing anything.
RECIPES: dict[str, tuple[str, str, dict[str, object]]] = {
    "h264.mp4": ("libx264", "mp4", {"bf": 2}),
    "h264.ts": ("libx264", "ts", {"bf": 2, "x264_params": "slices=3:bframes=2"}),
    "h264-fragments.mp4": ("libx264", "mp4", {"bf": 2, "movflags": FRAGMENTS}),
    "h264.h264": ("libx264", "h264", {"x264_params": "bframes=3:b-pyramid=normal:ref=3"}),
    "h264-larger.h264": ("libx264", "h264", {"size": (176, 208), "x264_params": "slices=4:ref=1"}),
    "h264-10bit.h264": (
        "libx264",
        "h264",
        {"pixel_format": "yuv422p10le", "x264_params": "interlaced=1:bframes=1"},
    ),
    "h264.mkv": ("libx264", "mkv", {"x264_params": "cabac=0:bframes=0"}),
    "h264-mbaff.mp4": ("libx264", "mp4", {"flags": "+ildct", "x264_params": "tff=1:bframes=2"}),
    "mpeg4.avi": ("mpeg4", "avi", {"bf": 2, "flags": "+mv4"}),
    "mpeg4.mp4": ("mpeg4", "mp4", {"bf": 1, "flags": "+qpel"}),
    "mpeg4-interlaced.mkv": ("mpeg4", "mkv", {"bf": 2, "flags": "+ildct+ilme"}),
    "mpeg4-partitioned.avi": ("mpeg4", "avi", {"data_partitioning": 1, "ps": 200}),
    "mpeg4.m4v": ("mpeg4", "m4v", {"bf": 2}),
    "mpeg4-larger.m4v": ("mpeg4", "m4v", {"size": (176, 208), "flags": "+mv4+qpel"}),
    "mpeg2.m2v": ("mpeg2video", "m2v", {"bf": 2}),
    "mpeg2-larger.m2v": ("mpeg2video", "m2v", {"size": (176, 208), "flags": "+ildct+ilme"}),
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
    "hevc.hevc": ("libx265", "hevc", {}),
    "hevc-larger.hevc": ("libx265", "hevc", {"size": (176, 208), "x265_params": "slices=2"}),
    "hevc-10bit.hevc": ("libx265", "hevc", {"pixel_format": "yuv420p10le"}),
    "hevc.ts": ("libx265", "ts", {"x265_params": "bframes=0:ref=2"}),
    "vp9.webm": ("libvpx-vp9", "webm", {}),
    "vp9.ivf": ("libvpx-vp9", "ivf", {"lag-in-frames": 0}),
    "vp9-larger.ivf": ("libvpx-vp9", "ivf", {"size": (176, 208)}),
    "vp8.ivf": ("libvpx", "ivf", {}),
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
    "av1-larger.obu": ("libsvtav1", "obu", {"size": (176, 208), "preset": 8}),
    "av1-captions.obu": ("libsvtav1", "obu", {"preset": 8}),
    "av1-overlay.obu": ("libsvtav1", "obu", {"preset": 5, "svtav1_params": "enable-overlays=1"}),
}


def encode_all(codecs: Iterable[str]) -> dict[str, bytes]:
    """The undamaged clips by name, of those `codecs` (part of a name before ".", "-") that can be
    written here; all when empty."""
    wanted = set(codecs)
    seeds = {}
    with tempfile.TemporaryDirectory() as folder:
        for name, (codec, _, _) in RECIPES.items():
            family = name.split(".")[0].split("-")[0]
            if (not wanted or family in wanted) and clips.has_encoder(codec):
                path = _encode(name, Path(folder))
                seeds[name] = path.read_bytes()
                path.unlink()
    if "av1-captions.obu" in seeds:
        seeds["av1-captions.obu"] = _with_captions(seeds["av1-captions.obu"])
    return seeds


def _encode(name: str, folder: Path) -> Path:
    codec, suffix, recipe = RECIPES[name]
    options: dict[str, Any] = {"g": 5, "b": "300k", **recipe}
    size = options.pop("size", (96, 128))  # the smallest that H.263 has
    movflags = options.pop("movflags", "+faststart")
    if suffix == "h261":
        frames = clips.scroll(size=(144, 176), num_frames=6)  # the smallest that H.261 has
    else:
        num_frames = 7 if "flags" in options else 8
        box = (16, 16, 64, 64)
        frames = clips.moving_object(size=size, num_frames=num_frames, box=box)
    if "flags" in options:
        later = clips.moving_object(size=size, num_frames=num_frames + 1, box=box)
        frames[:, ::2] = later[1:, ::2]  # two fields
    return clips.encode(
        folder / f"seed.{suffix}",
        frames,
        codec,
        container_options={"movflags": movflags} if suffix == "mp4" else None,
        **options,
    )


def _with_captions(data: bytes) -> bytes:
    said = obu_units.captions(3)
    return b"".join(
        said + unit if obu_units.kind(unit) == obu_units.FRAME else unit
        for unit in obu_units.split(data)
    )


def main(folder: Path) -> None:
    """Writes all of them, for the corpora of libFuzzer."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in encode_all([]).items():
        (folder / name).write_bytes(data)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
