"""Measures a dataset: one streaming pass a day for all counts, one a day and field for ids."""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from lt4rec_core.tracking import Tracker
from lt4rec_core.validation.expectation import Expectation, Measure
from lt4rec_core.validation.subject import Day, Subject
from lt4rec_core.validation.tally import tally_fields


def measure(
    subject: Subject, expectations: Mapping[str, Expectation], tracker: Tracker
) -> dict[str, list[Measure]]:
    """Returns what each expectation measures on `subject`, by its name."""
    counts: dict[str, dict[str, dict[str, float]]] = {name: {} for name in expectations}
    for day in subject.days:
        for name, counted in _count(subject, expectations, day).items():
            counts[name][day.name] = counted
        tracker.progress(f"counted {day.split} day {day.name}")
    measures = {
        name: list(entry.measure(subject, counts[name])) if entry.measure else []
        for name, entry in expectations.items()
    }
    by_field = {
        name: entry.measure_field for name, entry in expectations.items() if entry.measure_field
    }
    if by_field:
        for tally in tally_fields(subject):
            for name, measure_field in by_field.items():
                measures[name].extend(measure_field(subject, tally))
        tracker.progress(f"tallied the ids of {len(subject.dataset.features.fields)} fields")
    return measures


def _count(
    subject: Subject, expectations: Mapping[str, Expectation], day: Day
) -> dict[str, dict[str, float]]:
    aggregates = {
        (name, key): aggregate
        for name, entry in expectations.items()
        if entry.count is not None
        for key, aggregate in entry.count(subject, day).items()
    }
    # Aliases are numbers: a column's name could hold any separator.
    row = (
        day.scan()
        .select(
            pl.len().alias("rows"),
            *[aggregate.alias(str(place)) for place, aggregate in enumerate(aggregates.values())],
        )
        .collect(engine="streaming")
        .row(0)
    )
    counted: dict[str, dict[str, float]] = {name: {"rows": row[0]} for name in expectations}
    for (name, key), value in zip(aggregates, row[1:], strict=True):
        counted[name][key] = value or 0
    return counted
