"""Every codec's field of real footage tells of the same motion as H.264's."""

from __future__ import annotations

import numpy as np
import pytest

from tests import agreement
from tests.conftest import EncodedClip, RealFootage, TwoPassClip


@pytest.mark.slow
def test_fields_of_real_footage_agree(
    encoded_clip: EncodedClip,
    two_pass_clip: TwoPassClip,
    real_footage: RealFootage,
) -> None:
    found = agreement.of_footage(real_footage, encoded_clip, two_pass_clip)
    medians = {name: float(np.median(values)) for name, values in found.items()}
    print({name: round(value, 2) for name, value in medians.items()})
    assert min(medians.values()) > 0.7, medians
