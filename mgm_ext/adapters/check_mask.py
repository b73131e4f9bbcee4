"""The assert that trainers lack: is this mask what the model thinks it is?"""

from __future__ import annotations

from typing import Any, Final, TypeVar

import numpy as np
from numpy.typing import NDArray

__all__ = ["STYLES", "check_mask"]

STYLES: Final = ("videomae", "transformers", "internvideo2", "mae_st", "vjepa", "maskfeat")
"""How a mask is consumed, each named after a trainer that does."""

Given = TypeVar("Given")
Grid = tuple[int, int, int]


def check_mask(
    mask: Given,
    *,
    style: str,
    grid: Grid | None = None,
    mask_ratio: float | None = None,
    scope: str = "clip",
) -> Given:
    """Raises with a sentence where a trainer would train on, wrongly and in silence.

    By style, what is checked, and whose it is:

    - "videomae": one sample's NumPy array (N,) or (S, R * C) of 0 and 1; the VideoMAE family.
    - "transformers": bool (B, N), as the model indexes with it; Hugging Face, UMT, AdaMAE.
    - "internvideo2": bool (B, 1 + N), the class token first and visible; InternVideo2.
    - "mae_st": float noise (B, N) that the model sorts; MAE-ST, SlowFast, lightly, timm.
    - "vjepa": (masks_enc, masks_pred), lists of int64 (B, K); V-JEPA, V-JEPA 2.
    - "maskfeat": (B, S, R, C) of 0 and 1 that is blended in; SlowFast MaskFeat.

    Args:
        mask: NumPy arrays or torch tensors, on any device; True or 1 = masked.
        style: how the trainer consumes it.
        grid: (S, R, C) tokens of a clip; None: the number of tokens is not checked.
        mask_ratio: share of the tokens that is meant to be masked, within one token per slot. None:
            at least half must be masked, or the mask is taken for an inverted one.
        scope: "clip", or "slot" where each slot must have the same count; needs a grid. A mask that
            was flattened in the wrong order fails it.

    Returns:
        `mask` itself.

    Raises:
        ValueError: dtype, shape, order, polarity or count is not what the style needs.
    """
    if style not in STYLES:
        raise ValueError(f"style must be one of {STYLES}, not {style!r}")
    if scope not in ("clip", "slot") or (scope == "slot" and grid is None):
        raise ValueError(f'scope must be "clip", or "slot" with a grid, not {scope!r} with {grid}')
    if style == "vjepa":
        _check_indices(mask, grid)
    elif style == "mae_st":
        _check_noise(mask, grid)
    else:
        _check_counts(_masked_rows(mask, style, grid), grid, mask_ratio, scope)
    return mask


def _values(mask: Any) -> NDArray[Any]:
    if hasattr(mask, "detach"):
        mask = mask.detach().cpu()
    return np.asarray(mask)


def _is_torch(mask: Any) -> bool:
    return hasattr(mask, "detach")


def _tokens(grid: Grid | None) -> int | None:
    return None if grid is None else grid[0] * grid[1] * grid[2]


def _masked_rows(mask: Any, style: str, grid: Grid | None) -> NDArray[np.bool_]:
    """The mask as bool [B, N], out of a style that holds 0 and 1."""
    if style == "videomae" and _is_torch(mask):
        raise ValueError(
            "the mask must be a NumPy array: VideoMAEv2 and MGMAE compute 1 - mask, which torch "
            f"refuses for bool; got a {mask.dtype} tensor"
        )
    values = _values(mask)
    indexed = style in ("transformers", "internvideo2")
    if indexed and values.dtype != np.bool_:
        why = "are taken for positions" if values.dtype.kind in "iu" else "cannot index"
        raise ValueError(
            f"the mask must be bool: the model indexes with it, and {values.dtype} numbers {why}; "
            "use mask.bool()"
        )
    if values.dtype.kind not in "biuf" or not ((values == 0) | (values == 1)).all():
        raise ValueError(f"the mask must be 0 and 1 only, got {values.dtype} of other values")
    cls = 1 if style == "internvideo2" else 0
    _check_shape(values, style, grid, cls)
    rows: NDArray[np.bool_] = values.astype(np.bool_)
    rows = rows.reshape(1 if style == "videomae" else len(values), -1)
    if cls and rows[:, 0].any():
        raise ValueError(
            "column 0 is the class token and must be visible (False) in every sample; "
            "it is masked in some: is the leading column missing?"
        )
    return rows[:, cls:]


def _check_shape(values: NDArray[Any], style: str, grid: Grid | None, cls: int) -> None:
    tokens, shape = _tokens(grid), values.shape
    if style == "videomae":
        fits = len(shape) in (1, 2)
        wanted = "(N,) or (S, R * C)"
        if grid is not None:
            fits = shape in ((tokens,), (grid[0], grid[1] * grid[2]))
            wanted = f"({tokens},) or ({grid[0]}, {grid[1] * grid[2]})"
    elif style == "maskfeat":
        fits = len(shape) == 4 and (grid is None or shape[1:] == tuple(grid))
        wanted = "(B, S, R, C)" if grid is None else f"(B, {grid[0]}, {grid[1]}, {grid[2]})"
    else:
        fits = len(shape) == 2 and (tokens is None or shape[1] == tokens + cls)
        wanted = ("(B, 1 + N)" if cls else "(B, N)") + (f" with N = {tokens}" if tokens else "")
    if not fits or values.size == 0:
        raise ValueError(f"the mask must be {wanted}, time-major and row-major, not {shape}")


