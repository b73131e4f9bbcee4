"""Whether every codec tells of the same motion: no race, but what the others' figures rest on."""

from __future__ import annotations

import numpy as np

from benchmarks.conftest import Record
from tests import agreement
from tests.conftest import EncodedClip, RealFootage, TwoPassClip


def test_fields_of_encodings_agree(
    record: Record,
    encoded_clip: EncodedClip,
    two_pass_clip: TwoPassClip,
    real_footage: RealFootage,
) -> None:
    found = agreement.of_footage(real_footage, encoded_clip, two_pass_clip)
    for name, values in found.items():
        record(
            "agreement",
            f"token scores of {name}: correlation with {agreement.REFERENCE}'s",
            float(np.median(values)),
            at_least=None if name.startswith(agreement.REFERENCE) else 0.7,
            note=f"median of {len(values)} clips, {min(values):.2f} to {max(values):.2f}",
        )
