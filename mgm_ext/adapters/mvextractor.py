"""mv-extractor's interface with vectors that are right: change the import, keep the code.

    from mgm_ext.adapters.mvextractor import VideoCap
    cap = VideoCap()
    cap.open("clip.mp4")
    ok, frame, motion_vectors, frame_type = cap.read()

Names and meanings are those of mv-extractor 2.0.0, whose vectors are torn at random in streams with
B-frames. Beyond it: files and `bytes` of every codec that mgm_ext reads, but no network address.
"""

from __future__ import annotations

import os
from typing import Any, Literal, TypeAlias

import numpy as np
from numpy.typing import NDArray

from .. import _core
from ..decode import Source, check_after_fork, check_source, read_options
from ..errors import MgmError

__all__ = ["COLUMNS", "VideoCap"]

COLUMNS = (
    "source",
    "w",
    "h",
    "src_x",
    "src_y",
    "dst_x",
    "dst_y",
    "motion_x",
    "motion_y",
    "motion_scale",
)
"""What the columns of the motion vectors mean, as in `MotionVectors`."""

Retrieved: TypeAlias = tuple[bool, NDArray[np.uint8] | None, NDArray[np.int32], str]


class VideoCap:
    """mv-extractor's `VideoCap`: the frames of a video in turn, each with its motion vectors.

    After a fork the child goes on where the video stood, unless it is a file object.

    Args:
        blocks: "coded" gives the stream's own blocks; in P-frames without partitions under 8x8
            those are mv-extractor's rows. "libavcodec" gives libavcodec's public export row for
            row, with its phantom rows in H.264 B-frames and zeros in MPEG-4 B-frames.

    Raises:
        ValueError: another value of `blocks`.
    """

    def __init__(self, *, blocks: Literal["coded", "libavcodec"] = "coded") -> None:
        if blocks not in ("coded", "libavcodec"):
            raise ValueError(f'blocks must be "coded" or "libavcodec", got {blocks!r}')
        self._blocks = blocks
        self._decode_frames = True
        self._source: Any = None
        self._walk: _core.FrameWalk | None = None
        self._process = os.getpid()
        self._has_pixels = False
        self._grabbed = False
        self._position = 0

    @property
    def decode_frames(self) -> bool:
        """Whether frames come with the vectors."""
        return self._decode_frames

    def set_decode_frames(self, enable: bool) -> None:
        """False leaves the pixels out, about twice as fast; `retrieve` then gives None for them.

        May be called at any time. Switched back on, what was passed over is decoded once more.
        """
        self._decode_frames = bool(enable)

    def open(self, url: Source) -> bool:
        """Opens a video, in place of the one before.

        Args:
            url: path, bytes, or a seekable binary file object.

        Returns:
            False where it cannot be opened.

        Raises:
            TypeError: `url` is nothing of these.
        """
        self.release()
        self._source = check_source(url)
        try:
            self._start()
        except (MgmError, OSError):
            self.release()
            return False
        return True

    def grab(self) -> bool:
        """Goes to the next frame.

        Returns:
            False at the end, without an open video, or where nothing more can be decoded.
        """
        if self._walk is None:
            return False
        try:
            self._stay_open()
            if self._has_pixels and not self._decode_frames:
                self._walk.leave_pixels()
                self._has_pixels = False
            elif self._decode_frames and not self._has_pixels:
                self._decode_again()
            self._grabbed = self._walk.next()
        except MgmError:
            self._grabbed = False
        self._position += self._grabbed
        return self._grabbed

    def retrieve(self) -> Retrieved:
        """The frame that was grabbed.

        Returns:
            (success, frame, motion vectors, frame type): uint8 [H, W, 3] in BGR order, not turned
            by the display matrix, or None without pixels; int32 [N, 10], columns as in `COLUMNS`;
            "I", "P", "B", or "?" when unknown. Without a grabbed frame (False, None, no rows, "?").
        """
        if self._walk is None or not self._grabbed:
            return False, None, np.empty((0, len(COLUMNS)), np.int32), "?"
        self._stay_open()
        frame = self._walk.picture() if self._decode_frames and self._has_pixels else None
        return True, frame, self._walk.rows(), self._walk.picture_type()

    def read(self) -> Retrieved:
        """`grab` and `retrieve`."""
        self.grab()
        return self.retrieve()

    def release(self) -> None:
        """Closes the video."""
        self._source = self._walk = None
        self._has_pixels = self._grabbed = False
        self._position = 0

    def _start(self) -> None:
        options = read_options(rotate=False, vectors_only=not self._decode_frames)
        self._walk = _core.FrameWalk(self._source, options, self._blocks == "libavcodec")
        self._has_pixels = self._decode_frames
        self._process = os.getpid()

    def _stay_open(self) -> None:
        """Opens the video anew, up to where it stood, in the child of a fork."""
        if self._process != os.getpid():
            check_after_fork(self._source)
            self._decode_again()

    def _decode_again(self) -> None:
        self._start()
        assert self._walk is not None
        for _ in range(self._position):
            self._walk.next()
