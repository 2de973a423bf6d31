"""Every day has the columns that the stages after this one read, in the types they read."""

from __future__ import annotations

from collections.abc import Iterator

from lt4rec_core.validation.expectation import Counts, Expectation, Measure
from lt4rec_core.validation.subject import Subject


def _present(subject: Subject, _counts: Counts) -> Iterator[Measure]:
    for day in subject.days:
        for column in subject.expected:
            missing = column not in day.schema
            seen = ", ".join(sorted(day.schema)) if missing else ""
            detail = f"the columns are {seen}" if missing else ""
            yield Measure(column, day.name, float(missing), high=0, detail=detail)


def _typed(subject: Subject, _counts: Counts) -> Iterator[Measure]:
    for day in subject.days:
        for column, expected in subject.expected.items():
            if expected is None or column not in day.schema:
                continue
            wrong = day.schema[column] != expected
            detail = f"the type is {day.schema[column]}, expected {expected}" if wrong else ""
            yield Measure(column, day.name, float(wrong), high=0, detail=detail)


COLUMN_PRESENT = Expectation(
    about="No column is missing.",
    severity="error",
    measure=_present,
)
COLUMN_TYPE = Expectation(
    about="Every column has its type.",
    severity="error",
    measure=_typed,
)
