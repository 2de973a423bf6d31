"""Some of the rows that broke an expectation."""

from __future__ import annotations

import math
from typing import Any

from lt4rec_core.validation.expectation import ALL_DAYS, Measure
from lt4rec_core.validation.subject import Subject

_LONGEST = 80


def offending_rows(subject: Subject, measure: Measure) -> tuple[dict[str, Any], ...]:
    """Returns up to `validate.sample_rows` rows: day, row_id, user and the measured columns.

    Only these columns and those of the predicate are read, and reading stops at the
    last row wanted.
    """
    rows: list[dict[str, Any]] = []
    wanted = subject.settings.sample_rows
    if measure.offending is None:
        return ()
    for day in subject.days:
        if measure.day not in (ALL_DAYS, day.name) or len(rows) >= wanted:
            continue
        shown = ("row_id", "user", measure.column, *measure.show)
        columns = [column for column in dict.fromkeys(shown) if column in day.schema]
        if not set(measure.offending.meta.root_names()) <= set(day.schema):
            continue
        found = day.scan().filter(measure.offending).select(columns).head(wanted - len(rows))
        rows.extend(
            {"day": day.name, **{name: _plain(value) for name, value in row.items()}}
            for row in found.collect(engine="streaming").iter_rows(named=True)
        )
    return tuple(rows)


def _plain(value: Any) -> Any:
    """A JSON value that doesn't grow with the data."""
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    if isinstance(value, (bool, int, float)) or value is None:
        return value
    text = value if isinstance(value, str) else str(value)
    return text if len(text) <= _LONGEST else text[:_LONGEST] + "..."
