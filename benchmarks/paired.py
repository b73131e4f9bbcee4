"""Two functions timed against each other: a ratio with its spread, never bare seconds."""

from __future__ import annotations

import gc
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np

Function = Callable[[], Any]
Clock = Literal["cpu", "tree", "wall"]


def _tree_time() -> float:
    children = resource.getrusage(resource.RUSAGE_CHILDREN)
    return time.process_time() + children.ru_utime + children.ru_stime


CLOCKS: dict[Clock, Callable[[], float]] = {
    "cpu": time.process_time,
    "tree": _tree_time,
    "wall": time.perf_counter,
}


@dataclass(frozen=True)
class Ratio:
    """How many times faster ours is than the rival: above 1 we win.

    Attributes:
        median, low, high: of the ratios of single pairs, rival's time over ours; low and high are
            the 10th and 90th percentile.
        pairs: how many.
        clock: "cpu", time of all threads of this process; "tree", with its ended children; "wall".
        rival_seconds, ours_seconds: median time of one call.
    """

    median: float
    low: float
    high: float
    pairs: int
    clock: Clock
    rival_seconds: float
    ours_seconds: float


def ratio(
    rival: Function,
    ours: Function,
    *,
    clock: Clock = "cpu",
    pairs: int = 11,
    sample: float = 0.01,
    budget: float = 15.0,
) -> Ratio:
    """Times both in interleaved pairs, the order alternating, with the garbage collector off.

    Args:
        rival: called without arguments; its result is dropped.
        ours: the same.
        clock: "cpu" for work in one thread: what neighbours do to a shared machine then matters
            least, and a rival's hidden threads count in full. "tree" for work in programs that are
            started and ended. "wall" for anything whose point is threads or processes side by side.
        pairs: taken unless the budget ends first.
        sample: least seconds of one sample; a short function is called as often as that needs. 0:
            both are long, and have run before.
        budget: seconds after which no pair is begun, once there are five.

    Source: medians of pair ratios, because a slow spell of the machine hits both of a pair.
    """
    now = CLOCKS[clock]
    functions = (rival, ours)
    repeats = [_repeats(function, now, sample) if sample else 1 for function in functions]
    seconds: list[tuple[float, float]] = []
    collecting = gc.isenabled()
    gc.disable()
    gc.collect()
    gc.freeze()
    try:
        begin = time.perf_counter()
        while len(seconds) < pairs and (len(seconds) < 5 or time.perf_counter() - begin < budget):
            pair = [0.0, 0.0]
            for i in (0, 1) if len(seconds) % 2 else (1, 0):
                pair[i] = _sample(functions[i], now, repeats[i])
            seconds.append((pair[0], pair[1]))
            # Between samples: PyAV's frames in cycles would fill the memory.
            gc.collect()
    finally:
        gc.unfreeze()
        if collecting:
            gc.enable()
    return summary(seconds, clock=clock)


def summary(seconds: list[tuple[float, float]], *, clock: Clock) -> Ratio:
    """The ratio of pairs (rival's seconds, our seconds), each of one call."""
    times = np.asarray(seconds, np.float64)
    ratios = times[:, 0] / times[:, 1]
    low, median, high = np.percentile(ratios, [10, 50, 90])
    theirs, ours = np.median(times, axis=0)
    return Ratio(
        median=float(median),
        low=float(low),
        high=float(high),
        pairs=len(times),
        clock=clock,
        rival_seconds=float(theirs),
        ours_seconds=float(ours),
    )


def busier_thread(one: Function, two: Function, *, rounds: int = 5) -> float:
    """Processor time of work in this thread over that of the busier of two that share it."""

    def share() -> float:
        begin = time.process_time()
        one()
        alone, ours = time.process_time() - begin, time.thread_time()
        begin = time.process_time()
        two()
        ours = time.thread_time() - ours
        return alone / max(ours, time.process_time() - begin - ours)

    return float(np.median([share() for _ in range(rounds)]))


def _repeats(function: Function, now: Callable[[], float], sample: float) -> int:
    """Warms up, and finds how many calls last `sample` seconds."""
    repeats = 1
    while repeats < 1 << 20:
        spent = _sample(function, now, repeats) * repeats
        if spent >= sample:
            break
        repeats = max(repeats * 2, int(repeats * min(sample / max(spent, 1e-9), 10)))
    return repeats


def _sample(function: Function, now: Callable[[], float], repeats: int) -> float:
    begin = now()
    for _ in range(repeats):
        function()
    return (now() - begin) / repeats
