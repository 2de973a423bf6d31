"""The future isn't trained on: days and clock times of the splits follow each other."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from zoneinfo import ZoneInfo

import polars as pl

from lt4rec_core.data.manifest import SPLITS
from lt4rec_core.validation.expectation import ALL_DAYS, Counts, Expectation, Measure
from lt4rec_core.validation.subject import Day, Subject

_UNDATED = "the splits aren't days: their order can't be told"
# Some sources file a few rows around midnight under the day after (KuaiRand: about 1 %).
_STRAY_SHARE = 0.05


def _later(subject: Subject, day: Day) -> list[str]:
    """Days of the splits that come after the split of `day`."""
    after = SPLITS[SPLITS.index(day.split) + 1 :]
    return [other.name for other in subject.days if other.split in after]


def _days_in_order(subject: Subject, _counts: Counts) -> Iterator[Measure]:
    if not subject.dated:
        yield Measure("day", ALL_DAYS, None, detail=_UNDATED)
        return
    for day in subject.days:
        passed = [other for other in _later(subject, day) if day.name >= other]
        detail = f"{day.split} day {day.name} isn't before {', '.join(passed)}" if passed else ""
        yield Measure("day", day.name, len(passed), high=0, detail=detail)


def midnight(subject: Subject, day: str, plus: int = 0) -> int:
    """Start of `day` (`plus` days later) in the dataset's time zone, in epoch milliseconds."""
    date = datetime.date.fromisoformat(day) + datetime.timedelta(days=plus)
    zone = ZoneInfo(subject.dataset.manifest.time_zone)
    start = datetime.datetime.combine(date, datetime.time(), tzinfo=zone)
    return round(start.timestamp() * 1000)


def _from_the_future(subject: Subject, day: Day) -> pl.Expr | None:
    later = _later(subject, day)
    if not subject.dated or not later or not subject.holds(day, "time"):
        return None
    return (pl.col("time") >= midnight(subject, min(later))).fill_null(False)


def _count_future(subject: Subject, day: Day) -> dict[str, pl.Expr]:
    future = _from_the_future(subject, day)
    return {} if future is None else {"time": future.sum()}


def _measure_future(subject: Subject, counts: Counts) -> Iterator[Measure]:
    if not subject.dated:
        yield Measure("time", ALL_DAYS, None, detail=_UNDATED)
    for day in subject.days:
        future = _from_the_future(subject, day)
        if future is not None:
            detail = f"{day.split} rows at or after the start of {min(_later(subject, day))}"
            seen = counts[day.name]["time"]
            yield Measure("time", day.name, seen, high=0, detail=detail, offending=future)


def _astray(subject: Subject, day: Day) -> pl.Expr | None:
    if not subject.dated or not subject.holds(day, "time"):
        return None
    first, last = midnight(subject, day.name), midnight(subject, day.name, plus=1) - 1
    return (~pl.col("time").is_between(first, last)).fill_null(False)


def _count_stray(subject: Subject, day: Day) -> dict[str, pl.Expr]:
    astray = _astray(subject, day)
    return {} if astray is None else {"time": astray.sum()}


def _measure_stray(subject: Subject, counts: Counts) -> Iterator[Measure]:
    if not subject.dated:
        yield Measure("time", ALL_DAYS, None, detail=_UNDATED)
    for day in subject.days:
        astray, rows = _astray(subject, day), counts[day.name]["rows"]
        if astray is not None and rows:
            share = counts[day.name]["time"] / rows
            yield Measure("time", day.name, share, high=_STRAY_SHARE, offending=astray)


DAY_ORDER = Expectation(
    about="No training day is at or after a validation or test day.",
    severity="error",
    measure=_days_in_order,
)
FUTURE_ROWS = Expectation(
    about="No row's time reaches into a day of a later split.",
    severity="error",
    count=_count_future,
    measure=_measure_future,
)
STRAY_ROWS = Expectation(
    about="Nearly every row's time lies within its day.",
    severity="warning",
    count=_count_stray,
    measure=_measure_stray,
)
