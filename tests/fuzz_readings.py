"""What the fuzzers read of a file: readings that must agree, and sources that cheat."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

import numpy as np

import mgm_ext
from mgm_ext import Clip, MotionField, MotionVectors, VideoInfo, VideoReader, _core
from mgm_ext.adapters import mvextractor
from mgm_ext.decode import read_options
from tests import fuzz_sources, oracles

# What any file may raise; IndexError: a clip was asked for frames that the mutant has no longer.
DOCUMENTED = (mgm_ext.DecodeError, mgm_ext.NoMotionVectors, IndexError)
# What a source may raise that is no file, or lies.
OF_SOURCES = (*DOCUMENTED, TypeError, ValueError, OSError, RuntimeError, fuzz_sources.HostileError)

# What "Untrusted files" in docs tells a service to set.
LIMITS: dict[str, Any] = {"max_pixels": 1 << 22, "max_bytes": 1 << 28}
WANTED = [0, 3, 4]
BEFORE = ([5, 6], [1], [4, 2])
SPARSE = [1, 5]
FAR = [4]  # after pictures that nobody asked for


@dataclass(frozen=True)
class Outcome:
    """Of one reading: "vectors" or the error's class, what was read, and what is said of damage."""

    kind: str
    digest: str = ""
    damaged: bool = True


def digest_of(value: Any) -> str:
    total = hashlib.sha256()
    _update(total, value)
    return total.hexdigest()


def _update(total: Any, value: Any) -> None:
    if isinstance(value, VideoInfo):
        return  # tells what is known by now
    if is_dataclass(value):
        # Damage is said of all that a reader has read so far.
        for field in [field for field in fields(value) if field.name != "damaged"]:
            _update(total, getattr(value, field.name))
    elif isinstance(value, np.ndarray):
        total.update(value.tobytes())
    elif isinstance(value, tuple):
        for one in value:
            _update(total, one)
    elif isinstance(value, (str, int)):
        total.update(repr(value).encode())


def outcome_of(read: Callable[[], Any]) -> Outcome:
    """What is not documented is raised."""
    try:
        values = read()
    except DOCUMENTED as error:
        return Outcome(type(error).__name__)
    damaged = isinstance(values, (Clip, MotionVectors)) and values.info.damaged
    return Outcome("vectors", digest_of(values), damaged)


def _vectors(data: bytes, *, only: bool, exported: bool = False) -> MotionVectors:
    return oracles.read(
        data, vectors_only=only, blocks="libavcodec" if exported else "coded", **LIMITS
    )


def _costs(data: bytes, *, only: bool) -> tuple[Any, ...]:
    options = read_options(vectors_only=only, **LIMITS)
    columns, types, _ = _core.read_block_costs(data, options, None, False)
    return types, *columns.values()


def _energy(data: bytes) -> None:
    """Coefficients change no bits; of undamaged files they are the same read frame by frame."""
    bits = mgm_ext.read_block_costs(data, **LIMITS)
    whole = mgm_ext.read_block_costs(data, signal="coefficients", **LIMITS)
    known = whole.valid
    if (known & ~bits.valid).any() or not np.array_equal(whole.bits[known], bits.bits[known]):
        raise AssertionError("bits differ when coefficients are read, too")
    some = mgm_ext.read_block_costs(data, frame_indices=WANTED, signal="coefficients", **LIMITS)
    if some.info.damaged or whole.info.damaged:
        return
    both = some.valid & whole.valid[WANTED]
    if not both.any():
        return
    for name in ("luma_energy", "chroma_energy"):
        if not np.array_equal(getattr(some, name)[both], getattr(whole, name)[WANTED][both]):
            raise AssertionError(f"{name} of single frames differs")


def _reader(data: Any, **options: Any) -> VideoReader:
    return VideoReader(data, **LIMITS, **options)


def _without_frames(clip: Clip) -> tuple[Any, ...]:
    return clip.field, clip.seconds, clip.picture_types, clip.frame_indices


def _field_of_clip(data: bytes, *, pixels: bool) -> Any:
    return _without_frames(_reader(data).read_clip(WANTED, pixels=pixels))


