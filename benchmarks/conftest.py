"""Fixtures of the benchmarks: `record`, `peer`, and those of the tests."""

from __future__ import annotations

from types import ModuleType
from typing import Protocol

import pytest

from benchmarks import peers, rows
from benchmarks.paired import Ratio
from tests.conftest import encoded_clip, real_clip, real_footage, two_pass_clip

__all__ = ["encoded_clip", "peer", "real_clip", "real_footage", "record", "two_pass_clip"]


class Record(Protocol):
    """The type of the `record` fixture."""

    def __call__(
        self,
        table: str,
        row: str,
        value: Ratio | float | None,
        *,
        rival: str = "",
        at_least: float | None = None,
        at_most: float | None = None,
        note: str = "",
        unit: str = "",
        frames: int = 0,
        series: str = "",
        at: float | None = None,
    ) -> None: ...


class PeerFixture(Protocol):
    """The type of the `peer` fixture."""

    def __call__(self, name: str) -> ModuleType: ...


@pytest.fixture(scope="session")
def commit() -> str:
    return rows.commit()


@pytest.fixture
def record(commit: str) -> Record:
    """Adds a line to a table of the report; `rows.Row` says what the words mean.

    `record("masks", "smooth from a score", ratio(numpy, ours), rival="NumPy", at_least=10)`; a
    plain number takes a `unit`. Results are compared before; a target missed is marked in the
    report and fails nothing.
    """

    def add(table: str, row: str, value: Ratio | float | None, **more: object) -> None:
        unit = more.pop("unit", "")
        if not isinstance(value, Ratio):
            more["unit"] = unit
        made = rows.make(table, row, value, commit=commit, **more)
        rows.write(made)
        shown = "none" if made.value is None else f"{made.value:.3g}"
        spread = "" if made.low is None else f" ({made.low:.3g} to {made.high:.3g})"
        print(f"\n{table}: {row} | {made.rival} | {shown}{made.unit}{spread}", end=" ")
        print("SHORT" if made.short else "", made.note)

    return add


@pytest.fixture
def peer() -> PeerFixture:
    """Imports another library by its name in `peers.PEERS`; skips where it is missing."""

    def find(name: str) -> ModuleType:
        module = peers.load(name)
        if isinstance(module, str):
            pytest.skip(f"{name} is missing: {module}")
        return module

    return find
