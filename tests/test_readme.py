"""The README's examples run as they stand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import ROOT, EncodedClip


def test_ten_lines_lead_from_installing_to_training(
    encoded_clip: EncodedClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("transformers")
    section = (ROOT / "README.md").read_text().split("## In a trainer")[1].split("\n## ")[0]
    install, code = (
        re.findall(rf"```{kind}\n(.*?)```", section, re.DOTALL)[0] for kind in ("sh", "python")
    )
    lines = [line for line in (install + code).splitlines() if line]
    assert len(lines) <= 10
    videos = tmp_path / "videos"
    videos.mkdir()
    for i, kind in enumerate(({"motion": (3, 2)}, {"motion": (-2, 1)}, {"motion": (0, 4)})):
        clip = encoded_clip("libx264", kind="object", size=(96, 128), **kind)  # type: ignore[arg-type]
        (videos / f"{i}.mp4").write_bytes(clip.read_bytes())
    monkeypatch.chdir(tmp_path)
    small = {"hidden_size": 24, "num_hidden_layers": 1, "num_attention_heads": 2}
    small |= {f"decoder_{name}": number for name, number in small.items()}
    small |= {"intermediate_size": 24, "decoder_intermediate_size": 24}
    names: dict[str, Any] = {}
    run = code.replace("VideoMAEConfig()", f"VideoMAEConfig(**{small})")
    assert run != code, "the test trains a smaller model than the README"
    exec(compile(run, "README.md", "exec"), names)
    gradients = [p.grad for p in names["model"].parameters() if p.grad is not None]
    assert sum(float(g.abs().sum()) for g in gradients) > 0
    assert names["batch"]["bool_masked_pos"].shape == (1, 1568)


def test_batch_example_runs(
    encoded_clip: EncodedClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clip = encoded_clip("libx264", kind="object", size=(112, 160), num_frames=64)
    for name in ("a.mp4", "b.mp4"):
        (tmp_path / name).write_bytes(clip.read_bytes())
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    (code,) = (block for block in blocks if "MotionBatch" in block)
    names: dict[str, Any] = {}
    exec(compile(code, "README.md", "exec"), names)
    assert names["mask"].shape == (2, 8, 14, 14)
    assert (names["mask"].sum((2, 3)) == 147).all()
    assert (names["mask"][0] != names["mask"][1]).any(), "seeds differ"


def test_example_runs(
    encoded_clip: EncodedClip,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    clip = encoded_clip("libx264", kind="object", size=(112, 160), num_frames=64)
    (tmp_path / "clip.mp4").write_bytes(clip.read_bytes())
    monkeypatch.chdir(tmp_path)
    found = re.search(r"```python\n(.*?)```", (ROOT / "README.md").read_text(), re.DOTALL)
    assert found is not None
    exec(compile(found[1], "README.md", "exec"), {})
    frames, _, masked = capsys.readouterr().out.splitlines()
    assert frames == "(16, 112, 160, 3)"
    assert masked == str([147] * 8).replace(",", "")
