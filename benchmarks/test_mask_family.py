"""Every mask against NumPy that was written for speed, from what its authors describe."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pytest

from benchmarks import instructions
from benchmarks import rivals_family as rival
from benchmarks.clip_field import FIELD
from benchmarks.conftest import Record
from benchmarks.instructions import Pair
from benchmarks.paired import ratio
from benchmarks.test_masks import GRIDS, SCORES, seeded
from mgm_ext import (
    View,
    block_mask,
    boxes_mask,
    frame_random_mask,
    inverse_motion_mask,
    motion_guided_mask,
    motion_topk_mask,
    random_mask,
    running_cell_mask,
    tracked_mask,
)

Make = Callable[[], Any]
DESCRIBED = "NumPy, from its description"
# Named, with what the rival does not do.
BLOCKS = "V-JEPA's multi-block collator in NumPy, which does not keep the count"
WARP = "MGMAE's warp in NumPy, slot by slot"


def family(grid: tuple[int, int, int]) -> Iterator[tuple[str, str, Make, Make, bool]]:
    """Name, the rival's name, rival, ours, and whether both give the same mask."""
    tokens = grid[1] * grid[2]
    k, of_clip = int(0.75 * tokens), int(0.75 * tokens * grid[0])
    random, values, score = np.random.default_rng(0), SCORES[grid].values, SCORES[grid]
    corners = np.sort(random.uniform(0, 256, (grid[0], 2, 2)), 1).reshape(grid[0], 4)
    picture = View.full(FIELD.width, FIELD.height)
    size = (FIELD.width, FIELD.height)

    def ours(function: Callable[..., Any], *sources: Any, **options: Any) -> Make:
        return seeded(lambda seed: function(*sources, grid=grid, seed=seed, **options))

    yield (
        "random",
        DESCRIBED,
        lambda: rival.random_mask(random, grid, of_clip),
        ours(random_mask),
        False,
    )
    yield (
        "frame_random",
        DESCRIBED,
        lambda: rival.frame_random_mask(random, grid, k),
        ours(frame_random_mask),
        False,
    )
    yield (
        "running_cell",
        DESCRIBED,
        lambda: rival.running_cell_mask(random, grid, 3),
        ours(running_cell_mask),
        False,
    )
    yield "block", BLOCKS, lambda: rival.multi_block(random, grid), ours(block_mask), False
    yield (
        "motion_topk",
        DESCRIBED,
        lambda: rival.motion_topk(values, k),
        ours(motion_topk_mask, score),
        True,
    )
    yield (
        "inverse_motion",
        DESCRIBED,
        lambda: rival.inverse_motion(values, k, 0),
        (lambda: inverse_motion_mask(score, grid=grid, seed=0)),
        True,
    )
    yield (
        "boxes",
        DESCRIBED,
        lambda: rival.given_boxes(corners, grid, size, k),
        ours(boxes_mask, corners, view=picture),
        False,
    )
    yield (
        "tracked",
        WARP,
        lambda: rival.warped_bumps(random, FIELD, grid, k),
        ours(tracked_mask, FIELD),
        False,
    )
    yield (
        "motion_guided robust from a field",
        DESCRIBED,
        (lambda: rival.robust_mask(FIELD, grid, k, 3)),
        lambda: motion_guided_mask(FIELD, grid=grid, seed=3),
        True,
    )


NAMES = [name for name, *_ in family(GRIDS[0])]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("grid", GRIDS, ids=str)
def test_mask_is_faster_than_numpy(record: Record, grid: tuple[int, int, int], name: str) -> None:
    (found,) = (one for one in family(grid) if one[0] == name)
    _, who, theirs, ours, same = found
    if same:
        np.testing.assert_array_equal(ours(), theirs())
    elif name != "block":
        assert ours().sum() == theirs().sum()
    record("masks", f"{name}, {grid}", ratio(theirs, ours), rival=who, at_least=1)


PREPARED = """
import numpy, mgm_ext
from benchmarks import rivals_family as rival, rivals_masks
from benchmarks.clip_field import FIELD
random, grid = numpy.random.default_rng(0), (8, 14, 14)
"""
TUBE = "NumPy tube mask"
COUNTED = {
    "tube_mask": ("mgm_ext.tube_mask()", "rivals_masks.tube(random, 8, 196, 147)"),
    "simulated_motion_mask": (
        "mgm_ext.simulated_motion_mask()",
        "rivals_masks.tube(random, 8, 196, 147)",
    ),
    "fixed_box_mask": ("mgm_ext.fixed_box_mask()", "rivals_masks.tube(random, 8, 196, 147)"),
    "jumping_box_mask": ("mgm_ext.jumping_box_mask()", "rivals_masks.tube(random, 8, 196, 147)"),
    "block_mask": ("mgm_ext.block_mask()", "rival.multi_block(random, grid)"),
    "tracked_mask": (
        "mgm_ext.tracked_mask(FIELD)",
        "rival.warped_bumps(random, FIELD, grid, 147)",
    ),
    "motion_guided_mask robust from a field": (
        "mgm_ext.motion_guided_mask(FIELD)",
        "rival.robust_mask(FIELD, grid, 147, 0)",
    ),
}


@pytest.mark.skipif(not instructions.available(), reason="valgrind is missing")
def test_instructions(record: Record) -> None:
    pairs = [
        Pair(f"{name}, 8x14x14", *calls, TUBE if "rivals_masks" in calls[1] else DESCRIBED)
        for name, calls in COUNTED.items()
    ]
    instructions.compare(record, PREPARED, pairs)
