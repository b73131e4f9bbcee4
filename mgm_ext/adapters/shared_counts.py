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


_PLACE: Final = np.dtype(
    [
        ("counts", np.int64, len(Kind)),
        ("epochs", np.int64, 2),  # 1 + the latest even and the latest odd one; 0: none
        ("seen", np.int64, 2),  # `Kind.SEEN` when they began
        (
            "reasons",
            [
                ("count", np.int64),
                ("at", np.int64, 2),  # count when the latest even and odd epochs began
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

    def reasons(self, epoch: int = -1) -> dict[str, Reason]:
        """Why samples fell back, in all processes, the most frequent first.

        Args:
            epoch: only in this one, the latest or the one before; -1: in all.
        """
        found: dict[str, Reason] = {}
        places = self._places()
        for number in range(_REASONS):
            rows = places["reasons"][:, number]
            counts = _of_epoch(rows["count"], rows["at"], places, epoch)
            for place in np.flatnonzero(counts > 0):
                name = rows["reason"][place].decode(errors="replace")
                path = rows["path"][place].decode(errors="replace")
                before = found.get(name, Reason(0, path))
                found[name] = Reason(before.samples + int(counts[place]), before.path or path)
        return dict(sorted(found.items(), key=lambda item: -item[1].samples))

    def latest_epoch(self) -> int:
        """That any process has begun; -1: none."""
        return int(self._places()["epochs"].max()) - 1

    def begin_epoch(self, epoch: int) -> None:
        """What this process counts from now on is of this epoch.

        Every process marks its own place: those that go on at the same moment lose nothing.
        """
        own, side = self._own(), epoch % 2
        if own["epochs"][side] != epoch + 1:
            own["seen"][side] = own["counts"][Kind.SEEN]
            own["reasons"]["at"][:, side] = own["reasons"]["count"]
            own["epochs"][side] = epoch + 1

    def seen_in(self, epoch: int) -> int:
        """Samples of the latest epoch or the one before; of all where none has begun (-1)."""
        places = self._places()
        return int(_of_epoch(places["counts"][:, Kind.SEEN], places["seen"], places, epoch).sum())


def _of_epoch(
    count: NDArray[np.int64], marks: NDArray[np.int64], places: NDArray[Any], epoch: int
) -> NDArray[np.int64]:
    """What every place counted in an epoch.

    Args:
        count: [P], so far.
        marks: [P, 2], where it stood when the place's latest even and odd epochs began.
        places: [P].
        epoch: -1: all of `count`.
    """
    if epoch < 0:
        return count
    side = epoch % 2
    this, other = places["epochs"][:, side], places["epochs"][:, 1 - side]
    ended = np.where(other > epoch + 1, marks[:, 1 - side], count)
    return np.where(this == epoch + 1, ended - marks[:, side], 0)


def _shared(memory: Any) -> SharedCounts:
    made = SharedCounts()
    made._memory = memory
    return made


def _fitting(text: str, column: str) -> bytes:
    """UTF-8 within the column; of a path its end."""
    most = _PLACE["reasons"].subdtype[0][column].itemsize  # type: ignore[index]
    encoded = text.encode(errors="replace")
    return encoded[-most:] if column == "path" else encoded[:most]
