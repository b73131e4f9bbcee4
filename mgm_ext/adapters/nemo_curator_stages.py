"""Curator's two stages of the motion filter over `motion_filter_scores`; needs nemo_curator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from nemo_curator.stages.base import ProcessingStage
from nemo_curator.stages.resources import Resources

from ..errors import MgmError
from .nemo_curator import (
    GLOBAL_MEAN,
    NO_MOTION,
    PER_PATCH_MIN_256,
    VideoResolutionTooSmallError,
    motion_filter_scores,
)

__all__ = ["MotionFilterStage", "MotionVectorDecodeStage"]


@dataclass
class MotionVectorDecodeStage(ProcessingStage[Any, Any]):  # type: ignore[misc]
    """Scores every clip of a task: the place of Curator's stage of this name.

    Attributes:
        num_cpus_per_worker: what Ray reserves; one thread is used.
        verbose: not used; errors are in `clip.errors`.
        target_fps, target_duration_ratio, compat: see `motion_filter_scores`.
        name: of the stage.
    """

    num_cpus_per_worker: float = 1.0
    verbose: bool = False
    target_fps: float = 2.0
    target_duration_ratio: float = 0.5
    compat: bool = True
    name: str = "motion_vector_decoding"

    def __post_init__(self) -> None:
        self.resources = Resources(cpus=self.num_cpus_per_worker)

    def inputs(self) -> tuple[list[str], list[str]]:
        """Of a task, of its data."""
        return ["data"], []

    def outputs(self) -> tuple[list[str], list[str]]:
        """Of a task, of its data."""
        return ["data"], ["decoded_motion_data"]

    def process(self, task: Any) -> Any:
        """Sets `decoded_motion_data` of each clip, or a reason in its `errors`."""
        for clip in task.data.clips:
            if not clip.buffer:
                clip.errors["buffer"] = "empty"
                continue
            clip.decoded_motion_data = None
            try:
                scores = motion_filter_scores(
                    bytes(clip.buffer), self.target_fps, self.target_duration_ratio, self.compat
                )
            except VideoResolutionTooSmallError:
                clip.errors["motion_decode"] = "resolution_too_small"
            except (MgmError, OSError, ValueError, IndexError, MemoryError):
                clip.errors["motion_decode"] = "decode_failed"
            else:
                if scores.frames:
                    clip.decoded_motion_data = scores
                else:
                    clip.errors["motion_decode"] = "no_motion_frames"
        return task


@dataclass
class MotionFilterStage(ProcessingStage[Any, Any]):  # type: ignore[misc]
    """Keeps the clips that move: the place of Curator's stage of this name.

    Attributes:
        score_only: keep all clips, scored.
        global_mean_threshold, per_patch_min_256_threshold: None: those of `compat`.
        num_gpus_per_worker, motion_filter_batch_size, verbose: not used.
        compat: which thresholds, as in the stage before.
        name: of the stage.
    """

    score_only: bool = False
    global_mean_threshold: float | None = None
    per_patch_min_256_threshold: float | None = None
    num_gpus_per_worker: float = 0
    motion_filter_batch_size: int = 256
    verbose: bool = False
    compat: bool = True
    name: str = "motion_filter"

    def __post_init__(self) -> None:
        least, patch = self.global_mean_threshold, self.per_patch_min_256_threshold
        self._thresholds = (
            GLOBAL_MEAN[self.compat] if least is None else least,
            PER_PATCH_MIN_256[self.compat] if patch is None else patch,
        )
        self.resources = Resources(cpus=1.0)

    def inputs(self) -> tuple[list[str], list[str]]:
        """Of a task, of its data."""
        return ["data"], []

    def outputs(self) -> tuple[list[str], list[str]]:
        """Of a task, of its data."""
        return ["data"], [
            "decoded_motion_data",
            "motion_score_global_mean",
            "motion_score_per_patch_min_256",
            "filtered_clips",
            "clip_stats",
        ]

    def process(self, task: Any) -> Any:
        """Moves the clips with little motion to `filtered_clips`, and counts them."""
        video = task.data
        passing = []
        for clip in video.clips:
            scores = clip.decoded_motion_data or NO_MOTION
            clip.decoded_motion_data = None
            clip.motion_score_global_mean = scores.global_mean
            clip.motion_score_per_patch_min_256 = scores.per_patch_min_256
            if scores.is_small(*self._thresholds) and not self.score_only:
                video.filtered_clips.append(clip)
                video.clip_stats.num_filtered_by_motion += 1
            else:
                passing.append(clip)
        video.clips = passing
        return task
