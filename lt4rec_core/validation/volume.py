"""Every day has enough rows, and about as many as the days before it."""

from __future__ import annotations

import statistics
from collections.abc import Iterator

from lt4rec_core.validation.expectation import ALL_DAYS, Counts, Expectation, Measure
from lt4rec_core.validation.subject import Subject


def _enough(subject: Subject, counts: Counts) -> Iterator[Measure]:
    for day in subject.days:
        yield Measure("rows", day.name, counts[day.name]["rows"], low=subject.settings.min_rows)


def _as_before(subject: Subject, counts: Counts) -> Iterator[Measure]:
    if not subject.dated:
        detail = "the splits aren't days: their sizes can't be compared"
        yield Measure("rows", ALL_DAYS, None, detail=detail)
        return
    low, high = subject.settings.volume_ratio
    names = [day.name for day in subject.days]
    for place, name in enumerate(names[1:], start=1):
        before = names[max(0, place - subject.settings.reference_days) : place]
        usual = statistics.median(counts[day]["rows"] for day in before)
        rows = counts[name]["rows"]
        detail = f"{rows:,.0f} rows; the days before have {usual:,.0f} (median)"
        ratio = rows / usual if usual else None
        yield Measure("rows", name, ratio, low=low, high=high, detail=detail)


ROW_COUNT = Expectation(
    about="No day has fewer rows than the least allowed.",
    severity="error",
    measure=_enough,
)
ROW_VOLUME = Expectation(
    about="A day's rows, relative to the median of the days before, stay within bounds.",
    severity="error",
    measure=_as_before,
)
