"""The harness that holds any file against PyAV: what it finds in clips at hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests import differential
from tests.conftest import EncodedClip, RealClip
from tests.test_clip_tail import broken

SIZE = (96, 128)


def outcome(path: Path) -> tuple[str, list[str]]:
    found = differential.run(path, seconds=120, megabytes=4000)
    return found["outcome"], found["reasons"]


@pytest.mark.parametrize("name", ["carphone_pristine.mp4", "rotated_90.mov", "unordered.mov"])
def test_real_clips_are_the_same(real_clip: RealClip, name: str) -> None:
    assert outcome(real_clip(name)) == ("same", [])


@pytest.mark.parametrize(
    ("codec", "container", "options"),
    [("libx264", "ts", {"bf": 2}), ("mpeg2video", "mpg", {"bf": 2}), ("libvpx-vp9", "webm", {})],
)
def test_encoded_clips_are_the_same(
    encoded_clip: EncodedClip, codec: str, container: str, options: dict[str, Any]
) -> None:
    path = encoded_clip(
        codec, kind="object", size=SIZE, num_frames=20, container=container, **options
    )
    assert outcome(path) == ("same", [])


def test_another_frame_is_found(encoded_clip: EncodedClip, monkeypatch: pytest.MonkeyPatch) -> None:
    path = encoded_clip("libx264", kind="object", size=SIZE, num_frames=20, bf=2)
    decode = differential.decode

    def swapped(path: Path) -> differential.Truth:
        truth = decode(path)
        truth.frames[3:5] = truth.frames[4:2:-1]
        return truth

    monkeypatch.setattr(differential, "decode", swapped)
    assert differential.compare(path) == ("differs", ["pixels: of 2 of 20 frames, [3, 4] first"])


def test_damage_is_told(encoded_clip: EncodedClip, tmp_path: Path) -> None:
    whole = encoded_clip("mpeg4", kind="object", size=SIZE, num_frames=20, container="mp4", bf=0)
    kind, reasons = outcome(broken(whole, tmp_path / "broken.mp4", 7))
    assert kind == "damaged"
    assert "told by us: True" in reasons[-1]


def test_what_nobody_reads_and_what_takes_too_long(tmp_path: Path) -> None:
    path = tmp_path / "noise.mp4"
    path.write_bytes(bytes(range(256)) * 9)
    assert outcome(path)[0] == "neither"
    assert differential.run(path, seconds=0.01, megabytes=4000)["outcome"] == "slow"
