"""Labels are in range, known exactly where their task says so, and each task has some."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import polars as pl

from lt4rec_core.data.manifest import SPLITS
from lt4rec_core.tasks import EVERY_IMPRESSION, Task
from lt4rec_core.validation.expectation import ALL_DAYS, Counts, Expectation, Measure
from lt4rec_core.validation.subject import Day, Label, Subject

Violations = Callable[[Subject, Day], dict[str, pl.Expr]]


def _outside(label: Label) -> pl.Expr:
    value = pl.col(label.column)
    inside = value.is_in([0.0, 1.0]) if label.binary else value.is_between(0, 1)
    return value.is_not_null() & (value.is_nan() | ~inside)


def _out_of_range(subject: Subject, day: Day) -> dict[str, pl.Expr]:
    return {
        label.column: _outside(label)
        for label in subject.labels
        if subject.holds(day, label.column) and day.schema[label.column].is_float()
    }


def _of_tasks(subject: Subject, day: Day) -> dict[str, list[Task]]:
    """The tasks of each label that the day holds; several may have one label."""
    tasks: dict[str, list[Task]] = {}
    for task in subject.tasks:
        column = f"label.{task.label}"
        if subject.holds(day, column, *_population_column(task)):
            tasks.setdefault(column, []).append(task)
    return tasks


def _population_column(task: Task) -> tuple[str, ...]:
    return () if task.population == EVERY_IMPRESSION else (f"label.{task.population}",)


def _population(*tasks: Task) -> pl.Expr:
    if any(task.population == EVERY_IMPRESSION for task in tasks):
        return pl.lit(True)
    inside = ((pl.col(f"label.{task.population}") == 1).fill_null(False) for task in tasks)
    return pl.any_horizontal(*inside)


def _unknown(subject: Subject, day: Day) -> dict[str, pl.Expr]:
    return {
        column: _population(*tasks) & pl.col(column).is_null()
        for column, tasks in _of_tasks(subject, day).items()
    }


def _elsewhere(subject: Subject, day: Day) -> dict[str, pl.Expr]:
    """Shares only: that nobody commented may well be known of rows that nobody clicked."""
    return {
        column: ~_population(*tasks) & pl.col(column).is_not_null()
        for column, tasks in _of_tasks(subject, day).items()
        if not all(task.binary for task in tasks)
    }


def _no_violation(about: str, violations: Violations) -> Expectation:
    def count(subject: Subject, day: Day) -> dict[str, pl.Expr]:
        return {column: broken.sum() for column, broken in violations(subject, day).items()}

    def measure(subject: Subject, counts: Counts) -> Iterator[Measure]:
        shown = tuple(f"label.{task.population}" for task in subject.tasks)
        for day in subject.days:
            for column, broken in violations(subject, day).items():
                seen = counts[day.name][column]
                yield Measure(column, day.name, seen, high=0, offending=broken, show=shown)

    return Expectation(about=about, severity="error", count=count, measure=measure)


def _count_samples(subject: Subject, day: Day) -> dict[str, pl.Expr]:
    return {
        task.name: (_population(task) & pl.col(column).is_not_null()).sum()
        for column, tasks in _of_tasks(subject, day).items()
        for task in tasks
    }


def _measure_samples(subject: Subject, counts: Counts) -> Iterator[Measure]:
    for split in SPLITS:
        days = [day.name for day in subject.days if day.split == split]
        for task in subject.tasks:
            rows = sum(counts[day].get(task.name, 0) for day in days)
            detail = f"task {task.name!r} in the {split} split"
            yield Measure(f"{task.name} in {split}", ALL_DAYS, rows, low=1, detail=detail)


LABEL_RANGE = _no_violation("Binary labels are 0 or 1, others lie in [0, 1].", _out_of_range)
LABEL_MISSING = _no_violation("A task's label is known on all of its rows.", _unknown)
LABEL_POPULATION = _no_violation(
    "A share is known only on its task's rows: the watch ratio only on clicks.", _elsewhere
)
TASK_ROWS = Expectation(
    about="Every task has samples in every split.",
    severity="error",
    count=_count_samples,
    measure=_measure_samples,
)
