"""A day has rows at all hours: its files arrived whole, and no clock was moved."""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping
from itertools import groupby

import polars as pl

from lt4rec_core.validation.expectation import Counts, Expectation, Measure
from lt4rec_core.validation.order import midnight
from lt4rec_core.validation.subject import Day, Subject
from lt4rec_core.validation.traffic import count_users

_HOUR_MS = 3_600_000
# Users come as they like: with so many expected, that none came is one chance in twenty thousand.
_LEAST_VISITORS = 10


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
    counted = {f"hour {number}": (hour == number).sum() for number in hours}
    return counted | count_users(subject, day)


def _measure(subject: Subject, counts: Counts) -> Iterator[Measure]:
    known: list[tuple[Day, int]] = []
    for day in subject.days:
        hours = _hours(subject, day)
        silent = _silences([not counts[day.name][f"hour {number}"] for number in hours])
        longest = max(map(len, silent), default=0)
        if not hours or longest == len(hours):
            detail = "no row has a time within the day"
            yield Measure("time", day.name, None, detail=detail)
            continue
        if known:
            before = known[-subject.settings.reference_days :]
            usual = statistics.median(length for _, length in before)
            telling = (
                len(silence)
                for silence in silent
                if statistics.fmean(_visitors(counts[other.name], silence) for other, _ in before)
                >= _LEAST_VISITORS
            )
            tell = max(telling, default=0)
            detail = f"{longest} hours on end; on the days before {usual:g} (median)"
            if longest > tell:
                detail += f", few users in these hours: {tell} tell"
            high = subject.settings.max_silent_hours
            seen = max(tell - usual, 0)
            yield Measure("time", day.name, seen, high=high, detail=detail)
        known.append((day, longest))


def _visitors(counts: Mapping[str, float], hours: range) -> float:
    """About how many users a day had in these hours: as large a share as of its rows."""
    rows = sum(count for name, count in counts.items() if name.startswith("hour "))
    within = sum(counts.get(f"hour {number}", 0) for number in hours)
    return counts.get("users", rows) * within / rows


def _silences(silent: list[bool]) -> list[range]:
    """The hours of each run of True."""
    runs = groupby(enumerate(silent), key=lambda hour: hour[1])
    each = [[number for number, _ in run] for is_silent, run in runs if is_silent]
    return [range(hours[0], hours[-1] + 1) for hours in each]


SILENT_HOURS = Expectation(
    about="No day is without rows for many more hours on end than the days before.",
    severity="error",
    count=_count,
    measure=_measure,
)
