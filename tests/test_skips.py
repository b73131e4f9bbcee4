"""What tests skip without is what the group `test` brings: nothing is skipped by oversight."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator, Mapping
from typing import Any

from tests.conftest import ROOT

BROUGHT = {"elftools": "pyelftools", "jsonschema": "cyclonedx-python-lib"}
ELSEWHERE = {
    "mgm_ext._cuda",  # built where nvcc is
    "codec_video_prep",  # wants NumPy before 2: an environment of its own
    "mvextractor.videocap",  # its wheel brings OpenCV whole
    "wheel.wheelfile",  # of the group `wheel`: CI makes wheels before it tests
}


def packages(groups: Mapping[str, Any], name: str) -> Iterator[str]:
    """Names of a group's packages, those of the groups that it includes too."""
    for line in groups[name]:
        if isinstance(line, dict):
            yield from packages(groups, line["include-group"])
        else:
            yield re.split(r"[\[>=;]", line)[0].strip()


def test_packages_that_tests_skip_without_are_in_the_test_group() -> None:
    groups = tomllib.loads((ROOT / "pyproject.toml").read_text())["dependency-groups"]
    wanted: set[str] = set()
    for path in sorted((ROOT / "tests").glob("*.py")):
        wanted.update(re.findall(r"importorskip\(\s*\"([\w.]+)\"", path.read_text()))
    assert {"decord", "datasets", "transformers"} <= wanted
    tops = {name.split(".")[0] for name in wanted - ELSEWHERE}
    assert {BROUGHT.get(name, name) for name in tops} <= set(packages(groups, "test"))
