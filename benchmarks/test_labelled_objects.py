"""How often each rule's box lies on what a person labelled, and how much of it the mask hides."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from benchmarks import labelled_objects as objects
from benchmarks import peers
from benchmarks.conftest import Record
from tests.conftest import ROOT, RealClip

LABELS = ROOT.parent / "shared" / "data" / "labels.json"
# Motion from where, and what is made of it.
WEIGHED = tuple(f"robust{objects.BY}{what}" for what in ("nothing", "bits", "bits and texture"))
SOURCES: dict[str, tuple[Callable[[], objects.FieldOf], tuple[str, ...]]] = {
    "codec": (lambda: objects.coded("centred"), (objects.SIMULATED, "smooth", "robust", *WEIGHED)),
    "codec, one frame": (lambda: objects.coded("frame"), ("literal",)),
    "DIS flow": (lambda: objects.dense_flow("DIS"), ("smooth", "robust")),
    "Farneback flow": (lambda: objects.dense_flow("Farneback"), ("smooth", "robust")),
}
WANTED = (0.85, 0.70, 0.86)


def test_boxes_find_labelled_objects(real_clip: RealClip, record: Record) -> None:
    if not LABELS.exists():
        pytest.skip("no labelled clips: ../shared/data/labels.json is missing")
    without_flow = isinstance(peers.load("OpenCV"), str)
    chosen = {name: SOURCES[name] for name in SOURCES if not (without_flow and "flow" in name)}
    table = []
    for name, labels in objects.load_labels(LABELS).items():
        sources = {source: (make(), presets) for source, (make, presets) in chosen.items()}
        table += [
            objects.measure(real_clip(name), labels, stride, sources) for stride in objects.STRIDES
        ]
    means = {key: np.mean([row[key] for row in table], axis=0) for key in table[0]}
    for (source, preset), (centre, half, most, never_half, never_most) in means.items():
        who = preset if preset == objects.SIMULATED else f"{preset}, {source}"
        goals = WANTED if who == "robust, codec" else (None, None, None)
        note = (
            f"object masked: {half:.2f} at 0.5, {most:.2f} at 0.75; "
            f"never visible: {never_half:.2f} and {never_most:.2f}"
        )
        record(
            "labelled_objects", f"centre on an object: {who}", centre, at_least=goals[0], note=note
        )
        if goals[0] is not None:
            record("labelled_objects", f"masked at 0.5: {who}", half, at_least=goals[1])
            record("labelled_objects", f"masked at 0.75: {who}", most, at_least=goals[2])
    assert (means["codec", "robust"][:3] >= WANTED).all()
    assert (means["codec", "robust"][:3] > means["codec", objects.SIMULATED][:3]).all()
