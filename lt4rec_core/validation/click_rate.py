"""The click rate is plausible, and about that of the days before."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

import polars as pl

from lt4rec_core.validation.expectation import Counts, Expectation, Measure
from lt4rec_core.validation.subject import CLICK, Day, Subject

COLUMN = f"label.{CLICK}"


def _count(subject: Subject, day: Day) -> dict[str, pl.Expr]:
    if not subject.holds(day, COLUMN):
        return {}
    return {"clicks": (pl.col(COLUMN) == 1).sum(), "known": pl.col(COLUMN).is_not_null().sum()}


def _rates(counts: Counts, days: list[str]) -> dict[str, float]:
    return {
        day: counts[day]["clicks"] / counts[day]["known"]
        for day in days
        if counts[day].get("known", 0) > 0
    }


def _plausible(subject: Subject, counts: Counts) -> Iterator[Measure]:
    low, high = subject.settings.click_rate
    for day, rate in _rates(counts, [day.name for day in subject.days]).items():
        detail = f"{counts[day]['clicks']:,.0f} clicks on {counts[day]['known']:,.0f} rows"
        yield Measure(COLUMN, day, rate, low=low, high=high, detail=detail)


def _as_before(subject: Subject, counts: Counts) -> Iterator[Measure]:
    low, high = subject.settings.click_rate_ratio
    rates = _rates(counts, [day.name for day in subject.days])
    days = list(rates)
    for place, day in enumerate(days[1:], start=1):
        before = days[max(0, place - subject.settings.reference_days) : place]
        usual = statistics.median(rates[name] for name in before)
        detail = f"a rate of {rates[day]:.4g}; the days before have {usual:.4g} (median)"
        ratio = rates[day] / usual if usual else None
        yield Measure(COLUMN, day, ratio, low=low, high=high, detail=detail)


CLICK_RATE = Expectation(
    about="Every day's click rate lies within absolute bounds.",
    severity="error",
    count=_count,
    measure=_plausible,
)
CLICK_RATE_CHANGE = Expectation(
    about="A day's click rate, relative to the median of the days before, stays within bounds.",
    severity="error",
    count=_count,
    measure=_as_before,
)
