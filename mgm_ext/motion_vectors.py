"""What a codec wrote: the stream's facts and its motion vectors, block by block."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["MotionVectors", "VideoInfo", "letters"]


def letters(text: str) -> NDArray[np.str_]:
    """U1 [len(text)], one character each, read-only."""
    return np.frombuffer(text.encode("utf-32-le"), dtype="<U1")


@dataclass(frozen=True, slots=True, eq=False)
class VideoInfo:
    """What is known of a video stream.

    Attributes:
        codec: libav's name, such as "h264".
        profile: the codec's profile, or "".
        width, height: pixels of the picture as shown, cropped and turned.
        num_frames: number of frames, or None where the container does not say.
        average_fps: frames per second, 0.0 when unknown.
        duration_seconds: length, 0.0 when unknown.
        time_base: (numerator, denominator) of one tick of `pts` in seconds.
        rotation: degrees clockwise by which the coded picture was turned (0, 90, 180, 270).
        pixel_format: libav's name, such as "yuv420p"; "" before anything was decoded.
        sample_aspect_ratio: (width, height) of a pixel.
        has_vectors: the codec carries motion vectors that mgm_ext reads.
        damaged: part of the stream could not be decoded; what could is there. Where only vectors
            are read, and without `strict`, H.264 pictures that hold none are passed over, and
            damage in them is not told.
        size_changes: (frame, width, height) of each frame shown in another size than the one before
            it, by frame. Where a `VideoReader` passed over frames, the one before is the last that
            it decoded.
        key_frames: int64 [K], display index of each key frame; known after a whole read.
        container: libav's names of the format, such as "mov,mp4,m4a,3gp,3g2,mj2".
        reordered: frames are stored in another order than shown, as with B-frames; None where a
            `VideoReader` has not read the container's index, or that does not tell.
    """

    codec: str
    profile: str
    width: int
    height: int
    num_frames: int | None
    average_fps: float
    duration_seconds: float
    time_base: tuple[int, int]
    rotation: int
    pixel_format: str
    sample_aspect_ratio: tuple[int, int]
    has_vectors: bool
    damaged: bool
    size_changes: tuple[tuple[int, int, int], ...]
    key_frames: NDArray[np.int64]
    container: str = ""
    reordered: bool | None = None


# Field names of libav's AVMotionVector, as PyAV's `to_ndarray` gives them, plus our distance.
_STRUCTURED = (
    ("source", "<i4"),
    ("w", "u1"),
    ("h", "u1"),
    ("src_x", "<i2"),
    ("src_y", "<i2"),
    ("dst_x", "<i2"),
    ("dst_y", "<i2"),
    ("flags", "<u8"),
    ("motion_x", "<i4"),
    ("motion_y", "<i4"),
    ("motion_scale", "<u2"),
    ("reference_distance", "<f4"),
)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class MotionVectors:
    """The motion vectors of M coded frames, as the codec wrote them: nothing lost, nothing clamped.

    Rows [offsets[i], offsets[i + 1]) of the flat arrays belong to frame i. All arrays are read-only
    views on memory that this object keeps alive. Fields are libav's.

    Attributes:
        offsets: int64 [M + 1].
        source: int32 [N], -1 past, 1 future, 0 unknown reference.
        w, h: uint8 [N], size of the block in pixels.
        src_x, src_y: int16 [N], centre of the source block, truncated to pixels.
        dst_x, dst_y: int16 [N], centre of the block, pixels of the coded picture.
        flags: uint64 [N]; 1 skip, 2 direct or merge, 4 list 1, 8 field block.
        motion_x, motion_y: int32 [N], from the block to its source, in 1 / motion_scale pixel.
        motion_scale: uint16 [N].
        reference_distance: float32 [N], display frames from this frame to the one referred to,
            multiples of 0.5 for fields, negative for the past, NaN when unknown.
        picture_types: str U1 [M], "I", "P" or "B".
        pts: int64 [M], in ticks of `info.time_base`; the smallest int64 when unknown.
        seconds: float64 [M], NaN when unknown.
        key_frames: bool [M].
        info: the stream.
    """

    offsets: NDArray[np.int64]
    source: NDArray[np.int32]
    w: NDArray[np.uint8]
    h: NDArray[np.uint8]
    src_x: NDArray[np.int16]
    src_y: NDArray[np.int16]
    dst_x: NDArray[np.int16]
    dst_y: NDArray[np.int16]
    flags: NDArray[np.uint64]
    motion_x: NDArray[np.int32]
    motion_y: NDArray[np.int32]
    motion_scale: NDArray[np.uint16]
    reference_distance: NDArray[np.float32]
    picture_types: NDArray[np.str_]
    pts: NDArray[np.int64]
    seconds: NDArray[np.float64]
    key_frames: NDArray[np.bool_]
    info: VideoInfo

    def __len__(self) -> int:
        """Number of coded frames, M."""
        return len(self.offsets) - 1

    def __repr__(self) -> str:
        return f"MotionVectors({len(self)} frames, {len(self.w)} vectors, {self.info.codec})"

    def frame(self, index: int) -> slice:
        """Rows of one frame: `vectors.motion_x[vectors.frame(3)]`.

        Raises:
            IndexError: there is no such frame.
        """
        if not 0 <= index < len(self):
            raise IndexError(f"frame must be in [0, {len(self)}), got {index}")
        return slice(int(self.offsets[index]), int(self.offsets[index + 1]))

    def to_structured(self) -> NDArray[np.void]:
        """One structured array [N]: PyAV's field names and `reference_distance`."""
        rows = np.empty(len(self.w), dtype=list(_STRUCTURED))
        for name, _ in _STRUCTURED:
            rows[name] = getattr(self, name)
        return rows
