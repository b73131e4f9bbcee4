"""The pages on the masks and on the taps name what is there."""

from __future__ import annotations

import re

import pytest

import mgm_ext
from mgm_ext.masks import MASKINGS
from mgm_ext.masks.options import PRESETS
from tests.conftest import ROOT

MASKS = (ROOT / "docs" / "masks.md").read_text()
FFMPEG = (ROOT / "docs" / "ffmpeg.md").read_text()
SEAMS = re.findall(r"^  (\w+)$", (ROOT / "cmake" / "seams.cmake").read_text(), re.MULTILINE)
# Named, and no seams: what is wrapped calls them, or they are other people's.
NO_SEAMS = {"ff_h264_execute_decode_slices"}


def named(text: str, pattern: str) -> set[str]:
    """Everything of that form that stands between backticks."""
    spans = re.findall(r"`([^`\n]+)`", text)
    return {name for span in spans for name in re.findall(pattern, span)}


def test_the_presets_are_those_of_the_table() -> None:
    rows = re.findall(r'^\| `"(\w+)"`[^|]*\| (\w+) \| ([^|]+) \| (\w+) \| (\w+) \|$', MASKS, re.M)
    words = {"auto": "texture with frames, else coded"}
    assert {name: tuple(cells) for name, *cells in rows} == {
        name: (preset.camera, words.get(preset.weight, preset.weight), preset.peak, preset.first)
        for name, preset in PRESETS.items()
    }


def test_every_mask_is_in_the_table_to_choose_from() -> None:
    text = (ROOT / "docs" / "concepts" / "choosing-a-mask.md").read_text()
    assert set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE)) == set(MASKINGS)


def test_every_mask_is_explained() -> None:
    public = {name for name in mgm_ext.__all__ if name.endswith("_mask")}
    explained = named(MASKS, r"\w+_mask\b")
    # Made of a score and no mask of tokens to hide: see its docstring.
    assert public - explained == {"three_state_mask"}
    assert explained <= public


@pytest.mark.parametrize("text", [MASKS, FFMPEG], ids=["masks", "ffmpeg"])
def test_files_that_are_named_exist(text: str) -> None:
    names = named(text, r"[\w/.*{},<>-]+\.(?:cpp|hpp|h|c|py|cmake|map)\b")
    assert len(names) > 5
    for name in names - {"csrc/taps/<family>.c", "tests/test_tap_<family>.py"}:
        for path in expanded(name):
            folder = ROOT if "/" in path and "**" not in path else ROOT / "csrc"
            found = list(folder.glob(path) if folder == ROOT else folder.rglob(path.split("/")[-1]))
            assert found, path


def expanded(name: str) -> list[str]:
    """The names that braces stand for."""
    braces = re.search(r"\{([^}]+)\}", name)
    if braces is None:
        return [name]
    before, after = name[: braces.start()], name[braces.end() :]
    return [f"{before}{word}{after}" for word in braces[1].split(",")]


def test_seams_that_are_named_are_in_the_list() -> None:
    functions = named(FFMPEG, r"\b(?:ff|dav1d)_\w+\b") - NO_SEAMS
    assert len(functions) > 10
    for name in functions:
        assert any(seam == name or seam.startswith(name) for seam in SEAMS), name


def test_the_errors_of_the_system_are_the_closed_list() -> None:
    source = next((ROOT / "csrc").rglob("libav.cpp")).read_text()
    array = re.search(r"kSystemErrors\{([^}]+)\}", source)
    listed = re.search(r"`libav\.cpp`: ([A-Z, \n]+)\)", FFMPEG)
    assert array is not None
    assert listed is not None
    assert re.findall(r"E\w+", listed[1]) == re.findall(r"E\w+", array[1])


def test_limits_of_a_grid_and_of_a_fit_are_the_codes() -> None:
    header = next((ROOT / "csrc").rglob("camera_math.hpp")).read_text()
    assert "kMostFitted = std::int64_t{1} << 17" in header
    assert "131,072 cells or more than 4,096" in MASKS
    with pytest.raises(ValueError, match=r"S < 65536, R \* C < 2\^20 and S \* R \* C < 2\^31"):
        mgm_ext.tube_mask(grid=(65536, 2, 2))
    assert "S < 65536, R · C < 2²⁰, S · R · C < 2³¹" in " ".join(MASKS.split())