def _field_of_frames(data: bytes) -> MotionField:
    return mgm_ext.read_motion_field(data, frame_indices=WANTED, **LIMITS)


def _sparse(data: bytes, **options: Any) -> Any:
    """Of a clip between whose frames blocks stay unread, unless damage is to be told."""
    reader = _reader(data, **options)
    return _without_frames(reader.read_clip(SPARSE, pixels=False, window="frame"))


def _sparse_where_undamaged(data: bytes) -> Any:
    try:
        mgm_ext.read_motion_vectors(data, strict=True, **LIMITS)
        return _sparse(data, strict=True)
    except DOCUMENTED:
        return _sparse(data)


def _clip(
    data: bytes,
    *,
    before: tuple[list[int], ...] = (),
    num_threads: int = 1,
    wanted: list[int] = WANTED,
) -> Clip:
    reader = _reader(data, num_threads=num_threads, size=48)
    for indices in before:
        with contextlib.suppress(*DOCUMENTED):
            reader.read_clip(indices)
    return reader.read_clip(wanted)


Pair = tuple[Callable[[bytes], Any], Callable[[bytes], Any]]
PAIRS: Mapping[str, Pair] = {
    "coded": (lambda data: _vectors(data, only=True), lambda data: _vectors(data, only=False)),
    "libavcodec": (
        lambda data: _vectors(data, only=True, exported=True),
        lambda data: _vectors(data, only=False, exported=True),
    ),
    "clip": (
        lambda data: _field_of_clip(data, pixels=False),
        lambda data: _field_of_clip(data, pixels=True),
    ),
    "unread": (_sparse, _sparse_where_undamaged),
    "costs": (lambda data: _costs(data, only=True), lambda data: _costs(data, only=False)),
    "field": (_field_of_frames, lambda data: _reader(data).read_clip(WANTED, pixels=False).field),
    "reused": (_clip, lambda data: _clip(data, before=BEFORE)),
    # The first clip is read on one thread in any case.
    "threads": (_clip, lambda data: _clip(data, before=BEFORE, num_threads=2)),
    "far": (
        lambda data: _clip(data, wanted=FAR),
        lambda data: _clip(data, before=([0],), num_threads=2, wanted=FAR),
    ),
}


def read_rest(data: bytes) -> None:
    """The readings that nothing is compared with."""
    for read in (
        lambda: mgm_ext.probe(data, max_pixels=LIMITS["max_pixels"]),
        lambda: mgm_ext.read_motion_field(data, **LIMITS),
        lambda: mgm_ext.read_block_costs(data, frame_indices=WANTED, **LIMITS),
        lambda: _energy(data),
        lambda: _read_as_mvextractor(data),
    ):
        outcome_of(read)


def _read_as_mvextractor(data: bytes) -> None:
    capture = mvextractor.VideoCap()
    if capture.open(data):
        for _ in range(4):
            capture.read()


def read_hostile(data: bytes, rng: np.random.Generator) -> None:
    """Whatever the source does, an error says so."""
    if rng.random() < 0.3:
        source: Any = fuzz_sources.odd_view(data, rng)
    else:
        source = fuzz_sources.HostileFile(data, rng)
    reads: tuple[Callable[[], Any], ...] = (
        lambda: mgm_ext.probe(source),
        lambda: mgm_ext.read_motion_vectors(source, max_seconds=2, **LIMITS),
        lambda: mgm_ext.read_motion_field(source, max_seconds=2, **LIMITS),
        lambda: _read_clips(source, num_threads=int(rng.integers(1, 3))),
    )
    with contextlib.suppress(*OF_SOURCES):
        reads[int(rng.integers(len(reads)))]()


def _read_clips(source: Any, num_threads: int) -> None:
    reader = _reader(source, max_seconds=2, num_threads=num_threads)
    if isinstance(source, fuzz_sources.HostileFile):
        source.readers.append(reader)
    with contextlib.suppress(*OF_SOURCES):
        reader.read_clip(WANTED)
    reader.read_clip([1])