def _check_counts(
    rows: NDArray[np.bool_], grid: Grid | None, mask_ratio: float | None, scope: str
) -> None:
    counts, tokens = rows.sum(1), rows.shape[1]
    if len(set(counts.tolist())) > 1:
        raise ValueError(
            "every sample must have the same number of masked tokens, got "
            f"{counts.tolist()}: the model reshapes to (B, -1, C), so tokens of one clip would "
            "enter another"
        )
    masked = int(counts[0])
    if masked in (0, tokens):
        raise ValueError(f"between 1 and {tokens - 1} tokens must be masked, not {masked}")
    _check_polarity(masked, tokens, grid, mask_ratio)
    if scope == "slot" and grid is not None:
        _check_slots(rows, grid)


def _check_polarity(masked: int, tokens: int, grid: Grid | None, mask_ratio: float | None) -> None:
    share = masked / tokens
    if mask_ratio is None:
        if share < 0.5:
            raise ValueError(
                f"{masked} of {tokens} tokens are True: True must mean masked, and this looks "
                "inverted; pass mask_ratio where so few are meant"
            )
        return
    slack = max(1, grid[0] if grid else tokens // 64)
    if abs(masked - mask_ratio * tokens) > slack:
        inverted = abs(tokens - masked - mask_ratio * tokens) <= slack
        reason = "the mask is inverted, True must mean masked" if inverted else "count them again"
        raise ValueError(
            f"{masked} of {tokens} tokens are masked, not the share {mask_ratio}: {reason}"
        )


def _check_slots(rows: NDArray[np.bool_], grid: Grid) -> None:
    slots, positions = grid[0], grid[1] * grid[2]
    counts = rows.reshape(-1, slots, positions).sum(2)
    if len(np.unique(counts)) == 1:
        return
    turned = rows.reshape(-1, positions, slots).sum(1)
    hint = ": it is flattened space-major, not time-major" if len(np.unique(turned)) == 1 else ""
    raise ValueError(
        f"every slot must have the same number of masked tokens, got {counts[0].tolist()} in the "
        f"first sample{hint}"
    )


def _check_noise(mask: Any, grid: Grid | None) -> None:
    values, tokens = _values(mask), _tokens(grid)
    if values.dtype.kind != "f":
        raise ValueError(f"the noise must be floats to sort, not {values.dtype}")
    if values.ndim != 2 or values.size == 0 or (tokens is not None and values.shape[1] != tokens):
        raise ValueError(f"the noise must be (B, N) with N = {tokens or 'any'}, not {values.shape}")
    if not np.isfinite(values).all():
        raise ValueError("the noise must be finite: NaN sorts last, whatever it stands for")
    if (values.max(1) == values.min(1)).any():
        raise ValueError("a sample's noise is constant: sorting it keeps its first tokens")


def _check_indices(mask: Any, grid: Grid | None) -> None:
    sides = list(mask) if isinstance(mask, list | tuple) else []
    listed = len(sides) == 2 and all(isinstance(side, list | tuple) for side in sides)
    if not listed or len(sides[0]) != len(sides[1]):
        raise ValueError("masks must be (masks_enc, masks_pred), two lists of the same length")
    tokens = _tokens(grid)
    for enc, pred in zip(*sides, strict=True):
        kept, wanted = _index_rows("masks_enc", enc), _index_rows("masks_pred", pred)
        if len(kept) != len(wanted):
            raise ValueError(
                f"masks_enc and masks_pred must be of one batch, not {len(kept)} and {len(wanted)}"
            )
        for ours, theirs in zip(kept, wanted, strict=True):
            both = np.concatenate([ours, theirs])
            if both.min() < 0 or (tokens is not None and both.max() >= tokens):
                raise ValueError(f"indices must be in [0, {tokens}), not {both.min()}-{both.max()}")
            for name, row in (("masks_enc", ours), ("masks_pred", theirs)):
                if len(np.unique(row)) != len(row):
                    raise ValueError(f"{name} names a token twice in one sample")
            if len(np.intersect1d(ours, theirs)):
                raise ValueError(
                    "masks_enc and masks_pred must be disjoint: the encoder would see what it is "
                    "to predict"
                )


def _index_rows(name: str, given: Any) -> NDArray[np.int64]:
    values = _values(given)
    if values.dtype != np.int64 or values.ndim != 2 or values.size == 0:
        raise ValueError(
            f"{name} must hold int64 (B, K) with one K for the batch, not {values.dtype} "
            f"{values.shape}"
        )
    return values
