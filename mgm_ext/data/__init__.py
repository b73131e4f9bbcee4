"""Data sets: survey their files, store their motion once, read it back. Needs the extra `data`."""

from __future__ import annotations

from .clips import ShardError, SourceClip
from .precompute import precompute
from .record import StoredClip, StoreError
from .shard_run import RunReport
from .sources import clips_of
from .status import StoreStatus, merge, status
from .store import FieldStore, stored_clip
from .survey import survey

__all__ = [
    "FieldStore",
    "RunReport",
    "ShardError",
    "SourceClip",
    "StoreError",
    "StoreStatus",
    "StoredClip",
    "clips_of",
    "merge",
    "precompute",
    "status",
    "stored_clip",
    "survey",
]
