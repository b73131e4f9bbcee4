"""The README's example runs as it stands."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.conftest import ROOT, EncodedClip


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
