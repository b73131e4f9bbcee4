"""The operators that torch knows, `torch.ops.mgm_ext.*_mask`: one for each mask.

Their schemas are made from the core's table: tensors by what the mask is made from, the seeds, the
grid, K, and the mask's own options. Words and ranges are checked by the table, all else by the
functions of this package.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, Final

from torch import Tensor
from torch.library import custom_op

from .. import _core
from .arguments import FIELD, SCORE, field_arguments, new_mask, request, score_arguments, tokens
from .checks import address, device_of, masked_count, module_for

__all__ = ["guided_of_field", "mask_op", "numbers"]

_TENSORS: Final = {
    "nothing": "",
    "score": "Tensor values, Tensor? motion, Tensor? valid, Tensor? cuts, ",
    "field": f"{FIELD}, Tensor row_frames, ",
    "boxes": "Tensor boxes, Tensor views, Tensor? values, ",
    "field's score": f"{FIELD}, {SCORE}, ",
}
_OF_K: Final = ("mask_ratio", "num_masked", "count")
_OPTIONS: Final = {
    name: tuple(
        (option, kind, default, allowed)
        for option, kind, default, allowed in rule.options
        if option not in _OF_K and kind != "Tensor?"
    )
    for name, rule in _core.mask_rules.items()
}
"""What is left of each mask's options once K is known; groups are of single clips alone."""


def numbers(
    name: str,
    grid: Sequence[int],
    mask_ratio: float,
    num_masked: int | None,
    count: str,
    *,
    scope: str = "slot",
    **given: Any,
) -> list[Any]:
    """K and a mask's own options, in the order of its operator; plain Python, for torch to trace.

    Args:
        name: of the mask in the table.
        grid: (S, R, C) tokens.
        mask_ratio: share of the tokens to mask, in (0, 1).
        num_masked: K, instead of `mask_ratio`.
        count: how the ratio is rounded.
        scope: "clip": K is of the clip, else of a slot.
        given: the mask's options; others have their defaults.
    """
    n = grid[1] * grid[2] * (grid[0] if scope == "clip" else 1)
    values: list[Any] = [masked_count(n, mask_ratio, num_masked, count)]
    given["scope"] = scope
    for option, kind, default, allowed in _OPTIONS[name]:
        value = given.get(option, default)
        if kind == "str" and not isinstance(value, str):
            raise ValueError(f"{option} must be {allowed}, not {value!r}")
        if kind == "float[]":
            ends = value if isinstance(value, tuple | list) else (value, value)
            value = [float(end) for end in ends]
        elif kind.startswith("float") and value is not None:
            value = float(value)
        values.append(value)
    return values


def _schema(name: str, tensors: str) -> str:
    options = "".join(f", {kind} {option}" for option, kind, *_ in _OPTIONS[name])
    grid = "" if "int[] grid" in tensors else "int[] grid, "
    return f"({tensors}Tensor? seeds, {grid}int num_masked{options}) -> Tensor"


def _parts(takes: str, given: Sequence[Any], grid: Sequence[int]) -> dict[str, Any]:
    """What the mask is made from, as the native modules read it."""
    if takes == "field":
        return {"field": field_arguments(given[:7], given[7])}
    if takes == "field's score":
        return {"field": field_arguments(given[:7]), "request": request(*given[7:12])}
    if takes == "score":
        return {"score": score_arguments(given[:4], len(given[0]), grid)}
    if takes == "boxes":
        boxes, views, values = given[:3]
        return {
            "boxes": address(boxes),
            "boxes_per_slot": boxes.shape[2],
            "views": address(views),
            "score": score_arguments((values, None, None, None), len(boxes), grid),
        }
    return {}


def _define(operator: str, name: str, takes: str) -> Callable[..., Tensor]:
    tensors = _TENSORS[takes]
    before = tensors.count(",")
    names = ("num_masked", *(option for option, *_ in _OPTIONS[name]))
    # Of a field's score the grid is among what says how it is made.
    grid_at = 9 if takes == "field's score" else before + 1

    def made(*given: Any) -> Tensor:
        return new_mask(given[0], given[0].shape[0], given[grid_at])

    def run(*given: Any) -> Tensor:
        like, grid, seeds = given[0], given[grid_at], given[before]
        mask = made(*given)
        parts = {
            "clips": len(like),
            **tokens(grid),
            "seeds": address(seeds),
            "mask": address(mask),
            **_parts(takes, given, grid),
        }
        options = dict(zip(names, given[-len(names) :], strict=True))
        module, where = module_for(like)
        with device_of(like):
            module.mask_rules[name].batch(parts, options, where)
        return mask

    defined = custom_op(f"mgm_ext::{operator}", run, mutates_args=(), schema=_schema(name, tensors))
    defined.register_fake(made)
    return defined


_OPERATORS: Final = {
    name: _define(f"{name}_mask", name, rule.takes) for name, rule in _core.mask_rules.items()
}

guided_of_field: Final = _define("motion_guided_mask_of_field", "motion_guided", "field's score")
"""Masks around the motion of fields; the scores stay inside."""


def mask_op(name: str, *given: Any) -> Tensor:
    """The masks of a name in the table, bool [B, S, R, C]: tensors, seeds, grid, `numbers`."""
    result: Tensor = _OPERATORS[name](*given)
    return result
