"""The fuzzer finds what it looks for, and its mutants harm nothing."""

from __future__ import annotations

import io
import os
import shutil
import subprocess
import time
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import av
import pytest

import mgm_ext
from tests import fuzz, fuzz_mutants, oracles
from tests.conftest import ROOT


@pytest.fixture(scope="module")
def seeds() -> dict[str, bytes]:
    return fuzz_mutants.make_seeds(["mpeg4", "mpeg2"])


def test_mutants_are_reproducible_and_damaged(seeds: dict[str, bytes]) -> None:
    assert {"mpeg4.mp4", "mpeg2.ts"} <= seeds.keys()
    changed, kinds = 0, set()
    for index in range(40):
        made = fuzz_mutants.mutant(seeds, 1, index)
        assert made == fuzz_mutants.mutant(seeds, 1, index)
        kinds.add(made.kind)
        changed += made.data != seeds[made.name]
    assert changed >= 36
    assert kinds == {"bytes", "boxes", "units", "joined"}


def test_mutants_give_the_same_with_and_without_pixels(seeds: dict[str, bytes]) -> None:
    verdicts = list(fuzz.run(seeds, seed=1, count=60))
    assert sorted(v.index for v in verdicts) == list(range(60))
    assert [v.failure for v in verdicts if v.failure] == []
    assert sum(v.outcome == "vectors" for v in verdicts) > 40
    assert sum(v.damaged for v in verdicts) > 30


def test_a_difference_is_a_failure(
    seeds: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = oracles.read

    def read(data: bytes, *, vectors_only: bool, **options: Any) -> Any:
        return real(data if vectors_only else seeds["mpeg2.ts"], **options)

    monkeypatch.setattr(oracles, "read", read)
    assert fuzz.judge(seeds["mpeg4.mp4"], 3).failure.startswith("coded-differs")
    assert fuzz.judge(seeds["mpeg2.ts"], 4) == fuzz.Verdict(4, outcome="vectors")


def test_an_undocumented_error_is_a_failure(
    seeds: dict[str, bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    def read(*_: Any, **__: Any) -> None:
        raise MemoryError("too much")

    monkeypatch.setattr(oracles, "read", read)
    assert fuzz.judge(seeds["mpeg4.mp4"], 0).failure == "coded-MemoryError: too much"


def crash_at_2_and_hang_at_4(pipe: Connection, *_: Any) -> None:
    pipe.send("ready")
    while (index := pipe.recv()) is not None:
        if index == 2:
            os.abort()
        if index == 4:
            time.sleep(60)
        pipe.send(fuzz.Verdict(index, outcome="vectors"))


def test_crashes_and_hangs_are_failures_and_the_others_go_on() -> None:
    target = crash_at_2_and_hang_at_4
    verdicts = list(
        fuzz.run({"a": b""}, seed=0, count=7, limits=fuzz.Limits(wall_seconds=0.5), target=target)
    )
    failures = {v.index: v.failure for v in verdicts if v.failure}
    assert failures == {2: "crash--6", 4: "hang-over-0.5s"}
    assert sorted(v.index for v in verdicts) == list(range(7))


def eat_at_2_and_spin_at_4(
    pipe: Connection, _: dict[str, bytes], __: int, limits: fuzz.Limits
) -> None:
    fuzz.limit_memory(limits)
    pipe.send("ready")
    while (index := pipe.recv()) is not None:
        fuzz.limit_time(limits)
        failure = ""
        if index == 2:
            try:
                bytearray(2 * limits.memory)
            except MemoryError:
                failure = "memory"
        while index == 4:
            pass
        pipe.send(fuzz.Verdict(index, outcome="vectors", failure=failure))


def test_a_mutant_may_take_so_much_memory_and_time() -> None:
    limits, target = fuzz.Limits(seconds=1, memory=1 << 28), eat_at_2_and_spin_at_4
    verdicts = list(fuzz.run({"a": b""}, seed=0, count=6, limits=limits, target=target))
    failures = {v.index: v.failure for v in verdicts if v.failure}
    assert failures == {2: "memory", 4: "over-1s-of-the-processor"}
    assert len(verdicts) == 6


@pytest.mark.parametrize("from_path", [True, False])
def test_damage_that_libav_calls_an_io_error_is_damage(
    seeds: dict[str, bytes], tmp_path: Path, from_path: bool
) -> None:
    data = seeds["mpeg4-interlaced.mkv"][:58]
    path = tmp_path / "cut.mkv"
    path.write_bytes(data)
    with pytest.raises(mgm_ext.DecodeError, match="opening the container: Input/output error"):
        mgm_ext.read_motion_vectors(path if from_path else data)


def test_a_clip_of_a_file_cut_short_is_invalid_where_nothing_is(seeds: dict[str, bytes]) -> None:
    # The header still promises 7 frames; the first is all there is.
    data = seeds["mpeg4.mp4"]
    with av.open(io.BytesIO(data), "r") as container:
        positions = [packet.pos for packet in container.demux(video=0) if packet.pos is not None]
    clip = mgm_ext.VideoReader(data[: positions[1]]).read_clip([3, 4])
    assert clip.frames is not None
    assert clip.frames.shape[0] == 2
    assert not clip.field.valid.any()
    assert not clip.field.cuts.any()
    assert clip.info.damaged


@pytest.mark.skipif(shutil.which("c++") is None, reason="there is no C++ compiler")
def test_libfuzzers_targets_compile() -> None:
    targets = sorted(str(path) for path in (ROOT / "fuzz").glob("*.cpp"))
    assert len(targets) == 4
    command = ["c++", "-std=c++20", "-fsyntax-only", "-I", "csrc", "-I", "fuzz", *targets]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    assert done.returncode == 0
