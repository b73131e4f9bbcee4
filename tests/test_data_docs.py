"""The examples of docs/data run as they stand."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from mgm_ext.data import precompute
from tests.conftest import ROOT, EncodedClip
from tests.data_sets import write_folder, write_parquet, write_tar

PAGES = sorted((ROOT / "docs" / "data").glob("*.md"))


@pytest.fixture
def place(encoded_clip: EncodedClip, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with what the pages speak of."""
    clip = encoded_clip("libx264", kind="object", size=(256, 288), num_frames=60, bf=2)
    data = clip.read_bytes()
    write_folder(tmp_path / "videos", {"clip.mp4": data})
    (tmp_path / "shards").mkdir()
    write_tar(tmp_path / "shards" / "train-000.tar", {"000.mp4": data})
    (tmp_path / "data").mkdir()
    write_parquet(tmp_path / "data" / "train-0.parquet", {"000.mp4": data})
    top = tmp_path / "dataset" / "videos" / "observation.images.top" / "chunk-000"
    write_folder(top, {"file-000.mp4": data})
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_the_code_runs(page: Path, place: Path) -> None:
    code = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    if page.stem in ("webdataset", "lerobot", "gpu"):
        source = {"webdataset": "shards/train-000.tar", "lerobot": "dataset/videos"}
        given = source.get(page.stem, "videos")
        precompute(given, "side", sidecar=page.stem == "webdataset", workers=1)
    if page.stem == "huggingface":
        pytest.importorskip("datasets")
    if page.stem == "gpu":
        try:
            import torchcodec.decoders  # noqa: F401
        except (ImportError, OSError, RuntimeError) as error:
            pytest.skip(f"torchcodec does not work here: {error}")
    assert code or page.stem in ("slurm", "ray")
    names: dict[str, Any] = {"__name__": page.stem}
    for block in code:
        exec(compile(block, str(page), "exec"), names)
    if page.stem == "lerobot":
        assert names["indices"].tolist() == list(range(10, 26))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_are_those_of_the_parser(page: Path) -> None:
    from mgm_ext.cli.command import _parser

    for block in re.findall(r"```sh\n(.*?)```", page.read_text(), re.DOTALL):
        for line in re.findall(r"mgm-ext ((?:.*\\\n)*.*)", block):
            words = line.replace("\\\n", " ").split("#")[0].replace('"', "").split()
            words = [word.replace("$SLURM_ARRAY_TASK_ID", "0") for word in words]
            _parser().parse_args(words)
