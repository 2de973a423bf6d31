"""A day has rows at all hours: its files arrived whole, and no clock was moved."""

from __future__ import annotations

import statistics
from collections.abc import Iterator
from itertools import groupby

import polars as pl

from lt4rec_core.validation.expectation import Counts, Expectation, Measure
from lt4rec_core.validation.order import midnight
from lt4rec_core.validation.subject import Day, Subject

_HOUR_MS = 3_600_000


def _hours(subject: Subject, day: Day) -> range:
    """The hours since the day's local midnight: 23 to 25 of them, where clocks are changed."""
    if not subject.dated or not subject.holds(day, "time"):
        return range(0)
    length = midnight(subject, day.name, plus=1) - midnight(subject, day.name)
    return range(length // _HOUR_MS)


def _count(subject: Subject, day: Day) -> dict[str, pl.Expr]:
    hours = _hours(subject, day)
    if not hours:
        return {}
    hour = (pl.col("time") - midnight(subject, day.name)) // _HOUR_MS
    return {f"hour {number}": (hour == number).sum() for number in hours}


def _measure(subject: Subject, counts: Counts) -> Iterator[Measure]:
    known: list[int] = []
    for day in subject.days:
        hours = _hours(subject, day)
        longest = _longest([not counts[day.name][f"hour {number}"] for number in hours])
        if not hours or longest == len(hours):
            detail = "no row has a time within the day"
            yield Measure("time", day.name, None, detail=detail)
            continue
        if known:  # nights may be silent where there are few rows
            usual = statistics.median(known[-subject.settings.reference_days :])
            detail = f"{longest} hours on end; on the days before {usual:g} (median)"
            high = subject.settings.max_silent_hours
            yield Measure("time", day.name, longest - usual, high=high, detail=detail)
        known.append(longest)


def _longest(silent: list[bool]) -> int:
    """Length of the longest run of True."""
    return max((len(list(run)) for is_silent, run in groupby(silent) if is_silent), default=0)


SILENT_HOURS = Expectation(
    about="No day is without rows for many more hours on end than the days before.",
    severity="error",
    count=_count,
    measure=_measure,
)
