"""Counts and reasons in memory that the processes of a loader share."""

from __future__ import annotations

import os
from enum import IntEnum
from multiprocessing.context import get_spawning_popen
from multiprocessing.sharedctypes import RawArray
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

__all__ = ["Kind", "Reason", "SharedCounts"]

_PROCESSES: Final = 256  # more workers on one machine are rare; they would share places
_REASONS: Final = 8  # of one process: a run has few, as codecs and kinds of damage are few


class Kind(IntEnum):
    """What is counted."""

    SAMPLES = 0
    """Those among the first `samples`, over which the share of fallbacks is judged."""
    FALLEN = 1
    WARNED = 2
    SEEN = 3
    """All samples."""
    SEEN_BEFORE = 4
    """`SEEN` when the last summary was made."""
    EPOCH = 5
    """1 + the latest epoch that the process met; 0: none."""


_PLACE: Final = np.dtype(
    [
        ("counts", np.int64, len(Kind)),
        (
            "reasons",
            [
                ("count", np.int64),
                ("before", np.int64),  # count when the last summary was made
                ("reason", "S64"),
                ("path", "S176"),
            ],
            _REASONS,
        ),
    ]
)
_MORE: Final = "other reasons"


class Reason(NamedTuple):
    """How many samples fell back for one reason.

    Attributes:
        samples: how many.
        path: a file of one of them, its end where it is long; "" where it is not known.
    """

    samples: int
    path: str


class SharedCounts:
    """Counts in memory that forked and spawned processes share; any other copy has its own.

    Each process writes to a place of its own, so that nothing is lost and nothing locked: a worker
    that is killed must not hold up the others. Processes share a place only where their numbers
    are _PROCESSES apart.

    Args:
        values: of another one's copy.
    """

    def __init__(self, values: bytes | None = None) -> None:
        self._memory: Any = RawArray("b", _PROCESSES * _PLACE.itemsize)
        if values is not None:
            self._places()[:] = np.frombuffer(values, _PLACE)

    def __reduce__(self) -> tuple[Any, ...]:
        if get_spawning_popen() is None:
            return SharedCounts, (self._places().tobytes(),)
        return _shared, (self._memory,)

    def _places(self) -> NDArray[Any]:
        return np.frombuffer(self._memory, _PLACE)

    def _own(self) -> Any:
        return self._places()[os.getpid() % _PROCESSES]

    def add(self, kind: Kind) -> None:
        """Counts one."""
        self._own()["counts"][kind] += 1

    def total(self, kind: Kind) -> int:
        """Over all processes."""
        return int(self._places()["counts"][:, kind].sum())

    def add_reason(self, reason: str, path: str) -> None:
        """Counts one sample that fell back, and keeps the first file of each reason."""
        rows = self._own()["reasons"]
        text = _fitting(reason, "reason")
        known = rows["reason"].tolist()
        at = known.index(text) if text in known else known.index(b"") if b"" in known else -1
        if at == len(rows) - 1 or at < 0:
            at, text = len(rows) - 1, _fitting(_MORE, "reason")
        row = rows[at]
        if not row["count"]:
            row["reason"], row["path"] = text, _fitting(path, "path")
        row["count"] += 1

    def reasons(self, *, since_summary: bool = False) -> dict[str, Reason]:
        """Why samples fell back, in all processes, the most frequent first.

        Args:
            since_summary: only of those since the last summary.
        """
        found: dict[str, Reason] = {}
        for row in self._places()["reasons"].reshape(-1):
            count = int(row["count"] - (row["before"] if since_summary else 0))
            if count > 0:
                name, path = (
                    row["reason"].decode(errors="replace"),
                    row["path"].decode(errors="replace"),
                )
                before = found.get(name, Reason(0, path))
                found[name] = Reason(before.samples + count, before.path or path)
        return dict(sorted(found.items(), key=lambda item: -item[1].samples))

    def ended_by(self, epoch: int) -> int | None:
        """The latest epoch before, if this process is the first to meet a sample of this one."""
        latest = int(self._places()["counts"][:, Kind.EPOCH].max()) - 1
        own = self._own()["counts"]
        own[Kind.EPOCH] = max(int(own[Kind.EPOCH]), epoch + 1)
        return latest if 0 <= latest < epoch else None

    def end_summary(self) -> None:
        """A summary was made: the next one begins here."""
        places = self._places()
        places["counts"][:, Kind.SEEN_BEFORE] = places["counts"][:, Kind.SEEN]
        places["reasons"]["before"] = places["reasons"]["count"]


def _shared(memory: Any) -> SharedCounts:
    made = SharedCounts()
    made._memory = memory
    return made


def _fitting(text: str, column: str) -> bytes:
    """UTF-8 within the column; of a path its end."""
    most = _PLACE["reasons"].subdtype[0][column].itemsize  # type: ignore[index]
    encoded = text.encode(errors="replace")
    return encoded[-most:] if column == "path" else encoded[:most]
