"""Whether every codec tells of the same motion: no race, but what the others' figures rest on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.conftest import Record
from tests import agreement, clips
from tests.conftest import EncodedClip


def test_fields_of_encodings_agree(
    record: Record,
    encoded_clip: EncodedClip,
    two_pass_clip: Callable[..., Path],
    real_footage: Callable[..., clips.Frames],
) -> None:
    found = [
        agreement.correlations(
            real_footage(name, size=(256, 340), num_frames=48), encoded_clip, two_pass_clip
        )
        for name in agreement.FOOTAGE
    ]
    for name in found[0]:
        values = [one[name] for one in found]
        record(
            "agreement",
            f"token scores of {name}: correlation with {agreement.REFERENCE}'s",
            float(np.median(values)),
            at_least=None if name.startswith(agreement.REFERENCE) else 0.7,
            note=f"median of {len(values)} clips, {min(values):.2f} to {max(values):.2f}",
        )
