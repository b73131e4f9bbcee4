"""What tests skip without is what the group `test` brings: nothing is skipped by oversight."""

from __future__ import annotations

import re
import tomllib

from tests.conftest import ROOT

BROUGHT = {"elftools": "pyelftools", "jsonschema": "cyclonedx-python-lib[json-validation]"}
ELSEWHERE = {"mvextractor.videocap"}  # its wheel brings OpenCV whole


def test_packages_that_tests_skip_without_are_in_the_test_group() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    group = {re.split(r"[>=]", line)[0] for line in project["dependency-groups"]["test"]}
    wanted = set()
    for path in sorted((ROOT / "tests").glob("*.py")):
        wanted.update(re.findall(r"importorskip\(\s*\"([\w.]+)\"", path.read_text()))
    assert {"decord", "datasets", "transformers"} <= wanted
    assert {BROUGHT.get(name, name) for name in wanted - ELSEWHERE} <= group
