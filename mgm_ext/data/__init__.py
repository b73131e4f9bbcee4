"""Data sets: where their clips are, and many clips through worker processes."""

from __future__ import annotations

from .clips import ShardError, SourceClip
from .sources import clips_of

__all__ = ["ShardError", "SourceClip", "clips_of"]
