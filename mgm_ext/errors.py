"""What mgm_ext raises on bad video; everything else is a builtin exception."""

from __future__ import annotations

__all__ = ["DecodeError", "MgmError", "NoMotionVectors", "TimeLimitExceeded"]


class MgmError(Exception):
    """Base of the errors that only mgm_ext raises."""


class DecodeError(MgmError, ValueError):
    """The stream cannot be decoded.

    Attributes:
        path: file name, or "<bytes>".
        frame: display index of the frame at which decoding failed, or None before the first.
        reason: what was attempted and the decoder's own words.
    """

    def __init__(self, path: str, frame: int | None, reason: str) -> None:
        super().__init__(path, frame, reason)
        self.path = path
        self.frame = frame
        self.reason = reason

    def __str__(self) -> str:
        place = "" if self.frame is None else f", frame {self.frame}"
        return f"{self.path}{place}: {self.reason}"


class TimeLimitExceeded(DecodeError):
    """Reading took longer than `max_seconds`; the stream may be sound."""


class NoMotionVectors(MgmError, ValueError):
    """The codec carries no motion vectors, or none that can be read.

    Attributes:
        path: file name, or "<bytes>".
        codec: libav's name of the codec.
        reason: why, which codecs do carry vectors, and the command that converts.
    """

    def __init__(self, path: str, codec: str, reason: str) -> None:
        super().__init__(path, codec, reason)
        self.path = path
        self.codec = codec
        self.reason = reason

    def __str__(self) -> str:
        return f"{self.path}: {self.reason}"
