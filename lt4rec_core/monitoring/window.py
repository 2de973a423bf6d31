"""The days before a day, as far back as a window reaches."""

from __future__ import annotations

import datetime
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lt4rec_core.monitoring.day import Day


@dataclass(frozen=True)
class Usual:
    """What a quantity is like over a window: mean and standard deviation of its days."""

    days: int
    mean: float
    deviation: float


def usual(
    day: Day,
    before: Sequence[Day],
    length: int,
    least: int,
    value: Callable[[Day], float | None],
) -> Usual | None:
    """Returns what `value` is like in the `length` days before `day`.

    Days without dates are counted instead. None where fewer than `least` days have a value.
    """
    reached = [other for other in before if _reaches(day, other, length)]
    if not day.date:
        reached = list(before[-length:])
    values = [found for other in reached if (found := value(other)) is not None]
    if len(values) < least:
        return None
    return Usual(len(values), statistics.fmean(values), statistics.stdev(values))


def days_between(earlier: Day, later: Day) -> int | None:
    """Returns how many days lie between two days' dates; None where one has none."""
    if not earlier.date or not later.date:
        return None
    first, last = (datetime.date.fromisoformat(day.date) for day in (earlier, later))
    return (last - first).days


def _reaches(day: Day, other: Day, length: int) -> bool:
    distance = days_between(other, day)
    return distance is not None and 0 < distance <= length
