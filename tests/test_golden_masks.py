"""Masks of a recipe never change within a version: their bits are those of its first release."""

from __future__ import annotations

import pytest

from mgm_ext.masks import MASKINGS
from tests import golden

# `python -m tests.golden` of version 0.1. They change with the version alone, and docs/versions.md
# says what else that asks for.
HASHES = {
    "block": "ae22a35588511390126cca0a65bded46",
    "boxes": "5222330a73fee54eab041a67c70f69e6",
    "fixed_box": "db4beab732f8cd8dedfa2126062c8731",
    "frame_random": "7a75f4893ef8ec8881737d1241b12f8a",
    "inverse_motion": "fac8663372b4bc0a89454d7c05b75e63",
    "jumping_box": "eb72e13b32e9e985401ad08d61dd239d",
    "motion_guided": "920161a2a94eafd88fc9655f6773576f",
    "motion_topk": "fe10b3435b89284970fa48f13ebe3fc2",
    "random": "6e2f9bfb895befd89ff68d5feb103485",
    "running_cell": "653efd16c7c9ad5934dfaaf3e6698a23",
    "simulated_motion": "2f1aa0fe55c770679cd7f92f8e278b8a",
    "time": "37a574a5b2bad6d85db5e31ac0d7f356",
    "tracked": "5de5c928557323d0354f221717c25edb",
    "tube": "1bcfdd3132c1bd97cfe167f5053f6ba7",
}


def test_every_mask_has_its_hash() -> None:
    assert set(HASHES) == set(MASKINGS)


@pytest.mark.parametrize("name", sorted(HASHES))
def test_the_bits_of_a_mask_are_those_of_this_version(name: str) -> None:
    assert golden.masks(name, golden.field()) == HASHES[name]
