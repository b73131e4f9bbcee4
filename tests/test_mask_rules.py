"""The table of masks: what the functions, generators and operators are faces of."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any

import pytest

import mgm_ext
from mgm_ext import _core, batched
from mgm_ext.masks import MASKINGS, PRESETS
from tests.conftest import ROOT

RULES = dict(_core.mask_rules)
# Keys of the caller, not motion: mgm_ext.batched.select alone.
OF_BATCHES_ALONE = {"select"}
NAMES = sorted(RULES.keys() - OF_BATCHES_ALONE)
# What a function takes besides the options of its mask, by what the mask is made from.
INPUTS = {
    "nothing": {"grid", "seed"},
    "score": {"source", "grid", "seed", "view", "camera", "weight", "ignore", "preset"},
    "field": {"source", "grid", "seed", "view"},
    "boxes": {"boxes", "grid", "seed", "view", "score"},
}


def parameters(function: Callable[..., Any]) -> dict[str, Any]:
    return {p.name: p.default for p in inspect.signature(function).parameters.values()}


def options(name: str) -> dict[str, Any]:
    return {option: default for option, _, default, _ in RULES[name].options}


def test_every_mask_has_its_generator() -> None:
    assert set(NAMES) == set(MASKINGS)


@pytest.mark.parametrize("name", NAMES)
def test_a_function_takes_its_masks_options_with_their_defaults(name: str) -> None:
    taken = parameters(getattr(mgm_ext, f"{name}_mask"))
    for option, default in options(name).items():
        own = taken[option]
        if "preset" in taken and own is None and default is not None:
            own = getattr(PRESETS[taken["preset"]], option)
        assert own == default, option
    assert taken.keys() - options(name).keys() <= INPUTS[RULES[name].takes]


@pytest.mark.parametrize("name", [*NAMES, "select"])
def test_a_batched_function_takes_no_other_options(name: str) -> None:
    function = getattr(batched, name if name == "select" else f"{name}_mask", None)
    if function is None:
        pytest.skip("not batched")
    taken = parameters(function)
    for option, default in options(name).items():
        if option in taken and taken[option] not in (None, inspect.Parameter.empty):
            assert taken[option] == default, option
    missing = options(name).keys() - taken.keys()
    assert missing <= {"groups"}


@pytest.mark.parametrize("name", RULES)
def test_an_option_that_the_mask_does_not_take_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} must be given its own options only, not"):
        RULES[name].bind((2, 4, 4), {"num_masked": 3, "surprise": 1})


@pytest.mark.parametrize("name", RULES)
def test_a_default_is_among_what_is_allowed(name: str) -> None:
    given = {**options(name), "num_masked": 8}
    RULES[name].bind((2, 4, 4), {key: given[key] for key in options(name)})


@pytest.mark.parametrize(
    ("name", "option", "value", "text"),
    [
        ("motion_guided", "still", -1, "in [0, 1024] source pixels per frame, not -1"),
        ("motion_guided", "fit", "x", "one of 'grow', 'shift', 'clip', not 'x'"),
        ("tracked", "sigma", "x", "in [1, 1024] pixels, not 'x'"),
        ("block", "num_blocks", 0, "in [1, 65536], not 0"),
        ("block", "num_blocks", 1.5, "in [1, 65536], not 1.5"),
        ("block", "span", (0.5, 0.2), "a number or (low, high) with 0 < low <= high <= 1, not"),
        ("motion_topk", "visible_from_motion", float("nan"), "in [0, 1] or None, not nan"),
        ("random", "groups", "abc", "integers [S, R, C] or None, not 'abc'"),
    ],
)
def test_what_is_outside_is_refused_when_a_generator_is_made(
    name: str, option: str, value: object, text: str
) -> None:
    with pytest.raises(ValueError, match=re.escape(f"{option} must be {text}")):
        RULES[name].bind((2, 4, 4), {option: value})


def entries() -> dict[str, str]:
    """Each entry of the table's source, by the mask's name."""
    source = (ROOT / "csrc" / "masks" / "mask_table.hpp").read_text()
    texts = re.split(r"(?m)^struct ", source)
    return {found[1]: text for text in texts if (found := re.search(r'name = "(\w+)"', text))}


def test_the_gpu_has_every_mask_that_is_batched_and_no_other() -> None:
    """The native modules' names come from one table, which says where there is no kernel."""
    assert list(entries()) == list(RULES)
    without = {name for name, text in entries().items() if "launch = nullptr" in text}
    of_batches = {name for name in NAMES if hasattr(batched, f"{name}_mask")}
    assert RULES.keys() - without == of_batches | OF_BATCHES_ALONE
    cuda = pytest.importorskip("mgm_ext._cuda")
    assert cuda.mask_rules.keys() == RULES.keys() - without
