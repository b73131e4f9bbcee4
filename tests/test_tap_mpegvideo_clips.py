"""Clips of the MPEG family: the frames asked for, whatever was read before them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import mgm_ext
from tests import oracles
from tests.conftest import EncodedClip, RealFootage

SIZE = (144, 176)
CODECS: dict[str, tuple[str, str | None, dict[str, object]]] = {
    "mpeg1": ("mpeg1video", None, {"bf": 2}),
    "mpeg2": ("mpeg2video", "mkv", {"bf": 2}),
    "mpeg4": ("mpeg4", None, {"bf": 2, "flags": "+mv4"}),
    "mpeg4-interlaced": ("mpeg4", None, {"bf": 2, "flags": "+ildct+ilme"}),
    "h261": ("h261", None, {}),
    "h263": ("h263", None, {}),
    "flv": ("flv", None, {}),
    "msmpeg4v3": ("msmpeg4", None, {}),
    "wmv2": ("wmv2", None, {}),
    "rv20": ("rv20", None, {}),
}


@pytest.fixture(params=CODECS)
def path(
    request: pytest.FixtureRequest,
    encoded_clip: EncodedClip,
    real_footage: RealFootage,
) -> Path:
    codec, container, options = CODECS[request.param]
    frames = real_footage("arm_wrestling.mp4", size=SIZE, num_frames=28)
    settings = {"b": "2M", "g": 12, **options}
    return encoded_clip(codec, kind=frames, container=container, **settings)  # type: ignore[arg-type]


def test_each_frame_of_a_clip_is_the_one_asked_for(path: Path) -> None:
    truth = [frame.to_ndarray(format="rgb24") for frame in oracles.pyav_frames(path)]
    assert len(truth) == 28
    reader = mgm_ext.VideoReader(path)
    # Interlaced chroma may be scaled otherwise than PyAV does.
    tolerance = 2.0 if "ilme" in path.name else 0.1
    for indices in ([13], [25, 26, 27], [0, 9, 18], [2, 2]):
        without = reader.read_clip(indices, pixels=False).field
        clip = reader.read_clip(indices)
        assert not clip.info.damaged
        assert clip.frames is not None
        for frame, index in zip(clip.frames, indices, strict=True):
            errors = [np.abs(frame.astype(int) - other).mean() for other in truth]
            assert int(np.argmin(errors)) == index
            assert errors[index] < tolerance
        assert np.array_equal(without.vectors, clip.field.vectors)
        assert np.array_equal(without.coded, clip.field.coded)
