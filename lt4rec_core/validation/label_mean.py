"""A label's mean is about that of the days before: nobody changed its unit or its meaning."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

import polars as pl

from lt4rec_core.validation.expectation import Counts, Expectation, Measure
from lt4rec_core.validation.subject import CLICK, Day, Subject

# Of fewer rows with a rare label, chance alone moves the mean by as much.
_FEWEST = 50
# But where twenty are usual, chance never leaves none of them (Poisson): the play
# records of a small log's day didn't arrive.
_FEWEST_OF_NONE = 20


def _columns(subject: Subject, day: Day) -> list[str]:
    """Labels of the tasks but for the click, whose rate has bounds of its own."""
    names = dict.fromkeys(task.label for task in subject.tasks if task.label != CLICK)
    columns = [f"label.{name}" for name in names]
    return [c for c in columns if subject.holds(day, c) and day.schema[c].is_float()]


def _count(subject: Subject, day: Day) -> dict[str, pl.Expr]:
    counted = {}
    for column in _columns(subject, day):
        value = pl.col(column).cast(pl.Float64).fill_nan(None)
        counted[f"{column}.sum"] = value.sum()
        counted[f"{column}.known"] = value.count()
    return counted


def _measure(subject: Subject, counts: Counts) -> Iterator[Measure]:
    low, high = subject.settings.label_mean_ratio
    for column in dict.fromkeys(c for day in subject.days for c in _columns(subject, day)):
        means: dict[str, float] = {}
        for day in subject.days:
            known = counts[day.name].get(f"{column}.known", 0)
            total = counts[day.name].get(f"{column}.sum", 0.0)
            before = list(means.values())[-subject.settings.reference_days :]
            usual = statistics.median(before) if before else 0.0
            if known:
                means[day.name] = total / known
            if not before or usual * known < (_FEWEST if total else _FEWEST_OF_NONE):
                continue
            detail = f"a mean of {total / known:.4g}; the days before have {usual:.4g} (median)"
            seen = total / known / usual
            yield Measure(column, day.name, seen, low=low, high=high, detail=detail)


LABEL_MEAN_CHANGE = Expectation(
    about="A label's mean, relative to the median of the days before, stays within bounds.",
    severity="error",
    count=_count,
    measure=_measure,
)
