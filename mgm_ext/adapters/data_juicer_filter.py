"""Data-Juicer's operator over `video_motion_score`; needs data_juicer."""

from __future__ import annotations

from typing import Any

import numpy as np
from data_juicer.ops.base_op import OPERATORS
from data_juicer.ops.filter.video_motion_score_filter import VideoMotionScoreFilter
from data_juicer.utils.constant import Fields, StatsKeys
from data_juicer.utils.mm_utils import calculate_resized_dimensions

from ..decode import probe
from ..errors import MgmError
from .data_juicer import NO_SCORE, video_motion_score

__all__ = ["VideoMotionScoreVectorsFilter"]


@OPERATORS.register_module("video_motion_score_vectors_filter")
class VideoMotionScoreVectorsFilter(VideoMotionScoreFilter):  # type: ignore[misc]
    """Keeps samples whose videos move as much as asked: parameters, key and rules of its base."""

    def compute_stats_single(
        self, sample: Any, rank: int | None = None, context: bool = False
    ) -> Any:
        """Sets the scores of the sample's videos, -1 where one has none."""
        stats = sample[Fields.stats]
        if StatsKeys.video_motion_score in stats:
            return sample
        videos = sample.get(self.video_key) or []
        scores = {video: self._score(video) for video in set(videos)}
        found: Any = [scores[video] for video in videos]
        stats[StatsKeys.video_motion_score] = found or np.array([], dtype=np.float64)
        return sample

    def _score(self, video: str) -> float:
        try:
            info = probe(video)
        except (MgmError, OSError, ValueError):
            return NO_SCORE
        size = calculate_resized_dimensions(
            (info.height, info.width), self.size, self.max_size, self.divisible
        )
        return video_motion_score(
            video,
            sampling_fps=float(self.sampling_fps),
            size=size,
            relative=self.relative,
        )
