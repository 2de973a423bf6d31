"""Contestants take turns, so that what disturbs the machine disturbs all of them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

import numpy as np

from benchmarks.row import Bench, Clock

Contestant = Callable[[], float]
"""Does its work once and says how many seconds that took."""


def now(clock: Clock) -> float:
    """Returns seconds since some start, on the wall or of this process's computing."""
    return time.perf_counter() if clock == "wall" else time.process_time()


def timed(work: Callable[[], object], clock: Clock) -> Contestant:
    """Returns `work` as a contestant."""

    def contestant() -> float:
        start = now(clock)
        work()
        return now(clock) - start

    return contestant


def interleaved(
    bench: Bench, contestants: Mapping[str, Contestant], warm: bool = True
) -> dict[str, np.ndarray]:
    """Returns each contestant's seconds, one a round: A B C, A B C.

    Where they are warmed up, every one has a turn before the first round.
    """
    if warm:
        for contestant in contestants.values():
            contestant()
    seconds: dict[str, list[float]] = {name: [] for name in contestants}
    for _ in range(bench.rounds):
        for name, contestant in contestants.items():
            seconds[name].append(contestant())
    return {name: np.array(values) for name, values in seconds.items()}
