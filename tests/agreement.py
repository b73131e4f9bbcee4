"""How alike the motion is that different encoders found in the same real footage."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

import mgm_ext
from tests import clips
from tests.conftest import EncodedClip, RealFootage, TwoPassClip

FOOTAGE = ("bikes.mp4", "carphone_pristine.mp4", "arm_wrestling.mp4", "basketball_426x240.mp4")
REFERENCE = "H.264"

# An encoder's name here, the encoder and its options.
ENCODERS: Mapping[str, tuple[str, dict[str, Any]]] = {
    REFERENCE: ("libx264", {"preset": "medium"}),
    "H.264 at another preset": ("libx264", {"preset": "veryfast"}),
    "HEVC": ("libx265", {"preset": "medium"}),
    "VP9": ("libvpx-vp9", {"b": "600k", "cpu-used": "4"}),
    "VP8": ("libvpx", {"b": "600k", "cpu-used": "4"}),
    "AV1": ("libsvtav1", {"preset": "8"}),
}
TWO_PASSES = "VP9 in two passes"


def token_scores(path: Path, *, num_frames: int) -> NDArray[np.int64]:
    """Score of every token of every third frame, flat."""
    field = mgm_ext.read_motion_field(path, frame_indices=range(2, num_frames, 3))
    return mgm_ext.motion_score(field, grid=(8, 14, 14)).values.ravel()


def of_footage(
    real_footage: RealFootage,
    encoded_clip: EncodedClip,
    two_pass_clip: TwoPassClip,
) -> dict[str, list[float]]:
    """Each encoder's correlations, one a clip of `FOOTAGE`."""
    found = [
        correlations(
            real_footage(name, size=(256, 340), num_frames=48), encoded_clip, two_pass_clip
        )
        for name in FOOTAGE
    ]
    return {name: [one[name] for one in found] for name in found[0]}


def correlations(
    frames: clips.Frames, encoded_clip: EncodedClip, two_pass_clip: TwoPassClip
) -> dict[str, float]:
    """Correlation of each encoder's token scores with those of H.264's, by name."""
    paths = {n: encoded_clip(c, kind=frames, **more) for n, (c, more) in ENCODERS.items()}
    paths[TWO_PASSES] = two_pass_clip("libvpx-vp9", frames, kilobits=600, cpu_used=4)
    scores = {name: token_scores(path, num_frames=len(frames)) for name, path in paths.items()}
    truth = scores.pop(REFERENCE)
    return {name: float(np.corrcoef(truth, other)[0, 1]) for name, other in scores.items()}
