"""How often each rule's box lies on what a person labelled, and how much of it the mask hides."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from benchmarks import labelled_objects as objects
from benchmarks.conftest import PeerFixture, Record
from tests.conftest import ROOT, RealClip

LABELS = ROOT.parent / "shared" / "data" / "labels.json"
# Motion from where, and what is made of it.
SOURCES: dict[str, tuple[Callable[[], objects.FieldOf], tuple[str, ...]]] = {
    "codec": (lambda: objects.coded("centred"), (objects.SIMULATED, "smooth", "robust")),
    "codec, one frame": (lambda: objects.coded("frame"), ("literal",)),
    "DIS flow": (lambda: objects.dense_flow("DIS"), ("smooth", "robust")),
    "Farneback flow": (lambda: objects.dense_flow("Farneback"), ("smooth", "robust")),
}
WANTED = (0.85, 0.70, 0.86)


@pytest.mark.parametrize("source", SOURCES)
def test_boxes_find_labelled_objects(
    real_clip: RealClip, peer: PeerFixture, record: Record, source: str
) -> None:
    if not LABELS.exists():
        pytest.skip("no labelled clips: ../shared/data/labels.json is missing")
    if "flow" in source:
        peer("OpenCV")
    make, presets = SOURCES[source]
    table = []
    for name, labels in objects.load_labels(LABELS).items():
        field_of = make()
        table += [
            objects.measure(real_clip(name), labels, presets, stride, field_of)
            for stride in objects.STRIDES
        ]
    means = {preset: np.mean([row[preset] for row in table], axis=0) for preset in presets}
    for preset, (centre, half, most) in means.items():
        who = preset if preset == objects.SIMULATED else f"{preset}, {source}"
        goals = WANTED if who == "robust, codec" else (None, None, None)
        note = f"object masked: {half:.2f} at 0.5, {most:.2f} at 0.75"
        record(
            "labelled_objects", f"centre on an object: {who}", centre, at_least=goals[0], note=note
        )
        if goals[0] is not None:
            record("labelled_objects", f"masked at 0.5: {who}", half, at_least=goals[1])
            record("labelled_objects", f"masked at 0.75: {who}", most, at_least=goals[2])
    if source == "codec":
        assert (means["robust"] >= WANTED).all()
        assert (means["robust"] > means[objects.SIMULATED]).all()
