"""Clips through worker processes: the order, the budget, deaths."""

from __future__ import annotations

import os
from typing import Any

import pytest

from mgm_ext.data.clips import SourceClip
from mgm_ext.data.runner import Failure, Workers

JOB = "tests.data_jobs:key_and_process"


def run(job: str, keys: list[str], *, workers: int = 2, budget: float = 60) -> list[Any]:
    clips = [(key, SourceClip(key)) for key in keys]
    with Workers(job, {}, workers=workers, budget=budget) as pool:
        results = list(pool.run(clips))
    assert [token for token, _ in results] == keys
    return [result for _, result in results]


def test_results_come_in_order_from_other_processes() -> None:
    keys = [f"{i}" for i in range(40)]
    results = run(JOB, keys)
    assert [key for key, _ in results] == keys
    processes = {process for _, process in results}
    assert len(processes) == 2
    assert os.getpid() not in processes


def test_clips_that_kill_or_hang_are_given_up_after_two_deaths_and_the_rest_goes_on() -> None:
    keys = ["a", "crash", "b", "hang", "c", "bug", *(f"{i}" for i in range(20))]
    results = dict(zip(keys, run(JOB, keys, workers=1), strict=True))
    crash, hang = results.pop("crash"), results.pop("hang")
    assert crash == Failure("Quarantined", "killed its worker twice: SIGSEGV, then SIGSEGV")
    assert isinstance(hang, Failure)
    assert hang.text.count("took more than 60 seconds") == 2
    assert results.pop("bug") == Failure("ZeroDivisionError", "not foreseen")
    assert [result[0] for result in results.values()] == list(results)


def test_every_clip_has_the_whole_budget() -> None:
    left = run("tests.data_jobs:left_of_the_budget", ["a", "b", "c"], workers=1, budget=500)
    assert all(400 < seconds <= 500 for seconds in left)


def test_tokens_without_a_clip_keep_their_place() -> None:
    items = [("a", SourceClip("a")), ("end of a", None), ("b", SourceClip("b")), ("end", None)]
    with Workers(JOB, {}, workers=2, budget=60) as pool:
        results = list(pool.run(items))
    assert [token for token, _ in results] == [token for token, _ in items]
    assert [result is None for _, result in results] == [False, True, False, True]


def test_a_worker_that_cannot_start_is_an_error_not_a_bad_clip() -> None:
    with (
        pytest.raises(RuntimeError, match="a worker process could not be started: exit code 1"),
        Workers("tests.nowhere:job", {}, workers=1, budget=60) as pool,
    ):
        list(pool.run([("a", SourceClip("a"))]))


@pytest.mark.parametrize(("workers", "budget"), [(0, 60), (1, 0)])
def test_counts_and_budgets_are_positive(workers: int, budget: float) -> None:
    with pytest.raises(ValueError, match=r"must be (at least 1|positive)"):
        Workers(JOB, {}, workers=workers, budget=budget)
