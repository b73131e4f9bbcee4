"""The page "Untrusted files" says what the code does."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
import recipe

import mgm_ext
from tests import fuzz_readings
from tests.conftest import ROOT, EncodedClip

PAGE = (ROOT / "docs" / "untrusted-files.md").read_text()
SECURITY = (ROOT / "SECURITY.md").read_text()


@pytest.mark.parametrize(
    ("kind", "names"), [("demuxers", recipe.DEMUXERS), ("decoders", recipe.DECODERS)]
)
def test_what_is_compiled_in_is_what_the_recipe_says(kind: str, names: str) -> None:
    listed = re.search(rf"^- {kind}: (.*?)\n(?:-|\n)", PAGE, re.DOTALL | re.MULTILINE)
    assert listed is not None
    assert listed[1].replace(",", " ").split() == names.split()


@pytest.mark.parametrize(
    ("kind", "names"),
    [
        ("decoders", recipe.DECODERS),
        ("parsers", recipe.PARSERS),
        ("demuxers", recipe.DEMUXERS),
        ("bitstream filters", recipe.BITSTREAM_FILTERS),
    ],
)
def test_security_lists_what_the_recipe_says(kind: str, names: str) -> None:
    listed = re.search(rf"^\| {kind} \| (.*) \|$", SECURITY, re.MULTILINE)
    assert listed is not None
    assert listed[1].split() == names.split()


@pytest.mark.parametrize(
    "function",
    [mgm_ext.read_motion_vectors, mgm_ext.read_motion_field, mgm_ext.VideoReader],
)
def test_defaults_are_those_of_the_table(function: Any) -> None:
    parameters = inspect.signature(function).parameters
    rows = [line.split("|") for line in PAGE.splitlines() if line.startswith("| ")]
    for name in ("max_pixels", "max_bytes", "max_seconds"):
        default = parameters[name].default
        stated = next(row[3].strip() for row in rows if row[2].strip() == f"`{name}`")
        power = re.match(r"2\^(\d+)", stated)
        assert (1 << int(power[1]) if power else None) == default


def test_the_example_runs_with_the_limits_that_the_fuzzer_has(
    encoded_clip: EncodedClip, tmp_path: Path
) -> None:
    code = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)[0]
    names: dict[str, Any] = {}
    exec(compile(code, "untrusted-files.md", "exec"), names)
    path = encoded_clip("libx264", size=(96, 128), num_frames=12)
    assert names["motion_of"](path.read_bytes()).vectors.shape[0] == 12
    assert names["motion_of"](b"no video") is None
    assert {name: names["LIMITS"][name] for name in fuzz_readings.LIMITS} == fuzz_readings.LIMITS
