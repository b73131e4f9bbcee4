"""The first five minutes: the demo, the help, the units, and what is advised where a part lacks."""

from __future__ import annotations

import builtins
import importlib.metadata
import json
import re
import sys
import webbrowser
import zipfile
from importlib.resources import files
from pathlib import Path
from typing import Any

import demo_clip
import numpy as np
import pytest
from PIL import Image

from mgm_ext import VideoReader, cli, probe
from mgm_ext.cli import demo
from mgm_ext.masks import PRESETS
from tests.conftest import ROOT, EncodedClip

Captured = pytest.CaptureFixture[str]
SHIPPED = Path(str(files("mgm_ext") / demo.CLIP))
WHEELS = sorted((ROOT / "wheelhouse").rglob("*.whl"))
COMMANDS = (
    *("demo", "info", "vectors", "mask", "draw", "masks", "contrast", "convert"),
    *("survey", "precompute", "status", "merge"),
)


def test_the_demo_names_and_opens_its_picture(
    tmp_path: Path, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    monkeypatch.chdir(tmp_path)
    assert cli.main(["demo"]) == 0
    out, err = capsys.readouterr()
    picture = tmp_path / "mgm-ext-demo.png"
    assert f"look at {picture}; on your own clip: mgm-ext draw FILE" in out
    assert (err, opened) == ("", [])
    with Image.open(picture) as drawn:
        assert drawn.size[0] > 1000
    line = ["demo", "--open", "--json", "-o", "other.png", "--require-motion"]
    assert cli.main([*line, "--frames", "4", "--grid", "6x6"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert facts["mask_source"] == "guided"
    assert facts["output"] == str(tmp_path / "other.png")
    assert opened == [(tmp_path / "other.png").as_uri()]
    assert cli.main(["demo", "-o", "demo.gif"]) == 2


def test_the_shipped_clip_is_small_and_what_its_script_draws() -> None:
    assert SHIPPED.stat().st_size < 40_000
    info = probe(SHIPPED)
    assert (info.codec, info.width, info.height) == ("h264", demo_clip.WIDTH, demo_clip.HEIGHT)
    reader = VideoReader(SHIPPED)
    assert len(reader) == demo_clip.FRAMES
    numbers = np.arange(0, demo_clip.FRAMES, 10)
    clip = reader.read_clip(numbers)
    assert clip.frames is not None
    for number, frame in zip(numbers, clip.frames, strict=True):
        wrong = frame.astype(float) - demo_clip.picture(int(number))
        assert 10 * np.log10(255**2 / (wrong**2).mean()) > 28


@pytest.mark.skipif(not WHEELS, reason="`make wheel` has made none")
@pytest.mark.parametrize("wheel", WHEELS, ids=lambda path: path.name)
def test_wheels_bring_the_clip(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        assert archive.read(f"mgm_ext/{demo.CLIP}") == SHIPPED.read_bytes()


def test_the_script_encodes_the_clip_again(tmp_path: Path) -> None:
    demo_clip.write(tmp_path / "again.mp4")
    again, shipped = VideoReader(tmp_path / "again.mp4"), VideoReader(SHIPPED)
    assert len(again) == len(shipped)
    pairs = [reader.read_clip([3, 40]).frames for reader in (again, shipped)]
    assert pairs[0] is not None
    assert pairs[1] is not None
    assert np.abs(pairs[0].astype(float) - pairs[1]).mean() < 2


@pytest.mark.parametrize("command", COMMANDS)
def test_help_says_every_default(command: str, capsys: Captured) -> None:
    assert cli.main([command, "--help"]) == 0
    text = " ".join(capsys.readouterr().out.split())
    assert "(default: False)" not in text
    assert "(default: None)" not in text
    if command in ("demo", "mask", "draw", "masks"):
        ratio = "0.75" if command == "mask" else "0.4"
        for default in ("8,14,14", ratio, "robust", "16", "4"):
            assert f"(default: {default})" in text
        assert all(f"{name} " in text for name in PRESETS)
        assert "robust takes the camera's motion out" in text
    if command == "convert":
        assert text.count("(default: ") == 4


def test_info_has_units_in_words_and_none_in_json(
    encoded_clip: EncodedClip, capsys: Captured
) -> None:
    clip = encoded_clip("libx264", kind="object", num_frames=8, size=(96, 128))
    assert cli.main(["info", str(clip)]) == 0
    text = capsys.readouterr().out
    for name, unit in (
        ("size", "pixels"),
        ("fps", "frames per second"),
        ("seconds", "s"),
        ("inter share", "of the cells"),
        ("median speed", "pixels per frame"),
        ("p95 speed", "pixels per frame"),
    ):
        assert re.search(rf"^{name} +[\d.x]+ {unit}$", text, re.MULTILINE), name
    assert cli.main(["info", str(clip), "--json"]) == 0
    facts = json.loads(capsys.readouterr().out)
    assert isinstance(facts["median_speed"], float)


EXTRAS = {
    "demo": ("draw", "av"),
    "draw": ("draw", "av"),
    "masks": ("draw", "PIL"),
    "convert": ("draw", "av"),
    "status": ("data", "pyarrow"),
}


@pytest.mark.parametrize("command", EXTRAS)
def test_missing_extras_are_advised_by_what_pip_finds(
    command: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra, absent = EXTRAS[command]
    _without(absent, monkeypatch)
    output = {"draw": "o.png", "masks": "o.png", "convert": "o.mp4"}.get(command)
    wanted = [] if output is None else ["-o", str(tmp_path / output)]
    with pytest.raises(SystemExit) as stop:
        cli.main([command, *([] if command == "demo" else [str(SHIPPED)]), *wanted])
    text = str(stop.value)
    needed = importlib.metadata.requires("mgm-ext") or []
    packages = [line.split(";")[0].strip() for line in needed if f'"{extra}"' in line]
    packages += [line.split(";")[0].strip() for line in needed if f"'{extra}'" in line]
    assert packages
    assert f"mgm-ext {command} needs the extra `{extra}` ({absent} is missing): " in text
    command_line = " ".join([f"{sys.executable} -m pip install", *(f"'{p}'" for p in packages)])
    assert text.endswith(command_line), "packages that an index has, wherever mgm-ext came from"


def _without(package: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Imports of the package fail, as where it is not installed."""
    real = builtins.__import__

    def importing(name: str, *args: Any, **options: Any) -> Any:
        if name.split(".")[0] == package:
            raise ModuleNotFoundError(f"No module named {name!r}", name=package)
        return real(name, *args, **options)

    dropped = ("mgm_ext.visualise", "mgm_ext.convert", "mgm_ext.data", package)
    for name in list(sys.modules):
        if any(name == one or name.startswith(f"{one}.") for one in dropped):
            monkeypatch.delitem(sys.modules, name)
    for name in ("visualise", "convert", "data"):
        monkeypatch.delattr(f"mgm_ext.{name}", raising=False)
    monkeypatch.setattr(builtins, "__import__", importing)
