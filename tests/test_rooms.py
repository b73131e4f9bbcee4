"""csrc's rooms: includes go down only, and no two files need each other."""

from __future__ import annotations

import re
from collections.abc import Iterator
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

from tests.conftest import ROOT

CSRC = ROOT / "csrc"
# A room may include those in its line, and what they may include. "" is csrc itself.
BELOW = {
    "math": (),
    "": ("math",),
    "taps": (),
    "field": ("", "taps"),
    "decode": ("field",),
    "score": ("",),
    "masks": ("score",),
    "batch": ("masks",),
    "bindings": ("decode", "batch"),
    "cuda": ("bindings",),
}
SUFFIXES = {".c", ".h", ".cpp", ".hpp", ".cu", ".cuh"}
FILES = sorted(path for path in CSRC.rglob("*.*") if path.suffix in SUFFIXES)
# What may be seen of taps without libav: by the field's binning.
BLOCKS = CSRC / "taps" / "blocks.h"
LIBAV = re.compile(r"#include <(libav|libsw)")


def room(path: Path) -> str:
    parts = path.relative_to(CSRC).parts
    return parts[0] if len(parts) > 1 else ""


def allowed(name: str) -> set[str]:
    return {name}.union(*(allowed(lower) for lower in BELOW[name]))


def included(path: Path) -> Iterator[Path]:
    """Our own files that a file includes; generated ones and the decoders' stand elsewhere."""
    for name in re.findall(r'#include "([^"]+)"', path.read_text()):
        for place in (path.parent / name, CSRC / name):
            if place.exists():
                yield place.resolve()
                break


def everything_under(path: Path, seen: set[Path]) -> set[Path]:
    for other in included(path):
        if other not in seen:
            seen.add(other)
            everything_under(other, seen)
    return seen


def test_every_room_has_its_place_in_the_order() -> None:
    assert {room(path) for path in FILES} == set(BELOW)


@pytest.mark.parametrize("name", BELOW, ids=lambda name: name or "csrc")
def test_includes_go_down(name: str) -> None:
    wrong = [
        f"{path.relative_to(CSRC)} includes {other.relative_to(CSRC)}"
        for path in FILES
        if room(path) == name
        for other in included(path)
        if room(other) not in allowed(name)
    ]
    assert not wrong


def test_no_two_units_need_each_other() -> None:
    """A unit is a source with its header: x.cpp and x.hpp."""
    graph: dict[Path, set[Path]] = {}
    for path in FILES:
        unit = path.with_suffix("")
        graph.setdefault(unit, set()).update(
            other.with_suffix("") for other in included(path) if other.with_suffix("") != unit
        )
    list(TopologicalSorter(graph).static_order())  # CycleError names the units


@pytest.mark.parametrize("name", ["", "math", "field", "score", "masks", "batch"])
def test_libav_is_seen_by_taps_and_decode_alone(name: str) -> None:
    for path in FILES:
        if room(path) == name:
            for other in {path, *everything_under(path, set())}:
                assert not LIBAV.search(other.read_text()), (path, other)


def test_an_include_that_goes_up_is_seen(tmp_path: Path) -> None:
    assert "decode" not in allowed("field")
    assert BLOCKS in set(included(CSRC / "field" / "block_sums.cpp"))
    assert everything_under(BLOCKS, set()) == set()
