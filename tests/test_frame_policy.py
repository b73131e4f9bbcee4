"""How a reader decodes the picture of a packet, by its place in the clip."""

from __future__ import annotations

from typing import Any

import pytest

from mgm_ext._core import _testing

# Of a clip of frames 10 and 14 with pixels, and rows without from 9 to 16.
CLIP = [(i, i in (10, 14)) for i in range(9, 17)]
ROWS = [(i, False) for i in range(9, 17)]
SPARSE = [(10, True), (20, True)]
PLAIN: dict[str, bool] = {"has_stand_in": True}


@pytest.mark.parametrize(
    ("frame", "pixels_due", "wants", "traits", "mode", "skip"),
    [
        # Before the clip: pixels of what is referred to, or no more than its place.
        (3, 2, CLIP, PLAIN, "pixels", True),
        (3, 0, ROWS, PLAIN, "references", True),
        (3, 0, ROWS, {**PLAIN, "leaves_unread": False}, "vectors", True),
        (3, 0, ROWS, {**PLAIN, "lends_motion": True}, "vectors", True),
        # In it.
        (10, 2, CLIP, PLAIN, "pixels", False),
        (12, 1, CLIP, PLAIN, "vectors_where_unreferenced", False),
        (14, 1, CLIP, PLAIN, "pixels", False),
        (12, 0, ROWS, PLAIN, "vectors", False),
        (15, 1, SPARSE, PLAIN, "pixels", True),
        (11, 0, [(10, False), (20, False)], PLAIN, "references", True),
        (11, 0, [(10, False), (20, False)], {**PLAIN, "lends_motion": True}, "vectors", True),
        (12, 0, [(10, True), (14, False)], PLAIN, "references", True),
        # Its tail, once all frames with pixels were sent.
        (15, 0, CLIP, PLAIN, "vectors", False),
        (15, 1, CLIP, PLAIN, "vectors_where_unreferenced", False),
        (15, 0, CLIP, {}, "vectors_where_unreferenced", False),
        (15, 0, CLIP, {**PLAIN, "goes_on": True}, "vectors_where_unreferenced", False),
        (15, 0, CLIP, {**PLAIN, "interlaced": True}, "vectors_where_unreferenced", False),
        (15, 0, CLIP, {**PLAIN, "pixels_only": True}, "vectors_where_unreferenced", False),
        # Behind it, where later pictures are decoded before earlier ones.
        (18, 2, CLIP, PLAIN, "pixels", False),
        (18, 0, CLIP, PLAIN, "vectors", False),
        (18, 0, ROWS, PLAIN, "vectors", False),
        # Codecs with hidden pictures drop nothing.
        (3, 2, CLIP, {**PLAIN, "hides_pictures": True}, "vectors_where_unreferenced", False),
        (3, 0, ROWS, {**PLAIN, "hides_pictures": True}, "references", False),
        (15, 0, CLIP, {**PLAIN, "hides_pictures": True}, "vectors_where_unreferenced", False),
        # What stands in for a lost frame may be any.
        (3, 2, CLIP, {"keeps": True}, "pixels", False),
        (12, 0, CLIP, {**PLAIN, "keeps": True}, "pixels", False),
        (3, 0, ROWS, {"keeps": True}, "vectors", False),
        # Packets whose frame is not known.
        (None, 2, CLIP, PLAIN, "pixels", False),
        (None, 0, CLIP, PLAIN, "pixels", False),
        (None, 0, ROWS, PLAIN, "vectors", False),
    ],
)
def test_treatment_of_a_packet(
    frame: int | None,
    pixels_due: int,
    wants: list[tuple[int, bool]],
    traits: dict[str, Any],
    mode: str,
    skip: bool,
) -> None:
    assert _testing.frame_policy(frame, pixels_due, wants, **traits) == (mode, skip)
