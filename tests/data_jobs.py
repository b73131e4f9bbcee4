"""Jobs for worker processes that hang or die on a clip by its name."""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path
from typing import Any

from mgm_ext.data.clips import SourceClip


def _misbehave(clip: SourceClip) -> None:
    if "hang" in clip.key:
        # What is left of the clip's time, so that the test need not wait for it.
        signal.setitimer(signal.ITIMER_REAL, 0.01)
        time.sleep(60)
    if "crash" in clip.key:
        os.kill(os.getpid(), signal.SIGSEGV)
    if "actor" in clip.key and (mark := Path(f"{clip.key}.killed")) and not mark.exists():
        mark.touch()
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(60)  # ends with its parent's pipe, or here
    if "bug" in clip.key:
        raise ZeroDivisionError("not foreseen")


def precompute_job(clip: SourceClip, **options: Any) -> bytes:
    _misbehave(clip)
    from mgm_ext.data import jobs

    return jobs.precompute_clip(clip, **options)


def survey_job(clip: SourceClip, **options: Any) -> dict[str, Any]:
    _misbehave(clip)
    from mgm_ext.data import survey_row

    return survey_row.survey_clip(clip, **options)


def left_of_the_budget(_: SourceClip) -> float:
    return signal.getitimer(signal.ITIMER_REAL)[0]


def key_and_process(clip: SourceClip) -> tuple[str, int]:
    _misbehave(clip)
    return clip.key, os.getpid()


def __getattr__(name: str) -> Any:
    if name == "RaySurvey":  # Ray and pyarrow are for its actors alone
        from mgm_ext.adapters.ray_actors import SurveyActor

        return type(
            name, (SurveyActor,), {"job": "tests.data_jobs:survey_job", "__module__": __name__}
        )
    raise AttributeError(name)
